//! A backend that fails on command.
//!
//! It counts every request that it has read to the end by the request's `X-Load-Id`, *before* it
//! does anything else: whatever happens to the answer, an application would have executed it. That
//! is what "a POST was executed twice" is judged by.
//!
//! [`Fault`] is what happens to a request, [`Door`] what happens to connections. With
//! [`Nature::slots`] it has a capacity and a queue.
//!
//! [`FaultyBackend`] runs inside a test; `soe503-tools faulty` is the same with a control port.

mod backend;
mod behaviour;
mod control;
mod door;
mod serve;
mod slots;

pub use backend::{Counts, FaultyBackend, Nature};
pub use behaviour::{Behaviour, Fault, UnknownFault};
pub use control::serve_control;
pub use door::{Door, UnknownDoor};
