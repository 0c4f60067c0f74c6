//! SETTINGS, PING, WINDOW_UPDATE, RST_STREAM and PRIORITY.

use super::connection::Session;
use super::event::By;
use super::stream::{Blocked, Half, Stream};
use super::{Event, StreamId};
use crate::code::Code;
use crate::frame::{
    DEFAULT_WINDOW, FrameHead, Setting, flag, ping, settings, settings_ack, u31, u32_at,
};

impl<T> Session<T> {
    /// RFC 9113 §6.5.
    pub(super) fn settings(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Code> {
        if head.has(flag::ACK) {
            if !payload.is_empty() {
                return Err(Code::FRAME_SIZE_ERROR);
            }
            return self.settings_acked();
        }
        self.floods.answer()?;
        if !self.peer.known {
            self.peer.known = true;
            // What is not said is not limited.
            self.peer.max_streams = u32::MAX;
        }
        let mut window = self.peer.initial_window;
        for setting in settings(payload)? {
            match setting? {
                Setting::HeaderTable(max) => self.encoder.set_table(max),
                // RFC 9113 §6.5.2: a server must not say so.
                Setting::Push(true) if !self.is_server() => return Err(Code::PROTOCOL_ERROR),
                Setting::MaxStreams(max) => self.peer.max_streams = max,
                // Only the last one shifts the streams' windows: one frame may say a thousand.
                Setting::InitialWindow(last) => window = last,
                Setting::MaxFrame(max) => self.peer.max_frame = max,
                Setting::Push(_) | Setting::Other => {}
            }
        }
        self.initial_window(window)?;
        settings_ack(self.out.end());
        if !self.is_server() {
            self.events.push_back(Event::Streams);
        }
        Ok(())
    }

    /// All windows shift by the difference, also below 0 (RFC 9113 §6.9.2).
    fn initial_window(&mut self, window: i32) -> Result<(), Code> {
        let shift = i64::from(window) - i64::from(self.peer.initial_window);
        if shift == 0 {
            return Ok(());
        }
        self.peer.initial_window = window;
        for entry in self.streams.iter_mut() {
            entry.send_window = i32::try_from(i64::from(entry.send_window) + shift)
                .map_err(|_| Code::FLOW_CONTROL_ERROR)?;
            if entry.blocked == Blocked::Window && entry.send_window > 0 {
                entry.blocked = Blocked::Ring;
                self.ring.push_back(entry.id);
            }
        }
        Ok(())
    }

    /// From here on the peer keeps to our windows; if they are the smaller ones, they were not enforced before.
    fn settings_acked(&mut self) -> Result<(), Code> {
        if self.local.acked {
            return self.floods.idle(1);
        }
        self.local.acked = true;
        let shift = self.local.stream_window - self.local.stream_window.max(DEFAULT_WINDOW);
        for entry in self.streams.iter_mut() {
            entry.receive_window += shift;
        }
        Ok(())
    }

    /// RFC 9113 §6.7.
    pub(super) fn pinged(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Code> {
        let payload = payload.try_into().map_err(|_| Code::FRAME_SIZE_ERROR)?;
        if head.has(flag::ACK) {
            if !self.shutdown_answered(payload) {
                self.floods.idle(1)?;
                self.events.push_back(Event::Pong(payload));
            }
            return Ok(());
        }
        self.floods.answer()?;
        ping(self.out.end(), true, payload);
        Ok(())
    }

    /// Queues a PING. [`Event::Pong`] tells the answer.
    pub fn ping(&mut self, payload: [u8; 8]) {
        ping(self.out.end(), false, payload);
    }

    /// RFC 9113 §6.9.
    pub(super) fn window_update(&mut self, stream: u32, payload: &[u8]) -> Result<(), Code> {
        let more = u31(payload)? as i32;
        self.floods.idle(1)?;
        if stream == 0 {
            if more == 0 {
                return Err(Code::PROTOCOL_ERROR);
            }
            self.send_window = self
                .send_window
                .checked_add(more)
                .ok_or(Code::FLOW_CONTROL_ERROR)?;
            return Ok(());
        }
        if self.is_idle(stream) {
            return Err(Code::PROTOCOL_ERROR);
        }
        let Some(entry) = self.streams.get_mut(stream) else {
            return Ok(());
        };
        if entry.local == Half::Ended {
            return Ok(());
        }
        if more == 0 {
            return self.violated(stream, Code::PROTOCOL_ERROR);
        }
        let Some(window) = entry.send_window.checked_add(more) else {
            return self.violated(stream, Code::FLOW_CONTROL_ERROR);
        };
        entry.send_window = window;
        if entry.blocked == Blocked::Window && window > 0 {
            entry.blocked = Blocked::Ring;
            self.ring.push_back(stream);
        }
        Ok(())
    }

    /// RFC 9113 §6.4.
    pub(super) fn rst_stream(&mut self, stream: u32, payload: &[u8]) -> Result<(), Code> {
        let code = Code(u32_at(payload)?);
        if self.is_idle(stream) {
            return Err(Code::PROTOCOL_ERROR);
        }
        let Some(entry) = self.streams.get_mut(stream) else {
            return self.floods.idle(1);
        };
        if entry.is_closed() {
            return self.floods.idle(1);
        }
        let unanswered = entry.local == Half::Head;
        self.end_early(stream, code, By::Peer);
        // A client opened its streams itself.
        if self.is_server() && unanswered {
            self.floods.reset()?;
        }
        Ok(())
    }

    /// RFC 9113 §6.3: deprecated, and not looked at.
    pub(super) fn priority(&mut self, head: FrameHead) -> Result<(), Code> {
        if head.len == 5 {
            return self.floods.idle(1);
        }
        match self.streams.get_mut(head.stream) {
            Some(entry) if !entry.is_closed() => self.violated(head.stream, Code::FRAME_SIZE_ERROR),
            _ => Err(Code::FRAME_SIZE_ERROR),
        }
    }

    /// A stream ends before its time, and the caller is told.
    pub(super) fn end_early(&mut self, stream: u32, code: Code, by: By) {
        self.streams.change(stream, Stream::set_reset);
        self.leave_ring(stream);
        self.events.push_back(Event::Reset {
            stream: StreamId(stream),
            code,
            by,
        });
    }
}
