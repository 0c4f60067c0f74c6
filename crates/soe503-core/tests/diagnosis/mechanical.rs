//! What one attempt proves by itself.

use soe503_core::Cause::{self, *};
use soe503_core::diagnosis::mechanical;
use soe503_core::ledger::{
    Attempt, Fault, Http2Fault, Nested, ParseFault, Phase, Refusal, TlsFault,
};

use crate::support::{answered, circuit_open, failed, ms};

pub(crate) fn errno(phase: Phase, number: i32) -> Attempt {
    failed(phase, Fault::Errno(number))
}

fn dns(rcode: Option<u16>, resolved_before: bool) -> Attempt {
    let fault = Fault::Dns {
        rcode,
        resolved_before,
    };
    failed(Phase::Dns, fault)
}

pub(crate) fn check(rows: &[(&str, Attempt, Cause)]) {
    for (name, attempt, cause) in rows {
        assert_eq!(mechanical(attempt), Some(*cause), "{name}");
    }
}

#[test]
fn names() {
    check(&[
        ("SERVFAIL", dns(Some(2), false), DependencyDnsFailure),
        ("REFUSED", dns(Some(5), false), DependencyDnsFailure),
        ("no answer", dns(None, false), DependencyDnsFailure),
        ("NXDOMAIN", dns(Some(3), false), ConfigDnsNxdomain),
        ("NODATA", dns(Some(0), false), ConfigDnsNxdomain),
        (
            "NXDOMAIN, resolved before",
            dns(Some(3), true),
            DependencyDnsFailure,
        ),
    ]);
}

#[test]
fn handshakes() {
    let tls = |fault| failed(Phase::Tls, Fault::Tls(fault));
    let alert = |number| tls(TlsFault::Alert(number));
    let (expected, presented) = ("a".to_owned(), vec!["b".to_owned()]);
    check(&[
        (
            "other names",
            tls(TlsFault::NameMismatch {
                expected,
                presented,
            }),
            ConfigTlsNameMismatch,
        ),
        (
            "other authority",
            tls(TlsFault::Untrusted),
            ConfigTlsUntrusted,
        ),
        (
            "expired",
            tls(TlsFault::Expired { not_after: 0 }),
            ConfigTlsCertExpired,
        ),
        (
            "not yet valid",
            tls(TlsFault::NotYetValid { not_before: 9 }),
            ConfigTlsCertExpired,
        ),
        (
            "plain text",
            tls(TlsFault::Plaintext {
                first_bytes: *b"HTTP/1.1",
            }),
            ConfigTlsPlaintextMismatch,
        ),
        ("unknown_ca", alert(48), ConfigTlsUntrusted),
        ("certificate_required", alert(116), ConfigTlsUntrusted),
        ("certificate_expired", alert(45), ConfigTlsCertExpired),
        ("unrecognized_name", alert(112), ConfigTlsNameMismatch),
        ("handshake_failure", alert(40), DependencyInvalidResponse),
        ("protocol_version", alert(70), DependencyInvalidResponse),
        ("a new alert", alert(255), DependencyInvalidResponse),
        (
            "anything else",
            tls(TlsFault::Protocol),
            DependencyInvalidResponse,
        ),
    ]);
}

#[test]
fn bytes() {
    let parse = |fault| failed(Phase::WaitHeaders, Fault::Parse(fault));
    check(&[
        (
            "not HTTP",
            parse(ParseFault::NotHttp),
            DependencyInvalidResponse,
        ),
        (
            "headers",
            parse(ParseFault::HeadersTooLarge),
            DependencyInvalidResponse,
        ),
        ("h2", parse(ParseFault::Http2), DependencyInvalidResponse),
        ("body", parse(ParseFault::Body), DependencyResponseTruncated),
        (
            "TLS to plain",
            parse(ParseFault::TlsRecord),
            ConfigTlsPlaintextMismatch,
        ),
    ]);
}

#[test]
fn http2_streams() {
    use Http2Fault::{GoAway, PingTimeout, Reset, Violation};
    let waiting = |fault| failed(Phase::WaitHeaders, Fault::Http2(fault));
    let body = |fault| failed(Phase::Body, Fault::Http2(fault));
    check(&[
        (
            "REFUSED_STREAM",
            waiting(Reset(7)),
            OverloadUpstreamShedding,
        ),
        ("CALM", waiting(Reset(11)), OverloadUpstreamShedding),
        ("NO_ERROR", waiting(Reset(0)), DependencyResetBeforeResponse),
        ("CANCEL", waiting(Reset(8)), DependencyResetBeforeResponse),
        ("INTERNAL", waiting(Reset(2)), DependencyResetBeforeResponse),
        (
            "unheard of",
            waiting(Reset(99)),
            DependencyResetBeforeResponse,
        ),
        ("in the body", body(Reset(7)), DependencyResponseTruncated),
        ("GOAWAY", waiting(GoAway(0)), DependencyResetBeforeResponse),
        (
            "GOAWAY, calm",
            waiting(GoAway(11)),
            OverloadUpstreamShedding,
        ),
        (
            "bad frame",
            waiting(Violation(1)),
            DependencyInvalidResponse,
        ),
        (
            "bad frame later",
            body(Violation(1)),
            DependencyResponseTruncated,
        ),
        ("no pong", waiting(PingTimeout), DependencyResponseTimeout),
        (
            "no pong to a connection",
            failed(Phase::Write, Fault::Http2(PingTimeout)),
            DependencyResponseTimeout,
        ),
        (
            "no pong in the body",
            body(PingTimeout),
            DependencyResponseTruncated,
        ),
    ]);
}

#[test]
fn grpc_statuses() {
    let told = |status| Attempt {
        status: Some(200),
        ..failed(Phase::Done, Fault::Grpc(status))
    };
    check(&[
        ("DEADLINE_EXCEEDED", told(4), DependencyResponseTimeout),
        ("RESOURCE_EXHAUSTED", told(8), OverloadUpstreamShedding),
        ("INTERNAL", told(13), DependencyUpstreamError),
        ("UNAVAILABLE", told(14), DependencyUpstream503),
        ("DATA_LOSS", told(15), DependencyUpstreamError),
    ]);
    for about_the_request in [0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 16, 17] {
        assert_eq!(mechanical(&told(about_the_request)), None);
    }
}

#[test]
fn fm46_own_resources() {
    check(&[
        ("EMFILE", errno(Phase::Connect, 24), ResourceFdLimit),
        ("ENFILE", errno(Phase::Connect, 23), ResourceFdLimit),
        (
            "EADDRNOTAVAIL",
            errno(Phase::Connect, 99),
            ResourceEphemeralPorts,
        ),
        ("ENOMEM", errno(Phase::Connect, 12), ResourceMemoryLimit),
        ("ENOBUFS", errno(Phase::Write, 105), ResourceMemoryLimit),
        ("ENOSPC", errno(Phase::Write, 28), ResourceDiskFull),
        ("EDQUOT", errno(Phase::Body, 122), ResourceDiskFull),
    ]);
}

#[test]
fn answers() {
    let shed = |status| Attempt {
        retry_after: Some(ms(2000)),
        elapsed: ms(2),
        ..answered(status)
    };
    let nested = |trusted| {
        let nested = Nested {
            hop: "mesh".to_owned(),
            cause: None,
            hops: 1,
            trusted,
        };
        Attempt {
            nested: Some(Box::new(nested)),
            ..answered(503)
        }
    };
    check(&[
        ("503", answered(503), DependencyUpstream503),
        (
            "503 at once",
            Attempt {
                elapsed: ms(2),
                ..answered(503)
            },
            DependencyUpstream503,
        ),
        (
            "503 at once, Retry-After",
            shed(503),
            OverloadUpstreamShedding,
        ),
        (
            "503 later, Retry-After",
            Attempt {
                elapsed: ms(10),
                ..shed(503)
            },
            DependencyUpstream503,
        ),
        (
            "503, marked",
            Attempt {
                overloaded: true,
                ..answered(503)
            },
            OverloadUpstreamShedding,
        ),
        ("503, explained", nested(true), DependencyNested),
        (
            "503, forged explanation",
            nested(false),
            DependencyUpstream503,
        ),
        ("429", answered(429), OverloadUpstreamShedding),
        ("507", answered(507), ResourceDiskFull),
        ("508", answered(508), ConfigLoopDetected),
        ("500", answered(500), DependencyUpstreamError),
        ("502", answered(502), DependencyUpstreamError),
        ("504", answered(504), DependencyUpstreamError),
        (
            "500, only the status known",
            Attempt {
                fault: None,
                ..answered(500)
            },
            DependencyUpstreamError,
        ),
        (
            "404 by somebody's classifier",
            answered(404),
            DependencyUpstreamError,
        ),
    ]);
}

#[test]
fn own_decisions() {
    let refusal = |refusal| failed(Phase::Queue, Fault::Refused(refusal));
    let limit = Refusal::Limit {
        cause: OverloadQueueFull,
        limit: 512,
        in_use: 512,
    };
    let nobody = Refusal::NoBackend {
        cause: ConfigNoEndpoints,
        root: None,
    };
    check(&[
        ("circuit", circuit_open(None), CircuitConsecutiveFailures),
        ("limit", refusal(limit), OverloadQueueFull),
        ("nobody", refusal(nobody), ConfigNoEndpoints),
        (
            "maintenance",
            refusal(Refusal::Policy(MaintenanceWindow)),
            MaintenanceWindow,
        ),
        (
            "loop",
            refusal(Refusal::Policy(ConfigLoopDetected)),
            ConfigLoopDetected,
        ),
        (
            "pool",
            refusal(Refusal::Policy(ConfigUnknownPool)),
            ConfigUnknownPool,
        ),
    ]);
}

#[test]
fn what_proves_nothing_is_not_guessed() {
    check(&[
        ("EINVAL", errno(Phase::Connect, 22), Unclassified),
        ("no such errno", errno(Phase::Body, -7), Unclassified),
        ("EADDRNOTAVAIL later", errno(Phase::Write, 99), Unclassified),
        (
            "EACCES of our own file",
            errno(Phase::Queue, 13),
            Unclassified,
        ),
        ("a bug", failed(Phase::Body, Fault::Internal), Unclassified),
        (
            "a mute inner service",
            failed(Phase::WaitHeaders, Fault::Opaque),
            Unclassified,
        ),
    ]);
}

#[test]
fn a_success_and_a_client_have_no_cause() {
    let mut ok = answered(200);
    ok.fault = None;
    assert_eq!(mechanical(&ok), None);
    for status in [404, 400, 499, 501, 505] {
        ok.status = Some(status);
        assert_eq!(mechanical(&ok), None, "{status}");
    }
    for phase in [Phase::Queue, Phase::Write, Phase::WaitHeaders, Phase::Body] {
        assert_eq!(mechanical(&failed(phase, Fault::Client)), None);
    }
}
