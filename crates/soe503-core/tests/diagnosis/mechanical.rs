//! What one attempt proves by itself.

use soe503_core::Cause::{self, *};
use soe503_core::diagnosis::mechanical;
use soe503_core::ledger::{
    Attempt, Fault, Nested, ParseFault, Phase, Refusal, TimeoutKind, TlsFault,
};

use crate::support::{answered, circuit_open, failed, ms, refused, reset};

fn errno(phase: Phase, number: i32) -> Attempt {
    failed(phase, Fault::Errno(number))
}

fn late(kind: TimeoutKind, phase: Phase) -> Attempt {
    failed(phase, Fault::Timeout(kind))
}

fn dns(rcode: Option<u16>, resolved_before: bool) -> Attempt {
    let fault = Fault::Dns {
        rcode,
        resolved_before,
    };
    failed(Phase::Dns, fault)
}

fn check(rows: &[(&str, Attempt, Cause)]) {
    for (name, attempt, cause) in rows {
        assert_eq!(mechanical(attempt), Some(*cause), "{name}");
    }
}

#[test]
fn connects() {
    let after = |millis, attempt| Attempt {
        elapsed: ms(millis),
        ..attempt
    };
    check(&[
        ("ECONNREFUSED", refused(), DependencyConnectRefused),
        (
            "… and never accepted",
            errno(Phase::Connect, 111),
            ConfigWrongPort,
        ),
        (
            "ENOENT of a socket's path",
            errno(Phase::Connect, 2),
            ConfigWrongPort,
        ),
        (
            "own timer",
            late(TimeoutKind::Connect, Phase::Connect),
            DependencyConnectTimeout,
        ),
        (
            "ETIMEDOUT",
            errno(Phase::Connect, 110),
            DependencyConnectTimeout,
        ),
        (
            "ENETUNREACH at once",
            errno(Phase::Connect, 101),
            DependencyHostUnreachable,
        ),
        (
            "EHOSTUNREACH after 3 s",
            after(3070, errno(Phase::Connect, 113)),
            DependencyHostUnreachable,
        ),
        (
            "… late in somebody's 3 s",
            after(250, errno(Phase::Connect, 113)),
            DependencyHostUnreachable,
        ),
        (
            "EHOSTUNREACH at once",
            after(249, errno(Phase::Connect, 113)),
            ConfigFirewallReject,
        ),
        ("EACCES", errno(Phase::Connect, 13), ConfigFirewallReject),
        ("EPERM", errno(Phase::Connect, 1), ConfigFirewallReject),
        (
            "EPERM on send",
            errno(Phase::Write, 1),
            ConfigFirewallReject,
        ),
        (
            "total deadline while connecting",
            late(TimeoutKind::Total, Phase::Connect),
            DependencyConnectTimeout,
        ),
    ]);
}

#[test]
fn connections_that_break() {
    let idle = |millis| Attempt {
        reused: true,
        idle_age: Some(ms(millis)),
        connect: None,
        ..reset()
    };
    let closed = |attempt| Attempt {
        fault: Some(Fault::Closed),
        ..attempt
    };
    check(&[
        ("RST, fresh", reset(), DependencyResetBeforeResponse),
        ("FIN, fresh", closed(reset()), DependencyResetBeforeResponse),
        (
            "EPIPE, fresh",
            errno(Phase::Write, 32),
            DependencyResetBeforeResponse,
        ),
        ("RST, reused, idle", idle(4000), ConfigKeepaliveMismatch),
        (
            "FIN, reused, idle",
            closed(idle(500)),
            ConfigKeepaliveMismatch,
        ),
        (
            "RST, reused, busy",
            idle(499),
            DependencyResetBeforeResponse,
        ),
        // It read the request and died of it: the reset of a dead connection comes at once.
        (
            "RST, reused, idle, late",
            Attempt {
                elapsed: ms(501),
                ..idle(4000)
            },
            DependencyResetBeforeResponse,
        ),
        (
            "RST, reused, age unknown",
            Attempt {
                idle_age: None,
                ..idle(0)
            },
            DependencyResetBeforeResponse,
        ),
        (
            "RST, half a head",
            Attempt {
                bytes_received: Some(9),
                ..reset()
            },
            DependencyResponseTruncated,
        ),
        (
            "RST in the body",
            errno(Phase::Body, 104),
            DependencyResponseTruncated,
        ),
        (
            "FIN in the body",
            failed(Phase::Body, Fault::Closed),
            DependencyResponseTruncated,
        ),
        (
            "RST in the handshake",
            errno(Phase::Tls, 104),
            DependencyResetBeforeResponse,
        ),
        (
            "EHOSTUNREACH while waiting",
            errno(Phase::WaitHeaders, 113),
            DependencyResetBeforeResponse,
        ),
    ]);
}

#[test]
fn timers() {
    check(&[
        (
            "attempt, headers",
            late(TimeoutKind::Attempt, Phase::WaitHeaders),
            DependencyResponseTimeout,
        ),
        (
            "total, headers",
            late(TimeoutKind::Total, Phase::WaitHeaders),
            DependencyResponseTimeout,
        ),
        (
            "idle, sending",
            late(TimeoutKind::Idle, Phase::Write),
            DependencyResponseTimeout,
        ),
        (
            "ETIMEDOUT, headers",
            errno(Phase::WaitHeaders, 110),
            DependencyResponseTimeout,
        ),
        (
            "idle, body",
            late(TimeoutKind::Idle, Phase::Body),
            DependencyResponseTruncated,
        ),
        (
            "handshake",
            late(TimeoutKind::Handshake, Phase::Tls),
            DependencyConnectTimeout,
        ),
        (
            "attempt, handshake",
            late(TimeoutKind::Attempt, Phase::Tls),
            DependencyConnectTimeout,
        ),
        (
            "total, queue",
            late(TimeoutKind::Total, Phase::Queue),
            OverloadQueueTimeout,
        ),
        (
            "total, dns",
            late(TimeoutKind::Total, Phase::Dns),
            DependencyDnsFailure,
        ),
    ]);
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
fn own_resources() {
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
