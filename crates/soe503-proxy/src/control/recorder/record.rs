//! One failed request, in values.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Uri};
use soe503::explain::FailureRecord;
use soe503_core::Tick;
use soe503_core::diagnosis::Diagnosis;
use soe503_core::ledger::Ledger;

/// Everything that is kept about one failed request. Its query is never told, its other headers and
/// its body are not in it.
#[derive(Clone, Debug)]
pub struct Record {
    /// The value of `X-Request-Id`.
    pub request_id: Arc<str>,
    /// When the answer was made.
    pub at: Tick,
    /// The request's method.
    pub method: Method,
    /// The request's target, with its query.
    pub uri: Uri,
    /// The host that was asked for.
    pub host: Option<Box<str>>,
    /// The status that the client got.
    pub status: u16,
    /// The answer was the backend's own, passed on; not ours.
    pub passed_on: bool,
    /// The incident it belongs to, where incidents are kept.
    pub incident: Option<Arc<str>>,
    /// From the request's head to the answer.
    pub elapsed: Duration,
    /// The `Retry-After` that was sent, in seconds.
    pub retry_after: Option<u32>,
    /// What it means.
    pub diagnosis: Diagnosis,
    /// What was tried.
    pub attempts: Ledger,
}

impl From<FailureRecord> for Record {
    fn from(failure: FailureRecord) -> Self {
        Self {
            request_id: failure.request_id.into(),
            at: failure.at,
            method: failure.method,
            uri: failure.uri,
            host: failure.host.map(Into::into),
            status: failure.status,
            passed_on: failure.passed_on,
            incident: failure.incident,
            elapsed: failure.elapsed,
            retry_after: failure.retry_after,
            diagnosis: failure.diagnosis,
            attempts: failure.ledger,
        }
    }
}
