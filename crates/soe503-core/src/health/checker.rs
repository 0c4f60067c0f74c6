//! The rise/fall state machine and its timetable.

use core::time::Duration;

use super::{CheckConfig, CheckResult, Health, HealthChange, HealthReport};
use crate::Tick;
use crate::time::saturating_nanos;

/// Counts results in a row and knows when to look again.
#[derive(Clone, Debug)]
pub struct Checker {
    config: CheckConfig,
    rng: fastrand::Rng,
    report: HealthReport,
    /// Results in a row that contradict the state.
    contradictions: u32,
    /// Results in a row that confirm that it is down.
    confirmations: u32,
    suspicious: bool,
    next: Tick,
}

// === impl Checker ===

impl Checker {
    /// A checker whose first check is due at a random point of
    /// [the time](CheckConfig::spread) for one newcomer. Zeros in `config` (see
    /// [`CheckConfig::validate`]) count as the smallest sensible value.
    pub fn new(config: CheckConfig, seed: u64, now: Tick) -> Self {
        Self::among(1, config, seed, now)
    }

    /// As [`Self::new`], for one of `newcomers` backends that begin together.
    pub fn among(newcomers: usize, config: CheckConfig, seed: u64, now: Tick) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let spread = saturating_nanos(config.spread(newcomers)).max(1);
        let next = now.after(Duration::from_nanos(rng.u64(0..spread)));
        Self {
            report: HealthReport::unchecked(config.initial),
            config,
            rng,
            contradictions: 0,
            confirmations: 0,
            suspicious: false,
            next,
        }
    }

    /// When the next check is due.
    pub const fn next_at(&self) -> Tick {
        self.next
    }

    /// The verdict and the evidence of the last check.
    pub const fn report(&self) -> &HealthReport {
        &self.report
    }

    /// The configuration.
    pub const fn config(&self) -> &CheckConfig {
        &self.config
    }

    /// Traffic failed: look soon, and often until that is settled. Of a backend that is down it is
    /// no news.
    pub fn suspect(&mut self, now: Tick) {
        if self.report.health == Health::Down {
            return;
        }
        self.suspicious = true;
        self.next = self.next.min(self.after_pause(now));
    }

    /// The earliest time at which checks can bring the backend up; `None` if it is up.
    pub fn earliest_up(&self) -> Option<Tick> {
        let missing = match self.report.health {
            Health::Up => return None,
            Health::Starting => 1,
            Health::Down => self.config.rise.max(1) - self.contradictions,
        };
        Some(
            self.next
                .after(self.config.fast_interval.saturating_mul(missing - 1)),
        )
    }

    /// Takes a result into account and sets the time of the next check.
    pub fn record(&mut self, now: Tick, result: CheckResult) -> Option<HealthChange> {
        self.report.last_at = Some(now);
        let (passed, cause) = match result {
            CheckResult::Passed {
                status,
                hints,
                release,
            } => {
                self.report.release = release.or_else(|| self.report.release.take());
                self.report.last_status = status;
                self.report.last_error = None;
                self.report.hints = hints;
                (true, None)
            }
            CheckResult::Failed {
                cause,
                doubt,
                status,
                error,
                hints,
            } => {
                self.report.last_status = status;
                self.report.last_error = Some(error);
                self.report.doubt = doubt.filter(|_| self.config.overruled_by_traffic);
                self.report.hints = hints;
                (false, cause)
            }
            CheckResult::NotMade { error, .. } => {
                self.report.last_error = Some(error);
                self.next = self.after_pause(now);
                return None;
            }
        };
        match passed {
            true => (self.report.failed, self.report.failed_since) = (0, None),
            false => {
                self.report.failed += 1;
                self.report.failed_since.get_or_insert(now);
            }
        }
        let change = self.step(now, passed);
        match self.report.health {
            Health::Up => {
                self.report.cause = None;
                if passed {
                    self.report.doubt = None;
                }
            }
            // The latest failure describes a backend that is out best.
            Health::Down | Health::Starting if !passed => self.report.cause = cause,
            Health::Down | Health::Starting => {}
        }
        if passed || self.report.health == Health::Down {
            self.suspicious = false;
        }
        self.next = self.after_pause(now);
        change
    }

    fn step(&mut self, now: Tick, passed: bool) -> Option<HealthChange> {
        let from = self.report.health;
        let (contradicts, needed, to) = match (from, passed) {
            (Health::Up, _) => (!passed, self.config.fall, Health::Down),
            (Health::Down, _) => (passed, self.config.rise, Health::Up),
            (Health::Starting, true) => (true, 1, Health::Up),
            (Health::Starting, false) => (true, self.config.fall, Health::Down),
        };
        if !contradicts {
            self.contradictions = 0;
            self.confirmations = self.confirmations.saturating_add(1);
            return None;
        }
        self.contradictions += 1;
        self.confirmations = 0;
        if self.contradictions < needed {
            return None;
        }
        self.contradictions = 0;
        self.report.health = to;
        Some(HealthChange { from, to, at: now })
    }

    /// The time of the check after one at `now`.
    fn after_pause(&mut self, now: Tick) -> Tick {
        let pause = saturating_nanos(self.pause()).max(1);
        let spread = self.config.jitter.of(pause);
        let low = pause - spread;
        let nanos = low.saturating_add(self.rng.u64(0..=spread.saturating_mul(2)));
        now.after(Duration::from_nanos(nanos))
    }

    fn pause(&self) -> Duration {
        let config = &self.config;
        let unsettled = match self.report.health {
            Health::Starting => true,
            Health::Up => self.suspicious || self.contradictions > 0,
            Health::Down => self.contradictions > 0,
        };
        if unsettled {
            return config.fast_interval.min(config.interval);
        }
        // A check that may be wrong itself is no reason to look away: the backend may well be in use.
        // Whoever does not answer at all is not.
        let wrong = self
            .report
            .doubt
            .is_some_and(|doubt| doubt.within.is_none());
        if self.report.health == Health::Up || wrong {
            return config.interval;
        }
        let doublings = self.confirmations.min(31);
        let grown = config.interval.saturating_mul(1 << doublings);
        grown.min(config.down_interval.max(config.interval))
    }
}
