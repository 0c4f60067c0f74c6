//! A request whose answer is awaited.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response, Version};
use pin_project_lite::pin_project;
use soe503::explain::{Degraded, Explained};
use soe503::rate_limit::{RateFields, announce};
use soe503::throttle::overloaded;
use soe503_core::Tick;
use soe503_core::throttle::Throttle;
use tower_service::Service;

use super::actions::Actions;
use super::answer::{mistake, note, refuse};
use super::capped::Exceeded;
use super::finish::{FrontBody, InFlight};
use super::stack::Stack;
use super::sticky::Sticking;
use super::{ClientBody, Front, interim};
use crate::listen::h2::Late;
use crate::upstream;

type StackFuture = <Stack as Service<Request<ClientBody>>>::Future;

pin_project! {
    /// The answer to one request, whatever it takes. Never fails.
    ///
    /// Written out, because an async block would keep the request and the answer in it more than
    /// once, and every connection would carry that.
    pub(crate) struct Answering {
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = StateProj]
    enum State {
        // Answered without a stack.
        Ready {
            response: Option<Box<Response<FrontBody>>>,
        },
        Stack {
            #[pin]
            answering: StackFuture,
            waiting: Option<Waiting>,
        },
    }
}

/// What the answer of a stack is met with.
pub(super) struct Waiting {
    pub(super) front: Arc<Front>,
    pub(super) in_flight: InFlight,
    /// What the route does to answers.
    pub(super) changes: Option<Arc<Actions>>,
    /// Looks after the cookie that keeps the client with its backend.
    pub(super) sticking: Option<Box<Sticking>>,
    /// The client takes fields as text, if nobody here wants to see them.
    pub(super) plain: bool,
    /// Whether the body grew larger than the route accepts.
    pub(super) exceeded: Option<Exceeded>,
    /// Whether an HTTP/2 body came too slowly.
    pub(super) late: Option<Late>,
    /// Who wants to know whether a backend refused for overload.
    pub(super) throttle: Option<Throttle>,
    /// What the limits that have let it through tell its caller.
    pub(super) rates: Option<Box<RateFields>>,
}

impl Answering {
    /// An answer that is there already.
    pub(super) fn ready(response: Response<FrontBody>) -> Self {
        let response = Some(Box::new(response));
        Self {
            state: State::Ready { response },
        }
    }

    /// Whatever the stack answers.
    pub(super) fn stack(answering: StackFuture, waiting: Waiting) -> Self {
        let waiting = Some(waiting);
        Self {
            state: State::Stack { answering, waiting },
        }
    }
}

impl Future for Answering {
    type Output = Result<Response<FrontBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Ready { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(*response)),
                // Polled after the end.
                None => Poll::Pending,
            },
            StateProj::Stack { answering, waiting } => {
                let plain = waiting.as_ref().is_some_and(|waiting| waiting.plain);
                let taking = plain.then(upstream::taking);
                let polled = answering.poll(cx);
                drop(taking);
                if let Some(changes) = waiting.as_ref().and_then(|w| w.changes.as_ref()) {
                    interim::amend(|headers| changes.on_interim(headers));
                }
                let Ok(mut response) = ready!(polled);
                let Some(mut waiting) = waiting.take() else {
                    return Poll::Pending;
                };
                // A backend's HTTP/1.0 is not the client's version; who writes the answer writes
                // what the client speaks.
                *response.version_mut() = Version::HTTP_11;
                let explained = response.extensions().get::<Explained>();
                let ours = explained.is_some();
                if explained.is_some_and(|explained| explained.by_client) {
                    return Poll::Ready(Ok(waiting.refuse(response.headers())));
                }
                note(&mut waiting.in_flight, &response);
                // Whoever else has answered says nothing about the route's own pool.
                let own = response.extensions().get() != Some(&Degraded::Failover);
                if let Some(throttle) = waiting.throttle.as_ref().filter(|_| own) {
                    tell(throttle, &response);
                }
                if let Some(sticking) = waiting.sticking.as_ref().filter(|_| own) {
                    waiting.in_flight.stick(sticking, &mut response);
                }
                if let Some(rates) = waiting.rates {
                    announce(*rates, response.headers_mut());
                }
                if let Some(changes) = waiting.changes {
                    changes.on_response(response.headers_mut(), ours);
                }
                Poll::Ready(Ok(response.map(|body| waiting.in_flight.body(body))))
            }
        }
    }
}

/// Tells `throttle` about a refusal for overload. The layers have told how long a failed attempt took.
fn tell<B>(throttle: &Throttle, response: &Response<B>) {
    let now = soe503::clock::now();
    if overloaded(response, Tick::ZERO, now) {
        throttle.refused(now);
    }
}

impl Waiting {
    /// The client's own body ended the request.
    fn refuse(self, headers: &http::HeaderMap) -> Response<FrontBody> {
        let too_long = self.exceeded.is_some_and(|exceeded| exceeded.is_set());
        let too_slow = match &self.late {
            Some(late) => late.is_set(),
            None => self.in_flight.client().watch().is_overdue(),
        };
        let (status, detail) = mistake(too_long, too_slow);
        refuse(&self.front, self.in_flight, headers, status, detail)
    }
}
