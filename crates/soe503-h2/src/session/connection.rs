//! The session and its interface.

use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{Event, Options, StreamId, Violation};
use crate::code::Code;
use crate::head::RequestOut;

/// One HTTP/2 connection, without its socket. `T` is what the caller keeps for each stream.
#[derive(Debug)]
pub struct Session<T>(PhantomData<T>);

impl<T> Session<T> {
    /// A server's: its SETTINGS are queued, and the client's preface is expected.
    #[must_use]
    pub fn server(_options: &Options) -> Self {
        Self(PhantomData)
    }

    /// A client's: preface, SETTINGS and WINDOW_UPDATE are queued.
    #[must_use]
    pub fn client(_options: &Options) -> Self {
        Self(PhantomData)
    }

    /// Takes all of `bytes`; what of a frame is incomplete is kept.
    ///
    /// # Errors
    ///
    /// A [`Violation`]: the connection is over and GOAWAY is queued. The same again from then on.
    pub fn receive(&mut self, _bytes: &[u8]) -> Result<(), Violation> {
        Ok(())
    }

    /// The next thing that came.
    pub fn next_event(&mut self) -> Option<Event> {
        None
    }

    /// A server's: keeps `data` for a stream that [`Event::Request`] told of. Hands it back if the stream is gone.
    pub fn insert(&mut self, _stream: StreamId, data: T) -> Option<T> {
        Some(data)
    }

    /// What is kept for a stream, until it is forgotten or reset.
    pub fn get_mut(&mut self, _stream: StreamId) -> Option<&mut T> {
        None
    }

    /// A client's: opens a stream with a request.
    ///
    /// # Errors
    ///
    /// `data` comes back if no stream can be opened now: as many as the server allows are open, the
    /// connection ends, or its identifiers are used up.
    pub fn open(&mut self, _head: &RequestOut<'_>, _end: bool, data: T) -> Result<StreamId, T> {
        Err(data)
    }

    /// Queues a response's head; an interim one (1xx) with `end == false`. False: the stream is gone.
    pub fn respond(
        &mut self,
        _stream: StreamId,
        _status: StatusCode,
        _headers: &HeaderMap,
        _date: Option<&[u8]>,
        _end: bool,
    ) -> bool {
        false
    }

    /// Queues as much of `data` as windows and the buffer allow, and takes it from `data`.
    ///
    /// True: all of it, with the end of the body if `end`; so too, without effect, if the stream is gone.
    /// False: blocked; [`Event::Writable`] will come for this stream.
    pub fn send_data(&mut self, _stream: StreamId, data: &mut Bytes, _end: bool) -> bool {
        data.clear();
        true
    }

    /// Queues the trailer section, which ends the body. No effect if the stream is gone.
    pub fn send_trailers(&mut self, _stream: StreamId, _trailers: &HeaderMap) {}

    /// Ends a stream with RST_STREAM and forgets it. What still comes for it is tolerated.
    /// Returns what was kept for it.
    pub fn reset(&mut self, _stream: StreamId, _code: Code) -> Option<T> {
        None
    }

    /// The caller is done with a stream, and gets back what was kept for it. A stream that is not closed
    /// both ways is reset with [`Code::CANCEL`].
    pub fn forget(&mut self, _stream: StreamId) -> Option<T> {
        None
    }

    /// Data was passed on: the peer may send `flow` more bytes. Told in WINDOW_UPDATEs of half a window or more.
    /// What of a forgotten stream was not released counts as released, so that it need not be.
    pub fn release(&mut self, _stream: StreamId, _flow: u32) {}

    /// Ends the connection gracefully. Open streams go on. A server says GOAWAY twice, with a round trip between,
    /// so that no request is lost that was on its way (RFC 9113 §6.8); a client says it once.
    pub fn shutdown(&mut self) {}

    /// Says GOAWAY with a code, now.
    pub fn go_away(&mut self, _code: Code) {}

    /// Queues a PING. [`Event::Pong`] tells the answer.
    pub fn ping(&mut self, _payload: [u8; 8]) {}

    /// Whether nothing more can happen: the connection ends (either side said so) and no stream is open.
    #[must_use]
    pub fn is_over(&self) -> bool {
        false
    }

    /// Streams that are open, or closed and not yet forgotten.
    #[must_use]
    pub fn streams(&self) -> usize {
        0
    }

    /// A client's: how many streams the server allows at once.
    #[must_use]
    pub fn max_streams(&self) -> usize {
        0
    }

    /// A client's: whether this connection takes new streams, apart from their number: nobody said GOAWAY,
    /// and identifiers are left.
    #[must_use]
    pub fn accepts(&self) -> bool {
        false
    }

    /// Bytes for the socket.
    #[must_use]
    pub fn queued(&self) -> &[u8] {
        &[]
    }

    /// The socket took `n` of [`queued`](Self::queued).
    pub fn sent(&mut self, _n: usize) {}

    /// How many bytes were queued ever. `offset() - queued().len()` of them were handed to the socket.
    #[must_use]
    pub fn offset(&self) -> u64 {
        0
    }
}
