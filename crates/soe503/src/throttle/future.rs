//! The future of [`Throttle`](super::Throttle).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use soe503_core::Tick;
use soe503_core::ledger::Refusal;

use super::overloaded::{overloaded, says};
use super::{ThrottleHandle, Throttled};
use crate::clock;
use crate::error::{BoxError, Component, Rejected};
use crate::facts;

pin_project! {
    /// The inner service's answer, or a refusal.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        throttle: ThrottleHandle,
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F> {
        Sent {
            #[pin]
            inner: F,
            started: Tick,
        },
        HeldBack {
            held: Throttled,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn sent(inner: F, throttle: ThrottleHandle, started: Tick) -> Self {
        let state = State::Sent { inner, started };
        Self { throttle, state }
    }

    pub(super) const fn held_back(throttle: ThrottleHandle, held: Throttled) -> Self {
        let state = State::HeldBack { held };
        Self { throttle, state }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<B>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.state.project() {
            StateProj::Sent { inner, started } => {
                let result = ready!(inner.poll(cx)).map_err(Into::into);
                let refused = match &result {
                    Ok(response) => overloaded(response, *started, clock::now()),
                    Err(error) => {
                        let attempt = facts::attempt(&**error, 1, *started, clock::now());
                        says(&attempt)
                    }
                };
                if refused {
                    this.throttle.refused(clock::now());
                }
                Poll::Ready(result)
            }
            StateProj::HeldBack { held } => {
                Poll::Ready(Err(held_back(this.throttle.name(), *held).into()))
            }
        }
    }
}

/// The refusal of a request that the throttle called `name` held back.
pub fn held_back(name: &Arc<str>, held: Throttled) -> Rejected {
    let refusal = Refusal::Throttled(held);
    Rejected::new(Component::Throttle, Arc::clone(name), refusal)
        .with_retry_after(Some(held.wait()))
        .with_source(held)
}
