//! Sends what one pool cannot serve to another.
//!
//! The decision is [`soe503_core::failover::leave`]; this layer gathers the facts, keeps what is needed to
//! send the request again, and joins what the pools left behind.
//!
//! # When to use
//! Inside [`Timeout`](crate::Timeout), around whole stacks: each pool has its own limit, retries, circuit and
//! backends, all of the same type. The first is the one that requests are meant for.
//!
//! # What goes on to the next pool
//! A request that the circuit or the pool refuses; one whose attempts were all refused, broke off, ran out of
//! time, or ended in a status of the [set](Failover::statuses), as far as it may be sent again by the
//! rules of [`retry`](crate::retry); and, [if you say so](Failover::on_overload), one that the
//! limit turns away. All pools together make as many attempts as a [`Retry`](crate::Retry) may: one is
//! kept for the next pool. What has sent something is paid for by the [budget](Failover::new) of the first pool.
//!
//! As long as another pool can follow nobody waits for one that is due back
//! ([`ride_out`](crate::RetryLayer::ride_out)). If all of them refuse, and nothing was sent, the request goes
//! back to the first and waits there, as it would without the others.
//!
//! # The result
//! The answer of another pool carries a [`FailedOver`], which [`Explain`](crate::Explain) turns into a mark,
//! and a [`Served`](crate::Served) with the attempts of all pools. If the others fail too, the result is the
//! first pool's: its answer, or its error with a ledger of all attempts. Another pool's own 5xx is passed on
//! if the first had no answer at all.
//!
//! # Cost
//! What [`Retry`](crate::Retry) costs: a copy of the head, or a reference to a shared one, and references to
//! the body. The other services are cloned when they are needed.
//!
//! # Readiness
//! That of the first. The others are driven to readiness when they are needed; there is no timer, so the
//! deadline has to be kept above or below.

pub mod future;
mod plan;
mod service;

use std::sync::Arc;

use crate::error::BoxError;

pub use service::Failover;

/// A response extension: the pool that the request was meant for could not serve it, and another one has
/// answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedOver {
    /// The pool that has answered.
    pub to: Arc<str>,
    /// Why the first did not, with a [`Failure`](crate::Failure) in its chain that has the ledger of all
    /// pools.
    pub why: Arc<BoxError>,
}
