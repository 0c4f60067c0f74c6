//! A backend's answer on its way to the client.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use soe503::BoxError;

use super::Upstream;
use super::connection::Connection;
use super::h2::H2Body;

/// A response body, by the protocol that it arrives over.
#[derive(Debug)]
pub enum UpstreamBody {
    /// HTTP/1.1.
    H1(H1Body),
    /// HTTP/2.
    H2(H2Body),
}

/// A response body that gives its connection back once it is completely read.
///
/// Dropped earlier, it closes the connection: what is still on the wire belongs to nobody.
#[derive(Debug)]
pub struct H1Body {
    inner: Incoming,
    lent: Option<(Upstream, Connection)>,
}

// === impl UpstreamBody ===

impl UpstreamBody {
    pub(crate) fn h1(inner: Incoming, upstream: Upstream, connection: Connection) -> Self {
        Self::H1(H1Body::new(inner, upstream, connection))
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::H1(body) => body.poll_frame(cx),
            Self::H2(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::H1(body) => body.inner.is_end_stream(),
            Self::H2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::H1(body) => body.inner.size_hint(),
            Self::H2(body) => body.size_hint(),
        }
    }
}

// === impl H1Body ===

impl H1Body {
    fn new(inner: Incoming, upstream: Upstream, connection: Connection) -> Self {
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

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => self.give_back(),
            // With a content-length the last data frame is the end: nobody will ask again.
            Poll::Ready(Some(Ok(_))) if self.inner.is_end_stream() => self.give_back(),
            Poll::Ready(Some(Err(_))) => self.lent = None,
            _ => {}
        }
        polled.map_err(Into::into)
    }
}
