//! Latencies in a fixed space: an atomic log-linear histogram.
//!
//! **Why log-linear.** An operator wants p50 and p99 of a backend, a decision wants "how long does
//! it usually take". Neither needs exact numbers, both need them cheap and bounded. Each power of
//! two is cut into sixteen equal buckets, so a bucket is at most 1/16 wide relative to its lower
//! edge and its representative is at most 3.2 % off. Recording is an index computation and one
//! relaxed `fetch_add`: no lock. The buckets come in sections of four powers of two, and a section
//! is allocated by the first sample in it: a backend that answers within milliseconds has two
//! (0.5 KiB), one that was never asked has none.
//!
//! **Why it fades.** A p99 over a backend's whole life answers no question anybody asks. Every
//! [`Histogram::HALF_LIFE`] of elapsed time halves all counts. Halving integers naively would
//! round the tail away (a bucket with one sample becomes empty), so what is left over is carried
//! to the next bucket: the total halves and the shape stays.
//!
//! **Failure mode.** A sample recorded while another thread halves may be halved or not; counts are
//! statistics, not accounts. Values above [`Histogram::LARGEST`] count as that.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::OnceLock;

use crate::Tick;
use crate::time::saturating_nanos;

/// The histogram.
#[derive(Debug)]
pub struct Histogram {
    sections: [OnceLock<Box<Section>>; SECTIONS],
    /// When the counts were last halved, in nanoseconds. 0: never asked.
    faded: AtomicU64,
}

/// A copy of a histogram's counts, for several questions about one moment.
#[derive(Clone, Debug)]
pub struct HistogramSnapshot {
    counts: Box<[u32]>,
}

/// log2 of the buckets per power of two.
const SUB_BITS: u32 = 4;
const SUB: usize = 1 << SUB_BITS;
/// Powers of two that are cut into `SUB` buckets, above the linear start.
const OCTAVES: usize = 21;
const BUCKETS: usize = SUB + OCTAVES * SUB;
/// Counts of neighbouring buckets.
type Section = [AtomicU32; SECTION];
const SECTION: usize = 4 * SUB;
const SECTIONS: usize = BUCKETS.div_ceil(SECTION);
/// log2 of a unit in nanoseconds: 1.024 µs.
const UNIT_BITS: u32 = 10;

// === impl Histogram ===

impl Histogram {
    /// Time after which a sample counts half.
    pub const HALF_LIFE: Duration = Duration::from_secs(30);
    /// Longer durations count as this one: 34 s.
    pub const LARGEST: Duration =
        Duration::from_nanos(((SUB as u64) << (OCTAVES as u32 + UNIT_BITS)) - 1);

    /// An empty histogram.
    pub const fn new() -> Self {
        Self {
            sections: [const { OnceLock::new() }; SECTIONS],
            faded: AtomicU64::new(0),
        }
    }

    /// Counts one duration.
    pub fn record(&self, duration: Duration) {
        let bucket = bucket(saturating_nanos(duration));
        let section = self.sections[bucket / SECTION]
            .get_or_init(|| Box::new([const { AtomicU32::new(0) }; SECTION]));
        section[bucket % SECTION].fetch_add(1, Ordering::Relaxed);
    }

    /// The duration that `q` (0 to 1, clamped) of the samples do not exceed; `None` without samples.
    ///
    /// Off by at most 3.2 %, or 0.5 µs below 16 µs.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        quantile(self.counts(), self.count(), q)
    }

    /// How many samples are remembered, faded ones counted by what is left of them.
    pub fn count(&self) -> u64 {
        self.cells()
            .map(|cell| u64::from(cell.load(Ordering::Relaxed)))
            .sum()
    }

    /// A copy of all counts.
    pub fn snapshot(&self) -> HistogramSnapshot {
        HistogramSnapshot {
            counts: self.counts().collect(),
        }
    }

    /// Lets old samples fade if it is time: one load when it is not.
    pub fn fade(&self, now: Tick) {
        let last = self.faded.load(Ordering::Relaxed);
        // In 64 bits: every request comes by.
        let half_lives = now.as_nanos().saturating_sub(last) / saturating_nanos(Self::HALF_LIFE);
        if half_lives == 0 {
            return;
        }
        // The first caller only starts the clock: an epoch long ago is no reason to forget.
        let next = if last == 0 {
            now.as_nanos().max(1)
        } else {
            // Anchored to the grid of half-lives, so that rare calls do not stretch it (row S15).
            last.saturating_add(half_lives.saturating_mul(saturating_nanos(Self::HALF_LIFE)))
        };
        let won = self
            .faded
            .compare_exchange(last, next, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok();
        if won && last != 0 {
            self.halve(u32::try_from(half_lives).unwrap_or(u32::MAX));
        }
    }

    /// The counts of all buckets.
    fn counts(&self) -> impl Iterator<Item = u32> {
        self.sections.iter().flat_map(|section| {
            let section = section.get();
            let count = move |i: usize| section.map_or(0, |s| s[i].load(Ordering::Relaxed));
            (0..SECTION).map(count)
        })
    }

    /// The counts of the sections that are there: between them are none.
    fn cells(&self) -> impl Iterator<Item = &AtomicU32> {
        self.sections
            .iter()
            .filter_map(OnceLock::get)
            .flat_map(|section| section.iter())
    }

    /// Divides all counts by `2^times`, carrying remainders towards longer durations.
    fn halve(&self, times: u32) {
        let times = times.min(32);
        let mut carry = 0_u64;
        for count in self.cells() {
            let old = count.load(Ordering::Relaxed);
            carry += u64::from(old);
            let kept = (carry >> times) as u32;
            carry -= u64::from(kept) << times;
            if kept >= old {
                count.fetch_add(kept - old, Ordering::Relaxed);
            } else {
                count.fetch_sub(old - kept, Ordering::Relaxed);
            }
        }
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

// === impl HistogramSnapshot ===

impl HistogramSnapshot {
    /// What was recorded since `before`. `None` if counts have faded in between: then they cannot be told apart.
    pub fn since(&self, before: &Self) -> Option<Self> {
        let pairs = self.counts.iter().zip(&before.counts);
        let counts = pairs.map(|(now, then)| now.checked_sub(*then));
        counts
            .collect::<Option<Box<[u32]>>>()
            .map(|counts| Self { counts })
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    /// As [`Histogram::quantile`].
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        quantile(self.counts.iter().copied(), self.count(), q)
    }

    /// As [`Histogram::count`].
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|&c| u64::from(c)).sum()
    }

    /// The buckets that hold samples: inclusive upper edge and count, shortest first.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u32)> + '_ {
        self.counts
            .iter()
            .enumerate()
            .filter(|&(_, &count)| count > 0)
            .map(|(i, &count)| (Duration::from_nanos(edges(i).1 - 1), count))
    }
}

/// The bucket of a duration in nanoseconds.
const fn bucket(nanos: u64) -> usize {
    let units = nanos >> UNIT_BITS;
    if units < SUB as u64 {
        return units as usize;
    }
    let octave = units.ilog2() - SUB_BITS;
    if octave as usize >= OCTAVES {
        return BUCKETS - 1;
    }
    let within = (units >> octave) as usize - SUB;
    SUB + octave as usize * SUB + within
}

/// Lower edge and upper edge (exclusive) of a bucket, in nanoseconds.
const fn edges(bucket: usize) -> (u64, u64) {
    if bucket < SUB {
        return (
            (bucket as u64) << UNIT_BITS,
            (bucket as u64 + 1) << UNIT_BITS,
        );
    }
    let octave = ((bucket - SUB) / SUB) as u32;
    let within = bucket % SUB;
    let low = ((SUB + within) as u64) << (octave + UNIT_BITS);
    (low, low + (1 << (octave + UNIT_BITS)))
}

fn quantile(counts: impl Iterator<Item = u32>, total: u64, q: f64) -> Option<Duration> {
    if total == 0 {
        return None;
    }
    // Nearest rank: the smallest value that at least `q` of the samples do not exceed. NaN
    // clamps to NaN and casts to 0, hence `max(1)`.
    let rank = ((q.clamp(0.0, 1.0) * total as f64).ceil() as u64).max(1);
    let mut seen = 0;
    let mut last = 0;
    for (i, count) in counts.enumerate() {
        if count > 0 {
            seen += u64::from(count);
            last = i;
        }
        if seen >= rank {
            break;
        }
    }
    let (low, high) = edges(last);
    Some(Duration::from_nanos(representative(low, high)))
}

/// The harmonic mean of a bucket's edges: its relative error is the same at both of them.
fn representative(low: u64, high: u64) -> u64 {
    if low == 0 {
        return high / 2;
    }
    let (low, high) = (u128::from(low), u128::from(high));
    // Between the edges, so it fits.
    (2 * low * high / (low + high)) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_tile_the_axis() {
        let mut next = 0;
        for i in 0..BUCKETS {
            let (low, high) = edges(i);
            assert_eq!(low, next, "bucket {i}");
            assert_eq!((bucket(low), bucket(high - 1)), (i, i));
            next = high;
        }
        assert_eq!(next - 1, saturating_nanos(Histogram::LARGEST));
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn empty_has_no_quantile_and_bad_quantiles_are_clamped() {
        let histogram = Histogram::new();
        assert_eq!(histogram.quantile(0.5), None);
        histogram.record(Duration::from_millis(10));
        for q in [-1.0, f64::NAN, 0.0, 0.5, 1.0, 7.0] {
            let got = histogram.quantile(q).unwrap();
            assert!(
                got.abs_diff(Duration::from_millis(10)) < Duration::from_micros(320),
                "{q}: {got:?}"
            );
        }
        let instant = Histogram::new();
        instant.record(Duration::ZERO);
        assert_eq!(instant.quantile(0.5), Some(Duration::from_nanos(512)));
        histogram.record(Duration::MAX);
        assert!(histogram.quantile(1.0).unwrap() > Duration::from_secs(32));
    }

    #[test]
    fn fading_halves_the_total_and_keeps_the_shape() {
        let histogram = Histogram::new();
        // Sixty-four buckets with one sample each: halving them one by one would leave nothing.
        let mut nanos = 1_000_000.0_f64;
        for _ in 0..64 {
            histogram.record(Duration::from_nanos(nanos as u64));
            nanos *= 1.07;
        }
        let before = histogram.quantile(0.5).unwrap();
        histogram.fade(Tick::from_secs(100));
        assert_eq!(histogram.count(), 64, "the first call starts the clock");
        histogram.fade(Tick::from_secs(129));
        assert_eq!(histogram.count(), 64);
        histogram.fade(Tick::from_secs(130));
        assert_eq!(histogram.count(), 32);
        let after = histogram.quantile(0.5).unwrap();
        assert!(
            after.as_secs_f64() / before.as_secs_f64() < 1.15,
            "{before:?} {after:?}"
        );
        assert!(
            after.as_secs_f64() / before.as_secs_f64() > 0.85,
            "{before:?} {after:?}"
        );
        // A year later everything is forgotten, in one step.
        histogram.fade(Tick::from_secs(130 + 31_536_000));
        assert_eq!(histogram.count(), 0);
    }

    #[test]
    fn what_came_since_is_told_apart() {
        let histogram = Histogram::new();
        histogram.fade(Tick::from_secs(100));
        (0..100).for_each(|_| histogram.record(Duration::from_millis(1)));
        let before = histogram.snapshot();
        (0..10).for_each(|_| histogram.record(Duration::from_millis(100)));
        let since = histogram.snapshot().since(&before).unwrap();
        assert_eq!(since.count(), 10);
        assert!(since.quantile(0.5).unwrap() > Duration::from_millis(90));
        histogram.fade(Tick::from_secs(130));
        assert!(histogram.snapshot().since(&before).is_none(), "faded");
    }

    #[test]
    fn two_histograms_make_one() {
        let (fast, slow) = (Histogram::new(), Histogram::new());
        (0..30).for_each(|_| fast.record(Duration::from_millis(1)));
        (0..10).for_each(|_| fast.record(Duration::from_millis(900)));
        (0..60).for_each(|_| slow.record(Duration::from_millis(900)));
        let mut both = fast.snapshot();
        both.add(&slow.snapshot());
        assert_eq!(both.count(), 100);
        let counts: Vec<_> = both.buckets().map(|(_, count)| count).collect();
        assert_eq!(counts, [30, 70]);
        assert!(both.quantile(0.3).unwrap() < Duration::from_millis(2));
        assert!(both.quantile(0.31).unwrap() > Duration::from_millis(850));
    }

    #[test]
    fn fading_is_anchored() {
        let histogram = Histogram::new();
        (0..1024).for_each(|_| histogram.record(Duration::from_millis(1)));
        histogram.fade(Tick::from_secs(100));
        // 45 s later: one half-life, and the second one still ends at 160 s.
        histogram.fade(Tick::from_secs(145));
        assert_eq!(histogram.count(), 512);
        histogram.fade(Tick::from_secs(160));
        assert_eq!(histogram.count(), 256);
    }

    proptest! {
        #[test]
        fn quantiles_are_within_five_percent(
            mut nanos in prop::collection::vec(16_384_u64..30_000_000_000, 1..200),
            q in 0.0_f64..=1.0,
        ) {
            let histogram = Histogram::new();
            for &n in &nanos {
                histogram.record(Duration::from_nanos(n));
            }
            nanos.sort_unstable();
            let rank = ((q * nanos.len() as f64).ceil() as usize).max(1);
            let exact = nanos[rank - 1] as f64;
            let got = histogram.quantile(q).unwrap().as_nanos() as f64;
            prop_assert!((got - exact).abs() / exact <= 0.05, "{got} for {exact}");
            let snapshot = histogram.snapshot();
            prop_assert_eq!(snapshot.quantile(q), histogram.quantile(q));
            prop_assert_eq!(snapshot.buckets().map(|(_, n)| u64::from(n)).sum::<u64>(), nanos.len() as u64);
        }
    }
}
