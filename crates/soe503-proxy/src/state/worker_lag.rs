//! How late the threads that serve are.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use soe503_core::Tick;

/// The timers of the workers, by which they look after their connections four times a second. A worker says how
/// late it was; whoever wants to know takes the most of it.
#[derive(Debug)]
pub struct WorkerLag {
    workers: Box<[Worker]>,
}

#[derive(Debug, Default)]
struct Worker {
    /// Nanoseconds, the most since somebody last asked.
    late: AtomicU64,
    /// When it last said so, in nanoseconds of a tick; 0: never.
    seen: AtomicU64,
}

/// From one look of a worker to the next, and half as much again before its silence is lateness.
const SILENT: Duration = Duration::from_millis(375);

impl WorkerLag {
    /// Of so many workers.
    pub fn new(workers: usize) -> Self {
        Self {
            workers: (0..workers).map(|_| Worker::default()).collect(),
        }
    }

    /// The timer of worker `number` was so late.
    pub fn note(&self, number: usize, late: Duration, now: Tick) {
        if let Some(worker) = self.workers.get(number) {
            let nanos = u64::try_from(late.as_nanos()).unwrap_or(u64::MAX);
            worker.late.fetch_max(nanos, Relaxed);
            worker.seen.store(now.as_nanos(), Relaxed);
        }
    }

    /// How late they were at most since this was last asked, be it that one has not come back at all. `None`: none
    /// has begun.
    pub fn take(&self, now: Tick) -> Option<Duration> {
        let said = self.workers.iter().filter_map(|worker| {
            let seen = worker.seen.load(Relaxed);
            let late = Duration::from_nanos(worker.late.swap(0, Relaxed));
            let silent = now.since(Tick::from_nanos(seen));
            (seen > 0).then(|| late.max(silent.saturating_sub(SILENT)))
        });
        said.max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_worker_counts_and_silence_is_lateness() {
        let lag = WorkerLag::new(2);
        let at = Tick::from_millis;
        assert_eq!(lag.take(at(1_000)), None, "nobody has begun");
        lag.note(0, Duration::from_millis(2), at(1_000));
        lag.note(1, Duration::from_millis(70), at(1_000));
        lag.note(1, Duration::from_millis(3), at(1_100));
        assert_eq!(lag.take(at(1_200)), Some(Duration::from_millis(70)));
        assert_eq!(lag.take(at(1_200)), Some(Duration::ZERO), "taken");
        // One of them stands still.
        lag.note(0, Duration::ZERO, at(3_000));
        let silent = lag.take(at(3_000)).unwrap();
        assert_eq!(silent, Duration::from_millis(1_900) - SILENT);
    }
}
