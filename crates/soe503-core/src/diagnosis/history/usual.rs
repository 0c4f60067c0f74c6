//! What a pool is like when all is well.

use core::time::Duration;

use super::{BackendHistory, History};
use crate::diagnosis::rules::stats::quantile;

/// A pool as it usually is, by the seconds of the last fifteen minutes in which all was well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// Requests per second that their clients do not call retries.
    pub offered: f64,
    /// The median latency while little is going on: the first quartile of the seconds' medians.
    pub p50: Option<Duration>,
    /// What 99 % of answers take at most.
    pub p99: Option<Duration>,
    /// By how many seconds.
    pub seconds: u32,
}

/// Fewer seconds say nothing about what is usual.
const FEWEST: usize = 4;

// === impl Usual ===

impl Usual {
    pub(super) fn of(history: &History) -> Option<Self> {
        let healthy: Vec<u64> = history.healthy().map(|s| s.at).collect();
        if healthy.len() < FEWEST {
            return None;
        }
        let offered = history
            .healthy()
            .map(|s| f64::from(s.offered.saturating_sub(s.again)));
        let backends = history.backends();
        let was_well = |at: u64| healthy.binary_search(&at).is_ok();
        Some(Self {
            offered: quantile(offered, 0.5)?,
            p50: of_all(backends, &was_well, |s| s.p50, 0.25),
            p99: of_all(backends, &was_well, |s| s.p99, 0.75),
            seconds: healthy.len() as u32,
        })
    }

    /// The usual median latency of one backend.
    pub fn of_backend(history: &History, backend: &BackendHistory) -> Option<Duration> {
        let until = history.usual_until();
        let healthy: Vec<u64> = history.healthy().map(|s| s.at).collect();
        let p50s = backend
            .before(until)
            .filter(|s| healthy.binary_search(&s.at).is_ok())
            .filter_map(|s| s.p50);
        let p50s: Vec<f64> = p50s.map(|p| p.as_secs_f64()).collect();
        if p50s.len() < FEWEST {
            return None;
        }
        quantile(p50s.into_iter(), 0.25).map(Duration::from_secs_f64)
    }
}

fn of_all(
    backends: &[BackendHistory],
    was_well: &dyn Fn(u64) -> bool,
    of: impl Fn(&super::BackendSecond) -> Option<Duration>,
    q: f64,
) -> Option<Duration> {
    let all = backends.iter().flat_map(|b| b.before(u64::MAX));
    let values: Vec<f64> = all
        .filter(|s| was_well(s.at))
        .filter_map(of)
        .map(|d| d.as_secs_f64())
        .collect();
    quantile(values.into_iter(), q).map(Duration::from_secs_f64)
}
