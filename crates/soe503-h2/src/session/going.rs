//! GOAWAY, both ways: RFC 9113 §6.8.

use super::connection::Session;
use super::event::By;
use super::stream::{Half, Stream};
use super::{Event, StreamId};
use crate::code::Code;
use crate::frame::{go_away, ping, u32_at};

/// The payload of the PING between a server's two GOAWAYs.
const SHUTDOWN: [u8; 8] = *b"\0goaway\0";
/// The last stream of a GOAWAY that does not yet say which it is.
const ANY: u32 = 0x7fff_ffff;

/// How far the connection's end has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Going {
    /// GOAWAY was said, and with it the last stream that something will be done with.
    said: Option<u32>,
    /// The answer to the PING between two GOAWAYs is awaited.
    pinged: bool,
    /// The peer said GOAWAY.
    heard: bool,
}

impl Going {
    /// Either side said GOAWAY.
    pub(super) fn began(&self) -> bool {
        self.heard || self.said.is_some()
    }

    /// No stream will come any more.
    pub(super) fn ends(&self) -> bool {
        self.heard || self.said.is_some() && !self.pinged
    }

    /// A server's: whether a stream came after those that something will be done with.
    pub(super) fn is_beyond(&self, stream: u32) -> bool {
        self.said.is_some_and(|last| stream > last)
    }
}

impl<T> Session<T> {
    /// Ends the connection gracefully. Open streams go on. A server says GOAWAY twice, with a round trip between,
    /// so that no request is lost that was on its way (RFC 9113 §6.8); a client says it once.
    pub fn shutdown(&mut self) {
        if self.going.said.is_some() || self.failed.is_some() {
            return;
        }
        if !self.is_server() {
            return self.go_away(Code::NO_ERROR);
        }
        self.going.said = Some(ANY);
        self.going.pinged = true;
        go_away(self.out.end(), ANY, Code::NO_ERROR);
        ping(self.out.end(), false, SHUTDOWN);
    }

    /// Says GOAWAY with a code, now. A server does nothing with streams that come from here on.
    pub fn go_away(&mut self, code: Code) {
        if self.failed.is_some() {
            return;
        }
        let last = self.last_processed();
        self.going.said = Some(last);
        self.going.pinged = false;
        go_away(self.out.end(), last, code);
    }

    /// The last stream of the peer's that something was or will be done with. A server pushes none.
    fn last_processed(&self) -> u32 {
        if self.is_server() {
            self.last.min(self.going.said.unwrap_or(ANY))
        } else {
            0
        }
    }

    /// The client answered: all that was on its way came.
    pub(super) fn shutdown_answered(&mut self, payload: [u8; 8]) -> bool {
        let awaited = self.going.pinged && payload == SHUTDOWN;
        if awaited {
            self.go_away(Code::NO_ERROR);
        }
        awaited
    }

    /// The peer violated the protocol: the connection and all its streams are over.
    pub(super) fn fail(&mut self, code: Code) {
        self.go_away(code);
        self.failed = Some(code);
        self.streams.reset_all();
        self.ring.clear();
    }

    pub(super) fn go_away_came(&mut self, payload: &[u8]) -> Result<(), Code> {
        let (head, _debug) = payload.split_at_checked(8).ok_or(Code::FRAME_SIZE_ERROR)?;
        let (last, code) = head.split_at(4);
        let last = u32_at(last)? & ANY;
        let code = Code(u32_at(code)?);
        if self.going.heard {
            self.floods.idle(1)?;
        }
        self.going.heard = true;
        self.events.push_back(Event::GoAway {
            last: StreamId(last),
            code,
        });
        if self.is_server() {
            return Ok(());
        }
        for stream in self.streams.above(last) {
            let untouched = self
                .streams
                .get_mut(stream)
                .is_some_and(|entry: &mut Stream<T>| {
                    !entry.is_closed() && entry.remote == Half::Head
                });
            if untouched {
                self.end_early(stream, code, By::GoAway);
            }
        }
        Ok(())
    }
}
