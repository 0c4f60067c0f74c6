//! Why no backend could be picked.

use core::fmt;
use std::sync::Arc;

use super::backend::Backend;
use super::state::BackendState;
use super::vitals::Tally;
use super::word::Flags;
use crate::ledger::Refusal;
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
        }
    }
}

impl From<&NoBackend> for Refusal {
    fn from(refusal: &NoBackend) -> Self {
        Self::NoBackend {
            cause: refusal.cause,
            root: refusal.root,
        }
    }
}

impl fmt::Display for NoBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "pool `{}` has no usable backend ({}): {}",
            self.pool, self.cause, self.counts
        )
    }
}

impl core::error::Error for NoBackend {}

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
