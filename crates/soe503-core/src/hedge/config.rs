//! When a pool hedges.

use core::fmt;
use core::time::Duration;

use crate::Ratio;

/// When requests of a pool are sent to a second backend.
///
/// # Defaults
/// `percentile` 0.95, `min_delay` 10 ms, `max` 1, `minimum_requests` 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HedgeConfig {
    /// The share of answers that are waited for: the others come later than the second request is sent.
    /// At least a half.
    pub percentile: Ratio,
    /// The second request is not sent sooner.
    pub min_delay: Duration,
    /// How often one request may be hedged. Never are more than two of its attempts under way.
    pub max: u8,
    /// Answers to be known before anything is sent twice. Old ones fade.
    pub minimum_requests: u32,
}

/// A [`HedgeConfig`] that makes no sense. Its text names the key to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HedgeConfigError(&'static str);

// === impl HedgeConfig ===

impl HedgeConfig {
    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// [`HedgeConfigError`] for a percentile below a half.
    pub fn validate(&self) -> Result<(), HedgeConfigError> {
        if self.percentile < Ratio::percent(50) {
            return Err(HedgeConfigError("hedge.percentile must be at least 0.5"));
        }
        Ok(())
    }
}

impl Default for HedgeConfig {
    fn default() -> Self {
        Self {
            percentile: Ratio::percent(95),
            min_delay: Duration::from_millis(10),
            max: 1,
            minimum_requests: 100,
        }
    }
}

// === impl HedgeConfigError ===

impl fmt::Display for HedgeConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for HedgeConfigError {}
