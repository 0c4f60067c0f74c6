//! What a failure means, how sure that is, and what to do.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The cause of a failure, and how sure that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// The cause's identifier, such as `circuit_open/consecutive_failures`.
    pub cause: String,
    /// The cause in a few words, the same each time.
    pub title: String,
    /// What happened, in one sentence.
    pub detail: String,
    /// The cause behind the cause; `null` where the cause is the root itself.
    pub root: Option<String>,
    /// How sure.
    pub grade: Grade,
    /// How far it reaches.
    pub scope: Scope,
    /// What was observed.
    pub evidence: Vec<Evidence>,
    /// What it is not, and why not.
    pub ruled_out: Vec<RuledOut>,
    /// Causes that played a part and would not have sufficed.
    pub contributing: Vec<String>,
    /// What the pool's requests failed of in the last thirty seconds, the most frequent first; empty if that is
    /// not known.
    #[serde(default)]
    pub shares: Vec<Share>,
    /// What would have made the diagnosis surer.
    #[serde(default)]
    pub missing: Vec<String>,
    /// What to do.
    pub actions: Actions,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grade {
    /// Shown by an errno, an alert, parsed bytes or a decision of ours.
    Proven,
    /// A rule holds and its counter-checks passed.
    Inferred,
    /// A rule holds; a counter-check could not be made.
    Suspected,
    /// A grade this reader does not know.
    #[serde(other)]
    Unknown,
}

/// How far a failure reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scope {
    /// The level.
    pub level: ScopeLevel,
    /// The pool, where there is one.
    pub pool: Option<String>,
    /// Backends of the pool; `null` if unknown.
    pub backends_total: Option<u64>,
    /// Those that share the failure; `null` if unknown.
    pub backends_affected: Option<u64>,
}

/// The level that a failure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScopeLevel {
    /// Only requests like this one.
    Request,
    /// One backend.
    Backend,
    /// Some backends with something in common.
    Subset,
    /// The whole pool.
    Pool,
    /// All pools: suspect the proxy or its network first.
    AllPools,
    /// A level this reader does not know.
    #[serde(other)]
    Unknown,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Where it comes from: `attempt`, `probe`, `circuit`, `backend`, …
    pub kind: String,
    /// The observation itself, with its numbers.
    pub what: String,
    /// How often; `null` if once.
    pub count: Option<u64>,
    /// When; `null` if it is a state rather than an event.
    pub at: Option<Timestamp>,
    /// Since when; `null` if it is an event rather than a state.
    pub since: Option<Timestamp>,
}

/// A cause that was considered and dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuledOut {
    /// Its identifier.
    pub cause: String,
    /// What speaks against it.
    pub because: String,
}

/// The share of a pool's failed requests that a cause has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Share {
    /// The cause's identifier.
    pub cause: String,
    /// From 0 to 1.
    pub share: f64,
}

/// What to do about it, most useful first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actions {
    /// What ends the failure now.
    pub quick: Vec<String>,
    /// What keeps it from returning.
    pub long_term: Vec<String>,
    /// Commands that show whether it is cured.
    pub verify: Vec<String>,
}
