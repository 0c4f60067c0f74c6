//! What a session tells its caller.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;

use crate::code::Code;
use crate::head::{RequestHead, ResponseHead};

/// A stream's identifier (RFC 9113 §5.1.1): odd, as clients open all streams here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub(crate) u32);

impl StreamId {
    /// The number on the wire.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What came, in the order in which it came. Taken with [`Session::next_event`](super::Session::next_event).
///
/// A stream that the caller forgot or reset may still be named by events that came before.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A server's: a request. The caller says [`insert`](super::Session::insert), or resets it.
    Request {
        /// The stream that it opened.
        stream: StreamId,
        /// Its head.
        head: Box<RequestHead>,
        /// Whether neither data nor trailers follow.
        end: bool,
    },
    /// A client's: a response, also an interim one (1xx), which never ends a stream.
    Response {
        /// The stream.
        stream: StreamId,
        /// Its head.
        head: Box<ResponseHead>,
        /// Whether neither data nor trailers follow.
        end: bool,
    },
    /// A piece of a body. Empty only if `end`.
    Data {
        /// The stream.
        stream: StreamId,
        /// The bytes.
        data: Bytes,
        /// What is to be [`release`](super::Session::release)d once the data was passed on: bytes, padding included.
        flow: u32,
        /// Whether the body ends here, without trailers.
        end: bool,
    },
    /// The trailer section. It ends the body.
    Trailers {
        /// The stream.
        stream: StreamId,
        /// The fields that belong into one.
        trailers: HeaderMap,
    },
    /// The stream is over. The caller takes its data back with [`forget`](super::Session::forget).
    /// Comes after a response's end too, with [`Code::NO_ERROR`], if a server does not want the rest of the
    /// request (RFC 9113 §8.1). Does not come for streams that were forgotten.
    Reset {
        /// The stream.
        stream: StreamId,
        /// Why. A response's head above the limit is [`Code::ENHANCE_YOUR_CALM`] by [`By::Us`].
        code: Code,
        /// Who ended it.
        by: By,
    },
    /// [`send_data`](super::Session::send_data) said that it was blocked; it may be asked again. Comes once for each time.
    Writable {
        /// The stream.
        stream: StreamId,
    },
    /// The peer takes no more streams above `last`.
    GoAway {
        /// The last stream that the peer did or may have done something with; 2^31 - 1 in a first, graceful one.
        last: StreamId,
        /// Why.
        code: Code,
    },
    /// A client's: the server's SETTINGS came, and [`max_streams`](super::Session::max_streams) may be another number.
    Streams,
    /// The answer to [`ping`](super::Session::ping), with its payload.
    Pong([u8; 8]),
}

/// Who ended a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// The peer, with RST_STREAM.
    Peer,
    /// This side, because the peer violated the protocol on this stream.
    Us,
    /// A GOAWAY: the server did nothing with this stream (RFC 9113 §6.8).
    GoAway,
}

/// The peer violated the protocol such that the connection is over (RFC 9113 §5.4.1). GOAWAY is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// What GOAWAY says.
    pub code: Code,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the peer violated HTTP/2: {}", self.code)
    }
}

impl std::error::Error for Violation {}
