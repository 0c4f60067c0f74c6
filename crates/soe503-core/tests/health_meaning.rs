//! What one failed check proves, and what it leaves open.

use std::time::Duration;

use soe503_core::health::{CheckResult, Component, Hints};
use soe503_core::ledger::{Attempt, Fault, Http2Fault, ParseFault, Phase, TimeoutKind, TlsFault};
use soe503_core::{Cause, Tick};

const ALLOWED: Duration = Duration::from_secs(1);

const PATH: Cause = Cause::ConfigHealthCheckPath;
const REJECTED: Cause = Cause::ConfigHealthCheckRejected;
const STRICT: Cause = Cause::ConfigHealthCheckTooStrict;

fn ended(phase: Phase, fault: Fault) -> Attempt {
    let mut attempt = Attempt::begin(1, Tick::ZERO);
    attempt.phase = phase;
    attempt.accepted_before = true;
    attempt.elapsed = Duration::from_millis(20);
    if let Fault::Status(status) = fault {
        attempt.status = Some(status);
    }
    attempt.fault = Some(fault);
    attempt
}

/// The cause that it proves and the cause that it leaves a doubt for.
fn means(phase: Phase, fault: Fault) -> (Option<Cause>, Option<Cause>) {
    let shown = format!("{fault:?}");
    match CheckResult::failed(&ended(phase, fault), ALLOWED, "no".into(), None) {
        CheckResult::Failed { cause, doubt, .. } => (cause, doubt.map(|doubt| doubt.cause)),
        other => panic!("{shown}: {other:?}"),
    }
}

#[test]
fn a_status_is_a_verdict_or_a_doubt() {
    let down = Some(Cause::DependencyUpstream503);
    let error = Some(Cause::DependencyUpstreamError);
    for (status, cause, doubt) in [
        (404, None, Some(PATH)),
        (405, None, Some(PATH)),
        (410, None, Some(PATH)),
        (501, error, Some(PATH)),
        (301, None, Some(REJECTED)),
        (302, None, Some(REJECTED)),
        (400, None, Some(REJECTED)),
        (401, None, Some(REJECTED)),
        (403, None, Some(REJECTED)),
        (421, None, Some(REJECTED)),
        (429, None, Some(REJECTED)),
        (505, error, Some(REJECTED)),
        (200, None, Some(STRICT)),
        (204, None, Some(STRICT)),
        (500, error, None),
        (502, error, None),
        (503, down, None),
        (504, error, None),
        (507, Some(Cause::ResourceDiskFull), None),
    ] {
        let meant = means(Phase::Done, Fault::Status(status));
        assert_eq!(meant, (cause, doubt), "{status}");
    }
}

#[test]
fn a_grpc_status_is_a_verdict_or_a_doubt() {
    for (code, cause, doubt) in [
        (3, None, Some(REJECTED)),
        (4, Some(Cause::DependencyResponseTimeout), Some(STRICT)),
        (5, None, Some(PATH)),
        (7, None, Some(REJECTED)),
        (8, Some(Cause::OverloadUpstreamShedding), None),
        (12, None, Some(PATH)),
        (13, Some(Cause::DependencyUpstreamError), None),
        (14, Some(Cause::DependencyUpstream503), None),
        (16, None, Some(REJECTED)),
        (99, None, None),
    ] {
        let meant = means(Phase::Done, Fault::Grpc(code));
        assert_eq!(meant, (cause, doubt), "{code}");
    }
}

#[test]
fn without_an_answer_it_depends_on_how_far_the_check_came() {
    let reset = 104;
    let refused = 111;
    let unreachable = 113;
    for (phase, fault, cause, doubt) in [
        (
            Phase::Connect,
            Fault::Errno(refused),
            Cause::DependencyConnectRefused,
            None,
        ),
        (
            Phase::Connect,
            Fault::Errno(unreachable),
            Cause::ConfigFirewallReject,
            None,
        ),
        (
            Phase::Connect,
            Fault::Timeout(TimeoutKind::Connect),
            Cause::DependencyConnectTimeout,
            Some(STRICT),
        ),
        (
            Phase::Tls,
            Fault::Timeout(TimeoutKind::Handshake),
            Cause::DependencyConnectTimeout,
            Some(STRICT),
        ),
        (
            Phase::Tls,
            Fault::Tls(TlsFault::Untrusted),
            Cause::ConfigTlsUntrusted,
            Some(REJECTED),
        ),
        (
            Phase::WaitHeaders,
            Fault::Timeout(TimeoutKind::Attempt),
            Cause::DependencyResponseTimeout,
            Some(STRICT),
        ),
        (
            Phase::WaitHeaders,
            Fault::Errno(reset),
            Cause::DependencyResetBeforeResponse,
            Some(REJECTED),
        ),
        (
            Phase::WaitHeaders,
            Fault::Closed,
            Cause::DependencyResetBeforeResponse,
            Some(REJECTED),
        ),
        (
            Phase::WaitHeaders,
            Fault::Parse(ParseFault::NotHttp),
            Cause::DependencyInvalidResponse,
            Some(REJECTED),
        ),
        (
            Phase::WaitHeaders,
            Fault::Http2(Http2Fault::Reset(Http2Fault::REFUSED_STREAM)),
            Cause::OverloadUpstreamShedding,
            None,
        ),
        (
            Phase::WaitHeaders,
            Fault::Http2(Http2Fault::Violation(1)),
            Cause::DependencyInvalidResponse,
            Some(REJECTED),
        ),
    ] {
        let shown = format!("{fault:?}");
        assert_eq!(means(phase, fault), (Some(cause), doubt), "{shown}");
    }
}

#[test]
fn only_who_gave_up_waiting_asks_how_fast_requests_are() {
    for (fault, within) in [
        (Fault::Timeout(TimeoutKind::Attempt), Some(ALLOWED / 2)),
        (Fault::Status(404), None),
        (Fault::Grpc(4), None),
        (Fault::Closed, None),
    ] {
        let attempt = ended(Phase::WaitHeaders, fault);
        let CheckResult::Failed { doubt, .. } =
            CheckResult::failed(&attempt, ALLOWED, "no".into(), None)
        else {
            panic!("{attempt:?}");
        };
        assert_eq!(doubt.unwrap().within, within, "{attempt:?}");
    }
}

#[test]
fn what_this_proxy_lacks_blames_nobody() {
    for (number, cause) in [
        (24, Cause::ResourceFdLimit),
        (23, Cause::ResourceFdLimit),
        (99, Cause::ResourceEphemeralPorts),
        (105, Cause::ResourceMemoryLimit),
    ] {
        let attempt = ended(Phase::Connect, Fault::Errno(number));
        let result = CheckResult::failed(&attempt, ALLOWED, "no".into(), None);
        let error = "no".into();
        assert_eq!(result, CheckResult::NotMade { cause, error }, "{number}");
    }
}

#[test]
fn a_backend_that_names_its_full_disk_is_believed() {
    let cause = |body: &str| {
        let hints = Hints::read(body.as_bytes()).map(Into::into);
        let attempt = ended(Phase::Done, Fault::Status(503));
        match CheckResult::failed(&attempt, ALLOWED, "no".into(), hints) {
            CheckResult::Failed { cause, .. } => cause,
            other => panic!("{other:?}"),
        }
    };
    let disk =
        r#"{"status":"DOWN","components":{"diskSpace":{"status":"DOWN"},"ping":{"status":"UP"}}}"#;
    assert_eq!(cause(disk), Some(Cause::ResourceDiskFull));
    let both =
        r#"{"status":"DOWN","components":{"diskSpace":{"status":"DOWN"},"db":{"status":"DOWN"}}}"#;
    assert_eq!(cause(both), Some(Cause::DependencyUpstream503));
    let own = |hints: &Hints| hints.components.iter().all(|c: &Component| c.own);
    assert!(own(&Hints::read(disk.as_bytes()).unwrap()));
    assert!(!own(&Hints::read(both.as_bytes()).unwrap()));
}

/// What a check says that somebody else has made, and does not tell how it ended.
#[test]
fn what_tells_nothing_about_itself_proves_nothing() {
    assert_eq!(means(Phase::WaitHeaders, Fault::Opaque).0, None);
    let failed = ended(Phase::WaitHeaders, Fault::Opaque);
    assert!(!CheckResult::failed(&failed, ALLOWED, "no".into(), None).is_passed());
    assert!(CheckResult::passed(Some(200)).is_passed());
}
