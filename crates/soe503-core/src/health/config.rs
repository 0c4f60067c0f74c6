//! How a backend is checked.

use core::fmt;
use core::time::Duration;

use super::Health;
use crate::Ratio;

/// How a backend is checked.
///
/// # Defaults
/// `interval` 2 s, `fast_interval` 500 ms, `down_interval` 5 s, `timeout` 1 s, `rise` 2, `fall` 3,
/// `jitter` 10 %, `initial` up, `overruled_by_traffic` on.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckConfig {
    /// Time between the end of a check and the start of the next.
    pub interval: Duration,
    /// The same while in doubt.
    pub fast_interval: Duration,
    /// What that time grows to for a backend that stays down; no less than `interval`.
    pub down_interval: Duration,
    /// How long a check may take. Applied by the shell.
    pub timeout: Duration,
    /// Successes in a row that bring a backend up again.
    pub rise: u32,
    /// Failures in a row that take it down.
    pub fall: u32,
    /// How far an interval may deviate, both ways.
    pub jitter: Ratio,
    /// What is assumed before the first check: [`Health::Up`] serves at once and lets retries deal
    /// with mistakes, [`Health::Starting`] waits for the first success, [`Health::Down`] for `rise`
    /// of them.
    pub initial: Health,
    /// Whether requests can [overrule](super::overrules) a check that leaves a doubt.
    pub overruled_by_traffic: bool,
}

/// A [`CheckConfig`] that makes no sense. Its text names the key to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckConfigError(&'static str);

/// The share of each backend in the time over which first checks are spread that are waited for.
const EACH: Duration = Duration::from_millis(2);

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
        if self.interval.is_zero() {
            return Err(CheckConfigError(
                "health_check.interval must be longer than 0",
            ));
        }
        if self.fast_interval.is_zero() {
            return Err(CheckConfigError(
                "health_check.fast_interval must be longer than 0",
            ));
        }
        if self.timeout.is_zero() {
            return Err(CheckConfigError(
                "health_check.timeout must be longer than 0",
            ));
        }
        Ok(())
    }

    /// The time over which the first checks of `newcomers` backends are spread. Where backends serve
    /// before it, that is the whole interval; where they wait for it, a few milliseconds, and with
    /// thousands of them the interval again.
    pub fn spread(&self, newcomers: usize) -> Duration {
        match self.initial {
            Health::Up => self.interval,
            Health::Down | Health::Starting => {
                let newcomers = u32::try_from(newcomers).unwrap_or(u32::MAX);
                EACH.saturating_mul(newcomers).min(self.interval)
            }
        }
    }
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(2),
            fast_interval: Duration::from_millis(500),
            down_interval: Duration::from_secs(5),
            timeout: Duration::from_secs(1),
            rise: 2,
            fall: 3,
            jitter: Ratio::percent(10),
            initial: Health::Up,
            overruled_by_traffic: true,
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
