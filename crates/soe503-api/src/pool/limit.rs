//! How many requests a pool lets in, who waits, and who was turned away.

use serde::{Deserialize, Serialize};

/// How many requests a pool lets in at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Limit {
    /// Requests of the pool that are under way.
    pub in_flight: u64,
    /// How many of these wait for an answer.
    pub pending: u64,
    /// The limit in force: on `in_flight` if `source` is `fixed`, else on `pending`.
    pub limit: u64,
    /// Where it comes from.
    pub source: LimitSource,
    /// What an answer usually takes, in milliseconds; `null` before it is learnt.
    pub usual_ms: Option<f64>,
    /// Requests that had to wait for their turn and got it, since the proxy started.
    pub waited: u64,
    /// Requests that were turned away, since the proxy started.
    pub shed: ByPriority,
}

/// Where a limit comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LimitSource {
    /// The configuration: `max_in_flight`.
    #[default]
    Fixed,
    /// Requests pile up at the backends, and the proxy finds out whether fewer at once are answered as
    /// fast. Nobody is turned away for it.
    Testing,
    /// More at once would not be answered faster, as was measured.
    Saturated,
    /// The overload keeps itself going: less is let in than could be done. See `overload` of the pool.
    Shedding,
    /// A source this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Requests that wait before a backend is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Queue {
    /// How many wait now.
    pub depth: u64,
    /// How many may; `null` if the pool has no queue.
    pub limit: Option<u64>,
    /// How long the one who waits longest has waited, in milliseconds.
    pub oldest_ms: f64,
    /// How many wait now, by their importance.
    pub waiting: ByPriority,
    /// How many were let in and wait for a backend, as each has as many requests in flight as it may.
    pub for_backends: u64,
}

/// Requests by their importance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ByPriority {
    /// Those that have to survive.
    pub high: u64,
    /// Those that nobody said anything about.
    pub normal: u64,
    /// Those that can be done without.
    pub low: u64,
}

impl ByPriority {
    /// All of them.
    pub const fn total(self) -> u64 {
        self.high + self.normal + self.low
    }
}
