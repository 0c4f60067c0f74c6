//! What the rules about load and latency share.

use core::time::Duration;

use super::stats::quantile;
use crate::diagnosis::history::{BackendHistory, History, Usual};

/// The seconds that are looked at for "now".
pub(super) const RECENT: u64 = 5;
/// Load beyond this part of the usual one is a rise.
pub(super) const RISE: f64 = 1.3;
/// A median beyond this many times the usual one is slow.
pub(super) const SLOW: f64 = 2.0;
/// The part of the backends that are "all": one may be idle or new.
pub(super) const ALL: f64 = 0.8;
/// Fewer requests in the recent seconds prove nothing.
pub(super) const FEWEST: u64 = 20;

/// First attempts per second, lately; `None`: too few.
pub(super) fn offered(history: &History) -> Option<f64> {
    let sum: u64 = history
        .last(RECENT)
        .map(|s| u64::from(s.offered.saturating_sub(s.again)))
        .sum();
    (sum >= FEWEST).then(|| sum as f64 / RECENT as f64)
}

/// Good answers, and all requests, per second, lately.
pub(super) fn throughput(history: &History) -> (f64, f64) {
    let (good, all) = history.last(RECENT).fold((0, 0), |(good, all), s| {
        (good + u64::from(s.good), all + u64::from(s.offered))
    });
    (good as f64 / RECENT as f64, all as f64 / RECENT as f64)
}

/// The median latency of a backend, lately.
pub(super) fn p50(history: &History, backend: &BackendHistory) -> Option<Duration> {
    let from = history.newest().saturating_sub(RECENT);
    let p50s = backend.after(from).filter_map(|s| s.p50);
    quantile(p50s.map(|p| p.as_secs_f64()), 0.5).map(Duration::from_secs_f64)
}

/// How many backends are slow, of how many that were asked lately, and the medians of them.
pub(super) struct Slow {
    pub(super) slow: u32,
    pub(super) of: u32,
    pub(super) p50: Duration,
    pub(super) usual: Duration,
}

impl Slow {
    pub(super) fn of(history: &History, usual: &Usual) -> Option<Self> {
        Self::of_others(history, usual, None)
    }

    /// Of all backends but one.
    pub(super) fn of_others(history: &History, usual: &Usual, but: Option<&str>) -> Option<Self> {
        let (mut slow, mut of, mut now, mut before) = (0, 0, Vec::new(), Vec::new());
        let others = |b: &&BackendHistory| but != Some(&*b.label.name);
        for backend in history.backends().iter().filter(others) {
            let Some(p50) = p50(history, backend) else {
                continue;
            };
            let own = backend.usual_p50().or(usual.p50)?;
            of += 1;
            slow += u32::from(p50.as_secs_f64() >= own.as_secs_f64() * SLOW);
            now.push(p50.as_secs_f64());
            before.push(own.as_secs_f64());
        }
        Some(Self {
            slow,
            of,
            p50: Duration::from_secs_f64(quantile(now.into_iter(), 0.5)?),
            usual: Duration::from_secs_f64(quantile(before.into_iter(), 0.5)?),
        })
    }

    /// As good as all backends are.
    pub(super) fn all(&self) -> bool {
        f64::from(self.slow) >= f64::from(self.of) * ALL
    }
}
