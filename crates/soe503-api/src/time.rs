//! Wall-clock time, for display and for correlation with logs; never for decisions.

use core::{fmt, str::FromStr, time::Duration};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 9999-12-31T23:59:59.999Z, the last instant RFC 3339 can write.
const LAST_MILLIS: u64 = 253_402_300_799_999;

/// A moment, as unix milliseconds. As text and in JSON it is RFC 3339 in UTC with three digits of
/// fraction: `2026-11-22T17:41:08.042Z`. The fixed width makes the text sort as the time does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z; at most the end of year 9999.
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(if millis > LAST_MILLIS {
            LAST_MILLIS
        } else {
            millis
        })
    }

    /// The moment `secs` seconds after 1970-01-01T00:00:00Z; at most the end of year 9999.
    pub const fn from_unix_secs(secs: u64) -> Self {
        Self::from_unix_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// Time from `earlier` to `self`; zero if `earlier` is later (clocks of two machines differ).
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// `self` plus `duration`, at most the end of year 9999.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self::from_unix_millis(self.0.saturating_add(millis))
    }
}

impl From<SystemTime> for Timestamp {
    /// Times before 1970 become 1970.
    fn from(time: SystemTime) -> Self {
        Self::default().after(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(self.0)).fmt(f)
    }
}

impl FromStr for Timestamp {
    type Err = humantime::TimestampError;

    /// Reads RFC 3339 in UTC (`…Z`), with or without a fraction, from 1970 on.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_rfc3339(text).map(Self::from)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|e| {
            de::Error::custom(format_args!("{text:?} is not an RFC 3339 time in UTC: {e}"))
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A moment: RFC 3339 in UTC, from 1970 on. Answers have milliseconds.",
            "type": "string",
            "format": "date-time",
            "pattern": r"^(19[7-9]\d|[2-9]\d{3})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_rfc3339_with_milliseconds_and_comes_back() {
        let t = Timestamp::from_unix_millis(1_795_369_268_042);
        assert_eq!(t.to_string(), "2026-11-22T17:41:08.042Z");
        assert_eq!("2026-11-22T17:41:08.042Z".parse::<Timestamp>().unwrap(), t);
        assert_eq!(
            "2026-11-22T17:41:08Z".parse::<Timestamp>().unwrap(),
            Timestamp::from_unix_secs(1_795_369_268)
        );
        let json = serde_json::to_string(&t).unwrap();
        assert_eq!(json, r#""2026-11-22T17:41:08.042Z""#);
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), t);
    }

    #[test]
    fn extremes_neither_panic_nor_wrap() {
        let last = Timestamp::from_unix_secs(u64::MAX);
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(last.after(Duration::MAX), last);
        assert_eq!(Timestamp::default().to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::default().since(last), Duration::ZERO);
        assert_eq!(
            Timestamp::from(UNIX_EPOCH - Duration::from_secs(1)),
            Timestamp::default()
        );
    }

    #[test]
    fn other_texts_are_refused_with_the_text_in_the_message() {
        for bad in ["", "yesterday", "2026-13-01T00:00:00Z", "1795369268"] {
            let error = serde_json::from_str::<Timestamp>(&format!("{bad:?}")).unwrap_err();
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
    }
}
