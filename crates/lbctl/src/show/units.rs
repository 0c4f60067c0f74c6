//! Numbers, as short as they can be without being wrong.

use core::time::Duration;

/// How long: `12s`, `4m10s`, `25m`, `3h20m`, `31h`, `6d`. Never more than six characters below
/// a hundred days, and never rounded up.
pub(crate) fn age(duration: Duration) -> String {
    let secs = duration.as_secs();
    let (m, h) = (secs / 60, secs / 3600);
    match secs {
        0..120 => format!("{secs}s"),
        120..600 if !secs.is_multiple_of(60) => format!("{m}m{}s", secs % 60),
        120..10_800 => format!("{m}m"),
        10_800..36_000 if !m.is_multiple_of(60) => format!("{h}h{}m", m % 60),
        10_800..172_800 => format!("{h}h"),
        _ => format!("{}d", secs / 86_400),
    }
}

/// How long until: like [`age`], rounded up to the next second, because "in 0s" helps nobody.
pub(crate) fn waiting(duration: Duration) -> String {
    age(Duration::from_secs(
        duration.as_millis().div_ceil(1000) as u64
    ))
}

/// A latency in milliseconds: `40us`, `1.2ms`, `59ms`, `590ms`, `1.2s`, `59s`.
pub(crate) fn millis(ms: f64) -> String {
    if ms < 0.1 {
        format!("{:.0}us", ms * 1000.0)
    } else if ms < 9.95 {
        format!("{ms:.1}ms")
    } else if ms < 999.5 {
        format!("{ms:.0}ms")
    } else if ms < 9_950.0 {
        format!("{:.1}s", ms / 1000.0)
    } else {
        format!("{:.0}s", ms / 1000.0)
    }
}

/// A count with its thousands apart: `14,002`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun, in the right number: `1 retry`, `2 retries`.
pub(crate) fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let rows = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (250, "4m10s"),
            (600, "10m"),
            (10_799, "179m"),
            (12_000, "3h20m"),
            (36_060, "10h"),
            (111_600, "31h"),
            (172_800, "2d"),
            (8_000_000, "92d"),
        ];
        for (secs, text) in rows {
            assert_eq!(age(Duration::from_secs(secs)), text);
        }
        assert_eq!(age(Duration::from_millis(12_999)), "12s");
        assert_eq!(waiting(Duration::from_millis(1)), "1s");
        assert_eq!(waiting(Duration::from_secs(9)), "9s");
    }

    #[test]
    fn latencies() {
        let rows = [
            (0.04, "40us"),
            (0.1, "0.1ms"),
            (1.234, "1.2ms"),
            (9.95, "10ms"),
            (590.0, "590ms"),
            (999.6, "1.0s"),
            (1234.0, "1.2s"),
            (59_000.0, "59s"),
        ];
        for (ms, text) in rows {
            assert_eq!(millis(ms), text, "{ms}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(14_002), "14,002");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(plural(1, "retry", "retries"), "1 retry");
        assert_eq!(plural(1_000, "retry", "retries"), "1,000 retries");
    }
}
