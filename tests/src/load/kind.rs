//! Parts of the traffic that are told apart.

use std::str::FromStr;

/// A share of the requests with a path of its own: `NAME:SHARE`, or `NAME:SHARE:PRIORITY`.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// The first segment of the path.
    pub name: String,
    /// Its share of all requests, from 0 to 1.
    pub share: f64,
    /// What its `Priority` header says (RFC 9218 §4), such as `u=1`.
    pub priority: Option<String>,
}

/// It is not written like that.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not NAME:SHARE or NAME:SHARE:PRIORITY, with a share from 0 to 1")]
pub struct NoKind(String);

// === impl Kind ===

impl Kind {
    /// Which of `kinds` a request belongs to, by a number from 0 to 1; `None`: to none of them.
    pub(super) fn by_lot(kinds: &[Self], mut lot: f64) -> Option<usize> {
        kinds.iter().position(|kind| {
            lot -= kind.share;
            lot < 0.0
        })
    }
}

impl FromStr for Kind {
    type Err = NoKind;

    fn from_str(text: &str) -> Result<Self, NoKind> {
        let parts: Vec<&str> = text.splitn(3, ':').collect();
        let (name, share, priority) = match parts[..] {
            [name, share] => (name, share, None),
            [name, share, priority] => (name, share, Some(priority.to_owned())),
            _ => return Err(NoKind(text.to_owned())),
        };
        match share.parse() {
            Ok(share) if (0.0..=1.0).contains(&share) && !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                share,
                priority,
            }),
            _ => Err(NoKind(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        let kind: Kind = "db:0.5:u=1, i".parse().unwrap();
        assert_eq!((kind.name.as_str(), kind.share), ("db", 0.5));
        assert_eq!(kind.priority.as_deref(), Some("u=1, i"));
        assert_eq!("db:1".parse::<Kind>().unwrap().priority, None);
        for wrong in ["", "db", "db:", "db:2", ":0.1", "db:x"] {
            assert!(wrong.parse::<Kind>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_lot_follows_the_shares() {
        let kinds: Vec<Kind> = ["a:0.25", "b:0.5"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        for (lot, kind) in [
            (0.0, Some(0)),
            (0.24, Some(0)),
            (0.25, Some(1)),
            (0.74, Some(1)),
            (0.75, None),
        ] {
            assert_eq!(Kind::by_lot(&kinds, lot), kind, "{lot}");
        }
    }
}
