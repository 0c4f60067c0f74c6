//! A request body that can be sent again.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::tape::Tape;
use crate::error::{BoxError, RequestBodyError};

/// The body of one attempt.
///
/// The first attempt reads the original and tapes what it reads, up to a cap; another attempt
/// replays the tape and goes on with the original where the tape ends. An attempt that starts
/// takes the original away from the one before, whose body then fails; so a connection that is
/// still busy giving up cannot steal frames from the new attempt.
///
/// `size_hint` and `is_end_stream` are those of the original, so message framing does not change.
/// An empty body is neither shared nor taped, and taping copies no bytes: it keeps references.
#[derive(Debug)]
pub struct ReplayBody<B> {
    kind: Kind<B>,
}

/// What stays behind to make the next attempt's body from.
#[derive(Debug)]
pub(crate) struct Replay<B> {
    original: Original<B>,
}

#[derive(Debug)]
enum Kind<B> {
    /// No replay wanted: the original, as it is.
    Plain { body: B },
    /// Nothing to send.
    Empty,
    /// One attempt's view of the shared original.
    Taped {
        tape: Arc<Tape<B>>,
        /// Which attempt; only the newest may read.
        generation: u8,
        /// How many taped frames this attempt has sent.
        sent: usize,
    },
}

#[derive(Debug)]
enum Original<B> {
    Empty,
    Taped(Arc<Tape<B>>),
}

// === impl ReplayBody ===

impl<B: Body> ReplayBody<B> {
    /// A body that is sent at most once.
    pub(super) const fn once(body: B) -> Self {
        Self {
            kind: Kind::Plain { body },
        }
    }

    /// A body of the first attempt, and what to make the others from. At most `cap` bytes are kept.
    pub(crate) fn taped(body: B, cap: usize) -> (Self, Replay<B>) {
        if body.is_end_stream() {
            let original = Original::Empty;
            return (Self { kind: Kind::Empty }, Replay { original });
        }
        let tape = Arc::new(Tape::new(body, cap));
        let kind = Kind::Taped {
            tape: Arc::clone(&tape),
            generation: 0,
            sent: 0,
        };
        let original = Original::Taped(tape);
        (Self { kind }, Replay { original })
    }
}

impl<B> Body for ReplayBody<B>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.get_mut().kind {
            Kind::Plain { body } => Pin::new(body).poll_frame(cx).map(|frame| {
                Some(match frame? {
                    Ok(frame) => Ok(frame.map_data(shallow)),
                    Err(error) => Err(RequestBodyError::new(error).into()),
                })
            }),
            Kind::Empty => Poll::Ready(None),
            Kind::Taped {
                tape,
                generation,
                sent,
            } => tape.poll_frame(*generation, sent, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Plain { body } => body.is_end_stream(),
            Kind::Empty => true,
            Kind::Taped { tape, sent, .. } => tape.is_end_stream(*sent),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Plain { body } => body.size_hint(),
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Taped { tape, sent, .. } => tape.size_hint(*sent),
        }
    }
}

// === impl Replay ===

impl<B> Replay<B> {
    /// The next attempt's body. The caller has asked [`can`](Self::can).
    pub(crate) fn next(&self) -> ReplayBody<B> {
        let kind = match &self.original {
            Original::Empty => Kind::Empty,
            Original::Taped(tape) => Kind::Taped {
                generation: tape.next_generation(),
                tape: Arc::clone(tape),
                sent: 0,
            },
        };
        ReplayBody { kind }
    }

    /// Whether the body can be sent again in full.
    pub(crate) fn can(&self) -> CanReplay {
        match &self.original {
            Original::Empty => CanReplay::Yes,
            Original::Taped(tape) => tape.can_replay(),
        }
    }
}

impl<B> Drop for Replay<B> {
    /// Nobody will replay: the body in flight stops taping and lets go of what it has.
    fn drop(&mut self) {
        if let Original::Taped(tape) = &self.original {
            tape.stop();
        }
    }
}

/// Whether a body can be sent again in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CanReplay {
    /// All that was read is on the tape.
    Yes,
    /// More was read than the cap allows to keep.
    TooLarge,
    /// Reading it failed: there is nothing more to send.
    Broken,
}

/// `data` as [`Bytes`]: a new reference if it is one already, a copy otherwise.
pub(super) fn shallow(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}
