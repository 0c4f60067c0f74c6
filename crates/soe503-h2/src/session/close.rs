//! Streams that end before their time, and streams that are forgotten.

use super::StreamId;
use super::connection::Session;
use super::event::By;
use super::stream::Blocked;
use crate::code::Code;
use crate::frame::rst_stream;

impl<T> Session<T> {
    /// Ends a stream with RST_STREAM and forgets it. What still comes for it is tolerated.
    /// Returns what was kept for it.
    ///
    /// Nothing is sent if the stream is closed already: neither to one that the peer reset (RFC 9113 §5.4.2),
    /// nor to one that ended both ways.
    pub fn reset(&mut self, stream: StreamId, code: Code) -> Option<T> {
        self.leave_ring(stream.0);
        let entry = self.streams.remove(stream.0)?;
        if !entry.is_closed() {
            rst_stream(self.out.end(), stream.0, code);
        }
        if !entry.is_closed() || entry.reset {
            self.recent.push(stream.0);
        }
        if entry.unreleased > 0 {
            self.release_connection(entry.unreleased);
        }
        entry.data
    }

    /// The caller is done with a stream, and gets back what was kept for it. A stream that is not closed
    /// both ways is reset with [`Code::CANCEL`].
    pub fn forget(&mut self, stream: StreamId) -> Option<T> {
        self.reset(stream, Code::CANCEL)
    }

    /// The peer violated the protocol on a stream of the table (RFC 9113 §5.4.2).
    pub(super) fn violated(&mut self, stream: u32, code: Code) -> Result<(), Code> {
        rst_stream(self.out.end(), stream, code);
        let Some(entry) = self.streams.get_mut(stream) else {
            return self.floods.reset();
        };
        if !entry.is_closed() {
            self.end_early(stream, code, By::Us);
        }
        self.floods.reset()
    }

    /// Resets a stream that is not in the table.
    pub(super) fn refuse(&mut self, stream: u32, code: Code) -> Result<(), Code> {
        rst_stream(self.out.end(), stream, code);
        self.recent.push(stream);
        self.floods.reset()
    }

    pub(super) fn leave_ring(&mut self, stream: u32) {
        if let Some(entry) = self.streams.get_mut(stream) {
            if entry.blocked == Blocked::Ring {
                self.ring.retain(|&other| other != stream);
            }
            entry.blocked = Blocked::No;
        }
    }
}
