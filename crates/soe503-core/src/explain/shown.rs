//! How exactly a duration is told.

use core::time::Duration;

use super::digits::{join, number, tenths};

/// What is shown of a duration: two that are shown alike read the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// 0 for all that are shown in whole units of ten and more.
    tenths: u64,
    whole: u64,
    unit: &'static str,
}

impl Shown {
    /// In two or three digits and a unit.
    pub(super) fn of(duration: Duration) -> Self {
        let seconds = duration.as_secs_f64();
        let (value, unit) = match seconds {
            s if s < 0.000_95 => (s * 1e6, "µs"),
            s if s < 0.999_5 => (s * 1e3, "ms"),
            s if s < 119.5 => (s, "s"),
            s if s < 7_170.0 => (s / 60.0, "min"),
            s => (s / 3600.0, "h"),
        };
        // Some hundred thousand hours at most, so that the casts are exact.
        let tenths = (value * 10.0).round() as u64;
        Self {
            tenths: if tenths < 100 { tenths } else { 0 },
            whole: value.round_ties_even() as u64,
            unit,
        }
    }

    /// In tenths of a second at the finest.
    pub(super) fn about(duration: Duration) -> Self {
        let tenths = (duration.as_nanos() + 50_000_000) / 100_000_000;
        match u64::try_from(tenths) {
            Ok(tenths) if tenths < 100 => Self {
                tenths,
                whole: tenths / 10,
                unit: "s",
            },
            _ => Self::of(duration),
        }
    }

    /// Less than the finest that is shown.
    pub(super) const fn is_nothing(self) -> bool {
        self.tenths == 0 && self.whole == 0
    }

    /// Appends it.
    pub(super) fn put(self, out: &mut String) {
        if self.tenths.is_multiple_of(10) {
            number(out, self.whole);
        } else {
            tenths(out, self.tenths);
        }
        join(out, &[" ", self.unit]);
    }
}
