//! When requests are sent to a second backend.

use std::{num::NonZeroU32, time::Duration};

use soe503_core::hedge::HedgeConfig;

use super::{Ratio, keys::HedgeKeys};

/// When requests that are late are sent to a second backend: `[pools.NAME.hedge]`.
///
/// # Defaults
///
/// - `enabled`: `false`
/// - `percentile`: `0.95`
/// - `min_delay`: `"10ms"`
/// - `max`: `1`
/// - `minimum_requests`: `100`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hedge {
    /// The share of answers that is waited for.
    pub percentile: Ratio,
    /// The shortest wait.
    pub min_delay: Duration,
    /// How often one request may be hedged.
    pub max: NonZeroU32,
    /// Nothing is hedged before so many answers are known.
    pub minimum_requests: NonZeroU32,
}

// === impl Hedge ===

impl Hedge {
    /// `None` if it is switched off.
    pub(super) fn of(keys: &HedgeKeys) -> Option<Self> {
        keys.enabled.value.then_some(Self {
            percentile: keys.percentile.value,
            min_delay: keys.min_delay.value,
            max: keys.max.value,
            minimum_requests: keys.minimum_requests.value,
        })
    }

    /// When to hedge.
    pub fn decisions(&self) -> HedgeConfig {
        HedgeConfig {
            percentile: self.percentile,
            min_delay: self.min_delay,
            max: u8::try_from(self.max.get()).unwrap_or(u8::MAX),
            minimum_requests: self.minimum_requests.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_str;

    const SMALLEST: &str = include_str!("../../../../config/smallest.toml");

    fn hedge(keys: &str) -> Option<HedgeConfig> {
        let text = format!("{SMALLEST}hedge = {{ {keys} }}");
        let config = from_str("test", &text).unwrap_or_else(|report| panic!("{keys}\n{report}"));
        config.pools[0].decisions().hedge
    }

    #[test]
    fn its_defaults_are_those_of_the_core() {
        assert_eq!(hedge("enabled = true"), Some(HedgeConfig::default()));
        assert_eq!(hedge("max = 2"), None, "off unless it is switched on");
    }

    #[test]
    fn extreme_values_are_accepted_by_the_core() {
        for keys in [
            r#"percentile = 0.5, min_delay = "1ms", minimum_requests = 1"#,
            r#"percentile = 0.999, min_delay = "60s", max = 9, minimum_requests = 1000000"#,
        ] {
            let config = hedge(&format!("enabled = true, {keys}")).unwrap();
            config.validate().unwrap();
        }
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (keys, expected) in [
            ("percentile = 0.4", "from 0.5 to 0.999"),
            (r#"min_delay = "0s""#, "1ms"),
            ("max = 10", "9"),
            ("minimum_requests = 0", "1"),
        ] {
            let text = format!("{SMALLEST}hedge = {{ {keys} }}");
            let report = from_str("test", &text).unwrap_err().to_string();
            assert!(report.contains(expected), "{keys}\n{report}");
        }
    }
}
