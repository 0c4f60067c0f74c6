//! What is recorded of one request, in values.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderName, USER_AGENT};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use soe503_core::diagnosis::mechanical;
use soe503_core::ledger::{Attempt, Phase};
use soe503_core::{Cause, Tick};

use super::{SpanId, TraceId};
use crate::state::Finish;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One request: its SERVER span, and its attempts, which become CLIENT spans.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    /// The span of whoever sent the request.
    pub(crate) parent: Option<SpanId>,
    /// `tracestate`, as it came.
    pub(crate) state: Option<HeaderValue>,
    /// It was decided at its beginning that it is recorded.
    pub(crate) sampled: bool,
    pub(crate) started: Tick,
    pub(crate) ended: Tick,
    pub(crate) asked: Asked,
    /// The protocol of the client's connection.
    pub(crate) version: Version,
    /// The client speaks TLS.
    pub(crate) secure: bool,
    pub(crate) route: Option<Arc<str>>,
    pub(crate) pool: Option<Arc<str>>,
    pub(crate) finish: Finish,
    /// It failed, as its client sees it.
    pub(crate) failed: bool,
    /// Why it failed, or would have.
    pub(crate) cause: Option<Cause>,
    /// What is behind the cause.
    pub(crate) root: Option<Cause>,
    /// The incident that it belongs to.
    pub(crate) incident: Option<Arc<str>>,
    pub(crate) attempts: Vec<ClientSpan>,
}

/// What the client asked for. Its query is never told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) target: Option<PathAndQuery>,
    pub(crate) host: Option<HeaderValue>,
    pub(crate) request_id: Option<HeaderValue>,
    pub(crate) user_agent: Option<HeaderValue>,
}

/// One attempt on a backend.
#[derive(Clone, Debug)]
pub(crate) struct ClientSpan {
    pub(crate) span: SpanId,
    /// 1 for the first.
    pub(crate) number: u8,
    pub(crate) hedge: bool,
    pub(crate) started: Tick,
    pub(crate) took: Duration,
    /// Where it went, if that is known.
    pub(crate) address: Option<SocketAddr>,
    /// Host and port of the backend's URL.
    pub(crate) host: Option<HeaderValue>,
    /// The backend's name.
    pub(crate) backend: Option<Arc<str>>,
    pub(crate) secure: Option<bool>,
    pub(crate) status: Option<u16>,
    /// Why it failed.
    pub(crate) cause: Option<Cause>,
    /// Nobody waited for its end.
    pub(crate) cancelled: bool,
}

// === impl Trace ===

impl Trace {
    /// How many spans it is.
    pub(crate) fn spans(&self) -> usize {
        1 + self.attempts.len()
    }
}

// === impl Asked ===

impl Asked {
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        Self {
            method: method.clone(),
            target: uri.path_and_query().cloned(),
            host: headers.get(HOST).cloned(),
            request_id: headers.get(&REQUEST_ID).cloned(),
            user_agent: headers.get(USER_AGENT).cloned(),
        }
    }

    pub(crate) fn of_head(head: &Parts) -> Self {
        Self::of(&head.method, &head.uri, &head.headers)
    }
}

// === impl ClientSpan ===

impl ClientSpan {
    /// The attempts of a ledger that reached for a backend, after the fact.
    pub(crate) fn of_attempts(attempts: &[Attempt]) -> Vec<Self> {
        let reached = attempts.iter().filter(|a| a.phase > Phase::Queue);
        reached.map(Self::of_attempt).collect()
    }

    fn of_attempt(attempt: &Attempt) -> Self {
        let address = attempt.address.as_deref();
        Self {
            span: SpanId::random(),
            number: attempt.number,
            hedge: attempt.hedge,
            started: attempt.started,
            took: attempt.elapsed,
            address: address.and_then(|address| address.parse().ok()),
            host: None,
            backend: attempt.backend.clone(),
            secure: None,
            status: attempt.status,
            cause: attempt.fault.as_ref().and_then(|_| mechanical(attempt)),
            cancelled: false,
        }
    }
}
