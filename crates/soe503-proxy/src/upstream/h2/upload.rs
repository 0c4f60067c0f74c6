//! A request's body on its way to the backend, while the answer may already be coming back.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body;
use soe503::BoxError;

use super::source::{Piece, Source};
use super::stream::{Stream, Taken};

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
    source: Source<B>,
    /// Read, and not yet handed over.
    rest: Bytes,
    /// Bytes handed over to the session.
    sent: u64,
    /// Where in the connection's bytes they end.
    end: u64,
    over: bool,
}

impl<B> Upload<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    /// Of a request whose head is sent, and ends at `end`; if `source` was empty, so is the upload.
    pub(super) fn new(source: Source<B>, end: u64, over: bool) -> Self {
        Self {
            source,
            rest: Bytes::new(),
            sent: 0,
            end,
            over,
        }
    }

    /// Bytes of the body that were handed over to the session, and where in the connection's bytes they end.
    pub(super) fn sent(&self) -> (u64, u64) {
        (self.sent, self.end)
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

    /// Goes on. Whoever polls is woken when the body has more; for room it waits with the stream.
    pub(super) fn poll(&mut self, stream: &Stream, cx: &mut Context<'_>) -> Poll<Sent> {
        if self.over {
            return Poll::Ready(Sent::All);
        }
        let sent = std::task::ready!(self.poll_sent(stream, cx));
        self.over = true;
        Poll::Ready(sent)
    }

    fn poll_sent(&mut self, stream: &Stream, cx: &mut Context<'_>) -> Poll<Sent> {
        loop {
            if !self.rest.is_empty() {
                let last = self.source.is_end();
                let before = self.rest.len();
                let taken = stream.send(&mut self.rest, last);
                self.sent += (before - self.rest.len()) as u64;
                match taken {
                    Taken::All(end) => self.end = end,
                    Taken::Part(end) => {
                        self.end = end;
                        return Poll::Pending;
                    }
                    Taken::Over => return Poll::Ready(Sent::Unwanted),
                }
                if last {
                    return Poll::Ready(Sent::All);
                }
            }
            match self.source.poll_piece(cx) {
                Poll::Ready(Some(Ok(Piece::Data(data)))) => self.rest = data,
                Poll::Ready(Some(Ok(Piece::Trailers(trailers)))) => {
                    stream.send_trailers(&trailers);
                    return Poll::Ready(Sent::All);
                }
                Poll::Ready(None) => {
                    return Poll::Ready(match stream.send(&mut Bytes::new(), true) {
                        Taken::Over => Sent::Unwanted,
                        Taken::All(_) | Taken::Part(_) => Sent::All,
                    });
                }
                Poll::Ready(Some(Err(error))) => {
                    stream.give_up();
                    return Poll::Ready(Sent::Broken(error.into()));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Goes on to its end, or to the stream's, when the answer is somebody else's.
    pub(super) async fn finish(mut self, stream: Stream) {
        poll_fn(|cx| {
            if stream.poll_over(cx).is_ready() {
                return Poll::Ready(());
            }
            self.poll(&stream, cx).map(|_sent| ())
        })
        .await;
    }
}
