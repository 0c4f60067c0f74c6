//! How long a circuit stays open.

use core::time::Duration;

use fastrand::Rng;

use super::config::BreakerConfig;
use crate::time::saturating_nanos;

/// `open_for`, doubled for each time that probes have failed, at most `max_open_for`; and on top
/// of that up to `jitter` of it, so that many proxies do not send their probes in step.
pub(super) fn open_time(config: &BreakerConfig, reopened: u32, rng: &mut Rng) -> Duration {
    let factor = 1_u64.checked_shl(reopened).unwrap_or(u64::MAX);
    let base = saturating_nanos(config.open_for)
        .saturating_mul(factor)
        .min(saturating_nanos(config.max_open_for));
    let extra = rng.u64(0..=config.jitter.of(base));
    Duration::from_nanos(base.saturating_add(extra))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ratio;

    fn config(jitter: Ratio) -> BreakerConfig {
        BreakerConfig {
            open_for: Duration::from_secs(1),
            max_open_for: Duration::from_secs(5),
            jitter,
            ..BreakerConfig::default()
        }
    }

    #[test]
    fn doubles_up_to_the_most() {
        let config = config(Ratio::ZERO);
        let mut rng = Rng::with_seed(1);
        let seconds: Vec<u64> = [0, 1, 2, 3, 40, 63, 64, u32::MAX]
            .map(|n| open_time(&config, n, &mut rng).as_secs())
            .into();
        assert_eq!(seconds, [1, 2, 4, 5, 5, 5, 5, 5]);
    }

    #[test]
    fn never_overflows() {
        let config = BreakerConfig {
            open_for: Duration::MAX,
            max_open_for: Duration::MAX,
            jitter: Ratio::ONE,
            ..config(Ratio::ZERO)
        };
        let longest = open_time(&config, u32::MAX, &mut Rng::with_seed(1));
        assert_eq!(longest, Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn jitter_is_added_and_bounded() {
        let config = config(Ratio::percent(10));
        let mut rng = Rng::with_seed(7);
        let times: Vec<Duration> = (0..1000).map(|_| open_time(&config, 0, &mut rng)).collect();
        let (low, high) = (Duration::from_secs(1), Duration::from_millis(1100));
        assert!(times.iter().all(|t| (low..=high).contains(t)));
        assert!(times.iter().any(|t| *t > Duration::from_millis(1090)));
        assert!(times.iter().any(|t| *t < Duration::from_millis(1010)));
    }
}
