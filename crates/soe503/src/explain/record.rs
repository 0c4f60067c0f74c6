//! Who hears of a failure beside the client.

use std::sync::Arc;
use std::time::Duration;

use super::keep::Degraded;
use http::{HeaderValue, Method, Uri};
use soe503_core::diagnosis::{Context, Diagnosis};
use soe503_core::explain::RetryInputs;
use soe503_core::incident::Course;
use soe503_core::ledger::{Ledger, RetryVerdict};
use soe503_core::{Cause, Tick};

/// Everything about one failed request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailureRecord {
    /// The request's identifier: its own, or one that we made.
    pub request_id: Arc<str>,
    /// The request's method.
    pub method: Method,
    /// The request's target, with its query.
    pub uri: Uri,
    /// The host that was asked.
    pub host: Option<HeaderValue>,
    /// What it means.
    pub diagnosis: Diagnosis,
    /// What was tried.
    pub ledger: Ledger,
    /// What was known around it. With the ledger, it is what the diagnosis was made from.
    pub context: Context,
    /// Its client says that it is a retry: `x-envoy-attempt-count`, `grpc-previous-rpc-attempts` or
    /// `retry-attempt`.
    pub again: bool,
    /// The `Idempotency-Key` that came with it: the client sends the same if it asks again
    /// (draft-ietf-httpapi-idempotency-key-header).
    pub idempotency_key: Option<HeaderValue>,
    /// The `traceparent` with which it went on (W3C Trace Context), as it was written.
    pub traceparent: Option<HeaderValue>,
    /// The status that the client got.
    pub status: u16,
    /// The `Retry-After` that the client got, in seconds.
    pub retry_after: Option<u32>,
    /// The incident that it belongs to, if [`Record::incident`] said so.
    pub incident: Option<Arc<str>>,
    /// The answer is the backend's own, passed on; not ours.
    pub passed_on: bool,
    /// Now, in seconds since 1970 (UTC).
    pub at_unix: i64,
    /// Now.
    pub at: Tick,
    /// From the request's head until now.
    pub elapsed: Duration,
    /// What finding out took: gathering what is known, and the diagnosis. It is time of the thread, and part of what
    /// a failure costs.
    pub diagnosed_in: Duration,
}

/// A response extension of every answer that this layer made: what an access log wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explained {
    /// Why.
    pub cause: Cause,
    /// What is behind it.
    pub root: Option<Cause>,
    /// How many attempts reached for a backend.
    pub attempts: usize,
    /// The backend of the last attempt, if one was chosen.
    pub backend: Option<Arc<str>>,
    /// Why the last attempt was not followed by another.
    pub retry: Option<RetryVerdict>,
    /// The client's own request ended it: its body broke off or could not be read.
    pub by_client: bool,
    /// What was given instead of our answer, if something was.
    pub degraded: Option<Degraded>,
}

/// A request extension: nobody waits for the answer. Its failure is not recorded, and not replaced by an older
/// answer.
#[derive(Clone, Copy, Debug)]
pub struct Background;

/// Hears of failures. Called on the request path, after the answer is made: hand the record to a
/// bounded queue and return.
pub trait Record: Send + Sync {
    /// A request failed.
    fn record(&self, failure: FailureRecord);

    /// The incident that a failure with this diagnosis belongs to; it is told to the client.
    fn incident(&self, diagnosis: &Diagnosis) -> Option<Arc<str>> {
        let _ = diagnosis;
        None
    }

    /// How it has gone so far where a failure with this diagnosis belongs; it is told to the client, as far as that
    /// may know. Called once for each answer of ours: look at what is counted anyway.
    fn course(&self, diagnosis: &Diagnosis) -> Option<Arc<Course>> {
        let _ = diagnosis;
        None
    }

    /// Whether a backend's own 5xx that is passed on shall be recorded too. Each costs a
    /// diagnosis.
    fn passed_on(&self) -> bool {
        false
    }
}

/// Knows the state of the world around a failed request: the pool's backends, its circuit, its
/// health checks.
pub trait Surroundings: Send + Sync {
    /// Adds to `context` what is known beside the request's own `ledger`, and to `inputs` when
    /// coming back has a chance. What the errors themselves told is in there already.
    fn add(&self, ledger: &Ledger, context: &mut Context, inputs: &mut RetryInputs);
}

impl<F> Surroundings for F
where
    F: Fn(&Ledger, &mut Context, &mut RetryInputs) + Send + Sync,
{
    fn add(&self, ledger: &Ledger, context: &mut Context, inputs: &mut RetryInputs) {
        self(ledger, context, inputs);
    }
}

impl<F> Record for F
where
    F: Fn(FailureRecord) + Send + Sync,
{
    fn record(&self, failure: FailureRecord) {
        self(failure);
    }
}
