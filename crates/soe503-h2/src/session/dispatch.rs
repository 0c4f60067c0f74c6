//! What a frame's head alone decides, and who gets its payload.

use super::connection::{Role, Session};
use super::input::Payload;
use crate::code::Code;
use crate::frame::{FrameHead, flag, kind};

impl<T> Session<T> {
    /// Refuses a frame by its head, before its payload came.
    pub(super) fn check(&self, head: FrameHead) -> Result<(), Code> {
        // RFC 9113 §4.2. A connection error always: what a long frame is about is not worth a distinction.
        if head.len > self.local.max_frame {
            return Err(Code::FRAME_SIZE_ERROR);
        }
        // RFC 9113 §3.4: SETTINGS come first.
        if !self.peer.known && (head.kind != kind::SETTINGS || head.has(flag::ACK)) {
            return Err(Code::PROTOCOL_ERROR);
        }
        // RFC 9113 §6.10: nothing may come within a header block.
        if let Some(block) = &self.input.block
            && (head.kind != kind::CONTINUATION || head.stream != block.stream)
        {
            return Err(Code::PROTOCOL_ERROR);
        }
        let on_stream = match head.kind {
            kind::DATA
            | kind::HEADERS
            | kind::PRIORITY
            | kind::RST_STREAM
            | kind::PUSH_PROMISE
            | kind::CONTINUATION => true,
            kind::SETTINGS | kind::PING | kind::GOAWAY => false,
            _ => return Ok(()),
        };
        if on_stream == (head.stream != 0) {
            Ok(())
        } else {
            Err(Code::PROTOCOL_ERROR)
        }
    }

    /// Acts upon a frame that [`check`](Self::check) let pass.
    pub(super) fn dispatch(&mut self, head: FrameHead, payload: Payload<'_>) -> Result<(), Code> {
        match head.kind {
            kind::DATA => self.data(head, payload),
            kind::HEADERS => self.headers(head, payload.bytes()),
            kind::CONTINUATION => self.continuation(head, payload.bytes()),
            kind::WINDOW_UPDATE => self.window_update(head.stream, payload.bytes()),
            kind::RST_STREAM => self.rst_stream(head.stream, payload.bytes()),
            kind::SETTINGS => self.settings(head, payload.bytes()),
            kind::PING => self.pinged(head, payload.bytes()),
            kind::GOAWAY => self.go_away_came(payload.bytes()),
            kind::PRIORITY => self.priority(head),
            // RFC 9113 §8.4: a client cannot push, and a server was told not to.
            kind::PUSH_PROMISE => Err(Code::PROTOCOL_ERROR),
            // RFC 9113 §4.1: frames of an unknown type are ignored.
            _ => self.floods.idle(1),
        }
    }

    /// Whether a stream was never opened. It is an error to send on one (RFC 9113 §5.1, "idle");
    /// no stream has an even number, as nobody pushes.
    pub(super) fn is_idle(&self, stream: u32) -> bool {
        stream.is_multiple_of(2) || stream > self.last
    }

    pub(super) fn is_server(&self) -> bool {
        self.role == Role::Server
    }
}
