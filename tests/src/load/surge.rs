//! A time with another rate.

use std::str::FromStr;

/// From one second of the schedule to another, requests arrive at another rate: `FROM..TO@RATE`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surge {
    /// When it begins, in seconds.
    pub from: f64,
    /// When it ends, in seconds.
    pub to: f64,
    /// Requests per second meanwhile.
    pub rate: f64,
}

/// It is not written like that.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not FROM..TO@RATE, such as 3..11@1200")]
pub struct NoSurge(String);

// === impl Surge ===

impl Surge {
    /// The rate at this time of the schedule.
    pub(super) fn rate(surge: Option<Self>, otherwise: f64, at: f64) -> f64 {
        surge
            .filter(|surge| (surge.from..surge.to).contains(&at))
            .map_or(otherwise, |surge| surge.rate)
    }
}

impl FromStr for Surge {
    type Err = NoSurge;

    fn from_str(text: &str) -> Result<Self, NoSurge> {
        let read = || {
            let (times, rate) = text.split_once('@')?;
            let (from, to) = times.split_once("..")?;
            let surge = Self {
                from: from.parse().ok()?,
                to: to.parse().ok()?,
                rate: rate.parse().ok()?,
            };
            (surge.from < surge.to && surge.rate > 0.0).then_some(surge)
        };
        read().ok_or_else(|| NoSurge(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        let surge: Surge = "3..11@1200".parse().unwrap();
        assert_eq!((surge.from, surge.to, surge.rate), (3.0, 11.0, 1200.0));
        for wrong in ["", "3..11", "11..3@5", "3..11@0", "3-11@5"] {
            assert!(wrong.parse::<Surge>().is_err(), "{wrong}");
        }
        for (at, rate) in [(2.9, 300.0), (3.0, 1200.0), (10.9, 1200.0), (11.0, 300.0)] {
            assert_eq!(Surge::rate(Some(surge), 300.0, at), rate, "{at}");
        }
    }
}
