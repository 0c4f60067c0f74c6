//! A failure that was explained, as far as incidents care.

use std::sync::Arc;

use super::place::blamed;
use crate::Tick;
use crate::cause::Cause;
use crate::diagnosis::{Diagnosis, Grade, Level, mechanical};
use crate::ledger::Ledger;

/// One explained failure.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sighting {
    /// When the answer was made.
    pub at: Tick,
    /// The request.
    pub request_id: Arc<str>,
    /// The cause that the answer told.
    pub primary: Cause,
    /// The cause that the incident is about.
    pub cause: Cause,
    /// How sure that is.
    pub grade: Grade,
    /// How far it reaches.
    pub level: Level,
    /// Backends of the pool, and how many of them are concerned.
    pub backends_total: Option<usize>,
    /// Backends that are concerned.
    pub backends_affected: Option<usize>,
    /// The backends at which its attempts failed.
    pub backends: Vec<Arc<str>>,
    /// The answer was the backend's own 5xx. Those are counted as `dependency_failure/upstream_error`, whatever
    /// they are.
    pub passed_on: bool,
}

impl Sighting {
    /// What the failure of the request `request_id` at `at` says.
    pub fn new(request_id: &Arc<str>, at: Tick, diagnosis: &Diagnosis, attempts: &Ledger) -> Self {
        let (cause, grade) = blamed(diagnosis);
        let own = attempts.attempts.iter().filter(|a| a.pool.is_none());
        let mut backends: Vec<Arc<str>> = own
            .filter(|attempt| mechanical(attempt).is_some())
            .filter_map(|attempt| attempt.backend.clone())
            .collect();
        backends.sort();
        backends.dedup();
        Self {
            at,
            request_id: Arc::clone(request_id),
            primary: diagnosis.primary,
            cause,
            grade,
            level: diagnosis.scope.level,
            backends_total: diagnosis.scope.backends_total,
            backends_affected: diagnosis.scope.backends_affected,
            backends,
            passed_on: false,
        }
    }

    /// The same, if the answer was the backend's own.
    #[must_use]
    pub const fn with_passed_on(mut self, passed_on: bool) -> Self {
        self.passed_on = passed_on;
        self
    }
}
