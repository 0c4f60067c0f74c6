//! What an attempt on a backend is expected to cost.
//!
//! Both numbers of a backend, the latency estimate and the failure penalty, are a value that fades
//! and the time it was set: a float and a stamp in one atomic word, so a reader never sees one
//! without the other.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use core::time::Duration;

use smallvec::SmallVec;

use super::outlier::Slow;
use super::report::ReportClimate;
use crate::Tick;
use crate::time::saturating_nanos;

/// A value and when it was set.
///
/// The stamp counts 2^20 ns (1.05 ms) and wraps after 52 days: a backend idle for exactly that long
/// passes for fresh once.
#[derive(Debug, Default)]
pub(super) struct Fading(AtomicU64);

/// Peak-EWMA of a backend's latency, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Estimate(Fading);

/// How much dearer than its latency says a backend is because it failed. 0: not at all.
#[derive(Debug, Default)]
pub(super) struct Penalty(Fading);

/// What is typical for a pool: the median of its backends' estimates.
#[derive(Debug)]
pub(super) struct Climate {
    /// Bits of an `f32` in nanoseconds; 0: nothing is known.
    typical: AtomicU64,
    computed: AtomicU64,
    /// The time constant of the estimates, in nanoseconds.
    decay: AtomicU64,
    /// Attempts in flight are counted for the whole pool.
    counting: AtomicBool,
    /// How many there are, of those that began while they were counted.
    in_flight: AtomicU32,
    /// What backends say about their load.
    pub(super) reports: ReportClimate,
    /// Which answers are slow.
    pub(super) slow: Slow,
}

/// Assumed before anything was measured.
const UNKNOWN: f32 = 1_000_000.0;
/// Each failure makes a backend this many times dearer, until that fades.
const PER_FAILURE: f32 = 4.0;
const MAX_PENALTY: f32 = 100.0;
const PENALTY_DECAY: Duration = Duration::from_secs(2);
/// Penalties below this cannot decide a comparison any more.
const NEGLIGIBLE: f32 = 0.05;
/// How long a median is good for.
const CLIMATE_AGE: Duration = Duration::from_millis(100);
/// How many backends the median is taken of, at most.
pub(super) const SAMPLE: usize = 32;

// === impl Fading ===

impl Fading {
    /// The value as it was set, and its age.
    pub(super) fn read(&self, now: Tick) -> (f32, Duration) {
        let word = self.0.load(Ordering::Relaxed);
        let age = stamp(now).wrapping_sub(word as u32);
        // A stamp of the future (a late `now`) is age 0, not 52 days.
        let age = if age > u32::MAX / 2 { 0 } else { age };
        (
            f32::from_bits((word >> 32) as u32),
            Duration::from_nanos(u64::from(age) << 20),
        )
    }

    fn update(&self, now: Tick, next: impl Fn(f32, Duration) -> f32) {
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                let (value, age) = Self(AtomicU64::new(word)).read(now);
                Some(u64::from(next(value, age).to_bits()) << 32 | u64::from(stamp(now)))
            });
    }

    /// Sets it, whatever it was.
    pub(super) fn set(&self, now: Tick, value: f32) {
        let word = u64::from(value.to_bits()) << 32 | u64::from(stamp(now));
        self.0.store(word, Ordering::Relaxed);
    }

    pub(super) fn is_unset(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn unset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

const fn stamp(now: Tick) -> u32 {
    (now.as_nanos() >> 20) as u32
}

/// What is left of 1 after `age` at time constant `decay`.
fn left(age: Duration, decay: Duration) -> f32 {
    if age.is_zero() {
        1.0
    } else {
        // A time constant of 0 forgets at once: e^-inf.
        (-age.as_secs_f32() / decay.as_secs_f32()).exp()
    }
}

// === impl Estimate ===

impl Estimate {
    /// Takes a latency into account: a peak at once, anything lower by and by.
    pub(super) fn observe(&self, now: Tick, sample: Duration, decay: Duration) {
        let sample = nanos(sample);
        self.0.update(now, |value, age| {
            if sample >= value {
                sample
            } else {
                let left = left(age, decay);
                value * left + sample * (1.0 - left)
            }
        });
    }

    /// Takes the latency of a failure into account: only upwards.
    pub(super) fn observe_failure(&self, now: Tick, sample: Duration, decay: Duration) {
        if nanos(sample) > self.0.read(now).0 {
            self.observe(now, sample, decay);
        }
    }

    /// The estimate in nanoseconds. Above `typical` it fades towards that; unknown, it is that.
    pub(super) fn read(&self, now: Tick, typical: f32, decay: Duration) -> f32 {
        if self.0.is_unset() {
            return typical;
        }
        let (value, age) = self.0.read(now);
        if value <= typical {
            return value;
        }
        typical + (value - typical) * left(age, decay)
    }

    /// The estimate as it was last set; `None` before the first sample.
    pub(super) fn last(&self, now: Tick) -> Option<f32> {
        (!self.0.is_unset()).then(|| self.0.read(now).0)
    }
}

/// At least one nanosecond: zero would mean "nothing measured".
fn nanos(sample: Duration) -> f32 {
    (saturating_nanos(sample) as f32).max(1.0)
}

// === impl Penalty ===

impl Penalty {
    /// Adds a failure.
    pub(super) fn add(&self, now: Tick) {
        self.0.update(now, |value, age| {
            (value * left(age, PENALTY_DECAY) + PER_FAILURE).min(MAX_PENALTY)
        });
    }

    /// The factor by which the backend is dearer, 1 or more.
    pub(super) fn factor(&self, now: Tick) -> f32 {
        if self.0.is_unset() {
            return 1.0;
        }
        let (value, age) = self.0.read(now);
        1.0 + value * left(age, PENALTY_DECAY)
    }

    /// Drops what is too small to matter, so that reading it is one load again.
    pub(super) fn tidy(&self, now: Tick) {
        if !self.0.is_unset() && self.factor(now) < 1.0 + NEGLIGIBLE {
            self.0.unset();
        }
    }

    pub(super) fn reset(&self) {
        self.0.unset();
    }
}

// === impl Climate ===

impl Climate {
    pub(super) const fn new() -> Self {
        Self {
            typical: AtomicU64::new(0),
            computed: AtomicU64::new(0),
            decay: AtomicU64::new(0),
            counting: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
            reports: ReportClimate::new(),
            slow: Slow::new(),
        }
    }

    /// Whether to count attempts in flight from now on.
    pub(super) fn set_counting(&self, counting: bool) {
        self.counting.store(counting, Ordering::Relaxed);
    }

    /// An attempt begins. Whether it is counted, and so to be told of to [`Self::end`].
    pub(super) fn begin(&self) -> bool {
        let counting = self.counting.load(Ordering::Relaxed);
        if counting {
            self.in_flight.fetch_add(1, Ordering::Relaxed);
        }
        counting
    }

    /// An attempt that was counted ends.
    pub(super) fn end(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Attempts in flight in the whole pool, if they are counted.
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn set_decay(&self, decay: Duration) {
        self.decay.store(saturating_nanos(decay), Ordering::Relaxed);
    }

    /// The time constant in which estimates forget.
    pub(super) fn decay(&self) -> Duration {
        Duration::from_nanos(self.decay.load(Ordering::Relaxed))
    }

    /// What is typical, in nanoseconds.
    pub(super) fn typical(&self) -> f32 {
        self.measured().unwrap_or(UNKNOWN)
    }

    /// What is typical, if anything was measured.
    pub(super) fn measured(&self) -> Option<f32> {
        let bits = self.typical.load(Ordering::Relaxed) as u32;
        (bits != 0).then(|| f32::from_bits(bits))
    }

    /// Takes the median anew if the last one is old. One caller computes, the others go on. Returns
    /// whether this one did.
    pub(super) fn refresh<'a>(
        &self,
        now: Tick,
        count: usize,
        estimate: impl Fn(usize) -> Option<&'a Estimate>,
    ) -> bool {
        let last = self.computed.load(Ordering::Relaxed);
        if last != 0 && now.since(Tick::from_nanos(last)) < CLIMATE_AGE {
            return false;
        }
        let mine = self.computed.compare_exchange(
            last,
            now.as_nanos().max(1),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if mine.is_err() {
            return false;
        }
        // Evenly spread over the list, so that a large pool costs no more than a small one.
        let step = count.div_ceil(SAMPLE).max(1);
        let mut known: SmallVec<[f32; SAMPLE]> = (0..count)
            .step_by(step)
            .filter_map(|i| estimate(i)?.last(now))
            .collect();
        if known.is_empty() {
            return true;
        }
        known.sort_unstable_by(f32::total_cmp);
        // Of an even number the lower one: half the pool being slow is not typical.
        let median = known[(known.len() - 1) / 2];
        self.typical
            .store(u64::from(median.to_bits()), Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
#[path = "latency_tests.rs"]
mod tests;
