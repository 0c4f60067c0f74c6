//! What state a backend is in, and why.

use core::fmt;
use std::sync::Arc;

use super::word::Flags;
use crate::{Cause, Tick};

/// The state of a backend, as shown. Where several axes object, the first of: operator, traffic,
/// checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendState {
    /// In rotation with its full weight.
    Up,
    /// Active checks fail.
    Down,
    /// Out of rotation by evidence from traffic.
    Ejected,
    /// No new requests, by an operator; requests in flight finish.
    Draining,
    /// Out of rotation by an operator.
    Disabled,
    /// No active check has succeeded yet.
    Starting,
    /// In rotation, with a share that is still growing.
    Warming,
}

/// On whose word a backend is in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum By {
    /// Results of requests.
    Traffic,
    /// Active health checks.
    Checks,
    /// The admin API.
    Operator,
}

/// Why a backend is in its state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Why {
    /// The cause, where there is one: the majority among the failures that ejected it, or the last
    /// probe's or check's.
    pub cause: Option<Cause>,
    /// The evidence or the operator's reason, in words.
    pub text: Arc<str>,
    /// Since when this state holds.
    pub since: Tick,
    /// Until when at least, where that is known.
    pub until: Option<Tick>,
    /// How many failures led to it: in a row, or among successes where it fails more than others.
    pub failures: u32,
    /// On whose word.
    pub by: By,
}

/// A backend changed its state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendTransition {
    /// The pool's name.
    pub pool: Arc<str>,
    /// The backend's id.
    pub id: u32,
    /// The backend's name.
    pub backend: Arc<str>,
    /// The state before.
    pub from: BackendState,
    /// The state now.
    pub to: BackendState,
    /// When.
    pub at: Tick,
    /// Why; `None` for a backend that is simply up.
    pub why: Option<Why>,
}

// === impl BackendState ===

impl BackendState {
    /// `up`, `down`, `ejected`, `draining`, `disabled`, `starting` or `warming`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Ejected => "ejected",
            Self::Draining => "draining",
            Self::Disabled => "disabled",
            Self::Starting => "starting",
            Self::Warming => "warming",
        }
    }

    /// Whether a backend in this state gets ordinary requests.
    pub const fn in_rotation(self) -> bool {
        matches!(self, Self::Up | Self::Warming)
    }

    pub(super) const fn of(flags: Flags) -> Self {
        if flags.has(Flags::DISABLED) {
            Self::Disabled
        } else if flags.has(Flags::DRAINING) {
            Self::Draining
        } else if flags.has(Flags::EJECTED) {
            Self::Ejected
        } else if flags.has(Flags::DOWN) {
            Self::Down
        } else if flags.has(Flags::STARTING) {
            Self::Starting
        } else if flags.has(Flags::WARMING) {
            Self::Warming
        } else {
            Self::Up
        }
    }
}

impl fmt::Display for BackendState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl By ===

impl By {
    /// `traffic`, `checks` or `operator`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::Checks => "checks",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
