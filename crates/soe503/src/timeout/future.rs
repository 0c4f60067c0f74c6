//! The future of [`Timeout`](super::Timeout).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use soe503_core::Tick;
use soe503_core::ledger::TimeoutKind;

use crate::alarm::Alarm;
use crate::error::{BoxError, Failure};
use crate::facts;

pin_project! {
    /// The inner service's answer, or the deadline.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        due: Option<Tick>,
        // Boxed, and not before there is something to wait for: all would carry it.
        alarm: Option<Pin<Box<Alarm>>>,
        started: Tick,
    }
}

impl<F> ResponseFuture<F> {
    /// `due`: the deadline, unless a layer below keeps it.
    pub(super) const fn new(inner: F, started: Tick, due: Option<Tick>) -> Self {
        Self {
            inner,
            due,
            alarm: None,
            started,
        }
    }
}

impl<F, T, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The inner service first: at the deadline it is the one that knows what was tried.
        match this.inner.poll(cx) {
            Poll::Ready(Ok(answer)) => return Poll::Ready(Ok(answer)),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
            Poll::Pending => {}
        }
        let Some(due) = *this.due else {
            return Poll::Pending;
        };
        let alarm = this
            .alarm
            .get_or_insert_with(|| Box::pin(Alarm::new(Some(due))));
        let deadline = ready!(alarm.as_mut().poll(cx));
        let elapsed = deadline.since(*this.started);
        let attempt = facts::timed_out(TimeoutKind::Total, 1, *this.started, elapsed);
        Poll::Ready(Err(Failure::new(attempt).into()))
    }
}
