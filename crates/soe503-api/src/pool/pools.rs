//! A pool, and the sum of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Backend, Circuit, FailedAttempts, Finding, Limit, Overload, Queue};

/// All pools: the answer of `GET /api/v1/pools`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pools {
    /// The pools, in the order of their names.
    pub pools: Vec<Pool>,
}

/// One pool: the answer of `GET /api/v1/pools/{pool}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pool {
    /// The pool's name in the configuration.
    pub name: String,
    /// The sum of it.
    pub state: PoolState,
    /// So few backends are in rotation that checks are no longer believed: all are used.
    pub panic: bool,
    /// How a backend is chosen: `p2c`, `least_request`, `round_robin`, `random`, `ring_hash` or `maglev`.
    #[serde(default)]
    pub balance: String,
    /// Priorities and zones, in the order in which they are used; empty if all backends are in one.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// The pool's circuit breaker.
    pub circuit: Circuit,
    /// What the diagnosis finds about it at the moment, the most important first; empty if all is well.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Why attempts failed in the last thirty seconds, the most frequent first.
    #[serde(default)]
    pub failed_attempts: Vec<FailedAttempts>,
    /// The backends, in the order of the configuration.
    pub backends: Vec<Backend>,
    /// The pool's retry budget.
    pub retry_budget: RetryBudget,
    /// How many requests it lets in at once.
    #[serde(default)]
    pub limit: Limit,
    /// Requests that wait for a slot.
    pub queue: Queue,
    /// What is cut because its overload keeps itself going; `null` if nothing is.
    #[serde(default)]
    pub overload: Option<Overload>,
    /// What is sent to a second backend because it is late; `null` if nothing is.
    #[serde(default)]
    pub hedge: Option<Hedge>,
    /// What holds requests back that the backends would refuse; `null` if nothing does.
    pub throttle: Option<Throttle>,
    /// Answers that are kept to be given instead of failures; `null` if none are.
    pub cache: Option<Cache>,
    /// Requests that wait for its circuit, or for a backend that is due back.
    #[serde(default)]
    pub waiting: Waiting,
    /// Requests that one pool got in the place of another.
    #[serde(default)]
    pub failover: Failover,
    /// Requests of clients since the proxy started.
    pub requests: u64,
    /// Requests that would have failed and did not, because another attempt succeeded.
    pub prevented: u64,
    /// Requests that were answered with an error of ours.
    pub failed: u64,
}

/// The backends of one priority that are in the zone of the proxy, or those that are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tier {
    /// The priority: the lowest comes first.
    pub priority: u32,
    /// They are in the zone of the proxy.
    pub own_zone: bool,
    /// How many there are.
    pub backends: u64,
    /// How many of them are in rotation.
    pub usable: u64,
    /// The part of the traffic that they get, from 0 to 1.
    pub share: f64,
}

/// Requests that one pool got in the place of another, since the proxy started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failover {
    /// Requests meant for this pool that another one has answered.
    pub answered_elsewhere: u64,
    /// Requests meant for other pools that this one got.
    pub taken_over: u64,
}

/// How a pool is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PoolState {
    /// Every backend that should serve serves, and the circuit is closed.
    Ok,
    /// Requests are served, with less than the whole pool or by a circuit that is half open.
    Degraded,
    /// No backend can be used, or the circuit is open.
    Down,
    /// A state this reader does not know.
    #[serde(other)]
    Unknown,
}

/// What a pool may still spend on retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetryBudget {
    /// Retries that could be made now.
    pub available: u64,
    /// Retries made since the proxy started.
    pub spent: u64,
    /// Retries that were not made because the budget was empty, or cut.
    pub refused: u64,
    /// Why nothing is retried at the moment; `null`: what there is, is paid for.
    #[serde(default)]
    pub cut: Option<RetriesCut>,
}

/// Why a pool retries nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetriesCut {
    /// Most attempts fail.
    MostFail,
    /// Retries would keep an overload going.
    Overload,
    /// A reason this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Requests that were late and were sent to a second backend as well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hedge {
    /// After how many milliseconds one is late now; `null` while too few answers are known.
    pub delay_ms: Option<f64>,
    /// The answers that this is known from.
    pub samples: u64,
    /// Hedges sent since the proxy started.
    pub sent: u64,
    /// Those of them that were answered first.
    pub won: u64,
    /// Those that were cancelled, as the attempt before them was answered.
    pub lost: u64,
    /// Those that failed.
    pub failed: u64,
    /// Requests that were late and not sent again, by the reason: `panic`, `circuit`, `probe`,
    /// `no_other_backend`, `attempts_spent`, `no_time_left`, `crowd` or `budget_empty`.
    #[serde(default)]
    pub withheld: BTreeMap<String, u64>,
}

/// What holds requests back that the backends would refuse for overload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Throttle {
    /// The share of requests that is held back now, from 0 to 1.
    pub held_back: f64,
    /// Requests of the window.
    pub requests: u64,
    /// Those of them that the backends accepted.
    pub accepted: u64,
    /// Requests held back since the proxy started.
    pub throttled: u64,
}

/// Answers that are kept to be given instead of failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cache {
    /// Answers in it.
    pub entries: u64,
    /// Bytes that they take, about.
    pub bytes: u64,
    /// Bytes that they may take.
    pub max_bytes: u64,
    /// Answers that were kept since the proxy started, or since the cache was configured anew.
    pub kept: u64,
    /// Those that were given instead of failures.
    pub given: u64,
    /// Those that were given without asking first (`stale-while-revalidate`).
    #[serde(default)]
    pub offered: u64,
    /// How often a backend was asked again in the background.
    #[serde(default)]
    pub revalidations: u64,
}

/// Requests that were refused and wait for the pool, because it may be back in a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// How many wait now, or try after having waited.
    pub depth: u64,
    /// How many may.
    pub limit: u64,
    /// Those that were answered in the end, since the proxy started.
    pub answered: u64,
    /// Those that were not: the pool was not back in time, or their clients had gone.
    pub in_vain: u64,
    /// Those that found no place to wait.
    pub turned_away: u64,
}
