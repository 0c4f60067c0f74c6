//! The trait, and what it says of a head.

use http::{HeaderMap, Response};
use soe503_core::ledger::{Attempt, Fault};
use soe503_core::{Outcome, diagnosis};

use super::grpc;
use crate::{clock, own_time};

/// Turns answers and errors into an [`Outcome`].
pub trait Classify {
    /// What the head of `response` says.
    fn head<B>(&self, response: &Response<B>) -> Head;

    /// Whether the answer is slow, whatever [`head`](Self::head) says of it; `None`, the default: by the time to its head, beside the
    /// breaker's [`slow_request`](soe503_core::breaker::BreakerConfig::slow_request).
    ///
    /// `Some(false)` is for what is late by nature, as the answer to a long poll, `Some(true)` for a service that says itself
    /// that it struggles. Only a breaker with a slow rule asks for it to decide anything; the pool's estimate of latencies stays one of time.
    fn slow<B>(&self, response: &Response<B>) -> Option<bool> {
        let _ = response;
        None
    }

    /// What the trailers say, or their absence, after a head that was [`Head::AtTrailers`].
    fn trailers(&self, trailers: Option<&HeaderMap>) -> Outcome {
        grpc::trailers(trailers)
    }

    /// What an attempt means that ended in an error, in a broken body or in a head that was
    /// [`Head::Judge`]. While this process is not in time itself ([`own_time`]), timeouts count for nothing.
    fn attempt(&self, attempt: &Attempt) -> Outcome {
        // Late, because we are: that says nothing about anybody else.
        if let Some(Fault::Timeout(_)) = attempt.fault
            && own_time::is_distrusted(clock::now())
        {
            return Outcome::IGNORE;
        }
        diagnosis::outcome(attempt)
    }
}

/// What the head of a response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// A success if the body arrives in full.
    AtEnd,
    /// The trailers decide.
    AtTrailers,
    /// This, whatever the body does.
    Decided(Outcome),
    /// The status decides, and [`Classify::attempt`] says how: it sees all facts.
    Judge,
}
