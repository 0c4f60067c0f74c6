//! From Pingora's errors to the core's facts, by type and number, never by text.
//!
//! | Pingora's `ErrorType` | phase | fault |
//! | --- | --- | --- |
//! | `ConnectRefused` | connect | `ECONNREFUSED` |
//! | `ConnectTimedout` | connect | timeout: connect |
//! | `ConnectNoRoute` | connect | the errno (`EHOSTUNREACH`, `ENETUNREACH`) |
//! | `ConnectError`, `BindError`, `SocketError`, `InternalError` while connecting | connect | the errno, else opaque |
//! | `ConnectProxyFailure` | connect | opaque |
//! | `TLSHandshakeTimedout` | TLS | timeout: handshake |
//! | `TLSHandshakeFailure`, `HandshakeError`, `TLSWantX509Lookup` | TLS | what the library said (feature `rustls`), else the errno, else protocol |
//! | `InvalidCert` | TLS | what the library said, else untrusted |
//! | `ReadTimedout`, `WriteTimedout` | the exchange's | timeout: the attempt's, or the request's |
//! | `ConnectionClosed` | the exchange's | closed |
//! | `ReadError`, `WriteError` | the exchange's | what TLS said, else the errno, else closed or opaque |
//! | `InvalidHTTPHeader`, `H1Error` | the exchange's | parse: not HTTP; in the body: parse: body |
//! | `H2Error`, `InvalidH2`, `H2Downgrade` | the exchange's | the code of the reset or GOAWAY |
//! | `HTTPStatus(n)` | done | status n |
//! | any other | the exchange's | the errno, else opaque |
//!
//! The exchange's phase is that of writing for errors of writing, and of waiting for the head otherwise; after the head
//! it is that of the body. Pingora does not tell how much of a request the kernel took, so a request counts as sent as
//! soon as there is a connection.

use std::error::Error as StdError;

use pingora::{Error, ErrorType};
use soe503_core::ledger::{Fault, Http2Fault, ParseFault, Phase, TimeoutKind, TlsFault};

const ECONNREFUSED: i32 = 111;
const EHOSTUNREACH: i32 = 113;

/// How far the exchange had got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// There was no connection yet.
    Connected,
    /// There was a connection, and no answer.
    Answered,
    /// The answer had begun.
    Ended,
}

/// What `error`, which came of an upstream, shows. `timeout`: whose time is over if one of ours ran out.
pub fn of(error: &Error, until: Until, timeout: TimeoutKind) -> (Phase, Fault) {
    let fault = fault(error, until, timeout);
    let phase = match (until, error.etype()) {
        (Until::Connected, _) if is_tls(error.etype()) => Phase::Tls,
        (Until::Connected, _) => Phase::Connect,
        (_, ErrorType::HTTPStatus(_)) => Phase::Done,
        (Until::Ended, _) => Phase::Body,
        (Until::Answered, ErrorType::WriteError | ErrorType::WriteTimedout) => Phase::Write,
        (Until::Answered, _) => Phase::WaitHeaders,
    };
    (phase, fault)
}

const fn is_tls(kind: &ErrorType) -> bool {
    matches!(
        kind,
        ErrorType::TLSHandshakeFailure
            | ErrorType::TLSHandshakeTimedout
            | ErrorType::TLSWantX509Lookup
            | ErrorType::HandshakeError
            | ErrorType::InvalidCert
    )
}

fn fault(error: &Error, until: Until, timeout: TimeoutKind) -> Fault {
    match error.etype() {
        ErrorType::ConnectRefused => Fault::Errno(ECONNREFUSED),
        ErrorType::ConnectTimedout => Fault::Timeout(TimeoutKind::Connect),
        ErrorType::ConnectNoRoute => in_chain(error).unwrap_or(Fault::Errno(EHOSTUNREACH)),
        ErrorType::TLSHandshakeTimedout => Fault::Timeout(TimeoutKind::Handshake),
        ErrorType::TLSHandshakeFailure
        | ErrorType::HandshakeError
        | ErrorType::TLSWantX509Lookup => tls(error, TlsFault::Protocol),
        ErrorType::InvalidCert => tls(error, TlsFault::Untrusted),
        ErrorType::ReadTimedout | ErrorType::WriteTimedout => Fault::Timeout(timeout),
        ErrorType::ConnectionClosed => Fault::Closed,
        ErrorType::InvalidHTTPHeader | ErrorType::H1Error => Fault::Parse(match until {
            Until::Ended => ParseFault::Body,
            _ => ParseFault::NotHttp,
        }),
        ErrorType::H2Error | ErrorType::InvalidH2 | ErrorType::H2Downgrade => http2(error),
        ErrorType::HTTPStatus(status) => Fault::Status(*status),
        _ => tls_in_chain(error)
            .map(Fault::Tls)
            .or_else(|| in_chain(error))
            .unwrap_or(Fault::Opaque),
    }
}

/// What the operating system said, anywhere below `error`.
fn in_chain(error: &Error) -> Option<Fault> {
    let cause = below(error)?;
    match soe503::facts::from_error(cause) {
        Fault::Opaque => None,
        fault => Some(fault),
    }
}

/// The first error below `error` that is not Pingora's: those do not say what is below them.
fn below(error: &Error) -> Option<&(dyn StdError + 'static)> {
    let mut cause = error.cause.as_deref()?;
    while let Some(ours) = cause.downcast_ref::<Box<Error>>() {
        cause = ours.cause.as_deref()?;
    }
    Some(cause)
}

fn tls(error: &Error, otherwise: TlsFault) -> Fault {
    match (tls_in_chain(error), in_chain(error)) {
        (Some(fault), _) => Fault::Tls(fault),
        (None, Some(fault)) => fault,
        (None, None) => Fault::Tls(otherwise),
    }
}

#[cfg(feature = "rustls")]
fn tls_in_chain(error: &Error) -> Option<TlsFault> {
    find::<rustls::Error>(below(error)?).map(crate::tls_facts::of)
}

#[cfg(not(feature = "rustls"))]
const fn tls_in_chain(_: &Error) -> Option<TlsFault> {
    None
}

/// How HTTP/2 ended. The library hands a GOAWAY without an error to streams that the peer has not looked at, and to
/// no other; with one it hands it to all.
fn http2(error: &Error) -> Fault {
    let Some(http2) = below(error).and_then(find::<h2::Error>) else {
        return in_chain(error).unwrap_or(Fault::Parse(ParseFault::Http2));
    };
    let Some(reason) = http2.reason() else {
        return in_chain(error).unwrap_or(Fault::Closed);
    };
    let code = u32::from(reason);
    Fault::Http2(match (http2.is_go_away(), http2.is_remote()) {
        (true, true) if reason == h2::Reason::NO_ERROR => Http2Fault::GoAway(code),
        (_, true) => Http2Fault::Reset(code),
        (_, false) => Http2Fault::Violation(code),
    })
}

/// The first `T` in the chain that starts at `error`. An I/O error hides what it was made from.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let hidden = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        next = match hidden {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
