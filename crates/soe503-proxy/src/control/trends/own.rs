//! This process's own time.

use std::time::Duration;

use soe503_core::diagnosis::rules::OwnSecond;

use super::cgroup::{CpuStat, Source, gives_way, pressure};

/// A timer that is later than this makes the kernel's own account worth reading.
const LATE: Duration = Duration::from_millis(50);

/// Watches timers, and what the kernel says about our processor time.
#[derive(Debug)]
pub(super) struct OwnWatch {
    lag: Duration,
    source: Source,
    stat: CpuStat,
    /// Microseconds for which somebody has waited for a processor, ever, as of a second ago. `None` as well if
    /// this process gives way by choice.
    waited: Option<u64>,
}

impl OwnWatch {
    pub(super) fn new() -> Self {
        let mut source = Source::find();
        Self {
            lag: Duration::ZERO,
            stat: source.read().0.unwrap_or_default(),
            source,
            waited: pressure().filter(|_| !gives_way()),
        }
    }

    /// A timer was so late.
    pub(super) fn tick(&mut self, late: Duration) {
        self.lag = self.lag.max(late);
    }

    /// The second that has passed.
    pub(super) fn second(&mut self, at: u64, busy: bool) -> OwnSecond {
        let (stat, moved) = self.source.read();
        let stat = stat.unwrap_or(self.stat);
        if moved {
            self.stat = stat;
        }
        let waited = self.waited.and_then(|_| pressure());
        let lag = std::mem::take(&mut self.lag);
        let share = self.waited.zip(waited).map(|(before, now)| {
            let micros = now.saturating_sub(before) as f64;
            (micros / 1e6).min(1.0)
        });
        let second = OwnSecond {
            at,
            lag,
            periods: delta(stat.periods, self.stat.periods),
            throttled: delta(stat.throttled, self.stat.throttled),
            pressure: share,
            busy,
        };
        if lag > LATE {
            tracing::debug!(?second, "own timers were late");
        }
        self.stat = stat;
        self.waited = waited;
        second
    }
}

fn delta(now: u64, before: u64) -> u32 {
    u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX)
}
