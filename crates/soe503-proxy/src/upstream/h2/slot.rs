//! What has come for a stream and waits for its request.

use std::collections::VecDeque;
use std::task::{Context, Waker};

use bytes::Bytes;
use http::HeaderMap;
use soe503_core::ledger::Fault;
use soe503_h2::ResponseHead;

use crate::front::interim;

/// One stream's place in the session. The driver fills it, the request empties it.
#[derive(Debug)]
pub(super) struct Slot {
    /// The head of the answer.
    head: Option<Box<ResponseHead>>,
    /// What came before it.
    #[expect(clippy::vec_box, reason = "they come boxed, as the head does")]
    interim: Vec<Box<ResponseHead>>,
    /// Pieces of the body: the first, and those behind it. Most answers have one, which needs no allocation.
    first: Option<Piece>,
    more: VecDeque<Piece>,
    trailers: Option<Box<HeaderMap>>,
    /// Nothing more comes.
    ended: bool,
    /// How the stream was ended before its time.
    fault: Option<Fault>,
    /// Waits for what comes; before the head also for room to send.
    reader: Option<Waker>,
    /// Waits for room to send, once the answer has begun.
    writer: Option<Waker>,
    /// Handles of the stream: the answer's, and the upload's while it outlives the head.
    pub(super) handles: u8,
}

/// A piece of a body, and what of the window it takes.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) data: Bytes,
    pub(super) flow: u32,
}

/// What there is of a body.
#[derive(Debug)]
pub(super) enum Next {
    Data(Piece),
    Trailers(Box<HeaderMap>),
    /// It is complete.
    End,
    /// It broke off.
    Broken(Fault),
    /// It is still to come.
    Wait,
}

impl Slot {
    /// A stream with one handle, for which nothing has come.
    pub(super) const fn new() -> Self {
        Self {
            head: None,
            interim: Vec::new(),
            first: None,
            more: VecDeque::new(),
            trailers: None,
            ended: false,
            fault: None,
            reader: None,
            writer: None,
            handles: 1,
        }
    }

    // -- what comes. Each returns who waits for it.

    pub(super) fn head(&mut self, head: Box<ResponseHead>, end: bool) -> Option<Waker> {
        self.head = Some(head);
        self.ended = end;
        self.reader.take()
    }

    /// More than a client would get are dropped.
    pub(super) fn interim(&mut self, head: Box<ResponseHead>) -> Option<Waker> {
        if self.interim.len() >= interim::MOST {
            return None;
        }
        self.interim.push(head);
        self.reader.take()
    }

    pub(super) fn data(&mut self, data: Bytes, flow: u32, end: bool) -> Option<Waker> {
        self.ended |= end;
        if !data.is_empty() {
            let piece = Piece { data, flow };
            if self.first.is_none() {
                self.first = Some(piece);
            } else {
                self.more.push_back(piece);
            }
        }
        self.reader.take()
    }

    pub(super) fn trailers(&mut self, trailers: HeaderMap) -> Option<Waker> {
        self.trailers = Some(Box::new(trailers));
        self.ended = true;
        self.reader.take()
    }

    pub(super) fn broken(&mut self, fault: Fault) -> [Option<Waker>; 2] {
        self.fault = Some(fault);
        self.wakers()
    }

    /// There may be room to send.
    pub(super) fn writable(&mut self) -> Option<Waker> {
        self.writer.take().or_else(|| self.reader.take())
    }

    /// Everybody who waits.
    pub(super) fn wakers(&mut self) -> [Option<Waker>; 2] {
        [self.reader.take(), self.writer.take()]
    }

    // -- what is taken.

    #[expect(clippy::vec_box, reason = "they come boxed, as the head does")]
    pub(super) fn take_interim(&mut self) -> Vec<Box<ResponseHead>> {
        std::mem::take(&mut self.interim)
    }

    pub(super) fn take_head(&mut self) -> Option<(Box<ResponseHead>, bool)> {
        let head = self.head.take()?;
        Some((head, self.is_read()))
    }

    /// The next of the body. `ended`: what ended the connection. What came before that is given first.
    pub(super) fn take(&mut self, ended: Option<&Fault>) -> Next {
        if let Some(piece) = self.first.take() {
            self.first = self.more.pop_front();
            return Next::Data(piece);
        }
        if let Some(trailers) = self.trailers.take() {
            return Next::Trailers(trailers);
        }
        if self.ended {
            return Next::End;
        }
        match self.fault.as_ref().or(ended) {
            Some(fault) => Next::Broken(fault.clone()),
            None => Next::Wait,
        }
    }

    /// The answer is over, and all of it was taken.
    pub(super) fn is_read(&self) -> bool {
        self.ended && self.first.is_none() && self.trailers.is_none()
    }

    /// How it was ended before its time, if it was.
    pub(super) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// `cx` waits for what comes.
    pub(super) fn wait(&mut self, cx: &Context<'_>) {
        note(&mut self.reader, cx);
    }

    /// `cx` waits for room, or for the end of the stream.
    pub(super) fn wait_for_room(&mut self, cx: &Context<'_>) {
        note(&mut self.writer, cx);
    }
}

fn note(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) if waker.will_wake(cx.waker()) => {}
        _ => *place = Some(cx.waker().clone()),
    }
}

#[cfg(test)]
#[path = "slot_tests.rs"]
mod tests;
