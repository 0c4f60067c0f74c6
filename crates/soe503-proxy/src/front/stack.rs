//! The stack of one route: layers of the crate `soe503` around the pool.

use http::Response;
use hyper::body::Incoming;
use soe503::{CircuitBreaker, ConcurrencyLimit, Explain, Pool, Retry, Timeout};
use tower_service::Service;

use crate::upstream::Upstream;

/// Outermost first; the order and the reasons for it are in ARCHITECTURE.md.
pub(crate) type Stack =
    Explain<ConcurrencyLimit<Timeout<Retry<CircuitBreaker<Pool<Upstream>>>>>>;

/// What the stack answers with.
pub(crate) type StackBody =
    <<Stack as Service<http::Request<Incoming>>>::Response as Answer>::Body;

/// Names the body of a response type.
pub(crate) trait Answer {
    /// The body.
    type Body;
}

impl<B> Answer for Response<B> {
    type Body = B;
}
