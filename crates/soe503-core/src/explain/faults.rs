//! What ended an attempt, in words.

use super::clean::clean;
use super::digits::{join, number};
use super::names::Names;
use super::time::rfc3339;
use super::words::duration;
use crate::cause::Cause;
use crate::diagnosis::{alert_name, errno_name};
use crate::ledger::{
    Attempt, Fault, Http2Fault, Knock, ParseFault, Phase, Refusal, TimeoutKind, TlsFault, Wire,
};
use crate::limit::Turned;
use crate::pool::Full;

/// What ended `attempt`, in one sentence for an operator: names and addresses are not hidden, and
/// what came from outside is cut and cleaned.
pub fn in_words(attempt: &Attempt) -> String {
    fault(attempt, &Names::all())
}

/// What ended an attempt, and what knocking at the backend again showed.
pub(super) fn fault(attempt: &Attempt, names: &Names<'_>) -> String {
    let ended = end(attempt, names);
    match attempt.knock {
        Some(Knock::Refused) => format!("{ended}; it refuses connections since"),
        _ if attempt.used_up => {
            format!("{ended}; it closes connections at this age or after so many requests")
        }
        _ => ended,
    }
}

fn end(attempt: &Attempt, names: &Names<'_>) -> String {
    match &attempt.fault {
        Some(Fault::Errno(number)) => errno(*number),
        Some(Fault::Closed) => match (attempt.reused, attempt.idle_age) {
            (true, Some(age)) => {
                format!(
                    "connection closed by the backend, reused after {} idle",
                    duration(age)
                )
            }
            (true, None) => "reused connection closed by the backend".to_owned(),
            (false, _) => "connection closed by the backend".to_owned(),
        },
        Some(Fault::Timeout(kind)) => {
            let ended = timeout(*kind, attempt.phase);
            match attempt.wire.as_deref() {
                Some(wire) if wire.is_deaf() => format!("{ended}; {}", deaf(*wire)),
                Some(wire) if wire.has_arrived() => {
                    format!("{ended}; its machine has acknowledged the request")
                }
                _ => ended.to_owned(),
            }
        }
        Some(Fault::Tls(fault)) => tls(fault, names),
        Some(Fault::Parse(fault)) => parse(*fault).to_owned(),
        Some(Fault::Http2(fault)) => http2(*fault),
        Some(Fault::Grpc(status)) => format!("answered with grpc-status {status}"),
        Some(Fault::Status(status)) => answered(*status, attempt, names),
        Some(Fault::Dns { rcode, .. }) => dns(*rcode),
        Some(Fault::Refused(refusal)) => refused(refusal),
        Some(Fault::Client) => "the client left".to_owned(),
        Some(Fault::Internal) => "a bug of this proxy".to_owned(),
        Some(Fault::Opaque) => "an error that tells nothing about itself".to_owned(),
        None => attempt
            .status
            .map_or_else(|| "no failure".to_owned(), |s| answered(s, attempt, names)),
    }
}

fn errno(number: i32) -> String {
    let Some(name) = errno_name(number) else {
        return format!("system error {number}");
    };
    let words = match name {
        "ECONNREFUSED" => "connection refused",
        "ECONNRESET" => "connection reset by the backend",
        "EPIPE" => "connection closed by the backend while sending",
        "ECONNABORTED" => "connection aborted",
        "ETIMEDOUT" => "the network gave up waiting",
        "EHOSTUNREACH" | "EHOSTDOWN" => "host unreachable",
        "ENETUNREACH" | "ENETDOWN" => "network unreachable",
        "EACCES" | "EPERM" => "connection prohibited",
        "EMFILE" | "ENFILE" => "no file descriptor left",
        "EADDRNOTAVAIL" => "no local port left",
        "ENOMEM" | "ENOBUFS" => "no memory left",
        "ENOSPC" | "EDQUOT" => "no space left",
        _ => "system error",
    };
    format!("{words} ({name})")
}

const fn timeout(kind: TimeoutKind, phase: Phase) -> &'static str {
    match (kind, phase) {
        (TimeoutKind::Connect, _) | (_, Phase::Connect) => "no answer to the connect",
        (TimeoutKind::Handshake, _) | (_, Phase::Tls) => "no answer to the TLS handshake",
        (_, Phase::Queue) => "still queued",
        (_, Phase::Dns) => "name still not resolved",
        (_, Phase::Write) => "request still not taken",
        (_, Phase::WaitHeaders) => "connected and sent, no response",
        (_, Phase::Body | Phase::Done) => "response stalled",
    }
}

fn deaf(wire: Wire) -> String {
    let Wire {
        unacked,
        retransmits,
        ..
    } = wire;
    format!("its machine acknowledges nothing: {unacked} bytes, sent again {retransmits} times")
}

fn tls(fault: &TlsFault, names: &Names<'_>) -> String {
    match fault {
        TlsFault::NameMismatch {
            expected,
            presented,
        } if names.full() => {
            let some: Vec<_> = presented.iter().take(3).map(|n| clean(n, 40)).collect();
            format!(
                "certificate is for {} names ({}), not for {}",
                presented.len(),
                some.join(", "),
                clean(expected, 40)
            )
        }
        TlsFault::NameMismatch { presented, .. } => {
            format!("certificate is for {} other names", presented.len())
        }
        TlsFault::Untrusted => "certificate not signed by a configured authority".to_owned(),
        TlsFault::Expired { not_after } => {
            format!("certificate expired at {}", rfc3339(*not_after))
        }
        TlsFault::NotYetValid { not_before } => {
            format!("certificate not valid before {}", rfc3339(*not_before))
        }
        TlsFault::Plaintext { first_bytes } => {
            format!("not TLS: first bytes \"{}\"", first_bytes.escape_ascii())
        }
        TlsFault::Alert(number) => match alert_name(*number) {
            Some(name) => format!("TLS alert {number} ({name})"),
            None => format!("TLS alert {number}"),
        },
        TlsFault::Protocol => "TLS handshake failed".to_owned(),
    }
}

const fn parse(fault: ParseFault) -> &'static str {
    match fault {
        ParseFault::NotHttp => "the response is not HTTP",
        ParseFault::HeadersTooLarge => "the response's header section exceeds our limit",
        ParseFault::Body => "the response's body is shorter than announced or malformed",
        ParseFault::Http2 => "HTTP/2 protocol error",
        ParseFault::TlsRecord => "a TLS record where HTTP was expected",
    }
}

fn http2(fault: Http2Fault) -> String {
    let named = |code| match Http2Fault::code_name(code) {
        Some(name) => name.to_owned(),
        None => format!("error code {code:#x}"),
    };
    match fault {
        Http2Fault::Reset(code) => format!("HTTP/2 stream reset by the backend ({})", named(code)),
        Http2Fault::GoAway(code) => {
            format!("not taken by the backend: GOAWAY ({})", named(code))
        }
        Http2Fault::Violation(code) => {
            format!("HTTP/2 protocol error of the backend ({})", named(code))
        }
        Http2Fault::PingTimeout => "no answer to an HTTP/2 PING".to_owned(),
    }
}

fn dns(rcode: Option<u16>) -> String {
    match rcode {
        None => "no answer from the resolver".to_owned(),
        Some(0) => "the name has no address".to_owned(),
        Some(2) => "the resolver failed (SERVFAIL)".to_owned(),
        Some(3) => "the name does not exist (NXDOMAIN)".to_owned(),
        Some(5) => "the resolver refused (REFUSED)".to_owned(),
        Some(other) => format!("the resolver answered with code {other}"),
    }
}

fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::CircuitOpen { .. } => "the circuit is open".to_owned(),
        Refusal::NoBackend { .. } => "no backend can be used".to_owned(),
        Refusal::Limit {
            limit, in_use: n, ..
        } => {
            let mut out = String::with_capacity(32);
            in_use(&mut out, *n, *limit);
            out
        }
        Refusal::RateLimited(_) | Refusal::Throttled(_) | Refusal::Maintenance(_) => {
            refusal.cause().info().title.to_owned()
        }
        Refusal::Queue {
            limit,
            in_use: n,
            waiting,
            waited,
            class,
            ..
        } => {
            let mut out = String::with_capacity(96);
            in_use(&mut out, *n, *limit);
            out.push_str(", ");
            number(&mut out, *waiting);
            out.push_str(" waiting, waited ");
            number(
                &mut out,
                u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
            );
            join(&mut out, &[" ms, priority ", class.as_str()]);
            out
        }
        Refusal::BackendsFull(full) => full_backends(full),
        Refusal::Policy(cause) => cause.info().title.to_owned(),
    }
}

/// How much of a limit is in use.
pub(super) fn in_use(out: &mut String, in_use: u64, limit: u64) {
    number(out, in_use);
    out.push_str(" in use of ");
    number(out, limit);
    out.push_str(" allowed");
}

/// What all backends have in flight, and who waits for a place.
pub(super) fn full_backends(full: &Full) -> String {
    let Full {
        backends,
        limit,
        in_flight,
        waiting,
        class,
        waited,
        ..
    } = full;
    let which = match backends {
        1 => "the only backend has".to_owned(),
        n => format!("all {n} backends together have"),
    };
    let mut text = format!("{which} {in_flight} in flight of {limit} allowed");
    if full.why != Turned::AtOnce {
        let waited = if waited.is_zero() {
            String::new()
        } else {
            format!(" after {}", duration(*waited))
        };
        text += &format!(", {waiting} waiting; turned away{waited}, priority {class}");
    }
    text
}

fn answered(status: u16, attempt: &Attempt, names: &Names<'_>) -> String {
    let mut text = format!("answered {status}");
    if let Some(after) = attempt.retry_after {
        text += &format!(" with Retry-After {}", duration(after));
    }
    match &attempt.nested {
        Some(nested) if nested.trusted => {
            let cause = nested.cause.map_or("a failure", Cause::id);
            text += &format!("; {} says {cause}", names.hop(&nested.hop));
        }
        // Anybody can write such fields. To repeat what they say would make a forgery look like evidence.
        Some(_) => {
            text += "; it came with the explanation of a proxy, which is ignored: the pool is not declared to be one";
        }
        None => {}
    }
    text
}
