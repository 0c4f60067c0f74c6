//! What is wrong with the configuration in force, and what traffic has shown: `GET /api/v1/doctor`.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The lints of the configuration in force, and advice from what was observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Doctor {
    /// Since when requests and failures are counted: the start of the process.
    pub since: Timestamp,
    /// The same in milliseconds.
    pub window_ms: u64,
    /// Requests that have ended since then, of all pools.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// What is valid and still a trap, in the order of the file.
    pub lints: Vec<Lint>,
    /// What traffic has shown: what would have saved most first.
    pub advice: Vec<Advice>,
}

/// A trap in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lint {
    /// What it is called: an identifier of `docs/lints.md`.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// The key: `routes[0].retry.attempt_timeout`.
    pub key: String,
    /// What it is now, as it is written in TOML; also if it is a default.
    pub now: String,
    /// What is wrong.
    pub wrong: String,
    /// The key and its value as they are to be written; `null`: `advice` says what to do.
    pub set: Option<String>,
    /// What to do, if that is not all.
    pub advice: Option<String>,
    /// The line of the file, from 1; `null` if it is of none.
    pub line: Option<u64>,
    /// The column in characters, from 1.
    pub column: Option<u64>,
}

/// A value to set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Advice {
    /// What it is called: an identifier of `docs/lints.md`.
    pub id: String,
    /// The pool whose traffic shows it.
    pub pool: String,
    /// The route that it is about, as it is matched; `null`: the pool.
    pub route: Option<String>,
    /// The key: `pools.app.idle_timeout`.
    pub key: String,
    /// What it is now, as it is written in TOML.
    pub now: String,
    /// What to set; `null`: it is no value, and `what` says what to do.
    pub set: Option<String>,
    /// What to do.
    pub what: String,
    /// What shows it.
    pub why: String,
    /// Requests of the pool that failed since `since` and would not have: an upper bound.
    pub would_have_saved: u64,
}

/// How bad a trap is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// It costs requests, or does not do what it is there for.
    Warning,
    /// It is worth knowing, and may be meant.
    Note,
    /// A severity that this reader does not know.
    #[serde(other)]
    Unknown,
}
