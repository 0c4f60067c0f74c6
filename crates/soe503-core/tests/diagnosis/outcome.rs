//! Row S1: what counts, and how.

use soe503_core::diagnosis::{mechanical, outcome};
use soe503_core::ledger::{Attempt, Fault, Http2Fault, Knock, Phase, Refusal, TimeoutKind};
use soe503_core::{Cause, Outcome, Tick, Verdict};

use crate::support::{answered, circuit_open, failed, ms, refused, reset};

#[test]
fn verdicts() {
    let status_only = |status| Attempt {
        fault: None,
        ..answered(status)
    };
    let gone = |phase, status| Attempt {
        status,
        ..failed(phase, Fault::Client)
    };
    let limit = Refusal::Limit {
        cause: Cause::OverloadConcurrencyLimit,
        limit: 8,
        in_use: 8,
    };
    let stale = Attempt {
        reused: true,
        idle_age: Some(ms(4000)),
        ..reset()
    };
    let h2 = |phase, fault| failed(phase, Fault::Http2(fault));
    let grpc = |status| Attempt {
        status: Some(200),
        ..failed(Phase::Done, Fault::Grpc(status))
    };
    let rows: [(&str, Attempt, Verdict); 38] = [
        (
            "REFUSED_STREAM",
            h2(Phase::WaitHeaders, Http2Fault::Reset(7)),
            Verdict::Degraded,
        ),
        (
            "ENHANCE_YOUR_CALM",
            h2(Phase::WaitHeaders, Http2Fault::Reset(11)),
            Verdict::Degraded,
        ),
        (
            "CANCEL",
            h2(Phase::WaitHeaders, Http2Fault::Reset(8)),
            Verdict::Failure,
        ),
        (
            "REFUSED_STREAM in the body",
            h2(Phase::Body, Http2Fault::Reset(7)),
            Verdict::Failure,
        ),
        (
            "GOAWAY before us",
            h2(Phase::WaitHeaders, Http2Fault::GoAway(0)),
            Verdict::Ignore,
        ),
        (
            "GOAWAY with an error before us",
            h2(Phase::WaitHeaders, Http2Fault::GoAway(2)),
            Verdict::Ignore,
        ),
        (
            "no pong",
            h2(Phase::WaitHeaders, Http2Fault::PingTimeout),
            Verdict::Failure,
        ),
        (
            "bad frame",
            h2(Phase::WaitHeaders, Http2Fault::Violation(1)),
            Verdict::Failure,
        ),
        ("UNAVAILABLE", grpc(14), Verdict::Failure),
        ("RESOURCE_EXHAUSTED", grpc(8), Verdict::Degraded),
        ("NOT_FOUND", grpc(5), Verdict::Success),
        ("200", status_only(200), Verdict::Success),
        ("404", status_only(404), Verdict::Success),
        ("501", status_only(501), Verdict::Success),
        ("505", status_only(505), Verdict::Success),
        ("429", answered(429), Verdict::Degraded),
        (
            "429, only the status known",
            status_only(429),
            Verdict::Degraded,
        ),
        ("500", answered(500), Verdict::Failure),
        ("502", status_only(502), Verdict::Failure),
        ("503", answered(503), Verdict::Failure),
        (
            "503, shedding",
            Attempt {
                overloaded: true,
                ..answered(503)
            },
            Verdict::Failure,
        ),
        ("504", answered(504), Verdict::Failure),
        ("refused", refused(), Verdict::Failure),
        ("reset", reset(), Verdict::Failure),
        ("stale connection", stale, Verdict::Degraded),
        (
            "timeout",
            failed(Phase::WaitHeaders, Fault::Timeout(TimeoutKind::Attempt)),
            Verdict::Failure,
        ),
        (
            "body cut after 200",
            Attempt {
                status: Some(200),
                ..failed(Phase::Body, Fault::Closed)
            },
            Verdict::Failure,
        ),
        (
            "mute error",
            failed(Phase::WaitHeaders, Fault::Opaque),
            Verdict::Failure,
        ),
        ("507", answered(507), Verdict::Failure),
        ("508", answered(508), Verdict::Ignore),
        (
            "client left, waiting",
            gone(Phase::WaitHeaders, None),
            Verdict::Ignore,
        ),
        (
            "client left after 200",
            gone(Phase::Body, Some(200)),
            Verdict::Success,
        ),
        (
            "client left after 500",
            gone(Phase::Body, Some(500)),
            Verdict::Failure,
        ),
        ("own circuit", circuit_open(None), Verdict::Ignore),
        (
            "own limit",
            failed(Phase::Queue, Fault::Refused(limit)),
            Verdict::Ignore,
        ),
        (
            "own queue",
            failed(Phase::Queue, Fault::Timeout(TimeoutKind::Total)),
            Verdict::Ignore,
        ),
        (
            "own descriptors",
            failed(Phase::Connect, Fault::Errno(24)),
            Verdict::Ignore,
        ),
        (
            "own bug",
            failed(Phase::Body, Fault::Internal),
            Verdict::Ignore,
        ),
    ];
    for (name, attempt, verdict) in rows {
        assert_eq!(outcome(&attempt).verdict, verdict, "{name}");
    }
}

#[test]
fn a_failure_says_why() {
    assert_eq!(
        outcome(&refused()),
        Outcome::failure(Cause::DependencyConnectRefused)
    );
    assert_eq!(
        outcome(&answered(500)),
        Outcome::failure(Cause::DependencyUpstreamError)
    );
    assert_eq!(
        outcome(&answered(429)),
        Outcome::degraded(Cause::OverloadUpstreamShedding)
    );
    assert_eq!(
        outcome(&failed(Phase::Write, Fault::Client)),
        Outcome::IGNORE
    );
    let own = outcome(&circuit_open(None));
    assert_eq!(own.cause, Some(Cause::CircuitConsecutiveFailures));
}

/// The client is told that its request was broken off; the circuit and the backend, that the backend
/// is gone.
#[test]
fn a_backend_that_refuses_right_after_a_reset_is_gone() {
    let attempt = |knock| Attempt {
        phase: Phase::WaitHeaders,
        fault: Some(Fault::Errno(104)),
        knock,
        ..Attempt::begin(1, Tick::ZERO)
    };
    let gone = attempt(Some(Knock::Refused));
    assert_eq!(
        mechanical(&gone),
        Some(Cause::DependencyResetBeforeResponse)
    );
    assert_eq!(
        outcome(&gone),
        Outcome::failure(Cause::DependencyConnectRefused)
    );
    for knock in [None, Some(Knock::Accepted)] {
        let there = outcome(&attempt(knock));
        assert_eq!(
            there,
            Outcome::failure(Cause::DependencyResetBeforeResponse)
        );
    }
}
