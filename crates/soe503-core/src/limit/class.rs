//! Who goes first when not everybody can.

use core::fmt;

use serde::{Deserialize, Serialize};

/// How important a request is. Under overload the lower classes are shed first.
///
/// The order is that of importance: `Low < Normal < High`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Can be done without, or asked for again: prefetches, batch work.
    Low,
    /// What nobody said anything about.
    #[default]
    Normal,
    /// What has to survive.
    High,
}

impl Class {
    /// All of them, the least important first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Normal, Self::High];

    /// The class of an urgency of RFC 9218 (§4.1): 0 to 2 are high, 3 (its default) and 4 normal, 5 to 7
    /// low. `None` beyond that.
    pub const fn from_urgency(urgency: u8) -> Option<Self> {
        match urgency {
            0..=2 => Some(Self::High),
            3..=4 => Some(Self::Normal),
            5..=7 => Some(Self::Low),
            _ => None,
        }
    }

    /// The stable identifier: `low`, `normal` or `high`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    /// The class with this identifier.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// Its place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
