use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use soe503_core::breaker::{Breaker, CircuitOpen, State};
use tower_service::Service;

use super::body::ResponseBody;
use super::future::ResponseFuture;
use crate::classify::{Classify, HttpClassify};
use crate::clock;
use crate::context::RequestContext;
use crate::error::BoxError;
use crate::events;
use crate::facts;

/// Lets requests through while a [`Breaker`] says so. See the [module](super).
#[derive(Debug)]
pub struct CircuitBreaker<S, C = HttpClassify> {
    inner: S,
    breaker: Breaker,
    classify: C,
    gate: Gate,
}

/// What `poll_ready` found out for the next `call`.
#[derive(Debug)]
enum Gate {
    /// Nothing yet.
    Unknown,
    /// The inner service is ready.
    Ready,
    /// The circuit refused; the inner service was not asked.
    Refused(Box<CircuitOpen>),
}

impl<S> CircuitBreaker<S> {
    /// Guards `inner` with `breaker`, counting by [`HttpClassify`].
    pub const fn new(inner: S, breaker: Breaker) -> Self {
        Self {
            inner,
            breaker,
            classify: HttpClassify,
            gate: Gate::Unknown,
        }
    }
}

impl<S, C> CircuitBreaker<S, C> {
    /// Counts by `classify` instead.
    #[must_use]
    pub fn classify<D>(self, classify: D) -> CircuitBreaker<S, D> {
        CircuitBreaker {
            inner: self.inner,
            breaker: self.breaker,
            classify,
            gate: self.gate,
        }
    }

    /// The circuit.
    pub const fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    crate::macros::accessors!(S);
}

/// A clone has not been polled: what its original found out is not its own.
impl<S: Clone, C: Clone> Clone for CircuitBreaker<S, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            breaker: self.breaker.clone(),
            classify: self.classify.clone(),
            gate: Gate::Unknown,
        }
    }
}

impl<S, C, ReqB, ResB> Service<Request<ReqB>> for CircuitBreaker<S, C>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    S::Error: Into<BoxError>,
    C: Classify + Clone,
    ResB: Body,
{
    type Response = Response<ResponseBody<ResB, C>>;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future, C>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if !matches!(self.gate, Gate::Unknown) {
            return Poll::Ready(Ok(()));
        }
        // Closed, the usual case, is one load and no look at the clock.
        if self.breaker.state() != State::Closed && self.is_refused() {
            return Poll::Ready(Ok(()));
        }
        match ready!(self.inner.poll_ready(cx)) {
            Ok(()) => {
                self.gate = Gate::Ready;
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(self.count_unready(error.into()))),
        }
    }

    #[inline]
    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let (now, due, idempotent, number) = match request.extensions().get::<RequestContext>() {
            Some(context) => (
                context.now,
                context.due(),
                context.idempotent,
                context.number,
            ),
            None => (clock::now(), None, request.method().is_idempotent(), 1),
        };
        // A probe may well fail: one that has failed before should rather not lose another attempt.
        let fit_to_probe = idempotent && number <= 1;
        if let Gate::Refused(open) = std::mem::replace(&mut self.gate, Gate::Unknown) {
            events::circuit(&self.breaker);
            return ResponseFuture::refused(open, now);
        }
        let permit = match self.breaker.admit_as(now, fit_to_probe) {
            Ok(permit) => permit,
            Err(open) => {
                events::circuit(&self.breaker);
                return ResponseFuture::refused(Box::new(open), now);
            }
        };
        events::circuit(&self.breaker);
        let inner = self.inner.call(request);
        ResponseFuture::admitted(inner, permit, self.classify.clone(), (due, idempotent))
    }
}

impl<S, C: Classify> CircuitBreaker<S, C> {
    /// Asks whether the circuit would refuse, and takes no probe's place: whoever polls may never call.
    #[cold]
    fn is_refused(&mut self) -> bool {
        let now = clock::now();
        if self.breaker.would_admit(now) {
            return false;
        }
        match self.breaker.admit(now) {
            Ok(_given_back) => false,
            Err(open) => {
                self.gate = Gate::Refused(Box::new(open));
                true
            }
        }
    }

    /// A service that fails to become ready has failed: reconnecting clients report a refused
    /// connection this way, and nowhere else.
    #[cold]
    fn count_unready(&self, error: BoxError) -> BoxError {
        let now = clock::now();
        if let Ok(permit) = self.breaker.admit(now) {
            let attempt = facts::attempt(&*error, 1, now, now);
            permit.record(now, self.classify.attempt(&attempt));
        }
        error
    }
}
