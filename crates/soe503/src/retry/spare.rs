//! What the service below is cloned from, once a request needs it again.

use std::sync::{Arc, Mutex, PoisonError};

use super::plan::Rules;

/// How a service retries, and a clone of the one below it. Shared by all clones and their requests: the first attempt of a request
/// is the service's own, and hardly any has a second, so that nothing is cloned for most of them.
#[derive(Debug)]
pub(super) struct Spare<S> {
    pub(super) rules: Arc<Rules>,
    /// In a lock because services need not be `Sync`. It is held for a clone of one that is not polled.
    service: Mutex<S>,
}

impl<S> Spare<S> {
    pub(super) const fn new(rules: Arc<Rules>, service: S) -> Self {
        let service = Mutex::new(service);
        Self { rules, service }
    }
}

impl<S: Clone> Spare<S> {
    /// Another service like the one below, which is not ready.
    pub(super) fn service(&self) -> S {
        // Cloning changes nothing, whether or not it ends in a panic.
        let service = self.service.lock().unwrap_or_else(PoisonError::into_inner);
        service.clone()
    }
}
