use std::task::{Context, Poll};

use http::{Request, Response};
use soe503_core::limit::ConcurrencyLimit as Limit;
use tower_service::Service;

use super::body::ResponseBody;
use super::future::ResponseFuture;
use crate::error::BoxError;

/// Lets at most so many requests in at once. See the [module](super).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit<S> {
    inner: S,
    limit: Limit,
}

impl<S> ConcurrencyLimit<S> {
    /// Counts with `limit`.
    pub const fn new(inner: S, limit: Limit) -> Self {
        Self { inner, limit }
    }

    /// The limit.
    pub const fn limit(&self) -> &Limit {
        &self.limit
    }

    crate::macros::accessors!(S);
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for ConcurrencyLimit<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        match self.limit.try_acquire() {
            Ok(slot) => ResponseFuture::admitted(self.inner.call(request), slot),
            Err(reached) => ResponseFuture::refused(reached),
        }
    }
}
