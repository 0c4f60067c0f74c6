//! What one attempt proves about connects, breaks and timers.

use soe503_core::Cause::*;
use soe503_core::ledger::{Attempt, Fault, Knock, Phase, TimeoutKind};

use crate::mechanical::{check, errno};
use crate::support::{failed, ms, refused, reset};

fn late(kind: TimeoutKind, phase: Phase) -> Attempt {
    failed(phase, Fault::Timeout(kind))
}

#[test]
fn fm24_connects_are_told_apart() {
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
        (
            "… at the end of what others waited for",
            Attempt {
                joined: true,
                ..errno(Phase::Connect, 113)
            },
            DependencyHostUnreachable,
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
    let used_up = |attempt| Attempt {
        used_up: true,
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
        (
            "RST, reused, busy, and known to end there",
            used_up(idle(3)),
            ConfigKeepaliveMismatch,
        ),
        (
            "… but fresh ones break as well",
            Attempt {
                fresh_breaks: true,
                ..used_up(idle(3))
            },
            DependencyResetBeforeResponse,
        ),
        (
            "… but later than a round trip",
            Attempt {
                elapsed: ms(501),
                ..used_up(idle(3))
            },
            DependencyResetBeforeResponse,
        ),
        (
            "… but the answer had begun",
            Attempt {
                bytes_received: Some(1),
                ..used_up(idle(3))
            },
            DependencyResponseTruncated,
        ),
        (
            "RST, reused, idle, and refused when asked again",
            Attempt {
                knock: Some(Knock::Refused),
                ..idle(4000)
            },
            DependencyResetBeforeResponse,
        ),
        (
            "RST, reused, idle, and there when asked again",
            Attempt {
                knock: Some(Knock::Accepted),
                ..idle(4000)
            },
            ConfigKeepaliveMismatch,
        ),
        (
            "RST, reused, idle, but fresh connections break too",
            Attempt {
                fresh_breaks: true,
                ..idle(4000)
            },
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
