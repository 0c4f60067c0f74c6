//! What checks say.

use core::fmt;
use std::sync::Arc;

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
    /// As expected. The status, for checks that have one.
    Passed {
        /// The HTTP status.
        status: Option<u16>,
    },
    /// Not as expected.
    Failed {
        /// What it means, as far as one check proves it.
        cause: Option<Cause>,
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// What happened, in words: `connect: connection refused (111)`.
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
    /// Status of the last answer that a check got.
    pub last_status: Option<u16>,
    /// What was wrong with the last check; `None` if it passed.
    pub last_error: Option<Arc<str>>,
    /// When the last check ended; `None` before the first.
    pub last_at: Option<Tick>,
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

// === impl HealthReport ===

impl HealthReport {
    /// `health`, before any check.
    pub const fn unchecked(health: Health) -> Self {
        Self {
            health,
            cause: None,
            last_status: None,
            last_error: None,
            last_at: None,
        }
    }
}

impl Default for HealthReport {
    fn default() -> Self {
        Self::unchecked(Health::Up)
    }
}
