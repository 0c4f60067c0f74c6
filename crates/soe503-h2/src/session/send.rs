//! Heads, data and trailers to the peer, within the peer's windows.

use bytes::{Buf, Bytes};
use http::{HeaderMap, Method, StatusCode};

use super::StreamId;
use super::connection::Session;
use super::out::SOFT_LIMIT;
use super::stream::{Blocked, Half, Stream};
use crate::frame::{DEFAULT_FRAME, FrameHead, flag, kind, patch_len};
use crate::head::{HeadEncoder, RequestOut};

/// Room for the heads of the frames that fill the buffer.
const SPARE: usize = 64;

impl<T> Session<T> {
    /// A client's: opens a stream with a request.
    ///
    /// # Errors
    ///
    /// `data` comes back if no stream can be opened now: as many as the server allows are open, the
    /// connection ends, or its identifiers are used up.
    pub fn open(&mut self, head: &RequestOut<'_>, end: bool, data: T) -> Result<StreamId, T> {
        if self.is_server() || !self.accepts() || self.streams() >= self.max_streams() {
            return Err(data);
        }
        let id = if self.last == 0 { 1 } else { self.last + 2 };
        self.last = id;
        let mut entry = Stream::new(id, self.peer.initial_window, self.new_window());
        entry.data = Some(data);
        entry.local = if end { Half::Ended } else { Half::Body };
        entry.head_only = *head.method == Method::HEAD;
        self.streams.push(entry);
        self.write_head(id, end, |encoder, out| encoder.request(out, head));
        Ok(StreamId(id))
    }

    /// Queues a response's head; an interim one (1xx) with `end == false`. `date` is added if the fields have none.
    /// False: the stream is gone, or was answered.
    pub fn respond(
        &mut self,
        stream: StreamId,
        status: StatusCode,
        headers: &HeaderMap,
        date: Option<&[u8]>,
        end: bool,
    ) -> bool {
        match self.streams.get_mut(stream.0) {
            Some(entry) if entry.local == Half::Head => {
                if !status.is_informational() {
                    entry.local = Half::Body;
                }
            }
            _ => return false,
        }
        self.write_head(stream.0, end, |encoder, out| {
            encoder.response(out, status, headers, date);
        });
        if end {
            self.local_ended(stream.0);
        }
        true
    }

    /// Queues the trailer section, which ends the body. No effect if the stream is gone.
    pub fn send_trailers(&mut self, stream: StreamId, trailers: &HeaderMap) {
        if !self.can_send(stream.0) {
            return;
        }
        self.write_head(stream.0, true, |encoder, out| {
            encoder.trailers(out, trailers);
        });
        self.local_ended(stream.0);
    }

    /// Queues as much of `data` as windows and the buffer allow, and takes it from `data`.
    ///
    /// True: all of it, with the end of the body if `end`; so too, without effect, if the stream is gone.
    /// False: blocked; [`Event::Writable`](super::Event::Writable) will come for this stream.
    pub fn send_data(&mut self, stream: StreamId, data: &mut Bytes, end: bool) -> bool {
        if !self.can_send(stream.0) {
            data.clear();
            return true;
        }
        if data.is_empty() {
            if end {
                self.write_data(stream.0, &[], true);
            }
            return true;
        }
        while !data.is_empty() {
            let Some(room) = self.room(stream.0) else {
                return false;
            };
            let len = room.min(data.len());
            if len < data.len() {
                // More frames follow: the buffer grows once for all of them.
                let window = self.send_window.max(0) as usize;
                let ahead = data.len().min(SOFT_LIMIT).min(window);
                self.out.end().reserve(ahead + SPARE);
            }
            self.write_data(
                stream.0,
                data.get(..len).unwrap_or_default(),
                end && len == data.len(),
            );
            data.advance(len);
        }
        true
    }

    fn can_send(&mut self, stream: u32) -> bool {
        self.streams
            .get_mut(stream)
            .is_some_and(|entry| entry.local == Half::Body)
    }

    /// Bytes of data that the next frame of a stream may have. None: the stream has to wait, which is noted.
    fn room(&mut self, stream: u32) -> Option<usize> {
        let full = self.out.len() >= SOFT_LIMIT || self.send_window <= 0;
        let entry = self.streams.get_mut(stream)?;
        if entry.send_window <= 0 {
            if entry.blocked == Blocked::No {
                entry.blocked = Blocked::Window;
            }
            return None;
        }
        if full {
            if entry.blocked != Blocked::Ring {
                entry.blocked = Blocked::Ring;
                self.ring.push_back(stream);
            }
            return None;
        }
        // Larger frames than the default would gain nothing, and keep others waiting.
        let window = self.send_window.min(entry.send_window).max(0) as usize;
        Some(window.min(DEFAULT_FRAME.min(self.peer.max_frame) as usize))
    }

    fn write_data(&mut self, stream: u32, data: &[u8], end: bool) {
        let head = FrameHead {
            len: data.len() as u32,
            kind: kind::DATA,
            flags: if end { flag::END_STREAM } else { 0 },
            stream,
        };
        let out = self.out.end();
        out.reserve(head.total());
        out.extend_from_slice(&head.to_bytes());
        out.extend_from_slice(data);
        self.send_window -= data.len() as i32;
        if let Some(entry) = self.streams.get_mut(stream) {
            entry.send_window -= data.len() as i32;
        }
        self.floods.progress();
        if end {
            self.local_ended(stream);
        }
    }

    /// This side of a stream ended as it should.
    fn local_ended(&mut self, stream: u32) {
        self.leave_ring(stream);
        if self
            .streams
            .change(stream, |entry| entry.local = Half::Ended)
        {
            self.floods.finished();
        }
    }

    /// Writes a header block in as many frames as the peer's largest size makes of it (RFC 9113 §4.3).
    pub(super) fn write_head(
        &mut self,
        stream: u32,
        end: bool,
        block: impl FnOnce(&mut HeadEncoder, &mut Vec<u8>),
    ) {
        let out = self.out.end();
        let from = out.len();
        let mut head = FrameHead {
            len: 0,
            kind: kind::HEADERS,
            flags: flag::END_HEADERS | if end { flag::END_STREAM } else { 0 },
            stream,
        };
        out.extend_from_slice(&head.to_bytes());
        block(&mut self.encoder, out);
        let len = out.len() - from - FrameHead::LEN;
        let max = self.peer.max_frame as usize;
        if len <= max {
            return patch_len(out, from, len as u32);
        }
        let block = out.split_off(from + FrameHead::LEN);
        out.truncate(from);
        let mut pieces = block.chunks(max).peekable();
        while let Some(piece) = pieces.next() {
            head.len = piece.len() as u32;
            let last = pieces.peek().is_none();
            head.flags = head.flags & flag::END_STREAM | if last { flag::END_HEADERS } else { 0 };
            out.extend_from_slice(&head.to_bytes());
            out.extend_from_slice(piece);
            head.kind = kind::CONTINUATION;
            head.flags = 0;
        }
    }
}
