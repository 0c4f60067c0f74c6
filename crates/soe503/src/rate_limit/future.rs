//! The future of [`RateLimit`](super::RateLimit).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use soe503_core::ledger::Refusal;
use soe503_core::rate::Limited;

use crate::error::{BoxError, Component, Rejected};

pin_project! {
    /// The inner service's answer, or a refusal.
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
        },
        Refused {
            limited: Option<Limited>,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn admitted(inner: F) -> Self {
        Self {
            state: State::Admitted { inner },
        }
    }

    pub(super) const fn refused(limited: Limited) -> Self {
        let limited = Some(limited);
        Self {
            state: State::Refused { limited },
        }
    }
}

impl<F, T, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Admitted { inner } => {
                Poll::Ready(ready!(inner.poll(cx)).map_err(Into::into))
            }
            StateProj::Refused { limited } => {
                let limited = limited.take().expect("polled after completion");
                Poll::Ready(Err(rejected(limited).into()))
            }
        }
    }
}

pub(super) fn rejected(limited: Limited) -> Rejected {
    let limited = Arc::new(limited);
    let refusal = Refusal::RateLimited(Arc::clone(&limited));
    Rejected::new(Component::RateLimit, Arc::clone(&limited.name), refusal)
        .with_retry_after(Some(limited.wait))
        .with_source(Limited::clone(&limited))
}
