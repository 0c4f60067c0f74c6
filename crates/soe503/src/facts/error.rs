//! The facts in an error, and in a timer of ours.

use std::error::Error;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Fault, ParseFault, Phase, TimeoutKind};

use super::errno;
use crate::error::{Failure, Rejected, RequestBodyError, below};

/// What `error` says went wrong.
pub fn from_error(error: &(dyn Error + 'static)) -> Fault {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(fault) = one(error) {
            return fault;
        }
        next = below(error);
    }
    Fault::Opaque
}

/// The attempt that ended `now` with `error`: the facts of the service that failed, if it told
/// them, and otherwise what the error proves.
pub fn attempt(error: &(dyn Error + 'static), number: u8, started: Tick, now: Tick) -> Attempt {
    if let Some(told) = Failure::find(error).and_then(Failure::last) {
        return Attempt {
            number,
            ..told.clone()
        };
    }
    let fault = from_error(error);
    Attempt {
        phase: phase(&fault),
        fault: Some(fault),
        elapsed: now.since(started),
        ..Attempt::begin(number, started)
    }
}

/// The attempt that a timer of ours cut off.
pub(crate) fn timed_out(
    kind: TimeoutKind,
    number: u8,
    started: Tick,
    elapsed: Duration,
) -> Attempt {
    Attempt {
        phase: Phase::WaitHeaders,
        fault: Some(Fault::Timeout(kind)),
        elapsed,
        ..Attempt::begin(number, started)
    }
}

/// The attempt whose response broke off in its body. Whatever the error says of itself, that is proven.
pub(crate) fn broken_body(
    error: &(dyn Error + 'static),
    status: u16,
    started: Tick,
    now: Tick,
) -> Attempt {
    let attempt = attempt(error, 1, started, now);
    let fault = match attempt.fault {
        None | Some(Fault::Opaque) => Some(Fault::Parse(ParseFault::Body)),
        told => told,
    };
    Attempt {
        phase: Phase::Body,
        status: Some(status),
        fault,
        ..attempt
    }
}

fn one(error: &(dyn Error + 'static)) -> Option<Fault> {
    if let Some(rejected) = error.downcast_ref::<Rejected>() {
        return Some(rejected.fault());
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.last().and_then(|attempt| attempt.fault.clone());
    }
    if error.is::<RequestBodyError>() {
        return Some(Fault::Client);
    }
    if error.is::<tokio::time::error::Elapsed>() {
        return Some(Fault::Timeout(TimeoutKind::Attempt));
    }
    error
        .downcast_ref::<std::io::Error>()
        .and_then(errno::fault)
}

/// How far an attempt that ended in `fault` can have got at most. Unsent is claimed only where
/// the fault itself is the proof: these come from `socket(2)` and `connect(2)` and from nothing
/// else. A host that becomes unreachable, for example, also fails an established connection.
fn phase(fault: &Fault) -> Phase {
    match fault {
        Fault::Errno(errno) if errno::is_before_connected(*errno) => Phase::Connect,
        Fault::Timeout(TimeoutKind::Connect) => Phase::Connect,
        Fault::Dns { .. } => Phase::Dns,
        Fault::Tls(_) | Fault::Timeout(TimeoutKind::Handshake) => Phase::Tls,
        Fault::Refused(_) => Phase::Queue,
        _ => Phase::WaitHeaders,
    }
}
