//! The response body of [`CircuitBreaker`](super::CircuitBreaker).

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use soe503_core::breaker::Permit;

use crate::classify::{Classify, HttpClassify};
use crate::error::BoxError;
use crate::verdict::{self, AtEnd};

pin_project! {
    /// Counts the request when the body ends, breaks off, or is dropped.
    #[derive(Debug)]
    pub struct ResponseBody<B, C = HttpClassify> {
        #[pin]
        inner: B,
        at_end: Option<AtEnd<Permit, C>>,
    }
}

impl<B, C> ResponseBody<B, C> {
    /// The head has decided.
    pub(super) const fn counted(inner: B) -> Self {
        Self {
            inner,
            at_end: None,
        }
    }

    /// The body decides.
    pub(super) const fn open(inner: B, at_end: AtEnd<Permit, C>) -> Self {
        Self {
            inner,
            at_end: Some(at_end),
        }
    }

    crate::macros::accessors!(B);
}

impl<B: Default, C> Default for ResponseBody<B, C> {
    fn default() -> Self {
        Self::counted(B::default())
    }
}

impl<B, C> Body for ResponseBody<B, C>
where
    B: Body,
    B::Error: Into<BoxError>,
    C: Classify,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        verdict::poll_frame(this.inner, this.at_end, cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
