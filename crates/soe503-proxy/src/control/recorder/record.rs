//! One failed request, in values.

use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderValue, Method};
use soe503_core::Tick;
use soe503_core::diagnosis::{Context, Diagnosis};
use soe503_core::ledger::Ledger;

/// Everything that is kept about one failed request. Its query is never told, its other headers and
/// its body are not in it.
#[derive(Clone, Debug)]
pub struct Record {
    /// The value of `X-Request-Id`.
    pub request_id: Arc<str>,
    /// When the answer was made.
    pub at: Tick,
    /// The trace that it belongs to (W3C Trace Context), if it was passed on with one.
    pub trace_id: Option<u128>,
    /// The request's method.
    pub method: Method,
    /// The request's path and query.
    pub target: Option<PathAndQuery>,
    /// The host that was asked for.
    pub host: Option<HeaderValue>,
    /// The pool it was for, if a route matched.
    pub pool: Option<Arc<str>>,
    /// The status that the client got.
    pub status: u16,
    /// From the request's head to the answer.
    pub elapsed: Duration,
    /// The `Retry-After` that was sent, in seconds.
    pub retry_after: Option<u32>,
    /// The incident that the client was told.
    pub incident: Option<Arc<str>>,
    /// The answer was the backend's own, passed on.
    pub passed_on: bool,
    /// What it means.
    pub diagnosis: Diagnosis,
    /// What was tried.
    pub attempts: Ledger,
    /// What was known around it, unless that is too large to keep: with `attempts`, what the diagnosis was made
    /// from.
    pub context: Option<Context>,
}
