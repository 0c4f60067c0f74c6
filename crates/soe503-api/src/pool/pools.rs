//! A pool, and the sum of it.

use serde::{Deserialize, Serialize};

use super::{Backend, Circuit, Limit, Queue};

/// All pools: the answer of `GET /api/v1/pools`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pools {
    /// The pools, in the order of their names.
    pub pools: Vec<Pool>,
}

/// One pool: the answer of `GET /api/v1/pools/{pool}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// The pool's name in the configuration.
    pub name: String,
    /// The sum of it.
    pub state: PoolState,
    /// So few backends are in rotation that checks are no longer believed: all are used.
    pub panic: bool,
    /// The pool's circuit breaker.
    pub circuit: Circuit,
    /// The backends, in the order of the configuration.
    pub backends: Vec<Backend>,
    /// The pool's retry budget.
    pub retry_budget: RetryBudget,
    /// How many requests it lets in at once.
    #[serde(default)]
    pub limit: Limit,
    /// Requests that wait for a slot.
    pub queue: Queue,
    /// Requests of clients since the proxy started.
    pub requests: u64,
    /// Requests that would have failed and did not, because another attempt succeeded.
    pub prevented: u64,
    /// Requests that were answered with an error of ours.
    pub failed: u64,
}

/// How a pool is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
pub struct RetryBudget {
    /// Retries that could be made now.
    pub available: u64,
    /// Retries made since the proxy started.
    pub spent: u64,
    /// Retries that were not made because the budget was empty.
    pub refused: u64,
}
