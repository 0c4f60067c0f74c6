//! How long requests took: counts in fixed buckets that only grow, so that whoever scrapes can add up proxies
//! and look at any span of time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use soe503_core::time::saturating_nanos;

/// Upper edges of the buckets, inclusive. Beyond the last one there is one more bucket.
const EDGES: [Duration; 14] = [
    Duration::from_micros(1_000),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// Two additions to atomics per request, and no lock.
#[derive(Debug, Default)]
pub struct Durations {
    counts: [AtomicU64; EDGES.len() + 1],
    nanos: AtomicU64,
}

/// What was counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DurationsSnapshot {
    /// Requests of each bucket, those beyond the last edge in the last one.
    pub counts: [u64; EDGES.len() + 1],
    /// What they took together.
    pub sum: Duration,
}

// === impl Durations ===

impl Durations {
    /// A request took so long.
    pub fn record(&self, took: Duration) {
        let bucket = EDGES.partition_point(|edge| *edge < took);
        self.counts[bucket].fetch_add(1, Relaxed);
        self.nanos.fetch_add(saturating_nanos(took), Relaxed);
    }

    /// The counts of this moment.
    pub fn snapshot(&self) -> DurationsSnapshot {
        DurationsSnapshot {
            counts: self.counts.each_ref().map(|count| count.load(Relaxed)),
            sum: Duration::from_nanos(self.nanos.load(Relaxed)),
        }
    }
}

// === impl DurationsSnapshot ===

impl DurationsSnapshot {
    /// How many took no longer than each edge: the edge in seconds, infinite at last, and the count.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let edges = EDGES.iter().map(Duration::as_secs_f64);
        let mut below = 0;
        edges
            .chain(std::iter::once(f64::INFINITY))
            .zip(self.counts)
            .map(move |(edge, count)| {
                below += count;
                (edge, below)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_its_bucket() {
        let durations = Durations::default();
        for micros in [0, 1_000, 1_001, 30_000_000, 30_000_001, 90_000_000] {
            durations.record(Duration::from_micros(micros));
        }
        let snapshot = durations.snapshot();
        assert_eq!(snapshot.sum, Duration::from_micros(150_002_002));
        let cumulative: Vec<_> = snapshot.cumulative().collect();
        assert_eq!(cumulative[0], (0.001, 2));
        assert_eq!(cumulative[1], (0.0025, 3));
        assert_eq!(cumulative[12], (10.0, 3));
        assert_eq!(cumulative[13], (30.0, 4));
        assert_eq!(cumulative[14], (f64::INFINITY, 6));
    }
}
