//! One stream of a connection, in the hands of its request.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use soe503_core::ledger::Fault;
use soe503_h2::{Code, RequestOut, ResponseHead, StreamId};

use super::link::Link;
use super::slot::{Next, Slot};
use crate::front::{hop, interim};

/// A stream. When the last handle of it is dropped, what is not over is reset with `CANCEL`, and the
/// peer's room for streams is another one's.
#[derive(Debug)]
pub(super) struct Stream {
    link: Arc<Link>,
    id: StreamId,
}

/// Where a request's head is among the bytes of its connection, and what it found there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Bytes before its head.
    pub(super) begin: u64,
    /// Bytes with its head.
    pub(super) end: u64,
    /// Streams open, this one included.
    pub(super) streams: usize,
}

/// What became of data that was given to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// All of it. So many bytes of the connection precede whatever comes next.
    All(u64),
    /// Not all: the stream's window is used up, or the connection is busy. Whoever waits is woken.
    Part(u64),
    /// The stream takes no more.
    Over,
}

impl Stream {
    /// Opens a stream with `head`. `None`: no more streams can be opened, which nobody could know before.
    pub(super) fn open(
        link: &Arc<Link>,
        head: &RequestOut<'_>,
        end: bool,
    ) -> Option<(Self, Place)> {
        link.with(|state| {
            if state.ended().is_some() {
                return None;
            }
            let begin = state.h2.offset();
            let id = state.h2.open(head, end, Slot::new()).ok()?;
            let place = Place {
                begin,
                end: state.h2.offset(),
                streams: state.h2.streams(),
            };
            let link = Arc::clone(link);
            Some((Self { link, id }, place))
        })
    }

    /// Another handle.
    pub(super) fn share(&self) -> Self {
        if let Some(slot) = self.link.lock().h2.get_mut(self.id) {
            slot.handles += 1;
        }
        Self {
            link: Arc::clone(&self.link),
            id: self.id,
        }
    }

    /// The head of the answer, and whether it is all of it. What comes before it is offered to the
    /// client whose request is being polled.
    pub(super) fn poll_head(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Box<ResponseHead>, bool), Fault>> {
        let mut state = self.link.lock();
        let (h2, ended) = state.parts();
        let Some(slot) = h2.get_mut(self.id) else {
            return Poll::Ready(Err(Fault::Client));
        };
        for head in slot.take_interim() {
            let mut parts = head.parts;
            hop::strip(&mut parts.headers);
            soe503::facts::of_stranger(&mut parts.headers, None);
            interim::offer(parts.status, parts.headers);
        }
        if let Some(head) = slot.take_head() {
            return Poll::Ready(Ok(head));
        }
        if let Some(fault) = slot.fault().or(ended) {
            return Poll::Ready(Err(fault.clone()));
        }
        slot.wait(cx);
        Poll::Pending
    }

    /// What comes next of the answer's body, and whether that was all.
    pub(super) fn poll_body(&self, cx: &mut Context<'_>) -> Poll<(Next, bool)> {
        let mut state = self.link.lock();
        let (h2, ended) = state.parts();
        let Some(slot) = h2.get_mut(self.id) else {
            // Nobody but its own upload gives up a stream that is read: see `give_up`.
            return Poll::Ready((Next::Broken(Fault::Client), true));
        };
        let next = slot.take(ended);
        if matches!(next, Next::Wait) {
            slot.wait(cx);
            return Poll::Pending;
        }
        let over = slot.is_read();
        if let Next::Data(piece) = &next {
            // It is passed on now.
            h2.release(self.id, piece.flow);
            state.settle();
        }
        Poll::Ready((next, over))
    }

    /// Sends what there is room for of `data`, with the end of the body if `end`.
    pub(super) fn send(&self, data: &mut Bytes, end: bool) -> Taken {
        self.link.with(|state| {
            let (h2, ended) = state.parts();
            if ended.is_some()
                || h2
                    .get_mut(self.id)
                    .is_none_or(|slot| slot.fault().is_some())
            {
                return Taken::Over;
            }
            if h2.send_data(self.id, data, end) {
                Taken::All(h2.offset())
            } else {
                Taken::Part(h2.offset())
            }
        })
    }

    /// Sends the trailers, which end the body.
    pub(super) fn send_trailers(&self, trailers: &HeaderMap) {
        self.link
            .with(|state| state.h2.send_trailers(self.id, trailers));
    }

    /// `cx` is woken when there is room to send. Ready if the stream takes no more.
    pub(super) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.link.lock();
        let (h2, ended) = state.parts();
        match h2.get_mut(self.id) {
            Some(slot) if slot.fault().is_none() && ended.is_none() => {
                slot.wait_for_room(cx);
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// The client did not deliver its request: the stream ends, and whoever reads its answer is told.
    pub(super) fn give_up(&self) {
        let slot = self
            .link
            .with(|state| state.h2.reset(self.id, Code::CANCEL));
        let wakers = slot.map(|mut slot| slot.wakers());
        for waker in wakers.into_iter().flatten().flatten() {
            waker.wake();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Dropped when the lock is free: it may hold the last waker of somebody.
        let _slot = self.link.with(|state| {
            let slot = state.h2.get_mut(self.id)?;
            slot.handles -= 1;
            match slot.handles {
                0 => state.h2.forget(self.id),
                _ => None,
            }
        });
    }
}
