//! A share between nothing and everything.
//!
//! Rates are compared as integers: a threshold is kept in parts per million and
//! `part / whole >= ratio` is decided by multiplication. A comparison of two floats would make
//! "exactly half" depend on rounding, and the boundary is where operators look first (row S12 of
//! the semantics: `>=`).

use core::fmt;

use serde::{Deserialize, Serialize};

/// A number from 0 to 1, kept in parts per million.
///
/// ```
/// use soe503_core::Ratio;
/// let half = Ratio::new(0.5).unwrap();
/// assert!(half.reached_by(10, 20));
/// assert!(!half.reached_by(9, 20));
/// assert!(Ratio::new(1.5).is_err());
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "f64", into = "f64")]
pub struct Ratio(u32);

/// The number is not a ratio: below 0, above 1, or not a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioError(f64);

// === impl Ratio ===

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Everything.
    pub const ONE: Self = Self(Self::MILLION);
    const MILLION: u32 = 1_000_000;

    /// The ratio nearest to `value`, which is between 0 and 1.
    ///
    /// A value above 0 is never rounded down to 0, so that a threshold does not turn into "always".
    ///
    /// # Errors
    /// [`RatioError`] if `value` is below 0, above 1 or not a number.
    pub fn new(value: f64) -> Result<Self, RatioError> {
        if !(0.0..=1.0).contains(&value) {
            return Err(RatioError(value));
        }
        // In range by the check above: 0..=1_000_000.
        let parts = (value * f64::from(Self::MILLION)).round() as u32;
        Ok(Self(if value > 0.0 { parts.max(1) } else { 0 }))
    }

    /// `percent` hundredths, at most everything. For constants.
    pub const fn percent(percent: u32) -> Self {
        Self::parts_per_million_of(percent.saturating_mul(10_000))
    }

    /// `parts` millionths, at most everything. For constants.
    pub const fn parts_per_million_of(parts: u32) -> Self {
        Self(if parts > Self::MILLION {
            Self::MILLION
        } else {
            parts
        })
    }

    /// The ratio in millionths, 0 to 1 000 000.
    pub const fn parts_per_million(self) -> u32 {
        self.0
    }

    /// The ratio as a float, 0.0 to 1.0.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / f64::from(Self::MILLION)
    }

    /// Whether `part` of `whole` is this share or more. `false` if `whole` is 0: nothing has
    /// happened yet.
    pub const fn reached_by(self, part: u64, whole: u64) -> bool {
        whole > 0 && part as u128 * Self::MILLION as u128 >= whole as u128 * self.0 as u128
    }

    /// This share of `amount`, rounded down.
    pub const fn of(self, amount: u64) -> u64 {
        // At most `amount`, because a ratio is at most 1.
        (amount as u128 * self.0 as u128 / Self::MILLION as u128) as u64
    }
}

impl TryFrom<f64> for Ratio {
    type Error = RatioError;

    fn try_from(value: f64) -> Result<Self, RatioError> {
        Self::new(value)
    }
}

impl From<Ratio> for f64 {
    fn from(ratio: Ratio) -> Self {
        ratio.as_f64()
    }
}

/// As a percentage: `20%`, `12.5%`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 10_000.0)
    }
}

// === impl RatioError ===

impl fmt::Display for RatioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not a ratio: expected a number from 0 to 1",
            self.0
        )
    }
}

impl core::error::Error for RatioError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_zero_to_one() {
        for bad in [
            -0.001,
            1.000_001,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            50.0,
        ] {
            let error = Ratio::new(bad).unwrap_err();
            assert!(error.to_string().contains("0 to 1"), "{error}");
        }
        assert_eq!(Ratio::new(0.0).unwrap(), Ratio::ZERO);
        assert_eq!(Ratio::new(-0.0).unwrap(), Ratio::ZERO);
        assert_eq!(Ratio::new(1.0).unwrap(), Ratio::ONE);
        assert_eq!(Ratio::new(1e-9).unwrap().parts_per_million(), 1);
        assert_eq!(Ratio::percent(20), Ratio::new(0.2).unwrap());
        assert_eq!(Ratio::percent(u32::MAX), Ratio::ONE);
    }

    #[test]
    fn reads_and_writes_as_a_number() {
        let ratio: Ratio = serde_json::from_str("0.2").unwrap();
        assert_eq!(ratio, Ratio::percent(20));
        assert_eq!(serde_json::to_string(&ratio).unwrap(), "0.2");
        assert!(serde_json::from_str::<Ratio>("1.2").is_err());
        assert_eq!(Ratio::new(0.125).unwrap().to_string(), "12.5%");
    }

    #[test]
    fn the_boundary_belongs_to_the_ratio() {
        let third = Ratio::new(1.0 / 3.0).unwrap();
        assert!(third.reached_by(1, 3), "333 333 ppm is at most one third");
        assert!(!Ratio::percent(50).reached_by(0, 0));
        assert!(Ratio::ONE.reached_by(u64::MAX, u64::MAX));
        assert_eq!(Ratio::percent(50).of(u64::MAX), u64::MAX / 2);
    }

    proptest! {
        #[test]
        fn reached_is_the_exact_fraction(ppm in 0..=1_000_000_u32, part in 0..10_000_u64, rest in 0..10_000_u64) {
            let whole = part + rest;
            let exact = whole > 0 && part * 1_000_000 >= whole * u64::from(ppm);
            prop_assert_eq!(Ratio::parts_per_million_of(ppm).reached_by(part, whole), exact);
        }
    }
}
