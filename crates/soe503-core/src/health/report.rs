//! What checks say.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::{Doubt, Hints, meaning};
use crate::ledger::Attempt;
use crate::{Cause, Tick};

/// What active checks say about a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Health {
    /// Checks pass, or there are none.
    #[default]
    Up,
    /// Checks fail.
    Down,
    /// Not one check has succeeded yet, and too few have failed for a verdict.
    Starting,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckResult {
    /// As expected.
    Passed {
        /// The HTTP status, for checks that have one.
        status: Option<u16>,
        /// What the answer's body warns of.
        hints: Option<Arc<Hints>>,
        /// What the backend runs, by its own account.
        release: Option<Arc<str>>,
    },
    /// Not as expected.
    Failed {
        /// What it means, as far as one check proves it.
        cause: Option<Cause>,
        /// Why the check may be what is wrong; `None`: the backend itself has spoken.
        doubt: Option<Doubt>,
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// What happened, in words: `connect: connection refused (111)`.
        error: Arc<str>,
        /// What the answer's body names as failing.
        hints: Option<Arc<Hints>>,
    },
    /// This proxy could not make the check: it has no descriptor, port or memory left. That says
    /// nothing about the backend.
    NotMade {
        /// What we lack.
        cause: Cause,
        /// What happened, in words.
        error: Arc<str>,
    },
}

/// The state of a backend's checks, with the evidence of the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    /// The verdict.
    pub health: Health,
    /// Why, unless it is up.
    pub cause: Option<Cause>,
    /// Why the latest failure may be the check's own fault. Like `cause` it outlives checks that
    /// pass while the backend is down.
    pub doubt: Option<Doubt>,
    /// Status of the last answer that a check got.
    pub last_status: Option<u16>,
    /// What was wrong with the last check; `None` if it passed.
    pub last_error: Option<Arc<str>>,
    /// When the last check ended; `None` before the first.
    pub last_at: Option<Tick>,
    /// Checks that failed in a row, up to the last one.
    pub failed: u64,
    /// When the first of them did.
    pub failed_since: Option<Tick>,
    /// What the body of the last answer says is not well.
    pub hints: Option<Arc<Hints>>,
    /// What the backend runs, by the last answer that said so: `releaseId` or `version` of its health document,
    /// or its `Server` field.
    pub release: Option<Arc<str>>,
}

/// Checks changed their mind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthChange {
    /// What they said before.
    pub from: Health,
    /// What they say now.
    pub to: Health,
    /// Since when.
    pub at: Tick,
}

// === impl Health ===

impl Health {
    /// `up`, `down` or `starting`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Starting => "starting",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl CheckResult ===

impl CheckResult {
    /// A check that passed, with the HTTP status if it has one.
    pub const fn passed(status: Option<u16>) -> Self {
        Self::Passed {
            status,
            hints: None,
            release: None,
        }
    }

    /// A check that ended as `attempt` tells: its phase and its fault. It was allowed to take
    /// `allowed`; `error` tells it in words.
    pub fn failed(
        attempt: &Attempt,
        allowed: Duration,
        error: Arc<str>,
        hints: Option<Arc<Hints>>,
    ) -> Self {
        if let Some(cause) = meaning::ours(attempt) {
            return Self::NotMade { cause, error };
        }
        Self::Failed {
            cause: meaning::cause(attempt, hints.as_deref()),
            doubt: Doubt::of(attempt, allowed),
            status: attempt.status,
            error,
            hints,
        }
    }

    /// Whether it passed.
    pub const fn is_passed(&self) -> bool {
        matches!(self, Self::Passed { .. })
    }
}

// === impl HealthReport ===

impl HealthReport {
    /// `health`, before any check.
    pub const fn unchecked(health: Health) -> Self {
        Self {
            health,
            cause: None,
            doubt: None,
            last_status: None,
            last_error: None,
            last_at: None,
            failed: 0,
            failed_since: None,
            hints: None,
            release: None,
        }
    }
}

impl Default for HealthReport {
    fn default() -> Self {
        Self::unchecked(Health::Up)
    }
}
