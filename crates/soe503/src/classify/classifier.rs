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
