//! A request's body on its way to the backend, while the answer may already be coming back.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::h2::{Reason, SendStream};
use bytes::Bytes;
use http_body::Body;
use soe503::BoxError;

use super::source::{Piece, Source};

/// How an upload ended.
#[derive(Debug)]
pub(super) enum Sent {
    /// All of it was handed over.
    All,
    /// The peer wants no more of it. Whether it says why, its answer tells.
    Unwanted,
    /// The client did not deliver it.
    Broken(BoxError),
}

/// Hands a body to a stream, as fast as the peer's window opens and no faster.
#[derive(Debug)]
pub(super) struct Upload<B> {
    stream: SendStream<Bytes>,
    source: Source<B>,
    /// Read, and not yet handed over.
    rest: Bytes,
    /// Bytes handed over.
    sent: u64,
    over: bool,
}

impl<B> Upload<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    /// `stream` is that of a request whose head is sent; if `source` was empty, so is the upload.
    pub(super) fn new(stream: SendStream<Bytes>, source: Source<B>, over: bool) -> Self {
        Self {
            stream,
            source,
            rest: Bytes::new(),
            sent: 0,
            over,
        }
    }

    /// Bytes handed over.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// The peer has answered: the body will not be needed from the start again.
    pub(super) fn forget(&mut self) {
        self.source.forget();
    }

    /// The body, for another stream.
    pub(super) fn into_source(self) -> Source<B> {
        self.source
    }

    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Sent> {
        loop {
            if self.stream.poll_reset(cx).is_ready() {
                return Poll::Ready(Sent::Unwanted);
            }
            if !self.rest.is_empty() {
                self.stream.reserve_capacity(self.rest.len());
                match self.stream.poll_capacity(cx) {
                    Poll::Ready(Some(Ok(window))) => {
                        let piece = self.rest.split_to(window.min(self.rest.len()));
                        let last = self.rest.is_empty() && self.source.is_end();
                        self.sent += piece.len() as u64;
                        if self.stream.send_data(piece, last).is_err() {
                            return Poll::Ready(Sent::Unwanted);
                        }
                        if last {
                            return Poll::Ready(Sent::All);
                        }
                        continue;
                    }
                    Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Sent::Unwanted),
                    Poll::Pending => return Poll::Pending,
                }
            }
            let handed = match self.source.poll_piece(cx) {
                Poll::Ready(Some(Ok(Piece::Data(data)))) if data.is_empty() => continue,
                Poll::Ready(Some(Ok(Piece::Data(data)))) => {
                    self.rest = data;
                    continue;
                }
                Poll::Ready(Some(Ok(Piece::Trailers(trailers)))) => {
                    self.stream.send_trailers(trailers)
                }
                Poll::Ready(None) => self.stream.send_data(Bytes::new(), true),
                Poll::Ready(Some(Err(error))) => {
                    self.stream.send_reset(Reason::CANCEL);
                    return Poll::Ready(Sent::Broken(error.into()));
                }
                Poll::Pending => return Poll::Pending,
            };
            return Poll::Ready(match handed {
                Ok(()) => Sent::All,
                Err(_) => Sent::Unwanted,
            });
        }
    }
}

impl<B> Future for Upload<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Output = Sent;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Sent> {
        let sent = std::task::ready!(self.poll_sent(cx));
        self.over = true;
        Poll::Ready(sent)
    }
}
