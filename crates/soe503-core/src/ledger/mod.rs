//! The facts that attempts leave behind.
//!
//! An [`Attempt`] is recorded where it fails, as numbers: phase, errno, bytes, timings. Text is
//! made late, by [`crate::diagnosis`] and [`crate::explain`]; nothing ever matches on strings.
//! A successful first attempt leaves no ledger at all: the happy path allocates nothing here.

mod attempt;
mod fault;
mod nested;
mod wire;

pub use attempt::{Attempt, Knock, Ledger, Phase, RetryVerdict};
pub use fault::{Fault, Http2Fault, ParseFault, Refusal, TimeoutKind, TlsFault};
pub use nested::Nested;
pub use wire::Wire;
