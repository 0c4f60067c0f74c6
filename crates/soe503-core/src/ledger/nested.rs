//! What another proxy behind us says about its own failure.

use serde::{Deserialize, Serialize};

use crate::cause::Cause;

/// The explanation that came with a backend's own 5xx, from the hop nearest the failure.
///
/// Any server can write such headers. Whether this one is believed is the pool's configuration
/// (`trusted`); otherwise it decides nothing, and is told to nobody but that there was one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nested {
    /// The name that the hop gives itself, at most 64 characters of printable ASCII.
    pub hop: String,
    /// The cause: from its `soe-cause`, or from its RFC 9209 error type.
    pub cause: Option<Cause>,
    /// How many hops named themselves, at least 1.
    pub hops: u8,
    /// The pool is configured to be a proxy of ours, so that its word counts.
    pub trusted: bool,
}
