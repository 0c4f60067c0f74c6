//! A server's HEADERS: requests and their trailers.

use http::{HeaderMap, StatusCode};

use super::connection::Session;
use super::stream::{Half, Stream};
use super::{Event, StreamId};
use crate::code::Code;
use crate::frame::DEFAULT_WINDOW;
use crate::head::HeadFault;

/// Streams beyond the limit that may be closed and not yet forgotten by the caller.
const UNFORGOTTEN: usize = 1_000;

impl<T> Session<T> {
    pub(super) fn request_block(
        &mut self,
        stream: u32,
        end: bool,
        block: &[u8],
    ) -> Result<(), Code> {
        // RFC 9113 §5.1.1: a client's streams are odd.
        if stream.is_multiple_of(2) {
            return Err(Code::PROTOCOL_ERROR);
        }
        if self.going.is_beyond(stream) {
            // RFC 9113 §6.8: what comes above the last stream is ignored, but for the decoder.
            self.last = self.last.max(stream);
            return self.skip(block);
        }
        if stream > self.last {
            self.last = stream;
            return self.request(stream, end, block);
        }
        match self
            .streams
            .get_mut(stream)
            .map(|entry| (entry.remote, entry.reset))
        {
            Some((_, true)) => self.skip(block),
            Some((Half::Ended, false)) => {
                // RFC 9113 §5.1, "half-closed (remote)".
                self.skip(block)?;
                self.violated(stream, Code::STREAM_CLOSED)
            }
            Some(_) => self.trailers(stream, end, block),
            None if self.recent.contains(stream) => self.skip(block),
            // A stream that was closed long ago, or one that was passed over (RFC 9113 §5.1.1).
            None => Err(Code::STREAM_CLOSED),
        }
    }

    fn request(&mut self, stream: u32, end: bool, block: &[u8]) -> Result<(), Code> {
        let limit = self.local.max_streams as usize;
        if self.streams.len() >= limit.saturating_add(UNFORGOTTEN) {
            return Err(Code::ENHANCE_YOUR_CALM);
        }
        if self.streams.open() >= limit {
            self.skip(block)?;
            return self.refuse(stream, Code::REFUSED_STREAM);
        }
        let head = match self.decoder.request(block) {
            Err(_) => return Err(Code::COMPRESSION_ERROR),
            Ok(Err(HeadFault::TooLarge)) => return self.too_large(stream, end),
            Ok(Err(HeadFault::Malformed)) => return self.refuse(stream, Code::PROTOCOL_ERROR),
            Ok(Ok(head)) => head,
        };
        // RFC 9113 §8.1.1: no body, but a length of one.
        if end && head.length.unwrap_or(0) != 0 {
            return self.refuse(stream, Code::PROTOCOL_ERROR);
        }
        self.floods.progress();
        let mut entry = Stream::new(stream, self.peer.initial_window, self.new_window());
        entry.remote = if end { Half::Ended } else { Half::Body };
        entry.left = head.length;
        self.streams.push(entry);
        self.events.push_back(Event::Request {
            stream: StreamId(stream),
            head: Box::new(head),
            end,
        });
        Ok(())
    }

    /// What the peer may send on a new stream. Until it acknowledged our SETTINGS, it may not know of them.
    pub(super) fn new_window(&self) -> i32 {
        if self.local.acked {
            self.local.stream_window
        } else {
            self.local.stream_window.max(DEFAULT_WINDOW)
        }
    }

    /// Answers 431 (RFC 6585 §5) in the caller's place, as there is no head to hand out.
    fn too_large(&mut self, stream: u32, end: bool) -> Result<(), Code> {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        self.write_head(stream, true, |encoder, out| {
            encoder.response(out, status, &HeaderMap::new(), None);
        });
        if end {
            return self.floods.reset();
        }
        // RFC 9113 §8.1: answered before the request ended, without an error.
        self.refuse(stream, Code::NO_ERROR)
    }
}
