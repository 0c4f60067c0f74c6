//! HEADERS and CONTINUATION: header blocks, and those that are trailers.

use super::connection::{Role, Session};
use super::input::Block;
use super::stream::Half;
use super::{Event, StreamId};
use crate::code::Code;
use crate::frame::{DEFAULT_FRAME, FrameHead, flag, fragment};
use crate::head::HeadFault;

/// CONTINUATION frames beyond those that a block of the largest size fills.
const SPARE_FRAMES: usize = 8;

impl<T> Session<T> {
    pub(super) fn headers(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Code> {
        let fragment = fragment(head.flags, payload)?;
        let end = head.has(flag::END_STREAM);
        if head.has(flag::END_HEADERS) {
            return self.block(head.stream, end, fragment);
        }
        self.input.block = Some(Block {
            stream: head.stream,
            end,
            frames: 0,
            bytes: fragment.to_vec(),
        });
        Ok(())
    }

    pub(super) fn continuation(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Code> {
        let max = self.local.max_block;
        let mut block = self.input.block.take().ok_or(Code::PROTOCOL_ERROR)?;
        block.frames += 1;
        // CVE-2024-27316: neither bytes nor frames without end.
        if block.bytes.len() + payload.len() > max
            || block.frames > SPARE_FRAMES + max / DEFAULT_FRAME as usize
        {
            return Err(Code::ENHANCE_YOUR_CALM);
        }
        block.bytes.extend_from_slice(payload);
        if head.has(flag::END_HEADERS) {
            self.block(block.stream, block.end, &block.bytes)
        } else {
            self.input.block = Some(block);
            Ok(())
        }
    }

    fn block(&mut self, stream: u32, end: bool, block: &[u8]) -> Result<(), Code> {
        match self.role {
            Role::Server => self.request_block(stream, end, block),
            Role::Client => self.response_block(stream, end, block),
        }
    }

    /// Keeps the decoder in step with a block that nobody wants.
    pub(super) fn skip(&mut self, block: &[u8]) -> Result<(), Code> {
        self.decoder
            .skip(block)
            .map_err(|_| Code::COMPRESSION_ERROR)
    }

    /// A block after the head of its message.
    pub(super) fn trailers(&mut self, stream: u32, end: bool, block: &[u8]) -> Result<(), Code> {
        let trailers = self
            .decoder
            .trailers(block)
            .map_err(|_| Code::COMPRESSION_ERROR)?;
        let left = self.streams.get_mut(stream).and_then(|entry| entry.left);
        match trailers {
            // RFC 9113 §8.1: they end the message, and §8.1.1: all of the body came.
            Ok(trailers) if end && left.unwrap_or(0) == 0 => {
                self.floods.progress();
                self.events.push_back(Event::Trailers {
                    stream: StreamId(stream),
                    trailers,
                });
                self.remote_ended(stream);
                Ok(())
            }
            Err(HeadFault::TooLarge) => self.violated(stream, Code::ENHANCE_YOUR_CALM),
            _ => self.violated(stream, Code::PROTOCOL_ERROR),
        }
    }

    /// The peer's side of a stream ended as it should.
    pub(super) fn remote_ended(&mut self, stream: u32) {
        if self
            .streams
            .change(stream, |entry| entry.remote = Half::Ended)
        {
            self.floods.finished();
        }
    }
}
