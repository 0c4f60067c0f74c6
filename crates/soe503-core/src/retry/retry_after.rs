//! `Retry-After` (RFC 9110 §10.2.3): read it, and obey it.

use core::time::Duration;

use super::http_date;

/// The longest `Retry-After` that is believed: 300 s. Whoever asks for more is asked again then; a
/// clock that is wrong by years must not close a pool for years.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// The wait that a `Retry-After` field asks for: delay-seconds or an HTTP date.
///
/// A date in the past is no wait, more than [`MAX_RETRY_AFTER`] is that much, and what is neither a
/// number nor a date is `None`: nothing was asked. `now_unix` is the wall clock in seconds.
pub fn parse_retry_after(value: &str, now_unix: i64) -> Option<Duration> {
    //= RFC 9110 §10.2.3: Retry-After = HTTP-date / delay-seconds; delay-seconds = 1*DIGIT
    let value = value.trim_matches([' ', '\t']);
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Too many digits for a u64 are still digits.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let at = http_date::parse(value, now_unix)?;
        Duration::from_secs(u64::try_from(at.saturating_sub(now_unix)).unwrap_or(0))
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// The wait before a retry, when the backend may have asked for one.
///
/// `Retry-After` is a not-before time, and everyone who was turned away heard the same one: so the
/// jittered `delay` comes on top of it, instead of being swallowed by the larger of the two.
pub fn merge_retry_after(delay: Duration, retry_after: Option<Duration>) -> Duration {
    retry_after.map_or(delay, |asked| {
        asked.min(MAX_RETRY_AFTER).saturating_add(delay)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T17:41:08Z
    const NOW: i64 = 1_795_369_268;

    #[test]
    fn numbers_and_dates() {
        for (value, seconds) in [
            ("0", Some(0)),
            ("2", Some(2)),
            (" 7\t", Some(7)),
            ("007", Some(7)),
            ("299", Some(299)),
            ("301", Some(300)),
            ("99999999999999999999999999", Some(300)),
            ("Sun, 22 Nov 2026 17:41:18 GMT", Some(10)),
            ("Sunday, 22-Nov-26 17:41:18 GMT", Some(10)),
            ("Sun Nov 22 17:41:18 2026", Some(10)),
            ("Sun, 22 Nov 2026 17:41:07 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 22 Nov 2027 17:41:18 GMT", Some(300)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1s", None),
            ("٣", None),
            ("soon", None),
        ] {
            assert_eq!(
                parse_retry_after(value, NOW),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
    }

    #[test]
    fn never_earlier_than_asked() {
        let ms = Duration::from_millis;
        assert_eq!(merge_retry_after(ms(20), None), ms(20));
        assert_eq!(merge_retry_after(ms(20), Some(Duration::ZERO)), ms(20));
        assert_eq!(merge_retry_after(ms(20), Some(ms(1_000))), ms(1_020));
        assert_eq!(merge_retry_after(ms(20), Some(Duration::MAX)), ms(300_020));
    }
}
