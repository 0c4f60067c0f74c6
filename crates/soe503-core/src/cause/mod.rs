//! What a failure is called, and everything that is constant about it.

mod id;

pub use id::{Category, Cause, UnknownCause};
