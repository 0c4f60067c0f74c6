//! The future of [`Explain`](super::Explain).

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use soe503_core::Tick;

use super::Explainer;
use super::asked::Asked;
use super::body::ExplainBody;
use super::panicked::Panicked;
use super::until::{Known, Until};
use super::{elsewhere, kept, passed, told};
use crate::error::BoxError;

pin_project! {
    /// The inner service's answer, or ours about its failure.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
        // `None` once there is an answer.
        known: Option<Known>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F> {
        Running {
            #[pin]
            inner: F,
        },
        Failed {
            error: Option<BoxError>,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn new(inner: F, asked: Asked, explainer: Explainer, started: Tick) -> Self {
        Self {
            state: State::Running { inner },
            known: Some(Known::new(asked, explainer, started)),
        }
    }

    /// The inner service could not even be called.
    pub(super) const fn failed(
        error: BoxError,
        asked: Asked,
        explainer: Explainer,
        started: Tick,
    ) -> Self {
        Self {
            state: State::Failed { error: Some(error) },
            known: Some(Known::new(asked, explainer, started)),
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: Body,
{
    type Output = Result<Response<ExplainBody<B>>, Infallible>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let known = this.known.as_ref().expect("polled after completion");
        let error = match this.state.as_mut().project() {
            StateProj::Running { inner } => {
                // Filled in rather than returned, and looked at where it is: an answer is large, and would be
                // moved more often.
                let mut polled = Poll::Pending;
                let caught = catch_unwind(AssertUnwindSafe(|| polled = inner.poll(cx)));
                if caught.is_err() {
                    discard(this.state);
                    Panicked.into()
                } else {
                    let Known {
                        explainer,
                        asked,
                        started,
                    } = known;
                    let mut other = false;
                    if let Poll::Ready(Ok(response)) = &mut polled {
                        other = elsewhere::on(response, explainer, asked, *started);
                        if response.status().is_server_error() {
                            if !other {
                                passed::on(response, explainer, asked, *started);
                            }
                            if let Some(older) = kept::instead(response, explainer, asked) {
                                return Poll::Ready(Ok(older.map(ExplainBody::told)));
                            }
                        }
                    }
                    match polled {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Ok(response)) => {
                            // What another pool says is not what this one would.
                            let tape = match other {
                                true => None,
                                false => kept::tape(&response, explainer, asked),
                            };
                            let until = Until::of(this.known, &response, other);
                            return Poll::Ready(Ok(
                                response.map(|body| ExplainBody::inner(body, tape, until))
                            ));
                        }
                        Poll::Ready(Err(error)) => error.into(),
                    }
                }
            }
            StateProj::Failed { error } => error.take().expect("polled after completion"),
        };
        let answer = told::answer(&error, &known.explainer, &known.asked, known.started);
        Poll::Ready(Ok(answer.map(ExplainBody::told)))
    }
}

/// Drops what panicked now: its permits should not wait for a slow client. It may panic again.
fn discard<F>(mut state: Pin<&mut State<F>>) {
    let gone = AssertUnwindSafe(|| state.set(State::Failed { error: None }));
    let _ = catch_unwind(gone);
}
