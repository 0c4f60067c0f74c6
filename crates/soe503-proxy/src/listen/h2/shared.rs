//! The session of a connection and what is kept beside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, response};
use http_body::Frame;
use soe503_core::Tick;
use soe503_h2::{Code, Session, StreamId};

use super::body::BodyError;
use super::intake::{Intake, Next};
use crate::front::interim::Interim;
use crate::listen::date;
use crate::listen::watch::{self, Patience, Watch};

/// A connection's session, for its task and the bodies of its requests. All are polled on one
/// thread, one after the other: the lock is there for the compiler and always free.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<State>>);

#[derive(Debug)]
pub(super) struct State {
    pub(super) session: Session<Open>,
    pub(super) watch: Arc<Watch>,
    pub(super) patience: Patience,
    pub(super) min_body_rate: u64,
    /// The connection's task is at work, and will write whatever is queued.
    pub(super) at_work: bool,
    /// Flow control's bytes that came and were not read.
    pub(super) held: u64,
    /// As much may be held before a client may have to wait for us, in bytes.
    pub(super) roomy: u64,
    /// When data was last sent.
    pub(super) progress: Tick,
    /// Streams that wait for their client in one way or another; also some that did.
    pub(super) timed: Vec<StreamId>,
}

/// What is kept for a stream.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Wakes its exchange.
    exchange: Option<Waker>,
    /// The client has called it off.
    gone: bool,
    /// Since when the client takes nothing of the answer.
    pub(super) blocked: Option<Tick>,
    /// It is in [`State::timed`].
    pub(super) is_timed: bool,
    /// The request's body, if it has one.
    pub(super) intake: Option<Box<Intake>>,
}

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// A panic while it was held leaves at worst a connection that is closed next.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    pub(super) fn wake(&mut self) {
        if let Some(exchange) = &self.exchange {
            exchange.wake_by_ref();
        }
    }
}

/// What the connection's task does with it.
impl State {
    pub(super) fn data(&mut self, stream: StreamId, data: Bytes, flow: u32, end: bool) {
        let (now, min_rate) = (watch::now(), self.min_body_rate);
        let open = self.session.get_mut(stream);
        let release = match open.and_then(|open| open.intake.as_mut()) {
            Some(intake) => intake.data(data, flow, end, now, min_rate),
            None => flow,
        };
        self.held += u64::from(flow - release);
        self.session.release(stream, release);
    }

    pub(super) fn trailers(&mut self, stream: StreamId, trailers: HeaderMap) {
        let open = self.session.get_mut(stream);
        if let Some(intake) = open.and_then(|open| open.intake.as_mut()) {
            intake.trailers(trailers);
        }
    }

    /// The client, or a violation of the client's, has ended a stream.
    pub(super) fn gone(&mut self, stream: StreamId) {
        if let Some(open) = self.session.get_mut(stream) {
            open.gone = true;
            open.wake();
        }
    }

    pub(super) fn writable(&mut self, stream: StreamId) {
        if let Some(open) = self.session.get_mut(stream) {
            open.blocked = None;
            open.wake();
        }
    }
}

/// What an exchange does with it.
impl State {
    /// Whether `stream` is still wanted. If so, it wakes `cx` when it can go on.
    pub(super) fn enter(&mut self, stream: StreamId, cx: &Context<'_>) -> bool {
        match self.session.get_mut(stream) {
            Some(open) if !open.gone => {
                if open.exchange.is_none() {
                    // The wakers of one exchange are all the same.
                    open.exchange = Some(cx.waker().clone());
                }
                true
            }
            _ => false,
        }
    }

    /// Sends the head of an interim answer.
    pub(super) fn interim(&mut self, stream: StreamId, head: &Interim) {
        let (status, headers) = (head.status, &head.headers);
        // If the stream is gone, the exchange is about to learn it.
        self.session.respond(stream, status, headers, None, false);
    }

    /// Sends the head of an answer; `end`: it is all of it.
    pub(super) fn respond(&mut self, stream: StreamId, head: &response::Parts, end: bool) {
        if let Some(intake) = self.intake(stream) {
            intake.answered();
        }
        date::with(|date| {
            let (status, date) = (head.status, Some(date));
            // If the stream is gone, the exchange is about to learn it.
            self.session
                .respond(stream, status, &head.headers, date, end);
        });
    }

    /// Sends what the client takes of `data`. True: all of it.
    pub(super) fn send(&mut self, stream: StreamId, data: &mut Bytes, end: bool) -> bool {
        let length = data.len();
        let sent = self.session.send_data(stream, data, end);
        let now = watch::now();
        if data.len() < length {
            self.progress = now;
        }
        if !sent {
            if let Some(open) = self.session.get_mut(stream) {
                open.blocked = Some(now);
            }
            self.time(stream, now.after(self.patience.write));
        }
        sent
    }

    /// The exchange is over. If the client still sends, or waits for the rest of its answer, it is
    /// told why nothing more will happen.
    pub(super) fn close(&mut self, stream: StreamId, why: Code) {
        if let Some(open) = self.session.reset(stream, why) {
            let held = open.intake.map_or(0, |intake| intake.held());
            self.held = self.held.saturating_sub(u64::from(held));
        }
    }

    /// Something is expected of the client by `due`.
    fn time(&mut self, stream: StreamId, due: Tick) {
        if let Some(open) = self.session.get_mut(stream)
            && !std::mem::replace(&mut open.is_timed, true)
        {
            self.timed.push(stream);
        }
        self.watch.wake_by(due);
    }
}

/// What a body does with it.
impl State {
    pub(super) fn poll_body(
        &mut self,
        stream: StreamId,
        cx: &Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let now = watch::now();
        let Some(intake) = self.intake(stream) else {
            return Poll::Ready(Some(Err(BodyError::Gone)));
        };
        match intake.next(cx, now) {
            Next::Frame(frame, flow) => {
                self.release(stream, flow);
                Poll::Ready(Some(Ok(frame)))
            }
            Next::End => Poll::Ready(None),
            Next::Late => Poll::Ready(Some(Err(BodyError::Late))),
            Next::Wait { invite } => {
                if invite {
                    let (status, none) = (StatusCode::CONTINUE, HeaderMap::new());
                    self.session.respond(stream, status, &none, None, false);
                    self.is_queued();
                }
                self.time(stream, now.after(self.patience.body));
                Poll::Pending
            }
        }
    }

    /// The body has no reader any more.
    pub(super) fn unwanted(&mut self, stream: StreamId) {
        if let Some(intake) = self.intake(stream) {
            let held = intake.unwanted();
            self.release(stream, held);
        }
    }

    /// The body of a stream that is still wanted.
    pub(super) fn intake(&mut self, stream: StreamId) -> Option<&mut Intake> {
        let open = self.session.get_mut(stream).filter(|open| !open.gone)?;
        open.intake.as_deref_mut()
    }

    fn release(&mut self, stream: StreamId, flow: u32) {
        self.held = self.held.saturating_sub(u64::from(flow));
        let before = self.session.offset();
        self.session.release(stream, flow);
        if self.session.offset() != before {
            self.is_queued();
        }
    }

    /// Something is to be written. Bodies may be read by other tasks.
    fn is_queued(&self) {
        if !self.at_work {
            self.watch.wake();
        }
    }
}
