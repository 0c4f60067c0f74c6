//! From figures to advice.

use core::fmt;
use core::time::Duration;

use super::rules;
use super::{Kind, Observed};

/// One value to set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// What is advised.
    pub kind: Kind,
    /// The route that it is about, by its place among the [routes](super::Settings::routes); `None`: the pool.
    pub route: Option<usize>,
    /// What is configured.
    pub now: Value,
    /// What to set; `None`: it is no value.
    pub set: Option<Value>,
    /// What shows it, in one sentence.
    pub why: String,
    /// How many requests of the pool failed in the window that would not have: an upper bound.
    pub would_have_saved: u64,
}

/// The value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A duration.
    Time(Duration),
    /// A number.
    Count(u64),
}

/// What the figures of one pool advise: what would have saved most first.
pub fn advise(observed: &Observed<'_>) -> Vec<Advice> {
    let mut all = Vec::new();
    for rule in rules::ALL {
        rule(observed, &mut all);
    }
    // Stable: in the order of the table otherwise.
    all.sort_by_key(|advice| core::cmp::Reverse(advice.would_have_saved));
    all
}

// === impl Value ===

/// As the configuration is written: `"1500ms"`, `20`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = match self {
            Self::Count(count) => return write!(f, "{count}"),
            Self::Time(time) => time,
        };
        let millis = time.as_millis();
        match millis % 1000 {
            0 => write!(f, "\"{}s\"", millis / 1000),
            _ => write!(f, "\"{millis}ms\""),
        }
    }
}
