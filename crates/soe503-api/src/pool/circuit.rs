//! A pool's circuit breaker.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A pool's circuit breaker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
