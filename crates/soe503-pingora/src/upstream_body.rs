//! A backend's answer's body, on its way through the layers.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use soe503::BoxError;

/// What Pingora has received of a body, handed to the layers piece by piece.
///
/// It is polled when a piece is there and at no other time, so nobody has to be woken.
#[derive(Debug)]
pub struct UpstreamBody {
    flow: Arc<Mutex<Flow>>,
}

/// The other side of an [`UpstreamBody`].
#[derive(Debug)]
pub(crate) struct Feed {
    flow: Arc<Mutex<Flow>>,
}

#[derive(Debug, Default)]
struct Flow {
    pieces: VecDeque<Result<Frame<Bytes>, BoxError>>,
    ended: bool,
}

impl Feed {
    /// A body, and what feeds it; `ended`: there is none.
    pub(crate) fn new(ended: bool) -> (Self, UpstreamBody) {
        let flow = Arc::new(Mutex::new(Flow {
            pieces: VecDeque::new(),
            ended,
        }));
        let body = UpstreamBody {
            flow: Arc::clone(&flow),
        };
        (Self { flow }, body)
    }

    /// Somebody still has the body.
    pub(crate) fn is_wanted(&self) -> bool {
        Arc::strong_count(&self.flow) > 1
    }

    /// The next piece.
    pub(crate) fn push(&self, piece: Result<Frame<Bytes>, BoxError>) {
        lock(&self.flow).pieces.push_back(piece);
    }

    /// The body is whole.
    pub(crate) fn end(&self) {
        lock(&self.flow).ended = true;
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut flow = lock(&self.flow);
        match flow.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(piece)),
            None if flow.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        let flow = lock(&self.flow);
        flow.ended && flow.pieces.is_empty()
    }
}

/// A queue is a queue whoever panicked beside it.
fn lock(flow: &Mutex<Flow>) -> MutexGuard<'_, Flow> {
    flow.lock().unwrap_or_else(PoisonError::into_inner)
}
