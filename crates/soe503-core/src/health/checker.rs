//! The rise/fall state machine and its timetable.

use core::fmt;
use core::time::Duration;

use super::{CheckResult, Health, HealthChange, HealthReport};
use crate::time::saturating_nanos;
use crate::{Ratio, Tick};

/// How a backend is checked.
///
/// # Defaults
/// `interval` 2 s, `fast_interval` 500 ms, `timeout` 1 s, `rise` 2, `fall` 3, `jitter` 10 %,
/// `initial` up.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckConfig {
    /// Time between the end of a check and the start of the next.
    pub interval: Duration,
    /// The same while in doubt.
    pub fast_interval: Duration,
    /// How long a check may take. Applied by the shell.
    pub timeout: Duration,
    /// Successes in a row that bring a backend up again.
    pub rise: u32,
    /// Failures in a row that take it down.
    pub fall: u32,
    /// How far an interval may deviate, both ways.
    pub jitter: Ratio,
    /// What is assumed before the first check: [`Health::Up`] serves at once and lets retries deal
    /// with mistakes, [`Health::Starting`] waits for the first success.
    pub initial: Health,
}

/// A [`CheckConfig`] that makes no sense. Its text names the key to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckConfigError(&'static str);

/// Counts results in a row and knows when to look again.
#[derive(Clone, Debug)]
pub struct Checker {
    config: CheckConfig,
    rng: fastrand::Rng,
    report: HealthReport,
    /// Results in a row that contradict the state.
    contradictions: u32,
    suspicious: bool,
    next: Tick,
}

// === impl CheckConfig ===

impl CheckConfig {
    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// [`CheckConfigError`] for a count or a time of zero.
    pub const fn validate(&self) -> Result<(), CheckConfigError> {
        if self.rise == 0 {
            return Err(CheckConfigError("health_check.rise must be at least 1"));
        }
        if self.fall == 0 {
            return Err(CheckConfigError("health_check.fall must be at least 1"));
        }
        if self.interval.is_zero() || self.fast_interval.is_zero() {
            return Err(CheckConfigError(
                "health_check.interval must be longer than 0",
            ));
        }
        if self.timeout.is_zero() {
            return Err(CheckConfigError(
                "health_check.timeout must be longer than 0",
            ));
        }
        Ok(())
    }
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(2),
            fast_interval: Duration::from_millis(500),
            timeout: Duration::from_secs(1),
            rise: 2,
            fall: 3,
            jitter: Ratio::percent(10),
            initial: Health::Up,
        }
    }
}

// === impl CheckConfigError ===

impl fmt::Display for CheckConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for CheckConfigError {}

// === impl Checker ===

impl Checker {
    /// A checker whose first check is due within one interval, at a random point. Zeros in `config`
    /// (see [`CheckConfig::validate`]) count as the smallest sensible value.
    pub fn new(config: CheckConfig, seed: u64, now: Tick) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let interval = saturating_nanos(config.interval).max(1);
        let next = now.after(Duration::from_nanos(rng.u64(0..interval)));
        Self {
            report: HealthReport::unchecked(config.initial),
            config,
            rng,
            contradictions: 0,
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

    /// Traffic failed: look soon, and often until a check passes.
    pub fn suspect(&mut self, now: Tick) {
        self.suspicious = true;
        self.next = self.next.min(self.after_interval(now));
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
        let (passed, cause) = match result {
            CheckResult::Passed { status } => {
                self.report.last_status = status;
                self.report.last_error = None;
                (true, None)
            }
            CheckResult::Failed {
                cause,
                status,
                error,
            } => {
                self.report.last_status = status;
                self.report.last_error = Some(error);
                (false, cause)
            }
        };
        self.report.last_at = Some(now);
        let change = self.step(now, passed);
        match self.report.health {
            Health::Up => self.report.cause = None,
            // The latest failure describes a backend that is out best.
            Health::Down | Health::Starting if !passed => self.report.cause = cause,
            Health::Down | Health::Starting => {}
        }
        if passed {
            self.suspicious = false;
        }
        self.next = self.after_interval(now);
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
            return None;
        }
        self.contradictions += 1;
        if self.contradictions < needed {
            return None;
        }
        self.contradictions = 0;
        self.report.health = to;
        Some(HealthChange { from, to, at: now })
    }

    fn after_interval(&mut self, now: Tick) -> Tick {
        let doubt =
            self.suspicious || self.contradictions > 0 || self.report.health == Health::Starting;
        let interval = saturating_nanos(if doubt {
            self.config.fast_interval.min(self.config.interval)
        } else {
            self.config.interval
        })
        .max(1);
        let spread = self.config.jitter.of(interval);
        let low = interval - spread;
        let nanos = low.saturating_add(self.rng.u64(0..=spread.saturating_mul(2)));
        now.after(Duration::from_nanos(nanos))
    }
}
