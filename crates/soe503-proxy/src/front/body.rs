//! The body of a request, whatever its client speaks.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use soe503::{BoxError, ReplayBody, Upload};

use super::capped::Capped;
use super::uploading::Uploading;
use crate::listen::{h1, h2};

/// What a client sends after a request's head.
#[derive(Debug)]
pub(crate) enum ClientBody {
    /// Nothing.
    Empty,
    /// Read from an HTTP/1 connection.
    H1(h1::Body),
    /// Read from a stream of an HTTP/2 connection.
    H2(h2::Body),
    /// Any of these, of unknown length on a route that limits it.
    Capped(Box<Capped<Self>>),
    /// Any of these, whose end somebody waits for.
    Uploading(Box<Uploading<Self>>),
    /// Any of these, on a route that may send it to several pools: boxed, as those are rare.
    Again(Box<ReplayBody<Self>>),
}

impl ClientBody {
    /// A body that may be sent to several pools.
    pub(super) fn again(body: ReplayBody<Self>) -> Self {
        match body.is_end_stream() {
            true => Self::Empty,
            false => Self::Again(Box::new(body)),
        }
    }

    /// The same body, and what says whether all of it has come; `None`: it has.
    pub(super) fn telling(self) -> (Self, Option<Upload>) {
        if self.is_end_stream() {
            return (self, None);
        }
        let upload = Upload::default();
        let body = Uploading::new(self, upload.clone());
        (Self::Uploading(Box::new(body)), Some(upload))
    }

    /// Tells afterwards whether an HTTP/2 body came too slowly; HTTP/1 asks the connection's watch.
    pub(super) fn late(&self) -> Option<h2::Late> {
        match self {
            Self::H2(body) => Some(body.late()),
            _ => None,
        }
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::H1(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::H2(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Capped(body) => Pin::new(&mut **body).poll_frame(cx),
            Self::Uploading(body) => Pin::new(&mut **body).poll_frame(cx),
            Self::Again(body) => Pin::new(&mut **body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::H1(body) => body.is_end_stream(),
            Self::H2(body) => body.is_end_stream(),
            Self::Capped(body) => body.is_end_stream(),
            Self::Uploading(body) => body.is_end_stream(),
            Self::Again(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::H1(body) => body.size_hint(),
            Self::H2(body) => body.size_hint(),
            Self::Capped(body) => body.size_hint(),
            Self::Uploading(body) => body.size_hint(),
            Self::Again(body) => body.size_hint(),
        }
    }
}
