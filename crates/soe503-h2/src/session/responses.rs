//! A client's HEADERS: responses and their trailers.

use http::StatusCode;

use super::connection::Session;
use super::floods::EMPTY;
use super::stream::Half;
use super::{Event, StreamId};
use crate::code::Code;
use crate::head::{HeadFault, ResponseHead};

impl<T> Session<T> {
    pub(super) fn response_block(
        &mut self,
        stream: u32,
        end: bool,
        block: &[u8],
    ) -> Result<(), Code> {
        if self.is_idle(stream) {
            return Err(Code::PROTOCOL_ERROR);
        }
        match self
            .streams
            .get_mut(stream)
            .map(|entry| (entry.remote, entry.reset))
        {
            Some((_, true)) => self.skip(block),
            Some((Half::Head, false)) => self.response(stream, end, block),
            Some((Half::Body, false)) => self.trailers(stream, end, block),
            Some((Half::Ended, false)) => {
                self.skip(block)?;
                self.violated(stream, Code::STREAM_CLOSED)
            }
            None if self.recent.contains(stream) => self.skip(block),
            // No connection error as with a server: a client that gave up many streams at once cannot remember all.
            None => {
                self.skip(block)?;
                self.refuse(stream, Code::STREAM_CLOSED)
            }
        }
    }

    fn response(&mut self, stream: u32, end: bool, block: &[u8]) -> Result<(), Code> {
        let head = match self.decoder.response(block) {
            Err(_) => return Err(Code::COMPRESSION_ERROR),
            Ok(Err(HeadFault::TooLarge)) => return self.violated(stream, Code::ENHANCE_YOUR_CALM),
            Ok(Err(_)) => return self.violated(stream, Code::PROTOCOL_ERROR),
            Ok(Ok(head)) => head,
        };
        if head.parts.status.is_informational() {
            return self.interim(stream, end, head);
        }
        let Some(entry) = self.streams.get_mut(stream) else {
            return Ok(());
        };
        // RFC 9113 §8.1.1: these have no content, whatever length they say.
        let none = entry.head_only
            || matches!(
                head.parts.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        entry.left = if none { Some(0) } else { head.length };
        entry.remote = Half::Body;
        if end && entry.left.unwrap_or(0) != 0 {
            return self.violated(stream, Code::PROTOCOL_ERROR);
        }
        self.floods.progress();
        self.events.push_back(Event::Response {
            stream: StreamId(stream),
            head: Box::new(head),
            end,
        });
        if end {
            self.remote_ended(stream);
        }
        Ok(())
    }

    /// A 1xx. It cannot end a stream (RFC 9113 §8.1), and 101 is not for HTTP/2 (§8.6).
    fn interim(&mut self, stream: u32, end: bool, head: ResponseHead) -> Result<(), Code> {
        if end || head.parts.status == StatusCode::SWITCHING_PROTOCOLS {
            return self.violated(stream, Code::PROTOCOL_ERROR);
        }
        self.floods.idle(EMPTY)?;
        self.events.push_back(Event::Response {
            stream: StreamId(stream),
            head: Box::new(head),
            end,
        });
        Ok(())
    }
}
