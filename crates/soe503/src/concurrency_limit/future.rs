//! The future of [`ConcurrencyLimit`](super::ConcurrencyLimit).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use soe503_core::Cause;
use soe503_core::ledger::Refusal;
use soe503_core::limit::{LimitReached, Slot};

use super::body::ResponseBody;
use crate::error::{BoxError, Component, Rejected};

pin_project! {
    /// The inner service's answer, or a refusal. Dropped, it makes room.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F> {
        Admitted {
            #[pin]
            inner: F,
            slot: Option<Slot>,
        },
        Refused {
            reached: Option<LimitReached>,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn admitted(inner: F, slot: Slot) -> Self {
        let slot = Some(slot);
        Self {
            state: State::Admitted { inner, slot },
        }
    }

    pub(super) const fn refused(reached: LimitReached) -> Self {
        let reached = Some(reached);
        Self {
            state: State::Refused { reached },
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody<B>>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Admitted { inner, slot } => {
                let result = ready!(inner.poll(cx));
                // An error ends the request here; an answer ends with its body.
                let slot = slot.take();
                Poll::Ready(match result {
                    Ok(response) => Ok(response.map(|body| ResponseBody::new(body, slot))),
                    Err(error) => Err(error.into()),
                })
            }
            StateProj::Refused { reached } => {
                let reached = reached.take().expect("polled after completion");
                Poll::Ready(Err(rejected(reached).into()))
            }
        }
    }
}

fn rejected(reached: LimitReached) -> Rejected {
    let refusal = Refusal::Limit {
        cause: Cause::OverloadConcurrencyLimit,
        limit: u64::from(reached.limit()),
        in_use: u64::from(reached.in_use()),
    };
    Rejected::new(Component::ConcurrencyLimit, reached.name().clone(), refusal).with_source(reached)
}
