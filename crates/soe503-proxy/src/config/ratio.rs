//! A share of a whole.

use std::fmt;

/// A number from 0 to 1, kept in millionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(u32);

impl Ratio {
    const WHOLE: u32 = 1_000_000;

    /// `value`, rounded to millionths; `None` unless it is from 0 to 1.
    pub fn new(value: f64) -> Option<Self> {
        let whole = f64::from(Self::WHOLE);
        (0.0..=1.0)
            .contains(&value)
            .then(|| Self((value * whole).round() as u32))
    }

    /// The number.
    pub fn get(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}
