//! One half-open period: who may try, and what their results say.

use super::config::BreakerConfig;
use super::trip::FailedProbe;
use super::window::{Kind, Sample, Tally};
use crate::Tick;
use crate::cause::Cause;

/// The probes of one half-open period.
///
/// A fresh one is made each time the open time is over, so nothing that leaks from an earlier
/// period can take or give a place in this one (row S8). A place is taken at admission; a result
/// keeps it, and a probe that ends without a result gives it back (row S6). So the places can only
/// run out while probes are out or when there are results enough to decide.
#[derive(Debug)]
pub(super) struct Probation {
    in_flight: u32,
    /// Of those in flight: how many have a timely response head, and are only busy with a body.
    answered: u32,
    succeeded: u32,
    failed: u32,
    causes: Tally,
    last_failed: Option<FailedProbe>,
    /// The last admission, response head or result.
    news: Tick,
}

/// What the probes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeVerdict {
    /// Close the circuit.
    Recovered,
    /// Open it again.
    Failed,
}

impl Probation {
    pub(super) fn new(now: Tick) -> Self {
        Self {
            in_flight: 0,
            answered: 0,
            succeeded: 0,
            failed: 0,
            causes: Tally::default(),
            last_failed: None,
            news: now,
        }
    }

    /// An early probe succeeded, which began the period.
    pub(super) fn after_success(now: Tick) -> Self {
        Self {
            succeeded: 1,
            ..Self::new(now)
        }
    }

    /// How many places are free.
    pub(super) const fn places(&self, config: &BreakerConfig) -> u32 {
        config.probes.saturating_sub(self.taken())
    }

    /// Takes a place; `false` if there is none.
    pub(super) fn admit(&mut self, config: &BreakerConfig, now: Tick) -> bool {
        let free = self.taken() < config.probes;
        if free {
            self.in_flight += 1;
            self.heard(now);
        }
        free
    }

    /// A probe's response head came in time.
    pub(super) fn answer(&mut self, now: Tick) {
        self.answered += 1;
        self.heard(now);
    }

    /// A probe ended; with a result, or without one, which frees its place.
    pub(super) fn settle(&mut self, now: Option<Tick>, answered: bool, result: Option<Sample>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.answered = self.answered.saturating_sub(u32::from(answered));
        if let Some(now) = now {
            self.heard(now);
        }
        match result {
            None => {}
            // A slow success is a failed probe: the circuit would open again at once (row S9).
            Some(sample) if sample.failed || sample.slow => {
                self.failed += 1;
                self.causes.add(Sample {
                    failed: true,
                    ..sample
                });
                self.last_failed = Some(FailedProbe {
                    at: self.news,
                    cause: sample.cause,
                });
            }
            Some(_) => self.succeeded += 1,
        }
    }

    /// The verdict of the results so far (row S9): failed as soon as the failures reach the rate
    /// that `probes` results may not reach, recovered when all results are in and they have not.
    pub(super) fn verdict(&self, config: &BreakerConfig) -> Option<ProbeVerdict> {
        let rate = config.probe_failure_rate();
        if rate.reached_by(u64::from(self.failed), u64::from(config.probes)) {
            Some(ProbeVerdict::Failed)
        } else if self.succeeded + self.failed >= config.probes {
            Some(ProbeVerdict::Recovered)
        } else {
            None
        }
    }

    /// The verdict that waiting brings, when a request finds no place.
    ///
    /// Probes that all have their response heads and then went on with long bodies have shown
    /// what they were sent for: after `slow_request` they count as successes, so that a service of
    /// long downloads can recover. Probes without any news for `half_open_timeout` count as hung.
    pub(super) fn overdue(&mut self, config: &BreakerConfig, now: Tick) -> Option<ProbeVerdict> {
        if self.in_flight == 0 || self.taken() < config.probes {
            return None;
        }
        let silence = now.since(self.news);
        if self.answered == self.in_flight && silence >= config.slow_request {
            self.succeeded += self.in_flight;
            self.in_flight = 0;
            self.answered = 0;
            return self.verdict(config);
        }
        config
            .half_open_timeout
            .filter(|&limit| silence >= limit)
            .map(|_| ProbeVerdict::Failed)
    }

    /// The majority cause of the probes that failed.
    pub(super) fn majority(&self) -> Option<Cause> {
        self.causes.counts(Kind::Failed).majority()
    }

    pub(super) const fn last_failed(&self) -> Option<FailedProbe> {
        self.last_failed
    }

    pub(super) const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    pub(super) const fn succeeded(&self) -> u32 {
        self.succeeded
    }

    pub(super) const fn failed(&self) -> u32 {
        self.failed
    }

    const fn taken(&self) -> u32 {
        self.in_flight + self.succeeded + self.failed
    }

    fn heard(&mut self, now: Tick) {
        self.news = self.news.max(now);
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const LATE: Cause = Cause::DependencyResponseTimeout;

    fn config() -> BreakerConfig {
        BreakerConfig {
            probes: 2,
            slow_request: Duration::from_secs(1),
            half_open_timeout: Some(Duration::from_secs(9)),
            ..BreakerConfig::default()
        }
    }

    /// A period with so many probes out, of which so many have their response heads.
    fn period(out: u32, answered: u32) -> Probation {
        let mut probation = Probation::new(Tick::ZERO);
        for _ in 0..out {
            assert!(probation.admit(&config(), Tick::ZERO));
        }
        for _ in 0..answered {
            probation.answer(Tick::ZERO);
        }
        probation
    }

    #[test]
    fn a_success_that_is_slow_fails_of_that() {
        let mut probation = period(1, 0);
        let slow = Sample {
            failed: false,
            slow: true,
            cause: Some(LATE),
        };
        let now = Tick::from_secs(5);
        probation.settle(Some(now), false, Some(slow));
        assert_eq!((probation.failed(), probation.succeeded()), (1, 0));
        assert_eq!(probation.majority(), Some(LATE));
        let failed = probation.last_failed().unwrap();
        assert_eq!((failed.at, failed.cause), (now, Some(LATE)));
    }

    /// Heads and long bodies are successes after a second, silence is a failure after nine; as long as there is a
    /// free place, nobody has to guess.
    #[test]
    fn what_waiting_brings() {
        use ProbeVerdict::{Failed, Recovered};
        for (out, answered, seconds, verdict) in [
            (2, 2, 1, Some(Recovered)),
            (2, 2, 0, None),
            (2, 1, 8, None),
            (2, 1, 9, Some(Failed)),
            (2, 0, 9, Some(Failed)),
            (1, 1, 20, None),
            (1, 0, 20, None),
            (0, 0, 20, None),
        ] {
            let mut probation = period(out, answered);
            let got = probation.overdue(&config(), Tick::from_secs(seconds));
            assert_eq!(got, verdict, "{answered} of {out}, {seconds} s");
        }
    }
}
