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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(shown: Shown) -> String {
        let mut out = String::new();
        shown.put(&mut out);
        out
    }

    /// Each unit from its first on.
    #[test]
    fn where_units_begin() {
        for (nanos, told) in [
            (949_000, "949 µs"),
            (950_000, "1 ms"),
            (999_499_999, "999 ms"),
            (999_500_000, "1 s"),
            (119_499_999_999, "119 s"),
            (119_500_000_000, "2 min"),
            (7_169_999_999_999, "119 min"),
            (7_170_000_000_000, "2 h"),
        ] {
            let duration = Duration::from_nanos(nanos);
            let shown = text(Shown::of(duration));
            assert_eq!(shown, told, "{nanos} ns");
        }
    }

    /// From ten on in whole units.
    #[test]
    fn what_reads_the_same_is_the_same() {
        let ms = Duration::from_millis;
        for (a, b, same) in [
            (9_800, 9_840, true),
            (9_800, 9_900, false),
            (10_000, 10_060, true),
            (10_000, 10_400, true),
            (10_000, 11_000, false),
        ] {
            assert_eq!(Shown::of(ms(a)) == Shown::of(ms(b)), same, "{a} {b}");
            assert_eq!(Shown::about(ms(a)) == Shown::about(ms(b)), same, "{a} {b}");
        }
        for (millis, told) in [
            (40, "0 s"),
            (950, "1 s"),
            (1_234, "1.2 s"),
            (130_000, "2.2 min"),
        ] {
            assert_eq!(text(Shown::about(ms(millis))), told);
        }
    }
}
