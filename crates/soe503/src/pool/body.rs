//! The response body of [`Pool`](super::Pool).

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use soe503_core::pool::Lease;

use super::reports::Reporter;
use crate::classify::{Classify, HttpClassify};
use crate::error::BoxError;
use crate::verdict::{self, AtEnd};

pin_project! {
    /// Holds the backend until the body ends, breaks off, or is dropped; the result counts then.
    #[derive(Debug)]
    pub struct ResponseBody<B, S, C = HttpClassify> {
        #[pin]
        inner: B,
        // `None` if the head has decided.
        at_end: Option<AtEnd<Lease<S>, C>>,
        // `None` unless somebody listens to load reports.
        reporter: Option<Box<Reporter<S>>>,
    }
}

impl<B, S, C> ResponseBody<B, S, C> {
    pub(super) const fn new(
        inner: B,
        at_end: Option<AtEnd<Lease<S>, C>>,
        reporter: Option<Box<Reporter<S>>>,
    ) -> Self {
        Self {
            inner,
            at_end,
            reporter,
        }
    }

    crate::macros::accessors!(B);
}

impl<B: Default, S, C> Default for ResponseBody<B, S, C> {
    fn default() -> Self {
        Self::new(B::default(), None, None)
    }
}

impl<B, S, C> Body for ResponseBody<B, S, C>
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
        let polled = verdict::poll_frame(this.inner, this.at_end, cx);
        match this.reporter {
            None => polled,
            Some(reporter) => polled.map_ok(|frame| reporter.see(frame)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
