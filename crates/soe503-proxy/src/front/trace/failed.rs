//! What is known about a failure, on its way from where it is explained to the request that it ends.
//!
//! A stack explains a failure within the very poll that yields its answer, and that poll is within the one of the request,
//! on one thread (as with [`plain`](crate::upstream)). So it is left on that thread, and taken right after the poll.

use std::cell::RefCell;
use std::sync::Arc;

use soe503::explain::FailureRecord;
use soe503_core::Cause;

use crate::traces::ClientSpan;

thread_local! {
    static LEFT: RefCell<Option<Box<Failed>>> = const { RefCell::new(None) };
}

/// A failure, as far as a trace tells of it.
#[derive(Debug)]
pub(in crate::front) struct Failed {
    pub(super) cause: Option<Cause>,
    pub(super) root: Option<Cause>,
    pub(super) incident: Option<Arc<str>>,
    pub(super) attempts: Vec<ClientSpan>,
}

/// Leaves `failure` for the request whose stack is being polled.
pub(in crate::front) fn leave(failure: &FailureRecord) {
    let failed = Failed {
        cause: Some(failure.diagnosis.primary),
        root: failure.diagnosis.root,
        incident: failure.incident.clone(),
        attempts: ClientSpan::of_attempts(&failure.ledger.attempts),
    };
    LEFT.set(Some(Box::new(failed)));
}

impl Failed {
    /// What was left in this poll.
    pub(super) fn take() -> Option<Box<Self>> {
        LEFT.take()
    }
}
