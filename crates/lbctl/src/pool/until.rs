//! `--until`: a moment, or a while from now.

use core::{str::FromStr, time::Duration};

use soe503_api::Timestamp;

use crate::exit::Failure;

/// What was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// `2026-11-22T18:00:00Z`
    At(Timestamp),
    /// `30m`, `1h 15m`
    In(Duration),
}

impl Until {
    /// The moment that is meant at `now`. It has to be in the future.
    pub(crate) fn resolve(self, now: Timestamp) -> Result<Timestamp, Failure> {
        let at = match self {
            Self::At(at) => at,
            Self::In(duration) => now.after(duration),
        };
        if at > now {
            return Ok(at);
        }
        Err(Failure::usage(format!(
            "--until {at} is not in the future (now: {now})"
        )))
    }
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        if let Ok(duration) = humantime::parse_duration(text) {
            return Ok(Self::In(duration));
        }
        Err("expected a while such as 30m, or a time in UTC such as 2026-11-22T18:00:00Z".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_whiles() {
        let now = Timestamp::from_unix_secs(1_795_369_268);
        let at = |text: &str| text.parse::<Until>().unwrap().resolve(now);
        assert_eq!(at("30m").unwrap().to_string(), "2026-11-22T18:11:08.000Z");
        assert_eq!(
            at("2026-11-22T18:00:00Z").unwrap().to_string(),
            "2026-11-22T18:00:00.000Z"
        );
        let past = at("2026-11-22T17:00:00Z").unwrap_err().message();
        assert!(past.contains("not in the future"), "{past}");
        assert!(at("0s").is_err());
        for bad in ["", "soon", "18:00", "30"] {
            assert!(bad.parse::<Until>().unwrap_err().contains("30m"), "{bad}");
        }
    }
}
