//! What came of one request's body and nobody has used yet.

use std::collections::VecDeque;
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use soe503_core::Tick;

use crate::listen::watch::TRICKLE;

/// One body, between the session and its reader.
#[derive(Debug)]
pub(super) struct Intake {
    pieces: VecDeque<Piece>,
    trailers: Option<HeaderMap>,
    /// All of it came.
    ended: bool,
    /// Bytes that are still to be read, if the head has announced the length.
    left: Option<u64>,
    /// Nobody reads it any more.
    unwanted: bool,
    /// It came too slowly.
    late: bool,
    /// The answer has begun: the body may come whenever its client has something to say, as with a
    /// conversation over gRPC.
    answered: bool,
    /// The client waits for `100 Continue` before it sends any of it.
    invite: bool,
    reader: Option<Waker>,
    /// Since when its reader waits.
    waiting: Option<Tick>,
    /// How long it has been waited for, and what came of it, in bytes.
    waited: Duration,
    came: u64,
}

#[derive(Debug)]
struct Piece {
    data: Bytes,
    /// What is to be released once it was read.
    flow: u32,
}

/// What a reader gets.
#[derive(Debug)]
pub(super) enum Next {
    /// A frame; so much is to be released.
    Frame(Frame<Bytes>, u32),
    End,
    /// The client is too slow.
    Late,
    /// The reader will be woken. `invite`: `100 Continue` is due.
    Wait {
        invite: bool,
    },
}

impl Intake {
    /// The body of a head that announces `length` bytes. `invite`: its client waits to be asked.
    pub(super) fn new(length: Option<u64>, invite: bool) -> Self {
        Self {
            pieces: VecDeque::new(),
            trailers: None,
            ended: false,
            left: length,
            unwanted: false,
            late: false,
            answered: false,
            invite,
            reader: None,
            waiting: None,
            waited: Duration::ZERO,
            came: 0,
        }
    }

    /// A piece has come. Returns what is to be released at once, as nobody wants it; above
    /// `min_rate` bytes per second of waiting the client is fast enough.
    pub(super) fn data(
        &mut self,
        data: Bytes,
        flow: u32,
        end: bool,
        now: Tick,
        min_rate: u64,
    ) -> u32 {
        self.ended |= end;
        if self.unwanted {
            return flow;
        }
        self.invite = false;
        self.came += data.len() as u64;
        if let Some(since) = self.waiting.take() {
            self.waited += now.since(since);
            let least = min_rate.saturating_mul(self.waited.as_secs());
            self.late |= !self.answered && self.waited > TRICKLE && self.came < least;
        }
        if !data.is_empty() {
            self.pieces.push_back(Piece { data, flow });
        }
        self.wake();
        0
    }

    /// The trailer section has come, and with it the end.
    pub(super) fn trailers(&mut self, trailers: HeaderMap) {
        self.ended = true;
        self.waiting = None;
        self.trailers = Some(trailers);
        self.wake();
    }

    /// The answer begins: from here on the client may take its time.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Since when the client owes some of it.
    pub(super) fn owed(&mut self) -> Option<&mut Tick> {
        self.waiting.as_mut().filter(|_| !self.answered)
    }

    /// The client takes too long.
    pub(super) fn give_up(&mut self) {
        self.late = true;
        self.waiting = None;
        self.wake();
    }

    /// Whether it came too slowly.
    pub(super) fn is_late(&self) -> bool {
        self.late
    }

    /// The reader has gone. Returns what is to be released.
    pub(super) fn unwanted(&mut self) -> u32 {
        self.unwanted = true;
        self.waiting = None;
        self.reader = None;
        self.trailers = None;
        let held = self.held();
        self.pieces = VecDeque::new();
        held
    }

    /// Flow control's bytes that came and were not read.
    pub(super) fn held(&self) -> u32 {
        self.pieces.iter().map(|piece| piece.flow).sum()
    }

    /// Everything has been read.
    pub(super) fn is_read(&self) -> bool {
        self.ended && self.pieces.is_empty() && self.trailers.is_none()
    }

    /// Bytes that are still to be read, if that is known.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.left
    }

    /// What the reader gets now.
    pub(super) fn next(&mut self, cx: &Context<'_>, now: Tick) -> Next {
        if self.late {
            return Next::Late;
        }
        if let Some(Piece { data, flow }) = self.pieces.pop_front() {
            if let Some(left) = &mut self.left {
                *left = left.saturating_sub(data.len() as u64);
            }
            return Next::Frame(Frame::data(data), flow);
        }
        if let Some(trailers) = self.trailers.take() {
            return Next::Frame(Frame::trailers(trailers), 0);
        }
        if self.ended {
            return Next::End;
        }
        match &mut self.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            None => self.reader = Some(cx.waker().clone()),
        }
        self.waiting.get_or_insert(now);
        Next::Wait {
            invite: std::mem::take(&mut self.invite),
        }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Tick {
        Tick::from_secs(second)
    }

    fn next(intake: &mut Intake, second: u64) -> Next {
        intake.next(&Context::from_waker(Waker::noop()), at(second))
    }

    fn come(intake: &mut Intake, data: &'static [u8], second: u64) -> u32 {
        let flow = data.len() as u32 + 1;
        intake.data(Bytes::from_static(data), flow, false, at(second), 10)
    }

    #[test]
    fn pieces_are_read_in_order_and_release_what_they_took() {
        let mut intake = Intake::new(Some(5), false);
        assert!(matches!(next(&mut intake, 0), Next::Wait { invite: false }));
        assert_eq!(come(&mut intake, b"abc", 0), 0);
        assert_eq!(come(&mut intake, b"de", 0), 0);
        assert_eq!((intake.held(), intake.remaining()), (7, Some(5)));
        for (data, flow, left) in [("abc", 4, 2), ("de", 3, 0)] {
            let Next::Frame(frame, released) = next(&mut intake, 0) else {
                panic!("{data}");
            };
            assert_eq!(frame.into_data().unwrap(), data);
            assert_eq!((released, intake.remaining()), (flow, Some(left)));
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("x", http::HeaderValue::from_static("y"));
        intake.trailers(trailers);
        assert!(!intake.is_read());
        assert!(matches!(next(&mut intake, 0), Next::Frame(frame, 0) if frame.is_trailers()));
        assert!(intake.is_read() && matches!(next(&mut intake, 0), Next::End));
    }

    #[test]
    fn who_waits_to_be_asked_is_asked_once() {
        let mut intake = Intake::new(None, true);
        assert!(matches!(next(&mut intake, 0), Next::Wait { invite: true }));
        assert!(matches!(next(&mut intake, 0), Next::Wait { invite: false }));
        // And not at all if the body comes without.
        let mut intake = Intake::new(None, true);
        come(&mut intake, b"a", 0);
        let _piece = next(&mut intake, 0);
        assert!(matches!(next(&mut intake, 0), Next::Wait { invite: false }));
    }

    #[test]
    fn a_trickle_is_too_slow_after_five_seconds_of_waiting() {
        for (data, late) in [(&b"1234567890"[..], true), (&[b'x'; 80], false)] {
            let mut intake = Intake::new(None, false);
            for second in [100, 104] {
                let _wait = next(&mut intake, second);
                come(&mut intake, data, second + 4);
                let _piece = next(&mut intake, second + 4);
            }
            assert_eq!(intake.is_late(), late, "{}", data.len());
            assert_eq!(matches!(next(&mut intake, 108), Next::Late), late);
        }
    }

    #[test]
    fn once_the_answer_has_begun_nothing_is_owed() {
        let mut intake = Intake::new(None, false);
        let _wait = next(&mut intake, 100);
        assert_eq!(intake.owed(), Some(&mut at(100)));
        intake.answered();
        assert_eq!(intake.owed(), None);
        come(&mut intake, b"a", 200);
        assert!(!intake.is_late());
    }

    #[test]
    fn time_counts_only_while_somebody_waits() {
        let mut intake = Intake::new(None, false);
        for second in [100, 200, 300] {
            let _wait = next(&mut intake, second);
            come(&mut intake, b"a", second + 1);
            let _piece = next(&mut intake, second + 1);
        }
        assert_eq!(intake.waited.as_secs(), 3);
    }

    #[test]
    fn what_nobody_wants_is_released_as_it_comes() {
        let mut intake = Intake::new(None, false);
        come(&mut intake, b"abc", 0);
        assert_eq!(intake.unwanted(), 4);
        assert_eq!(come(&mut intake, b"de", 0), 3);
        assert_eq!(intake.held(), 0);
    }
}
