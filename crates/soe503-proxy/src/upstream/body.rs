//! A backend's answer on its way to the client.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::Upstream;
use super::connection::Connection;

/// A response body that gives its connection back once it is completely read.
///
/// Dropped earlier, it closes the connection: what is still on the wire belongs to nobody.
#[derive(Debug)]
pub struct UpstreamBody {
    inner: Incoming,
    lent: Option<(Upstream, Connection)>,
}

impl UpstreamBody {
    pub(crate) fn new(inner: Incoming, upstream: Upstream, connection: Connection) -> Self {
        let mut body = Self {
            inner,
            lent: Some((upstream, connection)),
        };
        if body.inner.is_end_stream() {
            body.give_back();
        }
        body
    }

    fn give_back(&mut self) {
        if let Some((upstream, connection)) = self.lent.take() {
            upstream.keep(connection);
        }
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => self.give_back(),
            // With a content-length the last data frame is the end: nobody will ask again.
            Poll::Ready(Some(Ok(_))) if self.inner.is_end_stream() => self.give_back(),
            Poll::Ready(Some(Err(_))) => self.lent = None,
            _ => {}
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
