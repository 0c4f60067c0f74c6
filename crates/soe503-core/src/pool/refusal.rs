//! Why no backend could be picked.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::backend::Backend;
use super::state::BackendState;
use super::vitals::Tally;
use super::word::Flags;
use crate::ledger::Refusal;
use crate::limit::{Class, Turned};
use crate::{Cause, Tick};

/// No backend can be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoBackend {
    /// The pool's name.
    pub pool: Arc<str>,
    /// `misconfiguration/no_endpoints` for an empty pool, `maintenance/…` if operators or a start
    /// took all backends out, `circuit_open/all_ejected`, or the cause that took all of them out.
    pub cause: Cause,
    /// The majority cause behind the backends' states, operators' decisions aside.
    pub root: Option<Cause>,
    /// How many backends are in which state.
    pub counts: StateCounts,
    /// The earliest time at which one may return, where that is known.
    pub due_back: Option<Tick>,
    /// There are backends to be used, and each has as many requests in flight as it may.
    pub full: Option<Full>,
}

/// All backends that can be used have as many requests in flight as they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Full {
    /// At which point the request was turned away.
    pub why: Turned,
    /// How many backends there are to be used.
    pub backends: u32,
    /// How many requests they may have in flight, in sum.
    pub limit: u64,
    /// How many they have.
    pub in_flight: u64,
    /// How many requests wait for a place.
    pub waiting: u32,
    /// How long this one has.
    pub waited: Duration,
    /// How important it was.
    pub class: Class,
}

/// How many backends are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateCounts {
    /// In rotation with full weight.
    pub up: u32,
    /// Condemned by checks.
    pub down: u32,
    /// Condemned by traffic.
    pub ejected: u32,
    /// Draining by an operator.
    pub draining: u32,
    /// Disabled by an operator.
    pub disabled: u32,
    /// Waiting for the first check.
    pub starting: u32,
    /// In rotation with a growing share.
    pub warming: u32,
}

// === impl NoBackend ===

impl NoBackend {
    pub(super) fn of<S>(pool: &Arc<str>, list: &[Arc<Backend<S>>]) -> Self {
        let mut counts = StateCounts::default();
        let mut causes = Tally::default();
        let mut due_back: Option<Tick> = None;
        for backend in list {
            let flags = backend.flags();
            let state = BackendState::of(flags);
            counts.add(state);
            let cold = backend.vitals.cold();
            let (cause, due) = match state {
                BackendState::Disabled | BackendState::Draining => {
                    (None, cold.admin.as_ref().and_then(|why| why.until))
                }
                BackendState::Ejected => {
                    let cause = cold.ejection.as_ref().and_then(|why| why.cause);
                    // While checks object, the end of the ejection brings nothing back.
                    let due = (!flags.has(Flags::DOWN)).then(|| backend.vitals.due());
                    (cause, due)
                }
                _ => (cold.health.cause, None),
            };
            if let Some(cause) = cause {
                causes.add(cause);
            }
            due_back = match (due_back, due) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let root = causes.majority();
        Self {
            pool: Arc::clone(pool),
            cause: counts.verdict(root),
            root,
            counts,
            due_back,
            full: None,
        }
    }

    /// All are `full`.
    pub(super) fn full(pool: &Arc<str>, full: Full) -> Self {
        Self {
            pool: Arc::clone(pool),
            cause: full.cause(),
            root: None,
            counts: StateCounts::default(),
            due_back: None,
            full: Some(full),
        }
    }
}

impl From<&NoBackend> for Refusal {
    fn from(refusal: &NoBackend) -> Self {
        match refusal.full {
            Some(full) => Self::BackendsFull(full),
            None => Self::NoBackend {
                cause: refusal.cause,
                root: refusal.root,
            },
        }
    }
}

impl fmt::Display for NoBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(full) = &self.full {
            return write!(f, "pool `{}` is full: {full}", self.pool);
        }
        write!(
            f,
            "pool `{}` has no usable backend ({}): {}",
            self.pool, self.cause, self.counts
        )
    }
}

impl core::error::Error for NoBackend {}

// === impl Full ===

impl Full {
    /// What this is called.
    pub const fn cause(&self) -> Cause {
        self.why.cause()
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            backends,
            limit,
            in_flight,
            waiting,
            ..
        } = self;
        write!(
            f,
            "{in_flight} in flight at {backends} backends, {limit} allowed"
        )?;
        match self.why {
            Turned::AtOnce => Ok(()),
            Turned::LineFull => write!(f, ", {waiting} waiting"),
            Turned::TooLate => write!(f, ", {waiting} waiting, waited {:?}", self.waited),
        }
    }
}

// === impl StateCounts ===

impl StateCounts {
    pub(super) fn add(&mut self, state: BackendState) {
        let place = match state {
            BackendState::Up => &mut self.up,
            BackendState::Down => &mut self.down,
            BackendState::Ejected => &mut self.ejected,
            BackendState::Draining => &mut self.draining,
            BackendState::Disabled => &mut self.disabled,
            BackendState::Starting => &mut self.starting,
            BackendState::Warming => &mut self.warming,
        };
        *place += 1;
    }

    /// All backends.
    pub const fn total(&self) -> u32 {
        self.in_rotation()
            + self.down
            + self.ejected
            + self.draining
            + self.disabled
            + self.starting
    }

    /// Backends that get ordinary requests.
    pub const fn in_rotation(&self) -> u32 {
        self.up + self.warming
    }

    /// The cause of a refusal.
    fn verdict(&self, root: Option<Cause>) -> Cause {
        if self.total() == 0 {
            return Cause::ConfigNoEndpoints;
        }
        if self.in_rotation() > 0 {
            // Since then one has come back, or all have been tried: no operator has taken them out.
            return root.unwrap_or(Cause::Unclassified);
        }
        if self.down + self.ejected + self.starting == 0 {
            // Draining is what ends by itself; disabled is somebody's decision.
            return if self.draining > 0 {
                Cause::MaintenanceDraining
            } else {
                Cause::MaintenanceAdminDisabled
            };
        }
        if self.down + self.ejected == 0 {
            return Cause::MaintenanceStarting;
        }
        if self.down == 0 {
            return Cause::CircuitAllEjected;
        }
        root.unwrap_or(Cause::Unclassified)
    }
}

impl fmt::Display for StateCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.up, "up"),
            (self.warming, "warming"),
            (self.down, "down"),
            (self.ejected, "ejected"),
            (self.draining, "draining"),
            (self.disabled, "disabled"),
            (self.starting, "starting"),
        ];
        let mut separator = "";
        for (count, name) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{separator}{count} {name}")?;
            separator = ", ";
        }
        if separator.is_empty() {
            f.write_str("no backends")?;
        }
        Ok(())
    }
}
