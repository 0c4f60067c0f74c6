use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use soe503_core::breaker::Breaker;
use soe503_core::limit::{Arrival, ConcurrencyLimit as Limit, Entry};
use tower_service::Service;

use super::body::ResponseBody;
use super::future::{Held, ResponseFuture};
use crate::context::RequestContext;
use crate::error::BoxError;
use crate::priority::Priority;

/// Lets at most so many requests in at once. See the [module](super).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit<S> {
    inner: S,
    limit: Limit,
    bulkhead: Option<Limit>,
    priority: Priority,
    circuit: Option<Breaker>,
}

impl<S> ConcurrencyLimit<S> {
    /// Counts with `limit`.
    pub const fn new(inner: S, limit: Limit) -> Self {
        Self {
            inner,
            limit,
            bulkhead: None,
            priority: Priority::NORMAL,
            circuit: None,
        }
    }

    /// Counts with `bulkhead` as well, and first: a smaller limit for a part of what shares the other
    /// one. Nobody waits for it, whatever it is told. Default: none.
    #[must_use]
    pub fn bulkhead(mut self, bulkhead: Option<Limit>) -> Self {
        self.bulkhead = bulkhead;
        self
    }

    /// Tells who goes first by `priority`. Default: all are [`Priority::NORMAL`].
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Lets those pass that `circuit`, which is below this layer, turns away at once: they cost nothing, and
    /// shall not stand in line behind requests that hang. Those who wait already leave the line when it begins to,
    /// within the line's usual wait. Default: none.
    #[must_use]
    pub fn circuit(mut self, circuit: Breaker) -> Self {
        self.circuit = Some(circuit);
        self
    }

    /// The limit.
    pub const fn limit(&self) -> &Limit {
        &self.limit
    }

    crate::macros::accessors!(S);
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for ConcurrencyLimit<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone,
    S::Error: Into<BoxError>,
    ResB: Body,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = BoxError;
    type Future = ResponseFuture<S, S::Future, ReqB>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    #[inline]
    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        let bulkhead = match self.bulkhead.as_ref().map(Limit::try_acquire) {
            None => None,
            Some(Ok(slot)) => Some(Box::new(slot)),
            Some(Err(reached)) => return ResponseFuture::refused(reached),
        };
        let context = RequestContext::of(&mut request);
        let (now, deadline) = (context.now, context.deadline);
        let upload = context.upload.clone();
        if self.circuit.as_ref().is_some_and(|c| c.turns_away(now)) {
            return ResponseFuture::past(self.inner.call(request));
        }
        let entry = self.limit.enter(now, || Arrival {
            class: self.priority.of(RequestContext::headers(&request)),
            deadline,
        });
        match entry {
            Entry::Admitted(slot) => {
                let held = Held::new(slot, bulkhead);
                ResponseFuture::admitted(self.inner.call(request), held, upload)
            }
            Entry::Waits(ticket) => {
                let (service, circuit) = (self.inner.clone(), self.circuit.clone());
                ResponseFuture::waiting(service, request, ticket, bulkhead, circuit)
            }
            Entry::Refused(reached) => ResponseFuture::refused(reached),
        }
    }
}
