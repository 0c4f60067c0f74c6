use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::ThrottleHandle;
use super::future::ResponseFuture;
use crate::context::RequestContext;
use crate::error::BoxError;

/// Holds back what would be refused anyway. See the [module](super).
#[derive(Clone, Debug)]
pub struct Throttle<S> {
    inner: S,
    throttle: ThrottleHandle,
}

impl<S> Throttle<S> {
    /// Counts with `throttle`.
    pub const fn new(inner: S, throttle: ThrottleHandle) -> Self {
        Self { inner, throttle }
    }

    /// The throttle.
    pub const fn throttle(&self) -> &ThrottleHandle {
        &self.throttle
    }

    crate::macros::accessors!(S);
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Throttle<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        let now = RequestContext::of(&mut request).now;
        let throttle = self.throttle.clone();
        match throttle.admit(now, fastrand::f64()) {
            Ok(()) => ResponseFuture::sent(self.inner.call(request), throttle, now),
            Err(held) => ResponseFuture::held_back(throttle, held),
        }
    }
}
