//! The future of [`ConcurrencyLimit`](super::ConcurrencyLimit).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use soe503_core::breaker::Breaker;
use soe503_core::ledger::Refusal;
use soe503_core::limit::{LimitReached, Slot, Ticket};
use tower_service::Service;

use super::body::ResponseBody;
use super::waiting::Waiting;
use crate::clock;
use crate::error::{BoxError, Component, Rejected};
use crate::served::Served;
use crate::upload::Upload;

pin_project! {
    /// The inner service's answer, or a refusal. Dropped, it makes room.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, F, ReqB> {
        #[pin]
        state: State<S, F, ReqB>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<S, F, ReqB> {
        Admitted {
            #[pin]
            inner: F,
            held: Option<Held>,
            // Until the client has sent all of it.
            upload: Option<Upload>,
        },
        // Boxed: hardly any request waits, and all would carry it.
        Waiting {
            waiting: Pin<Box<Waiting<S, ReqB>>>,
        },
        Refused {
            reached: Option<Box<LimitReached>>,
        },
    }
}

/// What a request holds until its answer's body has ended.
#[derive(Debug)]
pub(super) struct Held {
    slot: Slot,
    /// The bulkhead's; given back with the other one.
    _bulkhead: Option<Box<Slot>>,
}

impl<S, F, ReqB> ResponseFuture<S, F, ReqB> {
    pub(super) const fn admitted(inner: F, held: Held, upload: Option<Upload>) -> Self {
        let held = Some(held);
        Self {
            state: State::Admitted {
                inner,
                held,
                upload,
            },
        }
    }

    /// It takes no slot.
    pub(super) const fn past(inner: F) -> Self {
        Self {
            state: State::Admitted {
                inner,
                held: None,
                upload: None,
            },
        }
    }

    pub(super) fn waiting(
        service: S,
        request: Request<ReqB>,
        ticket: Ticket,
        bulkhead: Option<Box<Slot>>,
        circuit: Option<Breaker>,
    ) -> Self {
        let waiting = Waiting::new(service, request, ticket, bulkhead, circuit);
        let waiting = Box::pin(waiting);
        Self {
            state: State::Waiting { waiting },
        }
    }

    pub(super) fn refused(reached: LimitReached) -> Self {
        let reached = Some(Box::new(reached));
        Self {
            state: State::Refused { reached },
        }
    }
}

impl<S, ReqB, B> Future for ResponseFuture<S, S::Future, ReqB>
where
    S: Service<Request<ReqB>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Admitted {
                    inner,
                    held,
                    upload,
                } => {
                    let polled = inner.poll(cx);
                    // By reference: an answer is large.
                    if let Poll::Ready(Ok(response)) = &polled {
                        answered(held, response);
                    }
                    return match polled {
                        Poll::Pending => {
                            if let (Some(held), Some(sending)) = (held, &*upload)
                                && held.uploads(sending, cx)
                            {
                                *upload = None;
                            }
                            Poll::Pending
                        }
                        Poll::Ready(Ok(response)) => {
                            let held = held.take();
                            Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, held))))
                        }
                        // An error ends the request here; an answer ends with its body.
                        Poll::Ready(Err(error)) => {
                            *held = None;
                            Poll::Ready(Err(error.into()))
                        }
                    };
                }
                StateProj::Waiting { waiting } => {
                    let turn = ready!(waiting.as_mut().poll_turn(cx))?;
                    state.set(State::Admitted {
                        inner: turn.inner,
                        held: turn.held,
                        upload: turn.upload,
                    });
                }
                StateProj::Refused { reached } => {
                    let reached = reached.take().expect("polled after completion");
                    return Poll::Ready(Err(rejected(*reached)));
                }
            }
        }
    }
}

impl Held {
    pub(super) const fn new(slot: Slot, bulkhead: Option<Box<Slot>>) -> Self {
        Self {
            slot,
            _bulkhead: bulkhead,
        }
    }

    /// Nobody can answer what the client is still sending: until that is over, the request does not wait for
    /// an answer. Whether it is over.
    fn uploads(&mut self, upload: &Upload, cx: &Context<'_>) -> bool {
        let over = upload.poll_over(cx.waker());
        match over {
            true => self.slot.sent(clock::now()),
            false => self.slot.set_aside(),
        }
        over
    }
}

/// The head is here: the wait for an answer is over, and it tells how busy the service is if it
/// was one answer to one attempt. With an answer that is here as a whole, the request is over.
#[inline]
fn answered<B: Body>(held: &mut Option<Held>, response: &Response<B>) {
    let Some(Held { slot, .. }) = held else {
        return;
    };
    let attempts = || {
        let served = response.extensions().get::<Served>();
        served.map_or(1, |served| served.attempts)
    };
    if slot.is_timed() && attempts() <= 1 && !response.status().is_server_error() {
        slot.answered(clock::now());
    }
    if response.body().is_end_stream() {
        *held = None;
    } else {
        slot.over();
    }
}

pub(super) fn rejected(reached: LimitReached) -> BoxError {
    let refusal = Refusal::from(&reached);
    Rejected::new(Component::ConcurrencyLimit, reached.name().clone(), refusal)
        .with_retry_after(reached.retry_after())
        .with_source(reached)
        .into()
}
