//! DATA, and the windows of this side: RFC 9113 §5.2, §6.1, §6.9.

use bytes::{Buf, Bytes};

use super::connection::Session;
use super::floods::{EMPTY, Floods};
use super::input::Payload;
use super::stream::Half;
use super::{Event, StreamId};
use crate::code::Code;
use crate::frame::{FrameHead, data_range, flag, window_update};

impl<T> Session<T> {
    pub(super) fn data(&mut self, head: FrameHead, payload: Payload<'_>) -> Result<(), Code> {
        let stream = head.stream;
        let end = head.has(flag::END_STREAM);
        let range = data_range(head.flags, payload.bytes())?;
        if self.is_idle(stream) {
            return Err(Code::PROTOCOL_ERROR);
        }
        // Padding counts (RFC 9113 §6.9.1), and so does what comes for a stream that is gone.
        let flow = head.len as i32;
        if flow > self.receive_window {
            return Err(Code::FLOW_CONTROL_ERROR);
        }
        self.receive_window -= flow;
        if let Err(code) = self.take_data(stream, range.len(), flow, end) {
            self.release_connection(head.len);
            return match code {
                Some(code) => self.data_violated(stream, code),
                None => Ok(()),
            };
        }
        if range.is_empty() {
            // Nobody has to pass padding on.
            self.release(StreamId(stream), head.len);
            if !end {
                return self.floods.idle(EMPTY);
            }
        } else {
            self.count_piece(stream)?;
        }
        self.floods.progress();
        self.events.push_back(Event::Data {
            stream: StreamId(stream),
            flow: if range.is_empty() { 0 } else { head.len },
            data: match payload {
                Payload::Read(bytes) => {
                    Bytes::copy_from_slice(bytes.get(range).unwrap_or_default())
                }
                Payload::Kept(frame) => {
                    let mut data = Bytes::from(frame);
                    data.truncate(FrameHead::LEN + range.end);
                    data.advance(FrameHead::LEN + range.start);
                    data
                }
            },
            end,
        });
        if end {
            self.remote_ended(stream);
        }
        Ok(())
    }

    /// Takes `flow` from a stream's window and `len` from its length.
    ///
    /// An error without a code: the stream is gone, and this was on its way.
    fn take_data(
        &mut self,
        stream: u32,
        len: usize,
        flow: i32,
        end: bool,
    ) -> Result<(), Option<Code>> {
        let len = len as u64;
        let Some(entry) = self.streams.get_mut(stream) else {
            if self.recent.contains(stream) || self.going.is_beyond(stream) {
                return Err(None);
            }
            return Err(Some(Code::STREAM_CLOSED));
        };
        if entry.reset {
            return Err(None);
        }
        match entry.remote {
            Half::Ended => return Err(Some(Code::STREAM_CLOSED)),
            Half::Head => return Err(Some(Code::PROTOCOL_ERROR)),
            Half::Body => {}
        }
        if flow > entry.receive_window {
            return Err(Some(Code::FLOW_CONTROL_ERROR));
        }
        // RFC 9113 §8.1.1: the data is as long as was said.
        if let Some(left) = &mut entry.left {
            match left.checked_sub(len) {
                Some(rest) if rest == 0 || !end => *left = rest,
                _ => return Err(Some(Code::PROTOCOL_ERROR)),
            }
        }
        entry.receive_window -= flow;
        entry.unreleased += flow as u32;
        Ok(())
    }

    fn data_violated(&mut self, stream: u32, code: Code) -> Result<(), Code> {
        if self.streams.get_mut(stream).is_some() {
            self.violated(stream, code)
        } else {
            self.refuse(stream, code)
        }
    }

    fn count_piece(&mut self, stream: u32) -> Result<(), Code> {
        let Some(entry) = self.streams.get_mut(stream) else {
            return Ok(());
        };
        entry.pieces += 1;
        Floods::pieces(u64::from(entry.pieces), u64::from(entry.unreleased))
    }

    /// Data was passed on: the peer may send `flow` more bytes. Told in WINDOW_UPDATEs of half a window or more.
    /// What of a forgotten stream was not released counts as released, so that it need not be.
    pub fn release(&mut self, stream: StreamId, flow: u32) {
        let half = self.local.stream_window as u32 / 2;
        let Some(entry) = self.streams.get_mut(stream.0) else {
            return;
        };
        let flow = flow.min(entry.unreleased);
        if flow == 0 {
            return;
        }
        let rest = entry.unreleased - flow;
        let pieces = u64::from(entry.pieces) * u64::from(rest) / u64::from(entry.unreleased);
        entry.pieces = pieces as u32;
        entry.unreleased = rest;
        if entry.remote == Half::Body {
            entry.released += flow;
            if entry.released >= half.max(1) {
                window_update(self.out.end(), stream.0, entry.released);
                entry.receive_window += entry.released as i32;
                entry.released = 0;
            }
        }
        self.release_connection(flow);
    }

    pub(super) fn release_connection(&mut self, flow: u32) {
        self.released += flow;
        if self.released >= self.local.connection_window as u32 / 2 {
            window_update(self.out.end(), 0, self.released);
            self.receive_window += self.released as i32;
            self.released = 0;
        }
    }
}
