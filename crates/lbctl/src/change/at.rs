//! When something was: a time, or how long ago.

use core::{str::FromStr, time::Duration};

use soe503_api::Timestamp;

/// `2026-11-22T18:00:00Z` or `90s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Time(Timestamp),
    Ago(Duration),
}

impl At {
    /// When that is, as of `now`.
    pub(super) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Time(time) => time,
            Self::Ago(ago) => {
                let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
                Timestamp::from_unix_millis(now.unix_millis().saturating_sub(ago))
            }
        }
    }
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(time) = text.parse() {
            return Ok(Self::Time(time));
        }
        humantime::parse_duration(text).map(Self::Ago).map_err(|_| {
            "a time in UTC such as 2026-11-22T18:00:00Z, or how long ago such as 90s".into()
        })
    }
}
