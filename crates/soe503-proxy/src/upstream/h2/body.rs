//! A response's body on its way to the client.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use soe503::{BoxError, Failure, clock};
use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Fault, Phase};
use tokio::task::AbortHandle;

use super::slot::Next;
use super::stream::Stream;

/// A response body that gives its stream back once it is completely read.
///
/// Dropped earlier, it resets the stream with `CANCEL`, and stops what is still being sent on it.
#[derive(Debug)]
pub struct H2Body {
    /// `None` once it is over.
    stream: Option<Stream>,
    /// What `content-length` promises and is still to come. That it is kept, the session sees to.
    length: Option<u64>,
    /// The request's body, where it is still being sent.
    upload: Option<AbortHandle>,
    number: u8,
    started: Tick,
}

impl H2Body {
    /// The body on `stream`, which is none if the head was all of the answer.
    pub(super) fn new(
        stream: Option<Stream>,
        length: Option<u64>,
        upload: Option<AbortHandle>,
        attempt: &Attempt,
    ) -> Self {
        Self {
            stream,
            length,
            upload,
            number: attempt.number,
            started: attempt.started,
        }
    }

    /// The stream is not needed any more. An upload goes on: the peer has not said that it wants no more.
    fn over(&mut self) {
        self.stream = None;
    }

    fn broke(&self, fault: Fault) -> BoxError {
        let attempt = Attempt {
            phase: Phase::Body,
            fault: Some(fault),
            elapsed: clock::now().since(self.started),
            ..Attempt::begin(self.number, self.started)
        };
        Failure::new(attempt).into()
    }
}

impl Body for H2Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let Some(stream) = &this.stream else {
            return Poll::Ready(None);
        };
        let (next, over) = ready!(stream.poll_body(cx));
        if over || matches!(next, Next::Broken(_)) {
            // Whoever knows that this was the end does not ask again.
            this.over();
        }
        Poll::Ready(match next {
            Next::Data(piece) => {
                let read = piece.data.len() as u64;
                this.length = this.length.map(|left| left.saturating_sub(read));
                Some(Ok(Frame::data(piece.data)))
            }
            Next::Trailers(trailers) => Some(Ok(Frame::trailers(*trailers))),
            Next::Broken(fault) => Some(Err(this.broke(fault))),
            Next::End | Next::Wait => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            _ if self.stream.is_none() => SizeHint::with_exact(0),
            Some(length) => SizeHint::with_exact(length),
            None => SizeHint::new(),
        }
    }
}

impl Drop for H2Body {
    fn drop(&mut self) {
        if let (Some(upload), Some(_)) = (&self.upload, &self.stream) {
            upload.abort();
        }
    }
}
