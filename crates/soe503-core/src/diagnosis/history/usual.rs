//! What a pool is like when all is well.

use core::time::Duration;

use super::{BackendHistory, BackendSecond, History};
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
    /// `well` are the seconds in which all was well, in order.
    pub(super) fn of(history: &History, well: &[u64]) -> Option<Self> {
        if well.len() < FEWEST {
            return None;
        }
        let offered = history
            .healthy()
            .map(|s| f64::from(s.offered.saturating_sub(s.again)));
        let backends = history.backends();
        let was_well = |at: u64| well.binary_search(&at).is_ok();
        Some(Self {
            offered: quantile(offered, 0.5)?,
            p50: of_all(backends, &was_well, |s| s.p50, 0.25),
            p99: of_all(backends, &was_well, |s| s.p99, 0.75),
            seconds: well.len() as u32,
        })
    }

    /// The usual median latency of one backend, by its own seconds.
    pub(super) fn of_one<'a>(seconds: impl Iterator<Item = &'a BackendSecond>) -> Option<Duration> {
        let p50s: Vec<f64> = seconds
            .filter_map(|s| s.p50)
            .map(|p| p.as_secs_f64())
            .collect();
        if p50s.len() < FEWEST {
            return None;
        }
        quantile(p50s.into_iter(), 0.25).map(Duration::from_secs_f64)
    }
}

fn of_all(
    backends: &[BackendHistory],
    was_well: &dyn Fn(u64) -> bool,
    of: impl Fn(&BackendSecond) -> Option<Duration>,
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
