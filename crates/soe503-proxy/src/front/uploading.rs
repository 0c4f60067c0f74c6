//! A request's body that tells when all of it has come.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use soe503::{BoxError, Upload};

/// A body, and who is told of its end.
#[derive(Debug)]
pub(crate) struct Uploading<B> {
    inner: B,
    upload: Upload,
}

impl<B> Uploading<B> {
    pub(super) const fn new(inner: B, upload: Upload) -> Self {
        Self { inner, upload }
    }
}

impl<B: Body<Data = Bytes, Error = BoxError> + Unpin> Body for Uploading<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        // Whoever knows the length asks no more after the last byte.
        if matches!(polled, Poll::Ready(None)) || self.inner.is_end_stream() {
            self.upload.end();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
