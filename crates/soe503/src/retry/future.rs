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

/// The first answer that stands, after as many attempts as it takes and may take.
///
/// All of it is in one box: it is large, most of it is used rarely, and every layer around this one would move it.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<S, F, ReqB, ResB>(Kind<S, F, ReqB, ResB>);

#[derive(Debug)]
enum Kind<S, F, ReqB, ResB> {
    /// There is one attempt only.
    Once(Pin<Box<F>>),
    /// There may be several.
    Several(Pin<Box<Attempting<S, F, ReqB, ResB>>>),
}

pin_project! {
    /// The attempt in flight, and what may come after it.
    #[project = AttemptingProj]
    #[derive(Debug)]
    struct Attempting<S, F, ReqB, ResB> {
        #[pin]
        state: State<F>,
        // The attempt's time, or the pause before it.
        #[pin]
        alarm: Alarm,
        attempts: Attempts<S, F, ReqB, ResB>,
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
    pub(super) fn once(attempt: F) -> Self {
        Self(Kind::Once(Box::pin(attempt)))
    }

    /// `due`: when something is to be done about the first attempt, which `begin` makes.
    #[inline]
    pub(super) fn first(
        due: Option<Tick>,
        attempts: Attempts<S, F, ReqB, ResB>,
        begin: impl FnOnce() -> F,
    ) -> Self {
        let mut several = Box::pin(Attempting {
            state: State::Readying,
            alarm: Alarm::new(due),
            attempts,
        });
        // Right into its place: it is large.
        let attempt = begin();
        let mut state = several.as_mut().project().state;
        state.set(State::Trying { attempt });
        Self(Kind::Several(several))
    }
}

impl<S, ReqB, ResB> Future for ResponseFuture<S, S::Future, ReqB, ResB>
where
    S: Service<Request<ReplayBody<ReqB>>, Response = Response<ResB>> + Clone,
    S::Error: Into<BoxError>,
    ReqB: Body,
{
    type Output = Result<Response<ResB>, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let several = match &mut self.get_mut().0 {
            Kind::Once(attempt) => return attempt.as_mut().poll(cx).map_err(Into::into),
            Kind::Several(several) => several,
        };
        let AttemptingProj {
            mut state,
            mut alarm,
            attempts,
        } = several.as_mut().project();
        loop {
            let next = match state.as_mut().project() {
                in_flight @ (StateProj::Trying { .. } | StateProj::Alone { .. }) => {
                    let (mut polled, watch);
                    if attempts.is_in_time() {
                        polled = in_flight.poll(cx);
                        watch = Watch::AsBefore;
                    } else {
                        (polled, watch) = attempts.watch(|| in_flight.poll(cx));
                    }
                    // Looked at where it is: an answer is large.
                    if let Poll::Ready(Ok(response)) = &mut polled
                        // If there is another, it is the hedge.
                        && attempts.stands(response, || {})
                    {
                        return polled.map_err(Into::into);
                    }
                    match polled {
                        Poll::Ready(Ok(response)) => attempts.fell(response),
                        Poll::Ready(Err(error)) => attempts.failed(error.into()),
                        Poll::Pending => {
                            attempts.under_way();
                            let hedging = attempts.is_hedging();
                            if hedging {
                                if let Watch::Late(told) = watch {
                                    attempts.decide_hedge(told);
                                }
                                let cancel = || state.set(State::Pausing);
                                if let Poll::Ready(result) = attempts.poll_second(cx, cancel) {
                                    return Poll::Ready(result);
                                }
                                alarm.as_mut().set(attempts.due());
                            } else if matches!(watch, Watch::GoesOn) {
                                alarm.as_mut().set(attempts.plan.context.deadline);
                            }
                            match watch {
                                // Nobody below has ended it.
                                Watch::Cut(Some(at)) => attempts.out_of_time(at),
                                _ => {
                                    let at = ready!(alarm.as_mut().poll(cx));
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
                    ready!(alarm.as_mut().poll(cx));
                    alarm.as_mut().set(attempts.plan.context.deadline);
                    state.set(State::Readying);
                    continue;
                }
                StateProj::Waiting => {
                    let gave_up = match attempts.poll_called(cx) {
                        Poll::Ready(()) => None,
                        Poll::Pending => {
                            ready!(alarm.as_mut().poll(cx));
                            attempts.look()
                        }
                    };
                    match gave_up {
                        Some(next) => next,
                        None => Next::Again(None),
                    }
                }
                StateProj::Readying => match attempts.plan.service().poll_ready(cx) {
                    Poll::Ready(Ok(())) => {
                        attempts.begin();
                        let request = attempts.request();
                        alarm.as_mut().set(attempts.plan.context.due());
                        let attempt = attempts.plan.service().call(request);
                        state.set(State::Trying { attempt });
                        continue;
                    }
                    Poll::Ready(Err(error)) => {
                        attempts.begin();
                        attempts.failed(error.into())
                    }
                    Poll::Pending => {
                        let at = ready!(alarm.as_mut().poll(cx));
                        attempts.begin();
                        attempts.out_of_time(at)
                    }
                },
            };
            match next {
                Next::Done(result) => return Poll::Ready(result),
                Next::Other => match attempts.promote() {
                    Some(attempt) => state.set(State::Alone { attempt }),
                    None => return Poll::Pending,
                },
                Next::Again(Some(at)) => {
                    alarm.as_mut().set(Some(at));
                    state.set(State::Pausing);
                }
                Next::Wait(at) => {
                    alarm.as_mut().set(Some(at));
                    state.set(State::Waiting);
                }
                Next::Again(None) => {
                    alarm.as_mut().set(attempts.plan.context.deadline);
                    state.set(State::Readying);
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
