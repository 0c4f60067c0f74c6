//! What an attempt means to those who count: row S1 of the semantics.

use super::mechanical::mechanical;
use crate::cause::{Category, Cause};
use crate::ledger::{Attempt, Fault, Http2Fault, Knock, Phase};
use crate::outcome::{Outcome, Verdict};

/// The verdict on one attempt, for the backend that it was tried on.
///
/// | what happened | verdict |
/// | --- | --- |
/// | a status below 500 but 429; 501; 505 | success |
/// | 429 | degraded: an overload signal, no run of failures |
/// | a reused, idle connection turned out to be closed | degraded: a race, no sickness |
/// | broken off by a backend that refuses connections right after | failure, as `connect_refused` |
/// | connect, reset, timeout, protocol, 500, 502, 503, 504, other 5xx | failure |
/// | a gRPC status of 8 (resource exhausted) | degraded |
/// | a gRPC status of 4, 13, 14 or 15 | failure |
/// | HTTP/2: `REFUSED_STREAM`, `ENHANCE_YOUR_CALM` | degraded: it sheds, and says so |
/// | HTTP/2: a GOAWAY that leaves the request out | ignore: a server that closes as it should |
/// | the client left or broke its own request | ignore; after the head, the status decides |
/// | 508 | ignore: the request goes in circles, the backend is well |
/// | any other status that a classifier recorded as [`Fault::Status`] | failure |
/// | our own refusals, queue, descriptors, ports, memory, disk, bugs | ignore |
pub fn outcome(attempt: &Attempt) -> Outcome {
    let Some(cause) = mechanical(attempt) else {
        return without_cause(attempt);
    };
    // The request was broken off, which is what its client is told; but who counts is to know that
    // the backend is gone: that ejects it at once and becomes the root of an open circuit.
    if attempt.knock == Some(Knock::Refused) {
        return Outcome::failure(Cause::DependencyConnectRefused);
    }
    let verdict = match &attempt.fault {
        Some(Fault::Refused(_) | Fault::Internal) => Verdict::Ignore,
        Some(Fault::Errno(_)) if cause.category() == Category::ResourceExhaustion => {
            Verdict::Ignore
        }
        Some(Fault::Timeout(_)) if attempt.phase == Phase::Queue => Verdict::Ignore,
        Some(Fault::Status(429) | Fault::Grpc(8)) => Verdict::Degraded,
        Some(Fault::Http2(fault)) if fault.sheds() && attempt.phase < Phase::Body => {
            Verdict::Degraded
        }
        Some(Fault::Http2(Http2Fault::GoAway(_))) => Verdict::Ignore,
        _ if cause == Cause::ConfigLoopDetected => Verdict::Ignore,
        None if attempt.status == Some(429) => Verdict::Degraded,
        Some(Fault::Errno(_) | Fault::Closed) if cause == Cause::ConfigKeepaliveMismatch => {
            Verdict::Degraded
        }
        _ => Verdict::Failure,
    };
    Outcome {
        verdict,
        cause: Some(cause),
    }
}

/// A success, or a client that left. If the backend's head had come by then, it did its job (or
/// failed at it) before that (row S2).
fn without_cause(attempt: &Attempt) -> Outcome {
    if attempt.fault.is_none() {
        return Outcome::SUCCESS;
    }
    if attempt.status.is_none() {
        return Outcome::IGNORE;
    }
    let judged = Attempt {
        fault: None,
        ..attempt.clone()
    };
    outcome(&judged)
}
