//! The record of one failed request.

use serde::{Deserialize, Serialize};

use super::{Attempt, Diagnosis};
use crate::Timestamp;

/// Everything that is known about one failed request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FailureRecord {
    /// The request's id, as in `X-Request-Id`.
    pub request_id: String,
    /// The incident it belongs to; `null` if it belongs to none.
    pub incident: Option<String>,
    /// When the answer was made.
    pub at: Timestamp,
    /// What was asked.
    pub request: RequestSummary,
    /// The pool it was for; `null` if no route matched.
    pub pool: Option<String>,
    /// The proxy that answered: `server.name` of its configuration.
    pub server: String,
    /// The status the client got.
    pub status: u16,
    /// `SOE-503`, `SOE-502` or `SOE-504`; `null` if the answer was the backend's own.
    pub code: Option<String>,
    /// From the request's head to the answer, in milliseconds.
    pub elapsed_ms: f64,
    /// The `Retry-After` that was sent, in seconds; `null` if waiting does not help.
    pub retry_after: Option<u64>,
    /// What it means.
    pub diagnosis: Diagnosis,
    /// Each try, oldest first.
    pub attempts: Vec<Attempt>,
    /// What the diagnosis was made from, for `lbctl explain --replay`; `null` if it was too large to keep. Its
    /// form is the proxy's own and may change.
    #[serde(default)]
    pub snapshot: Option<serde_json::Value>,
}

/// A request, without what could be secret: no query, no headers, no body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequestSummary {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The host that was asked for; `null` if the request had none.
    pub host: Option<String>,
}
