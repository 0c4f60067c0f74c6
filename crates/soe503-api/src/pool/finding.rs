//! What is wrong with a pool, whether or not a request fails of it.

use serde::{Deserialize, Serialize};

use crate::Grade;

/// What the diagnosis finds about a pool at the moment. Requests may fail of it, or be saved by another attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The cause: `dependency_failure/response_timeout`.
    pub cause: String,
    /// The cause in words.
    pub title: String,
    /// How sure that is.
    pub grade: Grade,
    /// The backends that it is about; empty: all of them.
    pub backends: Vec<String>,
    /// The numbers that it rests on, each in a sentence.
    pub evidence: Vec<String>,
}

/// Attempts that failed for one reason in the last thirty seconds, be it that another one has saved their requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FailedAttempts {
    /// The reason.
    pub cause: String,
    /// How many.
    pub count: u64,
}
