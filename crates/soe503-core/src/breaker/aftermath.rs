//! What usually follows a failure, and so which run of failures chance does not explain.

use core::time::Duration;

use super::config::BreakerConfig;
use crate::{Ratio, Tick};

/// The results that followed failures, in the runs that a success ended.
///
/// A run of *n* failures is news only where it is unlikely: behind a service that fails half of its
/// requests anyway, a run of five comes every few dozen requests, and opening the circuit for it would
/// take away the half that works. So what counts is how often a failure follows a failure here, which
/// the ends of earlier runs tell: of `failed + succeeded` results that came next after a failure,
/// `failed` were failures too. A success that follows a success need not be counted for that, so the
/// path of a success that takes no lock stays as it is.
///
/// Fixed memory: two counts, halved every [`HALF_LIFE`] and when they get large. So the run that opens a
/// circuit is never longer for what was long ago, and what fails seldom is judged as if it never did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aftermath {
    failed: u32,
    succeeded: u32,
    /// The half-life that the counts are of, counted from the clock's zero.
    epoch: u64,
}

/// What happened so long ago counts half.
const HALF_LIFE: Duration = Duration::from_secs(10);
/// More results say nothing more, and the newest should be heard.
const MOST: u32 = 1024;
/// A run counts when it is no likelier than this, by what is known.
const IMPLAUSIBLE: f64 = 1e-6;
/// What is expected of a service that was fine counts like so many results.
const PRIOR: f64 = 4.0;

impl Aftermath {
    /// A success ended a run of `failures`, of which there was one at least.
    pub(super) fn run_ended(&mut self, now: Tick, failures: u32) {
        self.fade(now);
        self.failed = self.failed.saturating_add(failures.saturating_sub(1));
        self.succeeded = self.succeeded.saturating_add(1);
        while self.failed.saturating_add(self.succeeded) > MOST {
            self.halve(1);
        }
    }

    /// How many failures in a row open the circuit at `now`; `None` if that rule is off.
    ///
    /// The *n* for which *q*^*n* is a millionth, *q* being the share of failures among the results that
    /// followed a failure; at least `consecutive_failures` and at most `max_consecutive_failures`. Before
    /// there are such results, *q* is what makes *n* `consecutive_failures`, and that counts like [`PRIOR`]
    /// results: one early success in the middle of an outage does not change much.
    pub(super) fn limit(&mut self, config: &BreakerConfig, now: Tick) -> Option<u32> {
        let least = config.consecutive_failures?;
        self.fade(now);
        let most = config.max_consecutive_failures.max(least);
        // Saturates: a service where nothing but failures followed has a limit of `most`.
        let run = IMPLAUSIBLE.ln() / self.likely(least).ln();
        Some((run.ceil() as u32).clamp(least, most))
    }

    /// The share of failures among what followed a failure, in whole percents, of which it is one at
    /// least if there were any.
    pub(super) fn share(&self) -> Ratio {
        let all = (self.failed + self.succeeded).max(1);
        let percents = (100 * self.failed + all / 2) / all;
        Ratio::percent(percents.max(u32::from(self.failed > 0)))
    }

    /// How likely a failure is followed by another.
    fn likely(&self, least: u32) -> f64 {
        let (failed, succeeded) = (f64::from(self.failed), f64::from(self.succeeded));
        // A little less, so that rounding does not make a run of `least` too short.
        let expected = IMPLAUSIBLE.powf(1.0 / f64::from(least)) * 0.999_999;
        (failed + PRIOR * expected) / (failed + succeeded + PRIOR)
    }

    fn fade(&mut self, now: Tick) {
        let epoch = now.as_nanos() / HALF_LIFE.as_nanos() as u64;
        let passed = epoch.saturating_sub(self.epoch);
        self.epoch = self.epoch.max(epoch);
        if passed > 0 {
            self.halve(u32::try_from(passed).unwrap_or(u32::MAX));
        }
    }

    fn halve(&mut self, times: u32) {
        self.failed = self.failed.checked_shr(times).unwrap_or(0);
        self.succeeded = self.succeeded.checked_shr(times).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit_after(runs: &[u32]) -> u32 {
        let mut aftermath = Aftermath::default();
        for &run in runs {
            aftermath.run_ended(Tick::ZERO, run);
        }
        aftermath
            .limit(&BreakerConfig::default(), Tick::ZERO)
            .unwrap()
    }

    #[test]
    fn a_run_has_to_be_unlikely() {
        let rows: &[(&[u32], u32)] = &[
            (&[], 5),
            // Single failures, however many: nothing ever followed one.
            (&[1], 5),
            (&[1; 500], 5),
            // One pair among many.
            (&[1, 1, 1, 1, 1, 1, 1, 1, 2], 6),
            // A half fails, as it turns out: 2^20 is a million.
            (&[2], 9),
            (&[1, 3, 2, 1, 2, 3, 2, 2], 16),
            (&[2; 100], 20),
            // Two thirds, nine tenths, nearly all.
            (&[3; 40], 32),
            (&[10; 40], 100),
            (&[100; 10], 100),
        ];
        for &(runs, expected) in rows {
            assert_eq!(limit_after(runs), expected, "after {runs:?}");
        }
    }

    #[test]
    fn what_was_is_forgotten() {
        let mut aftermath = Aftermath::default();
        for _ in 0..100 {
            aftermath.run_ended(Tick::from_secs(5), 2);
        }
        let mut limit = |secs| {
            aftermath
                .limit(&BreakerConfig::default(), Tick::from_secs(secs))
                .unwrap()
        };
        assert_eq!(
            [limit(9), limit(10), limit(30), limit(50), limit(80)],
            [20, 19, 17, 13, 5]
        );
        assert_eq!(
            limit(5),
            5,
            "a clock that goes backwards brings nothing back"
        );
    }

    #[test]
    fn the_rule_can_be_off_or_fixed() {
        let mut aftermath = Aftermath::default();
        aftermath.run_ended(Tick::ZERO, 9);
        let limit = |aftermath: &mut Aftermath, least, most| {
            let config = BreakerConfig {
                consecutive_failures: least,
                max_consecutive_failures: most,
                ..BreakerConfig::default()
            };
            aftermath.limit(&config, Tick::ZERO)
        };
        assert_eq!(limit(&mut aftermath, None, 100), None);
        assert_eq!(limit(&mut aftermath, Some(3), 3), Some(3));
        assert_eq!(limit(&mut aftermath, Some(3), 1), Some(3), "never below");
    }

    proptest! {
        /// However a service fails, the limit is within its bounds, and grows with what follows failures.
        #[test]
        fn the_limit_is_bounded_and_grows(
            runs in prop::collection::vec((1_u32..2_000_000, 0_u64..30), 0..60),
            longer in 2_u32..1000,
        ) {
            let mut aftermath = Aftermath::default();
            let mut now = Tick::ZERO;
            for (run, secs) in runs {
                now = now.after(Duration::from_secs(secs));
                aftermath.run_ended(now, run);
                let config = BreakerConfig::default();
                let before = aftermath.limit(&config, now).unwrap();
                prop_assert!((5..=100).contains(&before));
                let mut more = aftermath;
                (0..20).for_each(|_| more.run_ended(now, longer));
                let mut less = aftermath;
                (0..20).for_each(|_| less.run_ended(now, 1));
                let limits = [less, more].map(|mut one| one.limit(&config, now).unwrap());
                prop_assert!(limits[0] <= limits[1]);
                prop_assert!(aftermath.failed + aftermath.succeeded <= MOST);
            }
        }

        /// By its own estimate a run of the limit is a millionth, unless the bounds say otherwise.
        #[test]
        fn chance_does_not_explain_it(failed in 1_u32..500, succeeded in 1_u32..500) {
            let mut aftermath = Aftermath { failed, succeeded, epoch: 0 };
            let limit = aftermath.limit(&BreakerConfig::default(), Tick::ZERO).unwrap();
            let chance = aftermath.likely(5).powi(limit as i32);
            prop_assert!(chance <= IMPLAUSIBLE * 1.000_001 || limit == 100);
            let shorter = aftermath.likely(5).powi(limit as i32 - 1);
            prop_assert!(shorter > IMPLAUSIBLE || limit == 5);
        }
    }

    #[test]
    fn a_share_is_told_in_whole_percents() {
        for (failed, succeeded, percents) in [
            (0, 0, 0),
            (0, 9, 0),
            (1, 999, 1),
            (1, 1, 50),
            (2, 1, 67),
            (1, 2, 33),
            (7, 0, 100),
        ] {
            let aftermath = Aftermath {
                failed,
                succeeded,
                ..Aftermath::default()
            };
            assert_eq!(
                aftermath.share(),
                Ratio::percent(percents),
                "{failed}, {succeeded}"
            );
        }
    }

    #[test]
    fn a_thousand_results_are_remembered() {
        let mut aftermath = Aftermath::default();
        aftermath.run_ended(Tick::ZERO, 1024);
        assert_eq!((aftermath.failed, aftermath.succeeded), (1023, 1));
        aftermath.run_ended(Tick::ZERO, 1);
        assert_eq!((aftermath.failed, aftermath.succeeded), (511, 1));
    }
}
