//! What is known of an address and its port, whoever connects there and in whatever way: requests of all pools, and checks.

use std::sync::atomic::{AtomicBool, Ordering};

use soe503_core::reachability::Reachability;

/// What connects to it have shown. Starts knowing nothing.
#[derive(Debug, Default)]
pub(crate) struct Port {
    /// Whether connects wait in vain.
    pub(crate) reachability: Reachability,
    /// A connect has succeeded: tells a dead backend from a wrong port.
    accepted: AtomicBool,
}

impl Port {
    /// Whether a connect has ever succeeded.
    pub(crate) fn has_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }

    /// A connect has succeeded.
    pub(crate) fn accepted(&self) {
        // Read first: the line stays shared between workers once it is set.
        if !self.has_accepted() {
            self.accepted.store(true, Ordering::Relaxed);
        }
    }
}
