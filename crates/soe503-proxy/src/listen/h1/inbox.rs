//! What a client has sent and nobody has used yet.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use soe503_h1::{BodyLength, Decoder, HeadLimits, Refusal, RequestHead, Step, parse_request};
use tokio::io::AsyncReadExt;

use super::Settings;
use super::body::BodyError;
use crate::listen::detect;
use crate::listen::watch::{self, TRICKLE, Watch};
use crate::net::{ReadHalf, read_scratch};

/// How much of a body is read at once at first, in bytes; doubled while reads fill it.
const FIRST_ROOM: usize = 16 * 1024;

/// The most that is read of a body at once, in bytes.
const LARGEST_ROOM: usize = 64 * 1024;

/// The reading side of a client connection.
#[derive(Debug)]
pub(super) struct Inbox {
    half: ReadHalf,
    watch: Arc<Watch>,
    /// The beginning of a head that is not complete yet.
    partial: Vec<u8>,
    /// Read beyond what was asked for: a body's beginning, the next request.
    carry: Bytes,
    /// The body of the request in hand.
    decoder: Decoder,
    /// How long the body in hand has been waited for, and what came of it, in bytes.
    waited: Duration,
    came: u64,
    min_rate: u64,
    /// Where the next piece of the body goes, while there is a body.
    room: BytesMut,
    next_room: usize,
    /// Which request's body it is; a body of an older one reads nothing.
    pub(super) generation: u32,
    /// The client waits for `100 Continue` before it sends the body.
    pub(super) expect: Expect,
    /// HTTP/2 with prior knowledge is possible: nothing was read yet.
    detect: bool,
}

/// Where a request with `Expect: 100-continue` stands (RFC 9110 §10.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expect {
    /// Nothing is expected, or it was sent, or the body came without.
    #[default]
    Nothing,
    /// Nobody wants the body yet.
    Waiting,
    /// Somebody asked for the body: `100 Continue` is due.
    Due,
}

/// What came instead of a request's head.
#[derive(Debug)]
pub(super) enum NoHead {
    /// The client closed or broke the connection, between requests or in a head.
    Closed,
    /// The head took too long.
    TooSlow,
    /// These bytes are no request that can be answered.
    Refused(Refusal),
    /// They begin an HTTP/2 connection.
    Http2(Bytes),
}

impl Inbox {
    /// Nothing read yet.
    pub(super) fn new(half: ReadHalf, watch: Arc<Watch>, settings: &Settings) -> Self {
        Self {
            half,
            watch,
            partial: Vec::new(),
            carry: Bytes::new(),
            decoder: Decoder::new(BodyLength::None),
            room: BytesMut::new(),
            next_room: FIRST_ROOM,
            generation: 0,
            expect: Expect::Nothing,
            waited: Duration::ZERO,
            came: 0,
            min_rate: settings.min_body_rate,
            detect: settings.detect,
        }
    }

    /// Takes it apart again: the direction, and what was read but not used.
    pub(super) fn into_parts(self) -> (ReadHalf, Bytes) {
        (self.half, self.carry)
    }

    /// Nothing of a next request has arrived.
    pub(super) fn is_quiet(&self) -> bool {
        self.carry.is_empty() && self.partial.is_empty()
    }

    /// The next request's head.
    pub(super) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        limits: &HeadLimits,
    ) -> Poll<Result<Box<RequestHead>, NoHead>> {
        if !self.carry.is_empty() {
            // Pipelined: it came with the request before.
            let carry = std::mem::take(&mut self.carry);
            self.watch.arriving();
            match parse(&carry, limits, false) {
                Parsed::Head(head) => return Poll::Ready(Ok(self.begin(head, &carry))),
                Parsed::Instead(instead) => return Poll::Ready(Err(instead)),
                Parsed::Partial => self.partial = carry.into(),
            }
        }
        loop {
            let Self {
                half,
                partial,
                detect,
                ..
            } = self;
            let read = read_scratch(half, cx, |new| match (new, partial.is_empty()) {
                ([], _) => Read::Parsed(Parsed::Instead(NoHead::Closed), Bytes::new()),
                (new, true) => match parse(new, limits, *detect) {
                    Parsed::Head(head) => {
                        let rest = Bytes::copy_from_slice(&new[head.len..]);
                        Read::Parsed(Parsed::Head(head), rest)
                    }
                    Parsed::Partial => {
                        partial.extend_from_slice(new);
                        Read::More
                    }
                    instead => Read::Parsed(instead, Bytes::new()),
                },
                (new, false) => {
                    let from = partial.len();
                    partial.extend_from_slice(new);
                    // A head that drips in is parsed once it can be complete, not for every drop.
                    if limits.worth_parsing(partial, from) || partial.starts_with(b"PRI") {
                        Read::Again
                    } else {
                        Read::More
                    }
                }
            });
            let read = match ready!(read) {
                Ok(read) => read,
                Err(_broken) => return Poll::Ready(Err(NoHead::Closed)),
            };
            self.watch.arriving();
            let (parsed, rest) = match read {
                Read::Parsed(parsed, rest) => (parsed, rest),
                Read::More => continue,
                Read::Again => {
                    let parsed = parse(&self.partial, limits, self.detect);
                    if matches!(parsed, Parsed::Partial) {
                        continue;
                    }
                    let mut rest = Bytes::from(std::mem::take(&mut self.partial));
                    if let Parsed::Head(head) = &parsed {
                        rest = rest.slice(head.len..);
                    }
                    (parsed, rest)
                }
            };
            return Poll::Ready(match parsed {
                Parsed::Head(head) => {
                    self.carry = rest;
                    Ok(self.begun(head))
                }
                Parsed::Instead(instead) => Err(instead),
                Parsed::Partial => continue,
            });
        }
    }

    fn begin(&mut self, head: Box<RequestHead>, from: &Bytes) -> Box<RequestHead> {
        self.carry = from.slice(head.len..);
        self.begun(head)
    }

    fn begun(&mut self, head: Box<RequestHead>) -> Box<RequestHead> {
        self.detect = false;
        self.decoder = Decoder::new(head.body);
        self.generation = self.generation.wrapping_add(1);
        (self.waited, self.came) = (Duration::ZERO, 0);
        // A body that is already here needs no invitation.
        self.expect = match head.expect_continue && !self.is_complete() && self.carry.is_empty() {
            true => Expect::Waiting,
            false => Expect::Nothing,
        };
        head
    }

    /// The body has been read to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.decoder.is_end()
    }

    /// Exactly how much of the body is left, in bytes, if that is known.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.decoder.remaining()
    }

    /// The next piece of the body; `None` at its end.
    pub(super) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Step, BodyError>>> {
        loop {
            match self.decoder.decode(&mut self.carry) {
                Ok(Step::More) => {}
                Ok(Step::End) => {
                    self.room = BytesMut::new();
                    return Poll::Ready(None);
                }
                Ok(step) => return Poll::Ready(Some(Ok(step))),
                Err(fault) => return Poll::Ready(Some(Err(BodyError::Fault(fault)))),
            }
            if self.expect == Expect::Waiting {
                self.expect = Expect::Due;
            }
            let read = ready!(self.poll_fill(cx));
            match read {
                Ok(0) => {
                    let error = match self.decoder.eof() {
                        Ok(()) => return Poll::Ready(None),
                        Err(fault) => BodyError::Fault(fault),
                    };
                    return Poll::Ready(Some(Err(error)));
                }
                Ok(_) => self.expect = Expect::Nothing,
                Err(error) => return Poll::Ready(Some(Err(BodyError::Io(error)))),
            }
        }
    }

    /// Reads a piece of the body straight into the place it will be sent from.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.watch.is_overdue() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if self.room.capacity() == 0 {
            let size = match self.decoder.remaining() {
                Some(left) => usize::try_from(left).unwrap_or(LARGEST_ROOM),
                None => self.next_room,
            };
            self.room.reserve(size.clamp(1, LARGEST_ROOM));
        }
        let Self { half, room, .. } = self;
        let filled = match pin!(half.read_buf(room)).poll(cx) {
            Poll::Ready(filled) => filled?,
            Poll::Pending => {
                self.watch.receiving();
                return Poll::Pending;
            }
        };
        if self.room.len() == self.room.capacity() {
            self.next_room = (2 * self.next_room).min(LARGEST_ROOM);
        }
        self.carry = self.room.split().freeze();
        self.came += filled as u64;
        self.waited += self.watch.received();
        if self.waited > TRICKLE && self.came < self.min_rate.saturating_mul(self.waited.as_secs())
        {
            self.watch.give_up();
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Ready(Ok(filled))
    }

    /// Ready if the client has left. What it says meanwhile is kept: the next request, perhaps.
    ///
    /// Looks only after the whole request has been read; before, its body finds out.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_complete() || !self.carry.is_empty() {
            return Poll::Pending;
        }
        // To wait for the client's end takes the event loop, and most answers are there before it
        // would have paid: the next look at all connections is soon enough.
        if self.half.is_unwatched() && !self.watch.has_rung() {
            self.watch.wake_by(watch::now());
            return Poll::Pending;
        }
        let Self { half, carry, .. } = self;
        let read = read_scratch(half, cx, |new| *carry = Bytes::copy_from_slice(new));
        match ready!(read) {
            Ok(()) if !self.carry.is_empty() => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Takes what was read and not used.
    pub(super) fn take_carry(&mut self) -> Option<Bytes> {
        (!self.carry.is_empty()).then(|| std::mem::take(&mut self.carry))
    }

    /// The direction itself, for what is no HTTP any more.
    pub(super) fn half(&mut self) -> &mut ReadHalf {
        &mut self.half
    }

    /// Reads and forgets; the number of bytes, 0 at the end.
    pub(super) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.carry = Bytes::new();
        read_scratch(&mut self.half, cx, <[u8]>::len)
    }
}

/// What one read came to.
enum Read {
    Parsed(Parsed, Bytes),
    /// Look at all that has come so far.
    Again,
    /// It cannot be complete yet.
    More,
}

enum Parsed {
    Head(Box<RequestHead>),
    Partial,
    Instead(NoHead),
}

fn parse(bytes: &[u8], limits: &HeadLimits, detect: bool) -> Parsed {
    if detect && let Some(whole) = detect::preface(bytes) {
        return match whole {
            true => Parsed::Instead(NoHead::Http2(Bytes::copy_from_slice(bytes))),
            false => Parsed::Partial,
        };
    }
    match parse_request(bytes, limits) {
        Ok(Some(head)) => Parsed::Head(Box::new(head)),
        Ok(None) => Parsed::Partial,
        Err(refusal) => Parsed::Instead(NoHead::Refused(refusal)),
    }
}
