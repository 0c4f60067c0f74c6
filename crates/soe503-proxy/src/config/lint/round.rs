//! Values to set are round ones.

use std::time::Duration;

use crate::config::wire::Field;

/// `duration` with two digits in milliseconds, and not more than it is.
pub(super) fn down(duration: Duration) -> Duration {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let digits = millis.checked_ilog10().unwrap_or(0);
    let step = 10_u64.pow(digits.saturating_sub(1));
    Duration::from_millis((millis / step * step).max(1))
}

/// As it is written in the file.
pub(super) fn toml(duration: Duration) -> String {
    duration.show()
}

/// As it is told.
pub(super) fn told(duration: Duration) -> String {
    duration.show().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_and_never_more() {
        for (millis, round) in [
            (0, 1),
            (7, 7),
            (19, 19),
            (123, 120),
            (3333, 3300),
            (15_000, 15_000),
            (59_999, 59_000),
        ] {
            let round = Duration::from_millis(round);
            assert_eq!(down(Duration::from_millis(millis)), round, "{millis}");
        }
    }
}
