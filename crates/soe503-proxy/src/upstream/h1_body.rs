//! The body of an HTTP/1.1 answer on its way to the client.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use soe503_h1::{BodyFault, BodyLength, Decoder, Step};
use tokio::task::AbortHandle;

use super::Upstream;
use super::connection::{Connection, Inflow};
use super::plain::PlainFields;
use crate::net::ReadHalf;

/// A response body that gives its connection back once it is completely read.
///
/// Dropped earlier, it closes the connection: what is still on the wire belongs to nobody.
#[derive(Debug)]
pub struct H1Body {
    decoder: Decoder,
    source: Source,
    upstream: Upstream,
    /// Fields of the head that are not in its map. Boxed: the body is moved by every layer.
    fields: Option<Box<PlainFields>>,
}

/// Where the body comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// The whole connection: it can be kept afterwards.
    Whole(Box<Connection>),
    /// The request is still being sent by another task, which ends with the answer.
    Half {
        read: Box<Inflow>,
        /// Held for its drop.
        _upload: Upload,
    },
    /// Nowhere any more.
    Over,
}

/// A request that is still going up while its answer comes down.
#[derive(Debug)]
pub(super) struct Upload(pub(super) AbortHandle);

/// Why a response's body broke off.
#[derive(Debug, thiserror::Error)]
pub enum H1BodyError {
    /// The connection broke.
    #[error("the backend's connection broke in the middle of its answer")]
    Io(#[from] io::Error),
    /// What came is not the body that was announced.
    #[error("the backend's answer is broken: {0:?}")]
    Fault(BodyFault),
}

impl H1Body {
    /// The body that follows a head.
    pub(super) fn new(length: BodyLength, source: Source, upstream: Upstream) -> Self {
        let mut body = Self {
            decoder: Decoder::new(length),
            source,
            upstream,
            fields: None,
        };
        if body.decoder.is_end() {
            body.finish();
        }
        body
    }

    /// With fields of its head that are not in the map.
    pub(super) fn with_fields(mut self, fields: Option<Box<PlainFields>>) -> Self {
        self.fields = fields;
        self
    }

    /// Takes the fields that are not in the map.
    pub(super) fn take_fields(&mut self) -> Option<Box<PlainFields>> {
        self.fields.take()
    }

    /// The connection, and how much of the body is still to come on it, if that is known and none of it has been
    /// read yet.
    pub(super) fn unread(&self) -> Option<(&ReadHalf, u64)> {
        let inflow = match &self.source {
            Source::Whole(connection) => &connection.read,
            Source::Half { read, .. } => read,
            Source::Over => return None,
        };
        Some((inflow.unread()?, self.decoder.remaining()?))
    }

    /// Of what is [unread](Self::unread), so much was taken by somebody else, who left the end of it.
    pub(super) fn was_read(&mut self, read: io::Result<u64>) {
        if let Ok(count) = read {
            self.decoder.skip(count);
        }
        match &mut self.source {
            Source::Whole(connection) => connection.read.was_read(read),
            Source::Half { read: inflow, .. } => inflow.was_read(read),
            Source::Over => {}
        }
    }

    /// No body.
    pub(super) fn none(upstream: Upstream) -> Self {
        Self::new(BodyLength::None, Source::Over, upstream)
    }

    /// Nothing more is to come of it.
    fn finish(&mut self) {
        if let Source::Whole(mut connection) = std::mem::replace(&mut self.source, Source::Over) {
            connection.read.finish();
            // Bytes behind the answer are nobody's: such a connection is not trusted again.
            if !connection.last && connection.read.is_quiet() {
                self.upstream.keep(connection);
            }
        }
    }
}

impl Body for H1Body {
    type Data = Bytes;
    type Error = H1BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, H1BodyError>>> {
        let this = &mut *self;
        loop {
            let inflow = match &mut this.source {
                Source::Whole(connection) => &mut connection.read,
                Source::Half { read, .. } => read,
                Source::Over => return Poll::Ready(None),
            };
            let broken = match this.decoder.decode(inflow.carry()) {
                Ok(Step::Data(data)) => {
                    if this.decoder.is_end() {
                        this.finish();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Ok(Step::Trailers(trailers)) => {
                    this.finish();
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                Ok(Step::End) => {
                    this.finish();
                    return Poll::Ready(None);
                }
                Ok(Step::More) => match ready!(inflow.poll_fill(cx, &this.decoder)) {
                    Ok(0) => match this.decoder.eof() {
                        Ok(()) => {
                            this.source = Source::Over;
                            return Poll::Ready(None);
                        }
                        Err(fault) => H1BodyError::Fault(fault),
                    },
                    Ok(_) => continue,
                    Err(error) => error.into(),
                },
                Err(fault) => H1BodyError::Fault(fault),
            };
            this.source = Source::Over;
            return Poll::Ready(Some(Err(broken)));
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, Source::Over)
    }

    fn size_hint(&self) -> SizeHint {
        match self.decoder.remaining() {
            Some(exact) => SizeHint::with_exact(exact),
            None => SizeHint::default(),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.0.abort();
    }
}
