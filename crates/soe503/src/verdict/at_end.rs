//! What the end of a body decides.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame};
use soe503_core::Outcome;

use super::{Count, Guard};
use crate::classify::Classify;
use crate::clock;
use crate::error::{BoxError, Failure};
use crate::facts;
use crate::grpc;
use crate::served::LateScope;

/// A [`Guard`] that waits for the end of a body.
#[derive(Debug)]
pub(crate) struct AtEnd<T: Count, C> {
    pub(super) guard: Guard<T>,
    pub(super) classify: C,
    pub(super) status: u16,
    pub(super) trailers_decide: bool,
    pub(super) late: Option<Arc<LateScope>>,
}

// === impl AtEnd ===

impl<T: Count, C> AtEnd<T, C> {
    /// Where the scope of a late failure is told to, or heard from.
    pub(crate) fn with_late(mut self, late: Option<Arc<LateScope>>) -> Self {
        self.late = late;
        self
    }

    /// The head said that the trailers decide.
    pub(crate) const fn trailers_decide(&self) -> bool {
        self.trailers_decide
    }
}

impl<T: Count, C: Classify> AtEnd<T, C> {
    /// The body ended as it should.
    fn ended(mut self, trailers: Option<&http::HeaderMap>) {
        let outcome = if self.trailers_decide {
            if let Some(count) = &mut self.guard.count
                && !grpc::is_ok(trailers)
            {
                count.unhelpful();
            }
            self.classify.trailers(trailers)
        } else {
            Outcome::SUCCESS
        };
        let heard = self.late.as_ref().and_then(|late| late.get().copied());
        let scope = self.guard.record_at(clock::now, outcome, heard);
        if let (Some(late), Some(scope)) = (&self.late, scope) {
            // Full only if somebody else has ended the same attempt, and then theirs stands.
            let _ = late.set(scope);
        }
    }

    /// The body broke off. The error comes back with the facts, if they were not in it.
    fn broke(mut self, error: BoxError) -> BoxError {
        let now = clock::now();
        let started = self.guard.count().map_or(now, Count::started);
        let mut attempt = facts::broken_body(&*error, self.status, started, now);
        if let Some(count) = self.guard.count() {
            count.describe(&mut attempt);
        }
        let outcome = self.classify.attempt(&attempt);
        let heard = Failure::find(&*error).and_then(Failure::scope);
        match self.guard.record(now, outcome, heard) {
            Some(scope) => Failure::new(attempt)
                .with_scope(scope)
                .with_source(error)
                .into(),
            None => error,
        }
    }
}

/// Polls `inner` for a frame, on behalf of what waits `at_end`.
pub(crate) fn poll_frame<B, T, C>(
    mut inner: Pin<&mut B>,
    at_end: &mut Option<AtEnd<T, C>>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<B::Data>, BoxError>>>
where
    B: Body,
    B::Error: Into<BoxError>,
    T: Count,
    C: Classify,
{
    let Some(waiting) = at_end else {
        return inner.poll_frame(cx).map_err(Into::into);
    };
    let frame = ready!(waiting.guard.watch(|| inner.as_mut().poll_frame(cx)));
    match frame {
        Some(Ok(frame)) => {
            // Whoever knows the length stops reading after the last byte, so look for the end now.
            if (frame.is_trailers() || inner.is_end_stream())
                && let Some(ended) = at_end.take()
            {
                ended.ended(frame.trailers_ref());
            }
            Poll::Ready(Some(Ok(frame)))
        }
        Some(Err(error)) => {
            let error = error.into();
            Poll::Ready(Some(Err(match at_end.take() {
                Some(broken) => broken.broke(error),
                None => error,
            })))
        }
        None => {
            if let Some(ended) = at_end.take() {
                ended.ended(None);
            }
            Poll::Ready(None)
        }
    }
}
