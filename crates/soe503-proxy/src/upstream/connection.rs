//! One HTTP/1.1 connection to a backend.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Method;
use soe503_core::Tick;
use soe503_h1::{
    Decoder, HeadLimits, ResponseFault, ResponseHead, parse_plain_response, parse_response,
};
use tokio::io::AsyncReadExt;

use crate::front::{hop, interim};
use crate::net::{Ends, ReadHalf, Stream, WriteHalf, read_scratch};

/// What a response's head may cost.
pub(super) const LIMITS: HeadLimits = HeadLimits {
    max_bytes: 64 * 1024,
    max_headers: 256,
    max_target: 0,
};

/// How much of a body is read at once at first, in bytes; doubled while reads fill it.
const FIRST_ROOM: usize = 16 * 1024;

/// The most that is read of a body at once, in bytes.
const LARGEST_ROOM: usize = 128 * 1024;

/// An open connection: at most one request at a time is on it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) read: Inflow,
    pub(super) write: WriteHalf,
    /// How long it took to open.
    pub(crate) connect_time: Duration,
    /// Requests that were answered on this connection so far.
    pub(crate) served: u64,
    /// It must not be used again after what is on it now.
    pub(super) last: bool,
    /// Since when nothing is on it; meaningful while it is in the idle pool.
    pub(crate) idle_since: Tick,
}

/// The direction from the backend.
#[derive(Debug)]
pub(super) struct Inflow {
    half: ReadHalf,
    /// A head that is not complete yet.
    partial: Vec<u8>,
    /// Read beyond what was asked for: a body's beginning.
    carry: Bytes,
    /// Where the next piece of a body goes, while there is a body.
    room: BytesMut,
    next_room: usize,
    /// Bytes that have come since the connection was opened.
    pub(super) received: u64,
    /// What the connection said to somebody else, and will not say again.
    broken: Option<io::Error>,
}

/// Why there is no head.
#[derive(Debug)]
pub(super) enum HeadFault {
    Io(io::Error),
    /// The backend closed its side.
    Closed,
    Http(ResponseFault),
}

/// A connection that is no HTTP any more, after `101 Switching Protocols`.
#[derive(Debug)]
pub(crate) struct Detached {
    pub(crate) read: ReadHalf,
    pub(crate) write: WriteHalf,
    /// What the backend has said already in the new protocol.
    pub(crate) carry: Bytes,
}

impl Connection {
    pub(crate) fn new(stream: Stream, connect_time: Duration, now: Tick) -> Self {
        let (half, write) = stream.split();
        let read = Inflow {
            half,
            partial: Vec::new(),
            carry: Bytes::new(),
            room: BytesMut::new(),
            next_room: FIRST_ROOM,
            received: 0,
            broken: None,
        };
        Self {
            read,
            write,
            connect_time,
            served: 0,
            last: false,
            idle_since: now,
        }
    }

    /// The backend closed it, it broke, or it says something that nobody asked for.
    pub(crate) fn is_spoiled(&mut self) -> bool {
        !self.read.is_quiet() || self.read.half.is_disturbed()
    }

    /// Gives up HTTP.
    pub(super) fn detach(self) -> Detached {
        Detached {
            read: self.read.half,
            write: self.write,
            carry: self.read.carry,
        }
    }
}

impl Inflow {
    /// The connection's addresses, if it has some.
    pub(super) fn ends(&self) -> Option<Ends> {
        self.half.ends()
    }

    /// Nothing has come that nobody has asked for.
    pub(super) fn is_quiet(&self) -> bool {
        self.carry.is_empty() && self.partial.is_empty()
    }

    /// The head of the answer to a request with `method`; interim answers are offered to the client
    /// whose request is being polled. Fields that are only passed on go to `plain`, if there is one.
    pub(super) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        method: &Method,
        mut plain: Option<&mut Vec<u8>>,
    ) -> Poll<Result<ResponseHead, HeadFault>> {
        loop {
            let plain = plain.as_deref_mut();
            let Some(mut head) = ready!(self.poll_any_head(cx, method, plain))? else {
                continue;
            };
            let status = head.parts.status;
            // RFC 9110 §15.2: a proxy passes them on, and nobody may take them for the answer.
            if status.is_informational() && status != http::StatusCode::SWITCHING_PROTOCOLS {
                hop::strip_parsed(&mut head.parts.headers, &head.connection);
                if head.explains {
                    soe503::facts::of_stranger(&mut head.parts.headers, None);
                }
                interim::offer(status, head.parts.headers);
                continue;
            }
            return Poll::Ready(Ok(head));
        }
    }

    /// `None`: bytes have come, and more are needed.
    fn poll_any_head(
        &mut self,
        cx: &mut Context<'_>,
        method: &Method,
        plain: Option<&mut Vec<u8>>,
    ) -> Poll<Result<Option<ResponseHead>, HeadFault>> {
        let parse = |bytes: &[u8]| match plain {
            Some(out) => parse_plain_response(bytes, &LIMITS, method, out),
            None => parse_response(bytes, &LIMITS, method),
        };
        if !self.carry.is_empty() {
            // What came behind an interim answer.
            let carry = std::mem::take(&mut self.carry);
            return Poll::Ready(match parse(&carry)? {
                Some(head) => {
                    self.carry = carry.slice(head.len..);
                    Ok(Some(head))
                }
                None => {
                    self.partial = carry.into();
                    Ok(None)
                }
            });
        }
        let Self {
            half,
            partial,
            carry,
            received,
            ..
        } = self;
        let read = read_scratch(half, cx, |new| {
            if new.is_empty() {
                return Err(HeadFault::Closed);
            }
            *received += new.len() as u64;
            if !partial.is_empty() {
                partial.extend_from_slice(new);
                let head = parse(partial)?;
                if let Some(head) = &head {
                    *carry = Bytes::from(std::mem::take(partial)).slice(head.len..);
                }
                return Ok(head);
            }
            let head = parse(new)?;
            match &head {
                Some(head) => *carry = Bytes::copy_from_slice(&new[head.len..]),
                None => partial.extend_from_slice(new),
            }
            Ok(head)
        });
        match ready!(read) {
            Ok(parsed) => Poll::Ready(parsed),
            Err(error) => Poll::Ready(Err(HeadFault::Io(error))),
        }
    }

    /// As much of the body has come.
    pub(super) fn has(&self, length: usize) -> bool {
        self.carry.len() >= length
    }

    /// Ready when as much of the body has come, which then waits to be decoded.
    pub(super) fn poll_whole(
        &mut self,
        cx: &mut Context<'_>,
        length: usize,
    ) -> Poll<Result<(), HeadFault>> {
        use std::future::Future;
        if self.has(length) {
            return Poll::Ready(Ok(()));
        }
        let Self {
            half, carry, room, ..
        } = self;
        // It is gathered in one place, behind what came with the head.
        if room.is_empty() {
            room.reserve(length);
            room.extend_from_slice(&std::mem::take(carry));
        }
        while room.len() < length {
            match ready!(std::pin::pin!(half.read_buf(room)).poll(cx)) {
                Ok(0) => return Poll::Ready(Err(HeadFault::Closed)),
                Ok(filled) => self.received += filled as u64,
                Err(error) => return Poll::Ready(Err(HeadFault::Io(error))),
            }
        }
        self.carry = room.split().freeze();
        Poll::Ready(Ok(()))
    }

    /// Gives up waiting: what has come of the body can be decoded.
    pub(super) fn let_go(&mut self) {
        if self.carry.is_empty() {
            self.carry = self.room.split().freeze();
        }
    }

    /// What has been read and belongs to the body, for its decoder.
    pub(super) fn carry(&mut self) -> &mut Bytes {
        &mut self.carry
    }

    /// Reads a piece of a body straight into the place it will be sent from: the number of bytes,
    /// 0 at the end.
    pub(super) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        decoder: &Decoder,
    ) -> Poll<io::Result<usize>> {
        use std::future::Future;
        if let Some(broken) = self.broken.take() {
            return Poll::Ready(Err(broken));
        }
        if self.room.capacity() == 0 {
            let left = decoder.remaining().map(usize::try_from);
            let most = match left {
                Some(Ok(left)) => self.next_room.min(left),
                _ => self.next_room,
            };
            self.room.reserve(most.max(1));
        }
        let Self { half, room, .. } = self;
        let filled = ready!(std::pin::pin!(half.read_buf(room)).poll(cx))?;
        if self.room.len() == self.room.capacity() {
            self.next_room = (2 * self.next_room).min(LARGEST_ROOM);
        }
        self.received += filled as u64;
        self.carry = self.room.split().freeze();
        Poll::Ready(Ok(filled))
    }

    /// Where the next bytes of a body come from; `None` if some have been read already.
    pub(super) fn unread(&self) -> Option<&ReadHalf> {
        (self.carry.is_empty() && self.broken.is_none()).then_some(&self.half)
    }

    /// Somebody else has read from it, and this came of it.
    pub(super) fn was_read(&mut self, read: io::Result<u64>) {
        match read {
            Ok(count) => self.received += count,
            Err(error) => self.broken = Some(error),
        }
    }

    /// The body is over: what was kept for it is let go.
    pub(super) fn finish(&mut self) {
        self.room = BytesMut::new();
        self.next_room = FIRST_ROOM;
    }
}

impl From<ResponseFault> for HeadFault {
    fn from(fault: ResponseFault) -> Self {
        Self::Http(fault)
    }
}
