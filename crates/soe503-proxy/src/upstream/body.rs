//! A backend's answer on its way to the client.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use soe503::BoxError;

use super::h1_body::H1Body;
use super::h2::H2Body;
use super::plain::PlainFields;
use crate::net::ReadHalf;

/// A response body, by the protocol that it arrives over.
#[derive(Debug)]
pub enum UpstreamBody {
    /// HTTP/1.
    H1(H1Body),
    /// HTTP/2.
    H2(H2Body),
}

impl UpstreamBody {
    /// Where the rest of it comes from, and how much that is, if it can be taken from there.
    pub(crate) fn unread(&self) -> Option<(&ReadHalf, u64)> {
        match self {
            Self::H1(body) => body.unread(),
            Self::H2(_) => None,
        }
    }

    /// So much of it was taken from there, but not its end.
    pub(crate) fn was_read(&mut self, read: io::Result<u64>) {
        match self {
            Self::H1(body) => body.was_read(read),
            Self::H2(_) => {}
        }
    }

    /// Takes the fields of the answer that are not in the map.
    pub(crate) fn take_fields(&mut self) -> Option<Box<PlainFields>> {
        match self {
            Self::H1(body) => body.take_fields(),
            Self::H2(_) => None,
        }
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
            Self::H1(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::H2(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::H1(body) => body.is_end_stream(),
            Self::H2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::H1(body) => body.size_hint(),
            Self::H2(body) => body.size_hint(),
        }
    }
}
