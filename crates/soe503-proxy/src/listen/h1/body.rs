//! The body of a request, as the layers see it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use soe503_h1::{BodyFault, Step};

use super::inbox::Inbox;

/// A body that is read from its client's connection, no faster than it is asked for.
#[derive(Debug)]
pub(crate) struct Body {
    inbox: Shared,
    generation: u32,
}

/// A connection's inbox, shared with the body of the request in hand. Both are polled on one
/// thread, one after the other: the lock is there for the compiler and always free.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<Inbox>>);

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The connection broke.
    #[error("the client's connection broke")]
    Io(#[source] io::Error),
    /// What came is not the body that was announced.
    #[error("the client's body is broken: {0:?}")]
    Fault(BodyFault),
}

impl Shared {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self(Arc::new(Mutex::new(inbox)))
    }

    /// A panic while it was held leaves at worst a connection that is closed next.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The inbox itself, if no body shares it any more.
    pub(super) fn into_inner(self) -> Option<Inbox> {
        let inbox = Arc::into_inner(self.0)?;
        Some(inbox.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// The body of the request whose head was just read.
    pub(super) fn body(&self) -> Body {
        Body {
            inbox: self.clone(),
            generation: self.lock().generation,
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut inbox = self.inbox.lock();
        if inbox.generation != self.generation {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(inbox.poll_body(cx)) {
            Some(Ok(Step::Data(data))) => Some(Ok(Frame::data(data))),
            Some(Ok(Step::Trailers(trailers))) => Some(Ok(Frame::trailers(trailers))),
            Some(Ok(Step::More | Step::End)) | None => None,
            Some(Err(error)) => Some(Err(error)),
        })
    }

    fn is_end_stream(&self) -> bool {
        let inbox = self.inbox.lock();
        inbox.generation != self.generation || inbox.is_complete()
    }

    fn size_hint(&self) -> SizeHint {
        let inbox = self.inbox.lock();
        match inbox.remaining() {
            _ if inbox.generation != self.generation => SizeHint::with_exact(0),
            Some(exact) => SizeHint::with_exact(exact),
            None => SizeHint::default(),
        }
    }
}
