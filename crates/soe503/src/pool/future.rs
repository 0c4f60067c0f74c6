//! The future of [`Pool`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use soe503_core::Tick;
use soe503_core::ledger::Refusal;
use soe503_core::pool::NoBackend;
use tower_service::Service;

use super::attempt::OnBackend;
use super::body::ResponseBody;
use super::service::Pool;
use super::waiting::{Called, Waiting};
use crate::classify::Classify;
use crate::clock;
use crate::error::{BoxError, Component, Rejected};
use crate::flight;
use crate::overtime::{self, Word};

pin_project! {
    /// A backend's answer, or the refusal for want of one.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, F, ReqB, C> {
        #[pin]
        state: State<S, F, ReqB, C>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<S, F, ReqB, C> {
        Picked {
            #[pin]
            step: Step<S, F, ReqB>,
            // Taken when the attempt ends.
            attempt: Option<OnBackend<S, C>>,
            // Whether this has been polled before.
            waited: bool,
        },
        // Boxed: hardly any request waits, and all would carry it.
        Waiting {
            waiting: Pin<Box<InLine<S, ReqB, C>>>,
        },
        Refused {
            none: Option<Box<NoBackend>>,
            now: Tick,
        },
    }
}

pin_project! {
    #[project = StepProj]
    #[derive(Debug)]
    enum Step<S, F, ReqB> {
        // The backend's service is driven to readiness.
        Readying {
            service: S,
            request: Option<Request<ReqB>>,
        },
        // It has been called.
        Calling {
            #[pin]
            inner: F,
        },
    }
}

pin_project! {
    // A request that waits for a backend, and what becomes of it then.
    #[derive(Debug)]
    struct InLine<S, ReqB, C> {
        #[pin]
        waiting: Waiting<S, ReqB>,
        pool: Pool<S, C>,
    }
}

impl<S, F, ReqB, C> ResponseFuture<S, F, ReqB, C> {
    pub(super) const fn picked(
        service: S,
        request: Request<ReqB>,
        attempt: OnBackend<S, C>,
    ) -> Self {
        let request = Some(request);
        Self {
            state: State::Picked {
                step: Step::Readying { service, request },
                attempt: Some(attempt),
                waited: false,
            },
        }
    }

    pub(super) fn waiting(waiting: Waiting<S, ReqB>, pool: Pool<S, C>) -> Self {
        let waiting = Box::pin(InLine { waiting, pool });
        Self {
            state: State::Waiting { waiting },
        }
    }

    pub(super) fn refused(none: NoBackend, now: Tick) -> Self {
        let none = Some(Box::new(none));
        Self {
            state: State::Refused { none, now },
        }
    }
}

impl<S, ReqB, ResB, C> Future for ResponseFuture<S, S::Future, ReqB, C>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone,
    S::Error: Into<BoxError>,
    C: Classify + Clone,
    ResB: Body,
{
    type Output = Result<Response<ResponseBody<ResB, S, C>>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Picked {
                    step,
                    attempt,
                    waited,
                } => {
                    let running = attempt.as_mut().expect("polled after completion");
                    // The first poll follows the pick at once and need not look.
                    let goes_on = *waited
                        && running.had_its_time()
                        && match overtime::word() {
                            Word::Unasked => false,
                            Word::Cut => !running.has_other(),
                            Word::GoOn => true,
                        };
                    let result = if goes_on {
                        let word = Word::GoOn;
                        let result =
                            overtime::within(word, || running.watch(|| poll_step(step, cx)));
                        if result.is_pending() {
                            running.go_on();
                        }
                        result
                    } else {
                        running.watch(|| poll_step(step, cx))
                    };
                    // Whoever set the deadline wakes us when it comes.
                    let overdue = match result {
                        Poll::Pending if std::mem::replace(waited, true) => {
                            let overdue = running.overdue();
                            if overdue.is_none() && flight::is_asked() {
                                flight::tell(running.under_way());
                            }
                            overdue
                        }
                        _ => None,
                    };
                    if result.is_pending() && overdue.is_none() {
                        return Poll::Pending;
                    }
                    let ended = attempt.take().expect("it was there a line ago");
                    return Poll::Ready(match (result, overdue) {
                        (Poll::Ready(Ok(response)), _) => Ok(ended.answered(response)),
                        (Poll::Ready(Err(error)), _) => Err(ended.failed(error.into())),
                        (Poll::Pending, at) => Err(ended.timed_out(at)),
                    });
                }
                StateProj::Waiting { waiting } => {
                    let in_line = waiting.as_mut().project();
                    let called = match ready!(in_line.waiting.poll_turn(cx)) {
                        Ok(called) => called,
                        Err(none) => return Poll::Ready(Err(rejected(none, clock::now()).into())),
                    };
                    let Called {
                        lease,
                        request,
                        context,
                    } = called;
                    let service = lease.service().clone();
                    let attempt = in_line.pool.attempt(lease, &context);
                    state.set(State::Picked {
                        step: Step::Readying {
                            service,
                            request: Some(request),
                        },
                        attempt: Some(attempt),
                        waited: false,
                    });
                }
                StateProj::Refused { none, now } => {
                    let none = none.take().expect("polled after completion");
                    return Poll::Ready(Err(rejected(*none, *now).into()));
                }
            }
        }
    }
}

fn poll_step<S, ReqB>(
    mut step: Pin<&mut Step<S, S::Future, ReqB>>,
    cx: &mut Context<'_>,
) -> Poll<Result<S::Response, S::Error>>
where
    S: Service<Request<ReqB>>,
{
    loop {
        match step.as_mut().project() {
            StepProj::Calling { inner } => return inner.poll(cx),
            StepProj::Readying { service, request } => {
                match service.poll_ready(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
                let request = request.take().expect("taken once, by this step");
                let inner = service.call(request);
                step.set(Step::Calling { inner });
            }
        }
    }
}

fn rejected(none: NoBackend, now: Tick) -> Rejected {
    let wait = none.due_back.map(|at| at.since(now));
    Rejected::new(Component::Pool, none.pool.clone(), Refusal::from(&none))
        .with_retry_after(wait)
        .with_source(none)
}
