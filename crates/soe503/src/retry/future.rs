//! The future of [`Retry`](super::Retry).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use soe503_core::Tick;
use tower_service::Service;

use super::ReplayBody;
use super::attempts::{Attempts, Next};
use super::second::Rings;
use super::watch::Watch;
use crate::alarm::Alarm;
use crate::error::BoxError;

pin_project! {
    /// The first answer that stands, after as many attempts as it takes and may take.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, F, ReqB, ResB> {
        #[pin]
        state: State<F>,
        // The attempt's time, or the pause before it.
        #[pin]
        alarm: Alarm,
        // `None` if there is one attempt only. Boxed, because it is large, used rarely, and moved
        // with every layer around this one otherwise.
        attempts: Option<Box<Attempts<S, F, ReqB, ResB>>>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F> {
        // An attempt is in flight.
        Trying {
            #[pin]
            attempt: F,
        },
        // One that began as a hedge, and is the only one now.
        Alone {
            attempt: Pin<Box<F>>,
        },
        // The next attempt has to wait.
        Pausing,
        // The next attempt waits to be called.
        Waiting,
        // The next attempt's service is not ready.
        Readying,
    }
}

impl<S, F, ReqB, ResB> ResponseFuture<S, F, ReqB, ResB> {
    pub(super) const fn once(attempt: F) -> Self {
        Self {
            state: State::Trying { attempt },
            alarm: Alarm::new(None),
            attempts: None,
        }
    }

    pub(super) const fn first(
        attempt: F,
        due: Option<Tick>,
        attempts: Box<Attempts<S, F, ReqB, ResB>>,
    ) -> Self {
        Self {
            state: State::Trying { attempt },
            alarm: Alarm::new(due),
            attempts: Some(attempts),
        }
    }
}

impl<S, ReqB, ResB> Future for ResponseFuture<S, S::Future, ReqB, ResB>
where
    S: Service<Request<ReplayBody<ReqB>>, Response = Response<ResB>>,
    S::Error: Into<BoxError>,
    ReqB: Body,
{
    type Output = Result<Response<ResB>, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(attempts) = this.attempts else {
            return match this.state.project() {
                StateProj::Trying { attempt } => attempt.poll(cx).map_err(Into::into),
                _ => Poll::Pending,
            };
        };
        loop {
            let next = match this.state.as_mut().project() {
                in_flight @ (StateProj::Trying { .. } | StateProj::Alone { .. }) => {
                    let (polled, watch);
                    if attempts.is_in_time() {
                        polled = in_flight.poll(cx);
                        watch = Watch::AsBefore;
                    } else {
                        (polled, watch) = attempts.watch(|| in_flight.poll(cx));
                    }
                    match polled {
                        // If there is another, it is the hedge.
                        Poll::Ready(Ok(mut response)) => {
                            if attempts.stands(&mut response, || {}) {
                                return Poll::Ready(Ok(response));
                            }
                            attempts.fell(response)
                        }
                        Poll::Ready(Err(error)) => attempts.failed(error.into()),
                        Poll::Pending => {
                            attempts.under_way();
                            let hedging = attempts.is_hedging();
                            if hedging {
                                if let Watch::Late(told) = watch {
                                    attempts.decide_hedge(told);
                                }
                                let cancel = || this.state.set(State::Pausing);
                                if let Poll::Ready(result) = attempts.poll_second(cx, cancel) {
                                    return Poll::Ready(result);
                                }
                                this.alarm.as_mut().set(attempts.due());
                            } else if matches!(watch, Watch::GoesOn) {
                                this.alarm.as_mut().set(attempts.plan.context.deadline);
                            }
                            match watch {
                                // Nobody below has ended it.
                                Watch::Cut(Some(at)) => attempts.out_of_time(at),
                                _ => {
                                    let at = ready!(this.alarm.as_mut().poll(cx));
                                    if hedging && attempts.rings(at) == Rings::Look {
                                        continue;
                                    }
                                    attempts.out_of_time(at)
                                }
                            }
                        }
                    }
                }
                StateProj::Pausing => {
                    ready!(this.alarm.as_mut().poll(cx));
                    this.alarm.as_mut().set(attempts.plan.context.deadline);
                    this.state.set(State::Readying);
                    continue;
                }
                StateProj::Waiting => {
                    let gave_up = match attempts.poll_called(cx) {
                        Poll::Ready(()) => None,
                        Poll::Pending => {
                            ready!(this.alarm.as_mut().poll(cx));
                            attempts.look()
                        }
                    };
                    match gave_up {
                        Some(next) => next,
                        None => Next::Again(None),
                    }
                }
                StateProj::Readying => match attempts.plan.inner.poll_ready(cx) {
                    Poll::Ready(Ok(())) => {
                        attempts.begin();
                        let request = attempts.request();
                        this.alarm.as_mut().set(attempts.plan.context.due());
                        let attempt = attempts.plan.inner.call(request);
                        this.state.set(State::Trying { attempt });
                        continue;
                    }
                    Poll::Ready(Err(error)) => {
                        attempts.begin();
                        attempts.failed(error.into())
                    }
                    Poll::Pending => {
                        let at = ready!(this.alarm.as_mut().poll(cx));
                        attempts.begin();
                        attempts.out_of_time(at)
                    }
                },
            };
            match next {
                Next::Done(result) => return Poll::Ready(result),
                Next::Other => match attempts.promote() {
                    Some(attempt) => this.state.set(State::Alone { attempt }),
                    None => return Poll::Pending,
                },
                Next::Again(Some(at)) => {
                    this.alarm.as_mut().set(Some(at));
                    this.state.set(State::Pausing);
                }
                Next::Wait(at) => {
                    this.alarm.as_mut().set(Some(at));
                    this.state.set(State::Waiting);
                }
                Next::Again(None) => {
                    this.alarm.as_mut().set(attempts.plan.context.deadline);
                    this.state.set(State::Readying);
                }
            }
        }
    }
}

impl<F: Future> StateProj<'_, F> {
    /// Polls the attempt in flight.
    #[inline]
    fn poll(self, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self {
            Self::Trying { attempt } => attempt.poll(cx),
            Self::Alone { attempt } => attempt.as_mut().poll(cx),
            Self::Pausing | Self::Waiting | Self::Readying => Poll::Pending,
        }
    }
}
