//! What a worker hands over.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Version};
use soe503_core::ledger::RetryVerdict;
use soe503_core::{Cause, Tick};

use crate::state::Origin;
use crate::traces::TraceId;

/// One finished request, as the worker saw it. Cheap to fill: nothing in it is formatted, and
/// its strings share the request's own buffers.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When the request's head had arrived.
    pub started: Tick,
    /// From `started` to the last byte handed to the client, or to the end of its connection.
    pub duration: Duration,
    /// The value of `X-Request-Id`.
    pub request_id: Arc<str>,
    /// The trace that it belongs to, if there is one.
    pub trace: Option<TraceId>,
    /// The client's address.
    pub client: IpAddr,
    /// The request's method.
    pub method: Method,
    /// The request's authority, if it had one.
    pub host: Option<HeaderValue>,
    /// The request's path and query. The query is left out of the log unless it is asked for.
    pub target: Option<PathAndQuery>,
    /// The protocol of the client's connection.
    pub protocol: Version,
    /// The status sent; `None` when the client left before there was one.
    pub status: Option<u16>,
    /// Body bytes sent to the client.
    pub bytes: u64,
    /// The route's name, if one matched.
    pub route: Option<Arc<str>>,
    /// The pool's name, if a route led to one.
    pub pool: Option<Arc<str>>,
    /// The backend of the last attempt, if one was chosen.
    pub backend: Option<Arc<str>>,
    /// How many times a backend was tried.
    pub attempts: u8,
    /// Why it failed, if it did.
    pub cause: Option<Cause>,
    /// Who made the response; `None` when there was none.
    pub origin: Option<Origin>,
    /// Why the last failed attempt was, or was not, followed by another.
    pub retry: Option<RetryVerdict>,
    /// The client's `User-Agent`.
    pub user_agent: Option<HeaderValue>,
}
