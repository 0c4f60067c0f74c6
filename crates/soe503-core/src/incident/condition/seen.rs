//! What the rules look at.

use core::time::Duration;
use std::sync::Arc;

use crate::Tick;
use crate::cause::Cause;
use crate::health::HealthReport;
use crate::pool::{BackendState, By};

/// A pool's state at one moment.
#[derive(Clone, Debug)]
pub struct PoolSeen {
    /// This moment.
    pub now: Tick,
    /// The pool's name.
    pub pool: Arc<str>,
    /// The health check, if there is one.
    pub check: Option<CheckSeen>,
    /// The backends.
    pub backends: Vec<BackendSeen>,
    /// The names that do not resolve.
    pub names: Vec<NameSeen>,
    /// Maintenance is planned for it just now.
    pub maintenance: bool,
    /// How long a backend must be out before that is an incident; `None`: it never is.
    pub out_after: Option<Duration>,
}

/// A health check.
#[derive(Clone, Debug)]
pub struct CheckSeen {
    /// What it asks, in words: `GET /status`.
    pub asks: Arc<str>,
    /// The path that it asks for, if it is one.
    pub path: Option<Arc<str>>,
    /// What other paths answered when they were asked for, in the order in which they are worth trying.
    pub found: Vec<PathFound>,
}

/// What a backend answers to the `GET` of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFound {
    /// The path.
    pub path: Arc<str>,
    /// The status; `None`: there was no answer.
    pub status: Option<u16>,
    /// The health check would take it for a good one.
    pub good: bool,
    /// Who was asked: its address.
    pub address: Arc<str>,
    /// When.
    pub at: Tick,
}

/// A backend's state.
#[derive(Clone, Debug)]
pub struct BackendSeen {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is.
    pub address: Arc<str>,
    /// The state it shows.
    pub state: BackendState,
    /// The cause of that, where there is one.
    pub cause: Option<Cause>,
    /// On whose word.
    pub by: By,
    /// The same in words.
    pub text: Arc<str>,
    /// Since when.
    pub since: Tick,
    /// What checks say.
    pub health: HealthReport,
    /// They condemn it, and are not believed: requests are answered.
    pub overruled: bool,
    /// Requests that it has answered well since its check began to fail, as far as was counted.
    pub answered: u64,
    /// Of a hundred recent attempts, ninety-nine took no longer.
    pub p99: Option<Duration>,
}

/// A name that does not resolve.
#[derive(Clone, Debug)]
pub struct NameSeen {
    /// The name.
    pub host: Arc<str>,
    /// Why.
    pub cause: Cause,
    /// What the resolver said.
    pub text: Arc<str>,
    /// Since when.
    pub since: Tick,
    /// So many addresses of an earlier answer are used.
    pub addresses: usize,
    /// When they were last confirmed.
    pub confirmed: Option<Tick>,
}

// === impl PoolSeen ===

impl PoolSeen {
    /// The backends that no operator took out.
    pub(super) fn enabled(&self) -> impl Iterator<Item = &BackendSeen> {
        self.backends.iter().filter(|backend| {
            !matches!(
                backend.state,
                BackendState::Disabled | BackendState::Draining
            )
        })
    }
}
