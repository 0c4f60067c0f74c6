//! `GET /api/v1/pools`: what each pool and each of its backends is doing, and why.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

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

/// A pool's circuit breaker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Circuit {
    /// Where it stands.
    pub state: CircuitState,
    /// When it opened; `null` while closed.
    pub opened_at: Option<Timestamp>,
    /// When it lets the next probe through; `null` while closed, half open or forced open.
    pub retry_at: Option<Timestamp>,
    /// The cause of most of the failures that opened it, such as
    /// `dependency_failure/connect_refused`; `null` while closed.
    pub root: Option<String>,
    /// The rule that opened it, as a cause: `circuit_open/consecutive_failures`; `null` while closed.
    pub rule: Option<String>,
    /// Whether an operator holds it in its state; `null` if it decides for itself.
    pub forced: Option<ForcedCircuit>,
    /// Why, in words: `5 consecutive failures`, or the operator's reason.
    pub reason: Option<String>,
}

/// Where a circuit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CircuitState {
    /// Requests pass.
    Closed,
    /// Requests fail at once.
    Open,
    /// A few requests pass, as probes.
    HalfOpen,
    /// A state this reader does not know.
    #[serde(other)]
    Unknown,
}

/// How an operator holds a circuit, against its own judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ForcedCircuit {
    /// `lbctl breaker open`.
    Open,
    /// `lbctl breaker close`.
    Closed,
    /// A value this reader does not know.
    #[serde(other)]
    Unknown,
}

/// One backend of a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backend {
    /// Its name: from the configuration, or its address.
    pub name: String,
    /// Host and port, or what the configuration says where it is not resolved yet.
    pub address: String,
    /// Where it stands.
    pub state: BackendState,
    /// Why it is not simply up, in words; `null` if it is.
    pub reason: Option<String>,
    /// The cause behind `reason`; `null` where an operator, a start or nothing is behind it.
    pub cause: Option<String>,
    /// When this state began.
    pub since: Timestamp,
    /// When this state ends by itself: the next probe of an ejected backend, the end of a
    /// disablement; `null` if nothing is planned.
    pub until: Option<Timestamp>,
    /// Its share relative to the other backends. Default 1.
    pub weight: u32,
    /// Attempts that run on it now.
    pub in_flight: u64,
    /// Attempts on it since the proxy started.
    pub requests: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Failures since the last success.
    pub consecutive_failures: u64,
    /// How long it takes until the head of its response is here.
    pub latency_ms: Latency,
    /// Its active check.
    pub health_check: HealthCheck,
}

/// Where a backend stands in the rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BackendState {
    /// In rotation.
    Up,
    /// Out, by an active check.
    Down,
    /// Out for a while, by what its requests showed.
    Ejected,
    /// Finishes what it has, gets no new requests: by an operator or a shutdown.
    Draining,
    /// Out, by an operator.
    Disabled,
    /// Waits for its first check.
    Starting,
    /// In rotation with a growing share, after a return.
    Warming,
    /// A state this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Quantiles of a latency, in milliseconds. `null` before the first sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the requests are faster.
    pub p50: Option<f64>,
    /// All but one in a hundred are faster.
    pub p99: Option<f64>,
}

/// What the active check of a backend last saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Its verdict.
    pub state: HealthCheckState,
    /// The HTTP status of the last answer; `null` for TCP checks and when there was no answer.
    pub last_status: Option<u16>,
    /// What went wrong last time; `null` if nothing did.
    pub last_error: Option<String>,
    /// When it last finished; `null` before the first.
    pub last_at: Option<Timestamp>,
}

/// The verdict of an active check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HealthCheckState {
    /// No check is configured.
    None,
    /// It has not made up its mind yet.
    Pending,
    /// It passes.
    Passing,
    /// It fails.
    Failing,
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

/// Requests that wait before a backend is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// How many wait now.
    pub depth: u64,
    /// How many may; `null` if the pool has no queue.
    pub limit: Option<u64>,
}

impl HealthCheck {
    /// The check of a backend that has none.
    pub const NONE: Self = Self {
        state: HealthCheckState::None,
        last_status: None,
        last_error: None,
        last_at: None,
    };
}

impl Circuit {
    /// A circuit that is closed by itself.
    pub const CLOSED: Self = Self {
        state: CircuitState::Closed,
        opened_at: None,
        retry_at: None,
        root: None,
        rule: None,
        forced: None,
        reason: None,
    };
}

impl BackendState {
    /// Whether requests are sent to it in this state.
    pub const fn in_rotation(self) -> bool {
        matches!(self, Self::Up | Self::Warming)
    }
}
