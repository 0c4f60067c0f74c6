//! What one attempt proves by itself.

use core::time::Duration;

use super::{errno, tls};
use crate::cause::Cause;
use crate::ledger::{Attempt, Fault, Http2Fault, Knock, ParseFault, Phase, TimeoutKind};

/// A backend that sheds load answers faster than it could work.
const SHED_WITHIN: Duration = Duration::from_millis(10);
/// No server's default idle timeout is shorter than a second; as long as nothing is known of a backend's, a
/// connection that was idle for less than this was not closed for idleness.
const IDLE_ENOUGH: Duration = Duration::from_millis(500);
/// The reset of a connection that was closed already comes back within one round trip; one that
/// comes later was sent by somebody who had read the request.
const STALE_WITHIN: Duration = Duration::from_millis(500);

/// The cause that `attempt` proves by itself; `None` if it did not fail, or if the client left
/// (rule R16: whatever a client does is no backend's failure).
pub fn mechanical(attempt: &Attempt) -> Option<Cause> {
    let Some(fault) = &attempt.fault else {
        return attempt.status.and_then(|status| upstream(attempt, status));
    };
    match fault {
        Fault::Errno(number) => Some(errno::cause(attempt, *number)),
        Fault::Closed => Some(closed(attempt)),
        Fault::Timeout(kind) => Some(timeout(attempt, *kind)),
        Fault::Tls(fault) => Some(tls::cause(fault)),
        Fault::Parse(fault) => Some(parse(*fault)),
        Fault::Http2(fault) => Some(http2(attempt, *fault)),
        Fault::Grpc(status) => grpc(*status),
        // Whoever recorded this holds the status for a failure, even where we would not.
        Fault::Status(status) => {
            upstream(attempt, *status).or(Some(Cause::DependencyUpstreamError))
        }
        Fault::Dns {
            rcode,
            resolved_before,
        } => Some(dns(*rcode, *resolved_before)),
        Fault::Refused(refusal) => Some(refusal.cause()),
        Fault::Client => None,
        Fault::Internal | Fault::Opaque => Some(Cause::Unclassified),
    }
}

/// The peer broke the connection off.
pub(super) fn closed(attempt: &Attempt) -> Cause {
    if attempt.phase >= Phase::Body || attempt.bytes_received.is_some_and(|bytes| bytes > 0) {
        return Cause::DependencyResponseTruncated;
    }
    let idle = attempt.idle_age.is_some_and(|age| age >= IDLE_ENOUGH);
    let elsewise = attempt.fresh_breaks || attempt.knock == Some(Knock::Refused);
    if attempt.reused && (idle || attempt.used_up) && attempt.elapsed <= STALE_WITHIN && !elsewise {
        Cause::ConfigKeepaliveMismatch
    } else {
        Cause::DependencyResetBeforeResponse
    }
}

/// No answer in time; the phase says to what.
pub(super) fn late(phase: Phase) -> Cause {
    match phase {
        Phase::Queue => Cause::OverloadQueueTimeout,
        Phase::Dns => Cause::DependencyDnsFailure,
        // A handshake that nobody answers is a connection that never came about.
        Phase::Connect | Phase::Tls => Cause::DependencyConnectTimeout,
        Phase::Write | Phase::WaitHeaders => Cause::DependencyResponseTimeout,
        Phase::Body | Phase::Done => Cause::DependencyResponseTruncated,
    }
}

fn timeout(attempt: &Attempt, kind: TimeoutKind) -> Cause {
    match kind {
        TimeoutKind::Connect | TimeoutKind::Handshake => Cause::DependencyConnectTimeout,
        TimeoutKind::Attempt | TimeoutKind::Total | TimeoutKind::Idle => late(attempt.phase),
    }
}

fn parse(fault: ParseFault) -> Cause {
    match fault {
        ParseFault::NotHttp | ParseFault::HeadersTooLarge | ParseFault::Http2 => {
            Cause::DependencyInvalidResponse
        }
        ParseFault::Body => Cause::DependencyResponseTruncated,
        ParseFault::TlsRecord => Cause::ConfigTlsPlaintextMismatch,
    }
}

/// A stream that the peer ended, by its code. A peer that does not answer a PING is as silent as one
/// that does not answer the request.
fn http2(attempt: &Attempt, fault: Http2Fault) -> Cause {
    match fault {
        Http2Fault::PingTimeout => late(attempt.phase.max(Phase::WaitHeaders)),
        Http2Fault::Violation(_) if attempt.phase < Phase::Body => Cause::DependencyInvalidResponse,
        _ if attempt.phase >= Phase::Body => Cause::DependencyResponseTruncated,
        fault if fault.sheds() => Cause::OverloadUpstreamShedding,
        _ => Cause::DependencyResetBeforeResponse,
    }
}

/// What a gRPC status code says about the backend's health. The codes that say something about the
/// request are no failures.
pub fn grpc(status: u32) -> Option<Cause> {
    match status {
        4 => Some(Cause::DependencyResponseTimeout),
        8 => Some(Cause::OverloadUpstreamShedding),
        13 | 15 => Some(Cause::DependencyUpstreamError),
        14 => Some(Cause::DependencyUpstream503),
        _ => None,
    }
}

/// NXDOMAIN (3), and NOERROR (0) without an address, are an authoritative no. For a name that
/// resolved before that is news about the world, not a typo.
fn dns(rcode: Option<u16>, resolved_before: bool) -> Cause {
    match rcode {
        Some(0 | 3) if !resolved_before => Cause::ConfigDnsNxdomain,
        _ => Cause::DependencyDnsFailure,
    }
}

/// A complete answer of the backend. Below 500 it is no failure, but for 429.
///
/// There is no mechanical difference between 500, 502 and 504 that a backend sends by itself: its
/// handler failed, and only it knows why. All of them are `upstream_error`.
fn upstream(attempt: &Attempt, status: u16) -> Option<Cause> {
    let nested = attempt.nested.as_ref().is_some_and(|nested| nested.trusted);
    match status {
        429 => Some(Cause::OverloadUpstreamShedding),
        503 if attempt.overloaded => Some(Cause::OverloadUpstreamShedding),
        // RFC 5842 §7.2: the request came back to where it had been, ourselves included; whoever noticed.
        508 => Some(Cause::ConfigLoopDetected),
        500..=599 if nested => Some(Cause::DependencyNested),
        503 if attempt.retry_after.is_some() && attempt.elapsed < SHED_WITHIN => {
            Some(Cause::OverloadUpstreamShedding)
        }
        503 => Some(Cause::DependencyUpstream503),
        // Insufficient Storage: the backend's own word for a full disk.
        507 => Some(Cause::ResourceDiskFull),
        // Not implemented, version not supported: an answer about the request, not a sickness.
        501 | 505 => None,
        500..=599 => Some(Cause::DependencyUpstreamError),
        _ => None,
    }
}
