//! One HTTP/2 connection to a backend: what its driver and its streams share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use soe503::clock;
use soe503_core::Tick;
use soe503_core::ledger::{Fault, Http2Fault};
use soe503_h2::{By, Code, Event, Options, Session, Violation};

use super::slot::Slot;
use crate::net::Ends;

/// Flow control: see the [module](super).
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 32 * 1024 * 1024;
/// The largest header list of a response, in bytes as RFC 9113 §6.5.2 counts them.
const MAX_HEADER_LIST: u32 = 64 * 1024;
/// Streams that a peer is assumed to allow until its SETTINGS say otherwise: the least that RFC 9113
/// §6.5.2 recommends.
pub(super) const ASSUMED_STREAMS: u32 = 100;

/// A connection. One worker has it, so that the mutex is free whenever it is taken; it is held for a
/// few instructions, or while the socket takes what is queued, and never while a request is polled.
#[derive(Debug)]
pub(super) struct Link {
    state: Mutex<State>,
    /// The connection's addresses, if it has some.
    ends: Option<Ends>,
}

/// What is known of a connection.
#[derive(Debug)]
pub(super) struct State {
    pub(super) h2: Session<Slot>,
    /// Wakes the task that moves the frames.
    pub(super) driver: Waker,
    /// The driver will look anyway: it was woken, or waits for the socket.
    pub(super) asked: bool,
    /// Requests that were answered.
    pub(super) served: u64,
    /// Since when no stream is open; `None` while one is.
    idle_since: Option<Tick>,
    /// What ended the connection. The first word stands.
    ended: Option<Fault>,
    /// The code of a GOAWAY that was no good-bye.
    pub(super) blamed: Option<Code>,
    /// The answer to a PING came.
    pong: bool,
}

/// Who is to be woken once the lock is free.
pub(super) type Woken = Vec<Waker>;

// === impl Link ===

impl Link {
    /// A connection between `ends` that begins `now`. Its preface is queued.
    pub(super) fn new(ends: Option<Ends>, now: Tick) -> Arc<Self> {
        let options = Options {
            stream_window: STREAM_WINDOW,
            connection_window: CONNECTION_WINDOW,
            max_header_list: MAX_HEADER_LIST,
            assumed_streams: ASSUMED_STREAMS,
            ..Options::default()
        };
        let state = Mutex::new(State {
            h2: Session::client(&options),
            driver: Waker::noop().clone(),
            // It is spawned, and looks once without being woken.
            asked: true,
            served: 0,
            idle_since: Some(now),
            ended: None,
            blamed: None,
            pong: false,
        });
        Arc::new(Self { state, ends })
    }

    /// The connection's addresses, if it has some.
    pub(super) const fn ends(&self) -> Option<Ends> {
        self.ends
    }

    /// The state, to look at.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // What a panic left behind is a session that says what it says.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes the driver if that leaves it something to do.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state);
        state.settle();
        result
    }

    /// The connection ended like this: all streams hear of it.
    pub(super) fn end(&self, fault: Fault) {
        let mut woken = Woken::new();
        let mut state = self.lock();
        state.ended.get_or_insert(fault);
        for slot in state.h2.values_mut() {
            woken.extend(slot.wakers().into_iter().flatten());
        }
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }
}

// === impl State ===

impl State {
    /// After a change: an idle time may have begun, and the driver may have something to do.
    pub(super) fn settle(&mut self) {
        self.settle_idle();
        if !self.asked && (!self.h2.queued().is_empty() || self.h2.is_over()) {
            self.asked = true;
            self.driver.wake_by_ref();
        }
    }

    pub(super) fn settle_idle(&mut self) {
        if self.h2.streams() == 0 {
            if self.idle_since.is_none() {
                self.idle_since = Some(clock::now());
            }
        } else {
            self.idle_since = None;
        }
    }

    /// Takes what was read and hands it to the streams. Those to be woken are added to `woken`.
    pub(super) fn receive(&mut self, bytes: &[u8], woken: &mut Woken) -> Result<(), Violation> {
        let received = self.h2.receive(bytes);
        self.dispatch(woken);
        self.settle_idle();
        received
    }

    /// Hands what came to the streams that it came for.
    pub(super) fn dispatch(&mut self, woken: &mut Woken) {
        while let Some(event) = self.h2.next_event() {
            match event {
                Event::Response { stream, head, end } => {
                    let interim = head.parts.status.is_informational();
                    self.served += u64::from(!interim);
                    if let Some(slot) = self.h2.get_mut(stream) {
                        woken.extend(match interim {
                            true => slot.interim(head),
                            false => slot.head(head, end),
                        });
                    }
                }
                Event::Data {
                    stream,
                    data,
                    flow,
                    end,
                } => {
                    if let Some(slot) = self.h2.get_mut(stream) {
                        woken.extend(slot.data(data, flow, end));
                    }
                }
                Event::Trailers { stream, trailers } => {
                    if let Some(slot) = self.h2.get_mut(stream) {
                        woken.extend(slot.trailers(trailers));
                    }
                }
                Event::Reset { stream, code, by } => {
                    if let Some(slot) = self.h2.get_mut(stream) {
                        let fault = match by {
                            By::Peer => Http2Fault::Reset(code.0),
                            By::Us => Http2Fault::Violation(code.0),
                            By::GoAway => Http2Fault::GoAway(code.0),
                        };
                        woken.extend(slot.broken(Fault::Http2(fault)).into_iter().flatten());
                    }
                }
                Event::Writable { stream } => {
                    if let Some(slot) = self.h2.get_mut(stream) {
                        woken.extend(slot.writable());
                    }
                }
                Event::Pong(_) => self.pong = true,
                Event::GoAway { code, .. } if code != Code::NO_ERROR => self.blamed = Some(code),
                _ => {}
            }
        }
    }

    /// What ended the connection, if anything has.
    pub(super) fn ended(&self) -> Option<&Fault> {
        self.ended.as_ref()
    }

    /// The session and what ended the connection, to be used at once.
    pub(super) fn parts(&mut self) -> (&mut Session<Slot>, Option<&Fault>) {
        (&mut self.h2, self.ended.as_ref())
    }

    /// Takes new streams, apart from their number.
    pub(super) fn is_open(&self) -> bool {
        self.ended.is_none() && self.h2.accepts()
    }

    /// Since when no stream is open.
    pub(super) fn idle_since(&self) -> Option<Tick> {
        self.idle_since
    }

    /// Whether the answer to a PING came since this was last asked.
    pub(super) fn take_pong(&mut self) -> bool {
        std::mem::take(&mut self.pong)
    }

    /// Bytes that were handed to the socket, ever.
    pub(super) fn handed(&self) -> u64 {
        self.h2.offset() - self.h2.queued().len() as u64
    }
}
