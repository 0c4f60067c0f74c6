//! The figures.

use core::time::Duration;
use std::sync::Arc;

use crate::cause::Cause;
use crate::diagnosis::rules::Late;

/// What is known about one pool.
#[derive(Clone, Debug, Default)]
pub struct Observed<'a> {
    /// How long it has been counted for.
    pub window: Duration,
    /// Requests that have ended in that time.
    pub requests: u64,
    /// Those that failed, by cause.
    pub failed: &'a [(Cause, u64)],
    /// Attempts of the last minute or so, whatever came of them.
    pub attempts: Latencies,
    /// Requests that were answered well, since the beginning of the window.
    pub answers: Latencies,
    /// Attempts that were waited for beyond their time.
    pub late: Late,
    /// How many backends there are.
    pub backends: u32,
    /// The backend that gives up idle connections soonest, as far as one says or has shown when.
    pub patience: Option<Patience>,
    /// How many requests the backends work on at once, if that was measured.
    pub knee: Option<u32>,
    /// Health checks in that time.
    pub checks: u64,
    /// How many failed requests were looked at for whether their client had asked before.
    pub looked: u64,
    /// How many of them had.
    pub again: u64,
    /// What is configured.
    pub settings: Settings<'a>,
}

/// A percentile, and what it stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    /// How many there were.
    pub count: u64,
    /// What 999 of 1000 did not exceed.
    pub p999: Option<Duration>,
}

/// How long a backend keeps idle connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Its name.
    pub backend: Arc<str>,
    /// For so long they may be used: four fifths of what it keeps them for.
    pub usable: Duration,
    /// It says so (`Keep-Alive: timeout`), and has not only shown it.
    pub said: bool,
}

/// What the configuration says about the pool.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings<'a> {
    /// The routes that lead to it.
    pub routes: &'a [RouteSettings],
    /// How long idle connections are kept.
    pub idle_timeout: Duration,
    /// How many requests may be under way.
    pub max_in_flight: u32,
    /// From one check to the next, if there are any.
    pub check_interval: Option<Duration>,
    /// How many requests the rates of the breaker need, and in which time; `None`: no rate is looked at, or of the last so many.
    pub breaker: Option<(u32, Duration)>,
}

/// What the configuration says about a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteSettings {
    /// Attempts, the first included.
    pub attempts: u32,
    /// How long one may take.
    pub attempt_timeout: Duration,
    /// How long all may take together.
    pub timeout: Duration,
}

// === impl Observed ===

impl Observed<'_> {
    /// Requests that failed of one of `causes`.
    pub(super) fn failed_of(&self, causes: &[Cause]) -> u64 {
        let of = self
            .failed
            .iter()
            .filter(|(cause, _)| causes.contains(cause));
        of.map(|(_, count)| count).sum()
    }
}
