//! What went wrong, mechanically.

use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::limit::Class;
use crate::maintenance::Notice;
use crate::pool::Full;
use crate::rate::Limited;
use crate::throttle::Throttled;

/// What ended an attempt, as observed; not yet what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A system call failed with this errno (Linux numbers).
    Errno(i32),
    /// The peer closed its side (FIN) where more was expected.
    Closed,
    /// A timer of ours ran out.
    Timeout(TimeoutKind),
    /// TLS did not come about.
    Tls(TlsFault),
    /// The peer's bytes are not the protocol that was agreed.
    Parse(ParseFault),
    /// The HTTP/2 peer, or we in its place, ended the stream or the connection.
    Http2(Http2Fault),
    /// A complete answer with a status that counts as a failure.
    Status(u16),
    /// A complete gRPC answer with this `grpc-status`.
    Grpc(u32),
    /// A name did not resolve. `rcode` is the DNS response code where a server answered.
    Dns {
        /// The response code (2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED, …); `None`: no answer in time.
        rcode: Option<u16>,
        /// The name was resolved before, so the answer is news rather than a typo.
        resolved_before: bool,
    },
    /// We decided not to try.
    Refused(Refusal),
    /// The client went away or broke its own request.
    Client,
    /// A bug of ours: a panic, an impossible state.
    Internal,
    /// A failure whose nature the inner service did not tell.
    Opaque,
}

/// Which timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum TimeoutKind {
    /// TCP connect.
    Connect,
    /// TLS handshake.
    Handshake,
    /// One attempt's time for response headers.
    Attempt,
    /// The request's total deadline.
    Total,
    /// No progress on a body.
    Idle,
}

/// How TLS failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum TlsFault {
    /// The certificate is valid, for other names.
    NameMismatch {
        /// The name that was asked for.
        expected: String,
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// The chain does not end in a configured authority.
    Untrusted,
    /// `notAfter` is past, in unix seconds.
    Expired {
        /// The certificate's `notAfter`.
        not_after: i64,
    },
    /// `notBefore` is still to come, in unix seconds.
    NotYetValid {
        /// The certificate's `notBefore`.
        not_before: i64,
    },
    /// The first bytes are not a TLS record: plain text on the other side.
    Plaintext {
        /// The first bytes, for the evidence.
        first_bytes: [u8; 8],
    },
    /// The peer sent an alert (RFC 8446 §6).
    Alert(u8),
    /// Anything else.
    Protocol,
}

/// How an HTTP/2 stream or its connection ended before it was done. Codes are those of RFC 9113 §7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Http2Fault {
    /// The peer reset the stream with this code.
    Reset(u32),
    /// A GOAWAY with this code whose last stream was before ours: the peer has not looked at the
    /// request and never will (RFC 9113 §6.8).
    GoAway(u32),
    /// The peer broke the protocol; we ended the stream or the connection with this code.
    Violation(u32),
    /// The peer did not answer a PING in time.
    PingTimeout,
}

/// How the peer's bytes are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum ParseFault {
    /// The status line or a header is not HTTP.
    NotHttp,
    /// The header section exceeds our limit.
    HeadersTooLarge,
    /// The body is shorter than announced, or a chunk is malformed.
    Body,
    /// An HTTP/2 protocol error.
    Http2,
    /// A TLS record where plain HTTP was expected.
    TlsRecord,
}

// === impl Http2Fault ===

impl Http2Fault {
    /// `REFUSED_STREAM` (RFC 9113 §8.7).
    pub const REFUSED_STREAM: u32 = 0x7;
    /// `ENHANCE_YOUR_CALM`.
    pub const ENHANCE_YOUR_CALM: u32 = 0xb;

    /// The peer says that it has not processed the request: any method may go again.
    pub const fn unprocessed(self) -> bool {
        matches!(self, Self::Reset(Self::REFUSED_STREAM) | Self::GoAway(_))
    }

    /// The peer says that it is asked for too much.
    pub const fn sheds(self) -> bool {
        matches!(
            self,
            Self::Reset(Self::REFUSED_STREAM | Self::ENHANCE_YOUR_CALM)
                | Self::GoAway(Self::ENHANCE_YOUR_CALM)
        )
    }

    /// The name of an error code (RFC 9113 §7).
    pub const fn code_name(code: u32) -> Option<&'static str> {
        Some(match code {
            0x0 => "NO_ERROR",
            0x1 => "PROTOCOL_ERROR",
            0x2 => "INTERNAL_ERROR",
            0x3 => "FLOW_CONTROL_ERROR",
            0x4 => "SETTINGS_TIMEOUT",
            0x5 => "STREAM_CLOSED",
            0x6 => "FRAME_SIZE_ERROR",
            0x7 => "REFUSED_STREAM",
            0x8 => "CANCEL",
            0x9 => "COMPRESSION_ERROR",
            0xa => "CONNECT_ERROR",
            0xb => "ENHANCE_YOUR_CALM",
            0xc => "INADEQUATE_SECURITY",
            0xd => "HTTP_1_1_REQUIRED",
            _ => return None,
        })
    }
}

/// Decisions of ours that end a request before a backend sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The circuit is open.
    CircuitOpen {
        /// The rule that opened it, as a cause.
        rule: Cause,
        /// The majority cause among the failures that opened it.
        root: Option<Cause>,
    },
    /// No backend can be used.
    NoBackend {
        /// `misconfiguration/no_endpoints`, `circuit_open/all_ejected`, `maintenance/…` or the
        /// cause that took all of them out.
        cause: Cause,
        /// The majority cause behind the backends' states.
        root: Option<Cause>,
    },
    /// A limit of ours is reached.
    Limit {
        /// Which limit.
        cause: Cause,
        /// Its value.
        limit: u64,
        /// What was in use.
        in_use: u64,
    },
    /// The caller has sent too much.
    RateLimited(Arc<Limited>),
    /// The backends refuse so much that this was held back.
    Throttled(Throttled),
    /// An interruption was planned.
    Maintenance(Arc<Notice>),
    /// A limit of ours is reached, and the request could not wait for its turn, or not any longer.
    Queue {
        /// `overload/queue_full` or `overload/queue_timeout`.
        cause: Cause,
        /// The limit.
        limit: u64,
        /// What was in use.
        in_use: u64,
        /// How many waited for their turn.
        waiting: u64,
        /// How long this one had.
        waited: Duration,
        /// How important it was.
        class: Class,
    },
    /// All backends have as many requests in flight as they may, and the request could not wait for a
    /// place, or not any longer.
    BackendsFull(Full),
    /// Anything else of our own: loops, unknown pools.
    Policy(Cause),
}

// === impl Refusal ===

impl Refusal {
    /// Why, as a cause.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::CircuitOpen { rule, .. } => *rule,
            Self::NoBackend { cause, .. }
            | Self::Limit { cause, .. }
            | Self::Queue { cause, .. } => *cause,
            Self::BackendsFull(full) => full.cause(),
            Self::RateLimited(_) => Cause::OverloadRateLimited,
            Self::Throttled(_) => Cause::OverloadThrottled,
            Self::Maintenance(_) => Cause::MaintenanceWindow,
            Self::Policy(cause) => *cause,
        }
    }
}
