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
//! # Failure mode
//! What the first pool failed with: the others are never blamed for it. It may serve from a pool that is farther away, or holds older data,
//! until somebody looks: hence the mark.
//!
//! # Cost
//! What [`Retry`](crate::Retry) costs: a copy of the head, or a reference to a shared one, and references to
//! the body. The other services are cloned when they are needed.
//!
//! # Readiness
//! That of the first. The others are driven to readiness when they are needed; there is no timer, so the
//! deadline has to be kept above or below.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Empty;
//! use soe503::failover::{FailedOver, FailoverLayer};
//! use soe503::retry::{BudgetConfig, RetryBudget};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let pool = |up: bool| {
//!     service_fn(move |_: Request<_>| async move {
//!         match up {
//!             true => Ok(Response::new(Empty::<Bytes>::new())),
//!             false => Err(std::io::Error::from_raw_os_error(111)),
//!         }
//!     })
//! };
//! let budget = RetryBudget::new("east", BudgetConfig::default());
//! let service = FailoverLayer::new(3, budget).then("west", pool(true)).layer(pool(false));
//! let answer = service.oneshot(Request::new(Empty::<Bytes>::new())).await.unwrap();
//! assert_eq!(&*answer.extensions().get::<FailedOver>().unwrap().to, "west");
//! # }
//! ```

pub mod future;
mod layer;
mod plan;
mod service;

pub use crate::served::FailedOver;
pub use layer::FailoverLayer;
pub use service::Failover;
