//! Durations and sizes: numbers with a unit.

use std::time::Duration;

use bytesize::ByteSize;
use serde_json::{Value, json};
use toml::de::DeValue;

use super::{Fault, Text, quoted};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::config) struct Size(pub(in crate::config) u64);

/// A duration as it is written in the file: in the largest unit that needs no fraction.
fn duration_text(duration: Duration) -> String {
    let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
    match (secs, nanos) {
        (0, 0) => "0s".into(),
        (_, 0) if secs % 3600 == 0 => format!("{}h", secs / 3600),
        (_, 0) if secs % 60 == 0 && secs > 60 => format!("{}m", secs / 60),
        (_, 0) => format!("{secs}s"),
        _ if nanos % 1_000_000 == 0 => format!("{}ms", duration.as_millis()),
        _ => humantime::format_duration(duration).to_string(),
    }
}

impl Text for Duration {
    const KIND: &'static str = "a duration";
    const LIKE: &'static str = "\"500ms\", \"2s\" or \"1m\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        humantime::parse_duration(text).map_err(|error| match error {
            humantime::DurationError::UnknownUnit { unit, value, .. } if unit.is_empty() => {
                Fault::new("a duration needs a unit")
                    .help(format!("did you mean \"{value}s\" or \"{value}ms\"?"))
            }
            humantime::DurationError::UnknownUnit { unit, .. } => {
                Fault::new(format!("`{}` is not a unit of time", quoted(&unit))).help(format!(
                    "write it such as {}; units: ns, us, ms, s, m, h, days",
                    Self::LIKE
                ))
            }
            humantime::DurationError::NumberOverflow => Fault::new("too long"),
            _ => Fault::new("not a duration").help(format!("write it such as {}", Self::LIKE)),
        })
    }

    fn text(&self) -> String {
        duration_text(*self)
    }

    fn constraints() -> Value {
        json!({ "pattern": r"^\s*(0|(\d+(\.\d+)?\s*[A-Za-zµ]+\s*)+)\s*$" })
    }

    fn advice(value: &DeValue<'_>) -> String {
        match value {
            DeValue::Integer(number) => {
                format!(
                    "a duration is a string with a unit: did you mean \"{number}s\" or \"{number}ms\"?"
                )
            }
            DeValue::Float(number) => {
                let number = number.as_str();
                format!("a duration is a string with a unit: did you mean \"{number}s\"?")
            }
            _ => format!("write it as a string with a unit, such as {}", Self::LIKE),
        }
    }
}

impl Text for Size {
    const KIND: &'static str = "a size";
    const LIKE: &'static str = "\"64KiB\" or \"1MB\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Fault::new("a size needs a unit").help(format!(
                "did you mean \"{0}B\" or \"{0}KiB\"?",
                quoted(text)
            )));
        }
        let size = text.parse::<ByteSize>();
        size.map(|size| Self(size.as_u64())).map_err(|_| {
            Fault::new("not a size").help(format!(
                "write it such as {}; units: B, KB, KiB, MB, MiB, GB, GiB",
                Self::LIKE
            ))
        })
    }

    fn text(&self) -> String {
        const UNITS: [(u64, &str); 3] = [
            (bytesize::GIB, "GiB"),
            (bytesize::MIB, "MiB"),
            (bytesize::KIB, "KiB"),
        ];
        let whole = UNITS
            .iter()
            .find(|(unit, _)| self.0 > 0 && self.0.is_multiple_of(*unit));
        match whole {
            Some((unit, name)) => format!("{}{name}", self.0 / unit),
            None => format!("{}B", self.0),
        }
    }

    fn constraints() -> Value {
        json!({ "pattern": r"^\s*\d+(\.\d+)?\s*[A-Za-z]+\s*$" })
    }

    fn advice(value: &DeValue<'_>) -> String {
        match value {
            DeValue::Integer(number) => {
                format!(
                    "a size is a string with a unit: did you mean \"{number}B\" or \"{number}KiB\"?"
                )
            }
            _ => format!("write it as a string with a unit, such as {}", Self::LIKE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_show_as_they_are_read() {
        for (text, millis) in [
            ("0s", 0),
            ("25ms", 25),
            ("1500ms", 1500),
            ("1s", 1000),
            ("60s", 60_000),
            ("2m", 120_000),
            ("90s", 90_000),
            ("1h", 3_600_000),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(duration.text(), text);
            assert_eq!(Duration::parse(text).unwrap(), duration);
        }
        for bad in [
            "",
            "5",
            "fast",
            "5 parsecs",
            "-1s",
            "99999999999999999999h",
            "1..5s",
        ] {
            assert!(Duration::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn sizes_show_as_they_are_read() {
        for (text, bytes) in [
            ("0B", 0),
            ("100B", 100),
            ("64KiB", 65_536),
            ("1MiB", 1 << 20),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(Size(bytes).text(), text);
            assert_eq!(Size::parse(text).unwrap(), Size(bytes));
        }
        assert_eq!(Size::parse("1 MB").unwrap(), Size(1_000_000));
        for bad in ["", "64", "-1B", "KiB", "64 parsecs", "1e3B"] {
            assert!(Size::parse(bad).is_err(), "{bad:?}");
        }
    }
}
