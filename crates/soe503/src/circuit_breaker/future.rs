//! The future of [`CircuitBreaker`](super::CircuitBreaker).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use soe503_core::Tick;
use soe503_core::breaker::{CircuitOpen, Permit};
use soe503_core::ledger::{Refusal, TimeoutKind};
use soe503_core::pool::FailureScope;

use super::body::ResponseBody;
use crate::classify::Classify;
use crate::clock;
use crate::error::{BoxError, Component, Failure, Rejected};
use crate::facts;
use crate::overtime;
use crate::served::Served;
use crate::verdict::{Guard, Headed};

pin_project! {
    /// The inner service's answer, or the circuit's refusal.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C> {
        #[pin]
        state: State<F, C>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F, C> {
        Admitted {
            #[pin]
            inner: F,
            guard: Guard<Permit>,
            classify: C,
            started: Tick,
            idempotent: bool,
        },
        Refused {
            open: Option<Box<CircuitOpen>>,
            now: Tick,
        },
    }
}

impl<F, C> ResponseFuture<F, C> {
    #[inline]
    pub(super) const fn admitted(
        inner: F,
        permit: Permit,
        classify: C,
        (due, idempotent): (Option<Tick>, bool),
    ) -> Self {
        let started = permit.admitted_at();
        Self {
            state: State::Admitted {
                inner,
                guard: Guard::new(permit, due),
                classify,
                started,
                idempotent,
            },
        }
    }

    pub(super) const fn refused(open: Box<CircuitOpen>, now: Tick) -> Self {
        let open = Some(open);
        Self {
            state: State::Refused { open, now },
        }
    }
}

impl<F, C, B, E> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    C: Classify + Clone,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B, C>>, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Refused { open, now } => {
                let open = open.take().expect("polled after completion");
                Poll::Ready(Err(rejected(*open, *now).into()))
            }
            StateProj::Admitted {
                inner,
                guard,
                classify,
                started,
                idempotent,
            } => {
                // Not by `Guard::watch`: an answer is large, and would be moved through it.
                let watched = guard.watched();
                let polled = inner.poll(cx);
                watched.ended();
                match polled {
                    Poll::Pending => {
                        if let Some(scope) = overtime::told() {
                            overdue(guard, classify, *started, (scope, *idempotent));
                        }
                        Poll::Pending
                    }
                    Poll::Ready(Ok(response)) => {
                        Poll::Ready(Ok(answered(response, guard, classify, *started)))
                    }
                    Poll::Ready(Err(error)) => {
                        Poll::Ready(Err(failed(error.into(), guard, classify, *started)))
                    }
                }
            }
        }
    }
}

#[inline]
fn answered<B: Body, C: Classify + Clone>(
    response: Response<B>,
    guard: &mut Guard<Permit>,
    classify: &C,
    started: Tick,
) -> Response<ResponseBody<B, C>> {
    if guard.succeeds_at_once(classify, &response) {
        return response.map(ResponseBody::counted);
    }
    let served = response.extensions().get::<Served>();
    let now = served.map_or_else(clock::now, |served| served.responded_at);
    let scope = served.and_then(|served| served.scope);
    let late = served.and_then(|served| served.late.clone());
    match guard.head(classify, &response, (started, now), scope) {
        Headed::Decided(..) => response.map(ResponseBody::counted),
        Headed::Open(at_end) => {
            response.map(|body| ResponseBody::open(body, at_end.with_late(late)))
        }
    }
}

/// The attempt has had its time, and is waited for.
///
/// A request that must not run twice may well take longer than an attempt should: that is no reason to
/// close the service for all others, and counts as degraded.
#[cold]
fn overdue<C: Classify>(
    guard: &mut Guard<Permit>,
    classify: &C,
    started: Tick,
    (scope, idempotent): (FailureScope, bool),
) {
    let now = clock::now();
    let attempt = facts::timed_out(TimeoutKind::Attempt, 1, started, now.since(started));
    let heard = if idempotent {
        scope
    } else {
        FailureScope::Backend
    };
    guard.record(now, classify.attempt(&attempt), Some(heard));
}

#[cold]
fn failed<C: Classify>(
    error: BoxError,
    guard: &mut Guard<Permit>,
    classify: &C,
    started: Tick,
) -> BoxError {
    let now = clock::now();
    let attempt = facts::attempt(&*error, 1, started, now);
    let scope = Failure::find(&*error).and_then(Failure::scope);
    guard.record(now, classify.attempt(&attempt), scope);
    error
}

#[cold]
fn rejected(open: CircuitOpen, now: Tick) -> Rejected {
    let refusal = Refusal::CircuitOpen {
        rule: open.rule,
        root: open.root,
    };
    let wait: Option<Duration> = open.retry_at.map(|at| at.since(now));
    Rejected::new(Component::CircuitBreaker, open.name.clone(), refusal)
        .with_retry_after(wait)
        .with_source(open)
}
