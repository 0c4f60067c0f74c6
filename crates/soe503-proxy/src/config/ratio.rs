//! A share of a whole.

use std::fmt;

/// A number from 0 to 1, kept in millionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(u32);

impl Ratio {
    /// Everything.
    pub const ONE: Self = Self(Self::WHOLE);
    const WHOLE: u32 = 1_000_000;

    /// `value`, rounded to millionths; an error unless it is from 0 to 1.
    pub fn new(value: f64) -> Result<Self, ()> {
        let whole = f64::from(Self::WHOLE);
        (0.0..=1.0)
            .contains(&value)
            .then(|| Self((value * whole).round() as u32))
            .ok_or(())
    }

    /// `percent` hundredths.
    pub const fn percent(percent: u32) -> Self {
        Self(percent * 10_000)
    }

    /// `parts` millionths.
    pub const fn parts_per_million_of(parts: u32) -> Self {
        Self(parts)
    }

    /// The number.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_f64(), f)
    }
}
