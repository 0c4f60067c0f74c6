//! Probes that go before the open time is over, so that a service that is back is found soon.

use core::time::Duration;

use fastrand::Rng;

use super::config::BreakerConfig;
use crate::Tick;
use crate::time::saturating_nanos;

/// The early probes of one opening.
///
/// One request at a time is let through every [`probe_interval`](BreakerConfig::probe_interval), if
/// [`ONE_OF`] have come since the last one: where there is traffic the news is a few hundredths of a
/// second old, and probes stay a small share of it. A probe that hangs does not hold up the next for
/// long: each that is still out doubles the pause, up to [`MOST`] of them.
///
/// A probe that ends without a result gives its turn back.
#[derive(Clone, Copy, Debug)]
pub(super) struct EarlyProbes {
    out: u32,
    /// Requests since the last probe.
    came: u32,
    /// Not before that.
    next: Tick,
}

/// Of so many requests one is a probe, at most.
const ONE_OF: u32 = 16;
/// So many may be out at the same time.
const MOST: u32 = 5;

impl EarlyProbes {
    /// Of a circuit that opens `now`.
    pub(super) fn new(config: &BreakerConfig, now: Tick, rng: &mut Rng) -> Self {
        let mut probes = Self {
            out: 0,
            came: 0,
            next: now,
        };
        probes.pause(config, now, rng);
        probes
    }

    /// Whether the request that comes `now` is let through.
    ///
    /// One that may not run twice has to stand back: it is only taken when as many again have come
    /// and none of them could. A probe may well be lost.
    pub(super) fn admit(
        &mut self,
        config: &BreakerConfig,
        now: Tick,
        repeatable: bool,
        rng: &mut Rng,
    ) -> bool {
        let let_in = self.would_admit(config, now, repeatable);
        self.came = self.came.saturating_add(1);
        if !let_in {
            return false;
        }
        self.pause(config, now, rng);
        self.out += 1;
        self.came = 0;
        true
    }

    /// What [`admit`](Self::admit) would say.
    pub(super) fn would_admit(&self, config: &BreakerConfig, now: Tick, repeatable: bool) -> bool {
        let enough = if repeatable { ONE_OF } else { 2 * ONE_OF };
        let due = now >= self.next && self.came >= enough - 1 && self.out < MOST;
        config.probe_interval.is_some() && due
    }

    /// A probe ended; without a result, another may go at once.
    pub(super) fn settle(&mut self, now: Tick, result: bool) {
        self.out = self.out.saturating_sub(1);
        if !result {
            self.came = self.came.max(2 * ONE_OF);
            self.next = self.next.min(now);
        }
    }

    pub(super) const fn in_flight(&self) -> u32 {
        self.out
    }

    /// The interval, twice as long for each probe that is out, and a random bit longer.
    fn pause(&mut self, config: &BreakerConfig, now: Tick, rng: &mut Rng) {
        let base = saturating_nanos(config.probe_interval.unwrap_or_default());
        let base = base.saturating_mul(1 << self.out.min(MOST));
        let extra = match config.jitter.of(base) {
            0 => 0,
            most => rng.u64(0..=most),
        };
        self.next = now.after(Duration::from_nanos(base.saturating_add(extra)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Ratio;

    fn config() -> BreakerConfig {
        BreakerConfig {
            probe_interval: Some(Duration::from_millis(30)),
            jitter: Ratio::ZERO,
            ..BreakerConfig::default()
        }
    }

    /// When probes go, of a request every millisecond that may run twice or not. None comes back.
    fn let_through(repeatable: bool, millis: u64) -> Vec<u64> {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut probes = EarlyProbes::new(&config(), Tick::ZERO, &mut rng);
        (0..millis)
            .filter(|&t| probes.admit(&config(), Tick::from_millis(t), repeatable, &mut rng))
            .collect()
    }

    #[test]
    fn those_that_hang_make_the_pause_longer_and_are_few() {
        assert_eq!(let_through(true, 5000), [30, 60, 120, 240, 480]);
        assert_eq!(
            let_through(false, 100),
            [31, 63],
            "later, if nobody else comes"
        );
    }

    #[test]
    fn one_without_a_result_gives_its_turn_back() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut probes = EarlyProbes::new(&config(), Tick::ZERO, &mut rng);
        let mut came = |probes: &mut EarlyProbes, t| {
            probes.admit(&config(), Tick::from_millis(t), true, &mut rng)
        };
        let first = (30..90).find(|&t| came(&mut probes, t));
        assert_eq!(first, Some(45), "the sixteenth request");
        assert!(!came(&mut probes, 80));
        probes.settle(Tick::from_millis(46), false);
        assert!(came(&mut probes, 46), "at once");
        probes.settle(Tick::from_millis(47), true);
        assert!(
            !came(&mut probes, 78),
            "with a result, after its time and its share"
        );
        assert_eq!(probes.in_flight(), 0);
    }

    #[test]
    fn it_can_be_off() {
        let off = BreakerConfig {
            probe_interval: None,
            ..config()
        };
        let mut rng = fastrand::Rng::with_seed(1);
        let mut probes = EarlyProbes::new(&off, Tick::ZERO, &mut rng);
        let mut any = (0..10_000).map(|t| probes.admit(&off, Tick::from_millis(t), true, &mut rng));
        assert!(!any.any(|let_in| let_in));
    }

    proptest! {
        /// Whatever comes and however probes end: a small share, few at a time, never too close.
        #[test]
        fn a_small_share(steps in prop::collection::vec((0_u64..40, any::<bool>(), 0_u8..4), 1..400)) {
            let config = BreakerConfig { jitter: Ratio::percent(10), ..config() };
            let mut rng = fastrand::Rng::with_seed(3);
            let mut probes = EarlyProbes::new(&config, Tick::ZERO, &mut rng);
            let (mut now, mut gone, mut came, mut last) = (0, 0_u32, 0_u32, 0);
            for (wait, repeatable, end) in steps {
                now += wait;
                came += 1;
                if probes.admit(&config, Tick::from_millis(now), repeatable, &mut rng) {
                    gone += 1;
                    prop_assert!(now >= last + 30, "too soon");
                    last = now;
                }
                if end == 0 && probes.in_flight() > 0 {
                    probes.settle(Tick::from_millis(now), true);
                }
                prop_assert!(gone * ONE_OF <= came);
                prop_assert!(probes.in_flight() <= MOST);
            }
        }
    }

    /// Whatever the next request is, as nothing was found out.
    #[test]
    fn a_probe_without_a_result_makes_room_for_another_at_once() {
        let mut rng = fastrand::Rng::with_seed(1);
        let now = Tick::from_millis(7);
        for (result, repeatable, next) in [
            (false, true, true),
            (false, false, true),
            (true, true, false),
        ] {
            let mut probes = EarlyProbes::new(&config(), Tick::ZERO, &mut rng);
            probes.out = 1;
            probes.settle(now, result);
            assert_eq!(probes.in_flight(), 0);
            let admits = probes.would_admit(&config(), now, repeatable);
            assert_eq!(admits, next, "{result}, {repeatable}");
        }
    }
}
