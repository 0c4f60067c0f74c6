use std::task::{Context, Poll};

use http::{Request, Response};
use soe503_core::explain::RateFields;
use soe503_core::rate::RateLimit as Limit;
use tower_service::Service;

use super::KeyExtractor;
use super::future::ResponseFuture;
use crate::context::RequestContext;
use crate::error::BoxError;

/// Lets each caller send so much and no more. See the [module](super).
#[derive(Clone, Debug)]
pub struct RateLimit<S, K> {
    inner: S,
    limit: Limit,
    key: K,
}

impl<S, K> RateLimit<S, K> {
    /// Counts with `limit` for each caller that `key` tells apart.
    pub const fn new(inner: S, limit: Limit, key: K) -> Self {
        Self { inner, limit, key }
    }

    /// The limit.
    pub const fn limit(&self) -> &Limit {
        &self.limit
    }

    crate::macros::accessors!(S);
}

impl<S, K, ReqB, ResB> Service<Request<ReqB>> for RateLimit<S, K>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    S::Error: Into<BoxError>,
    K: KeyExtractor,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        let now = RequestContext::of(&mut request).now;
        let mut fields = RateFields::default();
        if let Some(key) = self.key.key(&request, &self.limit) {
            match self.limit.take(key, now) {
                Ok(left) => fields.add(&self.limit, &left),
                Err(limited) => return ResponseFuture::refused(limited),
            }
        }
        ResponseFuture::admitted(self.inner.call(request), fields)
    }
}
