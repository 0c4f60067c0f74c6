use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use soe503_core::Tick;
use tower_service::Service;

use super::future::ResponseFuture;
use crate::context::RequestContext;
use crate::error::BoxError;
use crate::grpc;

/// Gives every request at most so much time. See the [module](super).
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    total: Duration,
    kept_below: bool,
}

impl<S> Timeout<S> {
    /// At most `total` until the response's head.
    pub const fn new(inner: S, total: Duration) -> Self {
        Self {
            inner,
            total,
            kept_below: false,
        }
    }

    /// Only sets the deadline, and leaves keeping it to a layer below that does: a
    /// [`Retry`](crate::Retry) with more than one attempt. Saves a timer per request.
    #[must_use]
    pub fn kept_below(mut self) -> Self {
        self.kept_below = true;
        self
    }

    crate::macros::accessors!(S);
}

impl<S, B> Service<Request<B>> for Timeout<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let own_headers = grpc::timeout(request.headers());
        let context = RequestContext::of(&mut request);
        let caller = match &context.head {
            Some(head) => grpc::timeout(&head.headers),
            None => own_headers,
        };
        let own = context.now.after(self.total);
        let caller = caller.map(|time| context.now.after(time));
        context.caller_deadline = context.caller_deadline.or(caller);
        let deadline = [context.deadline, context.caller_deadline]
            .into_iter()
            .flatten()
            .fold(own, Tick::min);
        context.deadline = Some(deadline);
        let started = context.now;
        let alarm = (!self.kept_below).then_some(deadline);
        ResponseFuture::new(self.inner.call(request), started, alarm)
    }
}
