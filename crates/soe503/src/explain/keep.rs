//! Good answers, kept for bad times.

use std::fmt;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};

/// Keeps good answers and gives them instead of failures. The crate's own is
/// [`StaleCache`](crate::stale::StaleCache).
///
/// Called on the request path: no method may wait.
pub trait Keep: Send + Sync {
    /// An answer to `request` with `status` and `headers` is passed on. Whoever wants to keep it takes its
    /// body down.
    fn keep(
        &self,
        request: &Parts,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Box<dyn Tape>>;

    /// The answer that may be given to `request` instead of a failure.
    fn recall(&self, request: &Parts) -> Option<Response<Bytes>>;
}

/// Takes the body of an answer down while it is passed on. Dropped before its end, it keeps nothing.
pub trait Tape: Send + Sync {
    /// The next piece. `false`: it is too much, and no more is wanted.
    fn data(&mut self, data: &Bytes) -> bool;

    /// The body is whole.
    fn end(self: Box<Self>);
}

impl fmt::Debug for dyn Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tape")
    }
}

/// What was given instead of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Degraded {
    /// A static answer: a [`Fallback`](super::Fallback).
    Static,
    /// An older answer: [`Keep::recall`].
    Stale,
    /// The answer of another pool: [`Failover`](crate::Failover). Where it has failed too, and its own
    /// failure is passed on, nothing was prevented.
    Failover,
}

impl Degraded {
    /// `static`, `stale` or `failover`, as in `X-SOE-Degraded` and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Stale => "stale",
            Self::Failover => "failover",
        }
    }
}
