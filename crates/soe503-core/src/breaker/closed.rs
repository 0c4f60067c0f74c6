//! What a closed circuit counts, and when that is too much.

use core::iter;

use super::aftermath::Aftermath;
use super::config::BreakerConfig;
use super::trip::{Trip, TripRule};
use super::window::{Kind, ResultWindow, Sample, Tally, WindowTotals};
use crate::{Tick, Verdict};

/// The run of consecutive failures and the window of the rates.
#[derive(Debug)]
pub(super) struct ClosedCounts {
    streak: u32,
    /// The causes of the run.
    run: Tally,
    /// What followed earlier failures; outlives openings, because they do not change it.
    aftermath: Aftermath,
    /// Kept only if a rate rule is on.
    pub(super) window: Option<ResultWindow>,
}

impl ClosedCounts {
    pub(super) fn new(config: &BreakerConfig) -> Self {
        Self {
            streak: 0,
            run: Tally::default(),
            aftermath: Aftermath::default(),
            window: config.is_rated().then(|| ResultWindow::new(config.window)),
        }
    }

    pub(super) const fn streak(&self) -> u32 {
        self.streak
    }

    /// Forgets everything, what followed earlier failures too.
    pub(super) fn forget(&mut self) {
        self.clear();
        self.aftermath = Aftermath::default();
    }

    pub(super) fn clear(&mut self) {
        self.end_run();
        if let Some(window) = &mut self.window {
            window.clear();
        }
    }

    /// Counts one result and says whether it opens the circuit. Every result is looked at, also a
    /// success: a slow one can complete the slow rate, and any one can complete the minimum
    /// (row S11).
    pub(super) fn record(
        &mut self,
        config: &BreakerConfig,
        now: Tick,
        verdict: Verdict,
        sample: Sample,
    ) -> Option<Trip> {
        match verdict {
            Verdict::Success => {
                if self.streak > 0 {
                    self.aftermath.run_ended(now, self.streak);
                }
                self.end_run();
            }
            Verdict::Failure => {
                self.streak = self.streak.saturating_add(1);
                self.run.add(sample);
            }
            // Says something about the rate, and nothing about the run (row S1).
            Verdict::Degraded | Verdict::Ignore => {}
        }
        let totals = self.window.as_mut().map(|w| w.record(now, sample));
        self.tripped(config, now, totals)
    }

    fn tripped(
        &mut self,
        config: &BreakerConfig,
        now: Tick,
        totals: Option<WindowTotals>,
    ) -> Option<Trip> {
        let consecutive = self.consecutive(config, now);
        let [failure_rate, slow_rate] = rates(config, totals.unwrap_or_default());
        if consecutive.is_none() && failure_rate.is_none() && slow_rate.is_none() {
            return None;
        }
        let met: Vec<TripRule> = iter::empty()
            .chain(consecutive)
            .chain(failure_rate)
            .chain(slow_rate)
            .collect();
        let rule = met.first()?.clone();
        let causes = match (&rule, &self.window) {
            (TripRule::FailureRate { .. }, Some(window)) => window.causes().counts(Kind::Failed),
            (TripRule::SlowRate { .. }, Some(window)) => window.causes().counts(Kind::Slow),
            _ => self.run.counts(Kind::Failed),
        };
        Some(Trip::opened(now, rule, met, causes))
    }

    fn consecutive(&mut self, config: &BreakerConfig, now: Tick) -> Option<TripRule> {
        // Whatever followed earlier failures, a shorter run is none.
        if self.streak < config.consecutive_failures? {
            return None;
        }
        let limit = self.aftermath.limit(config, now)?;
        (self.streak >= limit).then(|| TripRule::ConsecutiveFailures {
            failures: self.streak,
            usual: self.aftermath.share(),
        })
    }

    fn end_run(&mut self) {
        self.streak = 0;
        if !self.run.is_empty() {
            self.run = Tally::default();
        }
    }
}

/// The rates that the window's results reach, once there are enough of them.
fn rates(config: &BreakerConfig, totals: WindowTotals) -> [Option<TripRule>; 2] {
    if totals.total < u64::from(config.minimum_requests) {
        return [None, None];
    }
    let failure_rate = config
        .failure_rate
        .filter(|rate| rate.reached_by(totals.failed, totals.total))
        .map(|threshold| TripRule::FailureRate {
            failed: totals.failed,
            total: totals.total,
            threshold,
        });
    let slow_rate = config
        .slow_rate
        .filter(|rate| rate.reached_by(totals.slow, totals.total))
        .map(|threshold| TripRule::SlowRate {
            slow: totals.slow,
            total: totals.total,
            threshold,
            slow_request: config.slow_request,
        });
    [failure_rate, slow_rate]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ratio;

    const SAMPLE: Sample = Sample {
        failed: true,
        slow: false,
        cause: None,
    };

    /// How many more failures in a row open it.
    fn opens_after(counts: &mut ClosedCounts, config: &BreakerConfig) -> Option<u32> {
        (1..100).find(|_| {
            let trip = counts.record(config, Tick::ZERO, Verdict::Failure, SAMPLE);
            trip.is_some()
        })
    }

    fn config(max_consecutive_failures: u32) -> BreakerConfig {
        BreakerConfig {
            consecutive_failures: Some(3),
            max_consecutive_failures,
            ..BreakerConfig::default()
        }
    }

    /// Of twenty pairs half are known to be followed by a success: (20 + 4/100) of 44, eighteen times in a row,
    /// are less than a millionth.
    #[test]
    fn what_followed_earlier_failures_makes_a_longer_run_of_it() {
        for (most, opens) in [(30, 18), (18, 18), (17, 17), (3, 3)] {
            let config = config(most);
            let mut counts = ClosedCounts::new(&config);
            for _ in 0..20 {
                for verdict in [Verdict::Failure, Verdict::Failure, Verdict::Success] {
                    counts.record(&config, Tick::ZERO, verdict, SAMPLE);
                }
            }
            assert_eq!(counts.aftermath.share(), Ratio::percent(50));
            assert_eq!(opens_after(&mut counts, &config), Some(opens), "{most}");
        }
    }

    #[test]
    fn a_success_that_ends_no_run_says_nothing_about_runs() {
        let config = config(30);
        let mut counts = ClosedCounts::new(&config);
        for verdict in [Verdict::Failure, Verdict::Failure] {
            counts.record(&config, Tick::ZERO, verdict, SAMPLE);
        }
        for _ in 0..10 {
            counts.record(&config, Tick::ZERO, Verdict::Success, SAMPLE);
        }
        assert_eq!(counts.aftermath.share(), Ratio::percent(50), "one of two");
    }
}
