//! Dates, and times of the week.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};
use soe503_core::maintenance::Weekday;
use toml::{Spanned, de::DeValue};

use crate::config::wire::{Fault, Field, Spot, Text, nearest};

/// A moment, in seconds since 1970 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Moment(pub(in crate::config) i64);

/// A time of the week: a day in UTC and seconds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct WeekTime {
    pub(in crate::config) day: Weekday,
    pub(in crate::config) at: u32,
}

const DAY: i64 = 86_400;

/// `text` without the `+HH:MM`, `-HH:MM` or `Z` at its end, and its seconds. `None`: neither is there.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        return Some((rest, 0));
    }
    let at = text.len().checked_sub(6)?;
    let (rest, zone) = (text.get(..at)?, text.get(at..)?);
    let sign = match zone.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    Some((rest, sign * i64::from(clock(&zone[1..])?)))
}

/// Seconds of `HH:MM`.
fn clock(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, below: u32| -> Option<u32> {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|n| digits && *n < below)
    };
    Some(number(hours, 24)? * 3600 + number(minutes, 60)? * 60)
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let (local, offset) = offset(text.trim())?;
        let local = local.replacen(['t', ' '], "T", 1);
        let time = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
        let unix = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(Self(i64::try_from(unix).ok()? - offset))
    }
}

/// A string, or a date as TOML knows it.
impl Field for Moment {
    const KIND: &'static str = "a date with a time and an offset";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            other => {
                let fault = Fault::new(crate::config::wire::found(other))
                    .help("write it such as \"2026-12-24T22:00:00Z\"");
                return spot.refuse(Self::KIND, value.span(), fault);
            }
        };
        Self::parse(&text).or_else(|| {
            let fault = Fault::new("not a date of RFC 3339")
                .help("write it such as \"2026-12-24T22:00:00Z\" or \"2026-12-24T23:00:00+01:00\"");
            spot.refuse(Self::KIND, value.span(), fault)
        })
    }

    fn show(&self) -> String {
        let since = std::time::Duration::from_secs(self.0.unsigned_abs());
        format!("\"{}\"", humantime::format_rfc3339(UNIX_EPOCH + since))
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "date-time" })
    }
}

impl Text for WeekTime {
    const KIND: &'static str = "a day and a time of the week";
    const LIKE: &'static str = "\"sunday 02:00\" or \"sunday 02:00+01:00\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let wrong =
            || Fault::new("not a day and a time").help(format!("write it such as {}", Self::LIKE));
        let (day, time) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let day = day.to_ascii_lowercase();
        let Some(day) = Weekday::ALL.into_iter().find(|known| known.word() == day) else {
            let near = nearest(&day, Weekday::ALL.iter().map(|day| day.word()));
            let fault = Fault::new("no day of the week");
            return Err(match near {
                Some(near) => fault.help(format!("did you mean \"{near} {time}\"?")),
                None => fault.help(format!("write it such as {}", Self::LIKE)),
            });
        };
        let time = time.trim();
        let (time, offset) = offset(time).unwrap_or((time, 0));
        let at = i64::from(clock(time).ok_or_else(wrong)?) - offset;
        let day = (day as i64 + at.div_euclid(DAY)).rem_euclid(7);
        Ok(Self {
            day: Weekday::ALL[day as usize],
            at: at.rem_euclid(DAY) as u32,
        })
    }

    fn text(&self) -> String {
        let minutes = self.at / 60;
        let (hours, minutes) = (minutes / 60, minutes % 60);
        format!("{} {hours:02}:{minutes:02}", self.day.word())
    }

    fn constraints() -> Value {
        json!({ "pattern": r"^[A-Za-z]+ +\d\d:\d\d(Z|[+-]\d\d:\d\d)?$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_an_offset() {
        for (text, unix) in [
            ("2026-11-22T17:41:08Z", Some(1_795_369_268)),
            ("2026-11-22T18:41:08+01:00", Some(1_795_369_268)),
            ("2026-11-22t12:11:08-05:30", Some(1_795_369_268)),
            ("2026-11-22 17:41:08Z", Some(1_795_369_268)),
            ("2026-11-22T17:41:08", None),
            ("2026-11-22", None),
            ("2026-13-22T17:41:08Z", None),
            ("2026-11-22T17:41:08+25:00", None),
            ("tomorrow", None),
            ("", None),
            ("é+01:00", None),
        ] {
            assert_eq!(Moment::parse(text).map(|m| m.0), unix, "{text}");
        }
        assert_eq!(Moment(1_795_369_268).show(), "\"2026-11-22T17:41:08Z\"");
    }

    #[test]
    fn times_of_the_week_are_turned_to_utc() {
        for (text, read) in [
            ("sunday 02:00", Some("sunday 02:00")),
            ("Sunday  02:00Z", Some("sunday 02:00")),
            ("monday 00:30+01:00", Some("sunday 23:30")),
            ("sunday 23:30-01:00", Some("monday 00:30")),
            ("sunday", None),
            ("sunday 24:00", None),
            ("sunday 2:00", None),
            ("noday 02:00", None),
            ("sunday 02:00 CET", None),
        ] {
            let read_as = WeekTime::parse(text).ok().map(|time| time.text());
            assert_eq!(read_as.as_deref(), read, "{text}");
        }
    }
}
