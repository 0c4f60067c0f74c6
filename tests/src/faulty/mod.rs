//! A backend that fails on command.
//!
//! It counts every request that it has read to the end by the request's `X-Load-Id`, *before* it
//! does anything else: whatever happens to the answer, an application would have executed it. That
//! is what "a POST was executed twice" is judged by.
//!
//! [`FaultyBackend`] runs inside a test; the binary `soe503-faulty` is the same with a control port.

mod backend;
mod behaviour;
mod control;
mod serve;

pub use backend::{Counts, FaultyBackend};
pub use behaviour::{Behaviour, Fault, UnknownFault};
pub use control::serve_control;
