//! How long to wait before trying again.

use core::time::Duration;

use crate::time::saturating_nanos;

/// Exponential backoff with full jitter: uniform between zero and `base · 2^(n−1)`, at most `max`.
///
/// Full jitter spreads the same number of retries over the whole interval; "equal jitter" keeps half
/// of the herd together and "decorrelated" grows with bad luck (AWS's comparison, semantics §3.9).
///
/// # Defaults
/// `base` 25 ms, `max` 250 ms: within one client request there is no time for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first wait.
    pub base: Duration,
    /// Upper bound of every wait.
    pub max: Duration,
}

impl Backoff {
    /// The wait before retry `retry_number`, 1 for the first. 0 counts as 1.
    pub fn delay(&self, retry_number: u32, rng: &mut fastrand::Rng) -> Duration {
        Duration::from_nanos(rng.u64(0..=self.bound(retry_number)))
    }

    /// The longest wait before retry `retry_number`, in nanoseconds.
    fn bound(&self, retry_number: u32) -> u64 {
        let doublings = retry_number.saturating_sub(1).min(63);
        saturating_nanos(self.base)
            .saturating_mul(1 << doublings)
            .min(saturating_nanos(self.max))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(25),
            max: Duration::from_millis(250),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubles_up_to_the_maximum() {
        let backoff = Backoff::default();
        let ms = |n| backoff.bound(n) / 1_000_000;
        assert_eq!(
            [ms(0), ms(1), ms(2), ms(3), ms(4), ms(5)],
            [25, 25, 50, 100, 200, 250]
        );
        assert_eq!([ms(64), ms(65), ms(u32::MAX)], [250, 250, 250]);
    }

    #[test]
    fn fills_the_whole_interval() {
        let backoff = Backoff::default();
        let mut rng = fastrand::Rng::with_seed(1);
        let waits: Vec<_> = (0..4_000).map(|_| backoff.delay(3, &mut rng)).collect();
        let mean = waits.iter().sum::<Duration>() / 4_000;
        assert!(waits.iter().all(|w| *w <= Duration::from_millis(100)));
        assert!(
            mean.abs_diff(Duration::from_millis(50)) < Duration::from_millis(2),
            "{mean:?}"
        );
        for decile in 0..10 {
            let range = Duration::from_millis(decile * 10)..Duration::from_millis(decile * 10 + 10);
            let share = waits.iter().filter(|w| range.contains(w)).count();
            assert!((320..=480).contains(&share), "{decile}: {share}");
        }
    }

    #[test]
    fn nonsense_neither_panics_nor_overflows() {
        let mut rng = fastrand::Rng::with_seed(1);
        let none = Backoff {
            base: Duration::ZERO,
            max: Duration::ZERO,
        };
        assert_eq!(none.delay(7, &mut rng), Duration::ZERO);
        let ever = Backoff {
            base: Duration::MAX,
            max: Duration::MAX,
        };
        let _ = ever.delay(u32::MAX, &mut rng);
    }

    /// The bound by doubling as often as it says, without an eye on overflow: 128 bits are enough.
    fn naive(base: Duration, max: Duration, retry_number: u32) -> u128 {
        let mut bound = base.as_nanos();
        for _ in 1..retry_number.clamp(1, 64) {
            bound = bound.saturating_mul(2);
        }
        bound.min(max.as_nanos()).min(u128::from(u64::MAX))
    }

    proptest! {
        #[test]
        fn agrees_with_doubling_one_by_one(
            base in 0..=u64::MAX,
            shift in 0..64_u32,
            max in 0..=u64::MAX,
            retry_number in prop_oneof![0..80_u32, Just(u32::MAX)],
            seed in any::<u64>(),
        ) {
            let (base, max) = (Duration::from_nanos(base >> shift), Duration::from_nanos(max));
            let backoff = Backoff { base, max };
            let bound = naive(base, max, retry_number);
            prop_assert_eq!(u128::from(backoff.bound(retry_number)), bound);
            let mut rng = fastrand::Rng::with_seed(seed);
            for _ in 0..20 {
                prop_assert!(backoff.delay(retry_number, &mut rng).as_nanos() <= bound);
            }
            prop_assert!(backoff.bound(retry_number) <= backoff.bound(retry_number.saturating_add(1)));
        }
    }
}
