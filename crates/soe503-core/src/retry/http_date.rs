//! HTTP dates as unix seconds.
//!
//! RFC 9110 §5.6.7: a recipient MUST accept all three formats. Dependency-free, because the core
//! needs nothing else of a calendar.

/// The date in unix seconds; `None` if it is none of the three formats or not a date that exists.
///
/// `now_unix` decides the century of a two-digit year: one that appears to be more than 50 years in
/// the future is the most recent past year with the same digits.
pub(super) fn parse(text: &str, now_unix: i64) -> Option<i64> {
    let text = text.trim_matches([' ', '\t']);
    imf_fixdate(text)
        .or_else(|| rfc850(text, now_unix))
        .or_else(|| asctime(text))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &str) -> Option<i64> {
    let (weekday, rest) = text.split_once(", ")?;
    short_weekday(weekday)?;
    let mut parts = rest.split(' ');
    let day = digits(parts.next()?, 2)?;
    let month = month(parts.next()?)?;
    let year = digits(parts.next()?, 4)?;
    let seconds = time_of_day(parts.next()?)?;
    (parts.next()? == "GMT" && parts.next().is_none()).then_some(())?;
    unix(year, month, day, seconds)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(text: &str, now_unix: i64) -> Option<i64> {
    let (weekday, rest) = text.split_once(", ")?;
    [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ]
    .contains(&weekday)
    .then_some(())?;
    let mut parts = rest.split(' ');
    let mut date = parts.next()?.split('-');
    let day = digits(date.next()?, 2)?;
    let month = month(date.next()?)?;
    let short_year = digits(date.next()?, 2)?;
    date.next().is_none().then_some(())?;
    let seconds = time_of_day(parts.next()?)?;
    (parts.next()? == "GMT" && parts.next().is_none()).then_some(())?;

    let this_year = year_of(now_unix);
    let mut year = this_year - this_year.rem_euclid(100) + short_year;
    if year > this_year + 50 {
        year -= 100;
    } else if year <= this_year - 50 {
        year += 100;
    }
    unix(year, month, day, seconds)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, ' ');
    short_weekday(parts.next()?)?;
    let month = month(parts.next()?)?;
    let rest = parts.next()?;
    // The day is two characters wide, padded with a space.
    let (day, rest) = rest.split_at_checked(2)?;
    let day = match day.strip_prefix(' ') {
        Some(one) => digits(one, 1)?,
        None => digits(day, 2)?,
    };
    let (time, year) = rest.strip_prefix(' ')?.split_once(' ')?;
    unix(digits(year, 4)?, month, day, time_of_day(time)?)
}

fn short_weekday(text: &str) -> Option<()> {
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .contains(&text)
        .then_some(())
}

/// 1 to 12. Names are case-sensitive (RFC 9110 §5.6.7).
fn month(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    MONTHS.iter().position(|&m| m == text).map(|i| i as i64 + 1)
}

fn digits(text: &str, width: usize) -> Option<i64> {
    let exact = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    exact.then(|| text.parse().ok()).flatten()
}

/// Seconds since midnight of `08:49:37`. A leap second (`23:59:60`) counts as the next midnight.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = digits(parts.next()?, 2)?;
    let exists = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    exists.then_some(hour * 3_600 + minute * 60 + second)
}

fn unix(year: i64, month: i64, day: i64, seconds: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=last)
        .contains(&day)
        .then(|| days(year, month, day) * 86_400 + seconds)
}

/// Days from 1970-01-01, in the Gregorian calendar. Years begin in March, so that the leap day is
/// the last of a year and months follow the pattern 153 days per five months.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The calendar year of a unix time, at most a day off around New Year: it only picks a century.
fn year_of(unix: i64) -> i64 {
    1970 + unix.div_euclid(31_556_952)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T17:41:08Z
    const NOW: i64 = 1_795_369_268;

    #[test]
    fn the_three_formats_of_the_rfc() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text, NOW), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn known_dates() {
        for (text, unix) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Thu, 29 Feb 2024 23:59:60 GMT", 1_709_251_200),
            ("Sun, 22 Nov 2026 17:41:08 GMT", NOW),
            ("Sun Nov 22 17:41:08 2026", NOW),
            ("Sunday, 22-Nov-26 17:41:08 GMT", NOW),
            // Not more than fifty years ahead, so this century.
            ("Friday, 01-Jan-72 00:00:00 GMT", 3_218_832_000),
            ("Wednesday, 01-Jan-76 00:00:00 GMT", 3_345_062_400),
            // More than fifty years ahead, so the last one.
            ("Saturday, 01-Jan-77 00:00:00 GMT", 220_924_800),
        ] {
            assert_eq!(parse(text, NOW), Some(unix), "{text}");
        }
    }

    #[test]
    fn two_digit_years_around_a_century() {
        // 2099-06-01: `01` is 2101, not 2001.
        assert_eq!(
            parse("Saturday, 01-Jan-01 00:00:00 GMT", 4_084_041_600),
            Some(4_133_980_800),
        );
    }

    #[test]
    fn what_is_not_a_date() {
        for text in [
            "",
            "GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Foo, 06 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Wed, 29 Feb 2023 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 UTC",
            "Sunday, 06-Nov-94 08:49:37 GMT x",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 94",
            "Sun Nov é6 08:49:37 1994",
        ] {
            assert_eq!(parse(text, NOW), None, "{text:?}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = days(1600, 1, 1);
        for year in 1600..2400 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let Some(unix) = unix(year, month, day, 0) else {
                        continue;
                    };
                    assert_eq!(unix / 86_400, expected, "{year}-{month}-{day}");
                    expected += 1;
                }
            }
        }
        assert_eq!(expected, days(2400, 1, 1));
    }
}
