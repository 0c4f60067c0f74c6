//! The body of a request, as the layers see it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use soe503_h2::StreamId;

use super::intake::Intake;
use super::shared::Shared;

/// A body that came on a stream. What was read of it makes room for more, so that its client sends
/// no faster than it is read.
#[derive(Debug)]
pub(crate) struct Body {
    shared: Shared,
    stream: StreamId,
}

/// Says, until its exchange is over, whether a body came too slowly.
#[derive(Debug)]
pub(crate) struct Late {
    shared: Shared,
    stream: StreamId,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The client has called its request off, or was called off.
    #[error("the client's stream has ended")]
    Gone,
    /// The client took too long.
    #[error("the client's body did not arrive in time")]
    Late,
}

impl Body {
    /// The body of the request on `stream`.
    pub(super) fn new(shared: Shared, stream: StreamId) -> Self {
        Self { shared, stream }
    }

    /// Tells afterwards whether it came too slowly.
    pub(crate) fn late(&self) -> Late {
        Late {
            shared: self.shared.clone(),
            stream: self.stream,
        }
    }

    fn look<R>(&self, f: impl FnOnce(&Intake) -> R) -> Option<R> {
        let mut state = self.shared.lock();
        state.intake(self.stream).map(|intake| f(intake))
    }
}

impl Late {
    /// Whether it did.
    pub(crate) fn is_set(&self) -> bool {
        let mut state = self.shared.lock();
        state.intake(self.stream).is_some_and(|i| i.is_late())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.shared.lock().poll_body(self.stream, cx)
    }

    fn is_end_stream(&self) -> bool {
        // One that broke off has not ended: its reader has to find out.
        self.look(Intake::is_read).unwrap_or(false)
    }

    fn size_hint(&self) -> SizeHint {
        match self.look(Intake::remaining).flatten() {
            Some(exact) => SizeHint::with_exact(exact),
            None => SizeHint::default(),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.shared.lock().unwanted(self.stream);
    }
}
