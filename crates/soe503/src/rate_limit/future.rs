//! The future of [`RateLimit`](super::RateLimit).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use soe503_core::explain::RateFields;
use soe503_core::ledger::Refusal;
use soe503_core::rate::Limited;

use super::announce;
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
            fields: RateFields,
        },
        Refused {
            limited: Option<Limited>,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn admitted(inner: F, fields: RateFields) -> Self {
        Self {
            state: State::Admitted { inner, fields },
        }
    }

    pub(super) const fn refused(limited: Limited) -> Self {
        let limited = Some(limited);
        Self {
            state: State::Refused { limited },
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<B>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Admitted { inner, fields } => {
                let mut response = ready!(inner.poll(cx)).map_err(Into::into)?;
                announce(std::mem::take(fields), response.headers_mut());
                Poll::Ready(Ok(response))
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
