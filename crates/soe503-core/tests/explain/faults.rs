//! What ended an attempt, in words: names are those of the standards.

use std::time::Duration;

use soe503_core::Tick;
use soe503_core::explain::in_words;
use soe503_core::ledger::{
    Attempt, Fault, Http2Fault, Knock, ParseFault, Phase, Refusal, TimeoutKind, TlsFault,
};
use soe503_core::limit::Class;

fn words(fault: Fault) -> String {
    in_words(&attempt(fault))
}

fn attempt(fault: Fault) -> Attempt {
    Attempt {
        fault: Some(fault),
        phase: Phase::WaitHeaders,
        ..Attempt::begin(1, Tick::ZERO)
    }
}

/// errno(3), with the numbers of Linux.
#[test]
fn system_errors_have_their_names() {
    for (number, text) in [
        (1, "connection prohibited (EPERM)"),
        (2, "system error (ENOENT)"),
        (5, "system error 5"),
        (12, "no memory left (ENOMEM)"),
        (13, "connection prohibited (EACCES)"),
        (23, "no file descriptor left (ENFILE)"),
        (24, "no file descriptor left (EMFILE)"),
        (28, "no space left (ENOSPC)"),
        (32, "connection closed by the backend while sending (EPIPE)"),
        (99, "no local port left (EADDRNOTAVAIL)"),
        (100, "network unreachable (ENETDOWN)"),
        (101, "network unreachable (ENETUNREACH)"),
        (103, "connection aborted (ECONNABORTED)"),
        (104, "connection reset by the backend (ECONNRESET)"),
        (105, "no memory left (ENOBUFS)"),
        (110, "the network gave up waiting (ETIMEDOUT)"),
        (111, "connection refused (ECONNREFUSED)"),
        (112, "host unreachable (EHOSTDOWN)"),
        (113, "host unreachable (EHOSTUNREACH)"),
        (122, "no space left (EDQUOT)"),
        (-1, "system error -1"),
    ] {
        assert_eq!(words(Fault::Errno(number)), text);
    }
}

/// IANA's registry of TLS alerts (RFC 8446 §6).
#[test]
fn alerts_have_their_names() {
    for (number, name) in [
        (0, "close_notify"),
        (10, "unexpected_message"),
        (20, "bad_record_mac"),
        (22, "record_overflow"),
        (40, "handshake_failure"),
        (42, "bad_certificate"),
        (43, "unsupported_certificate"),
        (44, "certificate_revoked"),
        (45, "certificate_expired"),
        (46, "certificate_unknown"),
        (47, "illegal_parameter"),
        (48, "unknown_ca"),
        (49, "access_denied"),
        (50, "decode_error"),
        (51, "decrypt_error"),
        (70, "protocol_version"),
        (71, "insufficient_security"),
        (80, "internal_error"),
        (86, "inappropriate_fallback"),
        (90, "user_canceled"),
        (109, "missing_extension"),
        (110, "unsupported_extension"),
        (112, "unrecognized_name"),
        (113, "bad_certificate_status_response"),
        (115, "unknown_psk_identity"),
        (116, "certificate_required"),
        (120, "no_application_protocol"),
    ] {
        let text = words(Fault::Tls(TlsFault::Alert(number)));
        assert_eq!(text, format!("TLS alert {number} ({name})"));
    }
    assert_eq!(words(Fault::Tls(TlsFault::Alert(41))), "TLS alert 41");
}

/// RFC 9113 §7.
#[test]
fn http2_codes_have_their_names() {
    for (code, name) in [
        (0x0, "NO_ERROR"),
        (0x1, "PROTOCOL_ERROR"),
        (0x2, "INTERNAL_ERROR"),
        (0x3, "FLOW_CONTROL_ERROR"),
        (0x4, "SETTINGS_TIMEOUT"),
        (0x5, "STREAM_CLOSED"),
        (0x6, "FRAME_SIZE_ERROR"),
        (0x7, "REFUSED_STREAM"),
        (0x8, "CANCEL"),
        (0x9, "COMPRESSION_ERROR"),
        (0xa, "CONNECT_ERROR"),
        (0xb, "ENHANCE_YOUR_CALM"),
        (0xc, "INADEQUATE_SECURITY"),
        (0xd, "HTTP_1_1_REQUIRED"),
    ] {
        assert_eq!(Http2Fault::code_name(code), Some(name));
        let text = words(Fault::Http2(Http2Fault::Reset(code)));
        assert_eq!(text, format!("HTTP/2 stream reset by the backend ({name})"));
    }
    assert_eq!(Http2Fault::code_name(0xe), None);
    for (fault, text) in [
        (
            Http2Fault::GoAway(0x3e8),
            "not taken by the backend: GOAWAY (error code 0x3e8)",
        ),
        (
            Http2Fault::Violation(0x9),
            "HTTP/2 protocol error of the backend (COMPRESSION_ERROR)",
        ),
        (Http2Fault::PingTimeout, "no answer to an HTTP/2 PING"),
    ] {
        assert_eq!(words(Fault::Http2(fault)), text);
    }
}

/// RFC 1035 §4.1.1.
#[test]
fn resolvers_answers_have_their_names() {
    for (rcode, text) in [
        (None, "no answer from the resolver"),
        (Some(0), "the name has no address"),
        (Some(1), "the resolver answered with code 1"),
        (Some(2), "the resolver failed (SERVFAIL)"),
        (Some(3), "the name does not exist (NXDOMAIN)"),
        (Some(5), "the resolver refused (REFUSED)"),
    ] {
        let resolved_before = false;
        assert_eq!(
            words(Fault::Dns {
                rcode,
                resolved_before
            }),
            text
        );
    }
}

#[test]
fn everything_else_has_a_sentence_of_its_own() {
    for (fault, text) in [
        (Fault::Closed, "connection closed by the backend"),
        (Fault::Client, "the client left"),
        (Fault::Internal, "a bug of this proxy"),
        (Fault::Opaque, "an error that tells nothing about itself"),
        (Fault::Grpc(14), "answered with grpc-status 14"),
        (Fault::Status(503), "answered 503"),
        (
            Fault::Parse(ParseFault::NotHttp),
            "the response is not HTTP",
        ),
        (
            Fault::Parse(ParseFault::HeadersTooLarge),
            "the response's header section exceeds our limit",
        ),
        (
            Fault::Parse(ParseFault::Body),
            "the response's body is shorter than announced or malformed",
        ),
        (Fault::Parse(ParseFault::Http2), "HTTP/2 protocol error"),
        (
            Fault::Parse(ParseFault::TlsRecord),
            "a TLS record where HTTP was expected",
        ),
        (Fault::Tls(TlsFault::Protocol), "TLS handshake failed"),
        (
            Fault::Tls(TlsFault::Untrusted),
            "certificate not signed by a configured authority",
        ),
        (
            Fault::Tls(TlsFault::Expired { not_after: 0 }),
            "certificate expired at 1970-01-01T00:00:00Z",
        ),
        (
            Fault::Tls(TlsFault::NotYetValid {
                not_before: 1_795_369_268,
            }),
            "certificate not valid before 2026-11-22T17:41:08Z",
        ),
        (
            Fault::Tls(TlsFault::Plaintext {
                first_bytes: *b"HTTP/1.1",
            }),
            "not TLS: first bytes \"HTTP/1.1\"",
        ),
    ] {
        assert_eq!(words(fault), text);
    }
    assert_eq!(in_words(&Attempt::begin(1, Tick::ZERO)), "no failure");
}

#[test]
fn a_timeout_says_what_was_waited_for() {
    for (kind, phase, text) in [
        (
            TimeoutKind::Connect,
            Phase::Connect,
            "no answer to the connect",
        ),
        (
            TimeoutKind::Total,
            Phase::Connect,
            "no answer to the connect",
        ),
        (
            TimeoutKind::Handshake,
            Phase::Tls,
            "no answer to the TLS handshake",
        ),
        (
            TimeoutKind::Attempt,
            Phase::Tls,
            "no answer to the TLS handshake",
        ),
        (TimeoutKind::Total, Phase::Queue, "still queued"),
        (TimeoutKind::Attempt, Phase::Dns, "name still not resolved"),
        (
            TimeoutKind::Attempt,
            Phase::Write,
            "request still not taken",
        ),
        (
            TimeoutKind::Attempt,
            Phase::WaitHeaders,
            "connected and sent, no response",
        ),
        (TimeoutKind::Idle, Phase::Body, "response stalled"),
        (TimeoutKind::Total, Phase::Done, "response stalled"),
    ] {
        let attempt = Attempt {
            phase,
            ..attempt(Fault::Timeout(kind))
        };
        assert_eq!(in_words(&attempt), text, "{kind:?} in {phase:?}");
    }
}

#[test]
fn what_became_of_the_connection_and_the_backend_is_told_too() {
    let closed = || Attempt {
        reused: true,
        ..attempt(Fault::Closed)
    };
    let idle_age = Some(Duration::from_secs(5));
    for (attempt, text) in [
        (closed(), "reused connection closed by the backend"),
        (
            Attempt {
                idle_age,
                ..closed()
            },
            "connection closed by the backend, reused after 5 s idle",
        ),
        (
            Attempt {
                knock: Some(Knock::Refused),
                ..attempt(Fault::Closed)
            },
            "connection closed by the backend; it refuses connections since",
        ),
        (
            Attempt {
                knock: Some(Knock::Accepted),
                ..attempt(Fault::Closed)
            },
            "connection closed by the backend",
        ),
        (
            Attempt {
                used_up: true,
                ..closed()
            },
            "reused connection closed by the backend; it closes connections at this age or after so many requests",
        ),
        (
            Attempt {
                retry_after: Some(Duration::from_secs(7)),
                ..attempt(Fault::Status(503))
            },
            "answered 503 with Retry-After 7 s",
        ),
    ] {
        assert_eq!(in_words(&attempt), text);
    }
}

#[test]
fn a_queue_is_told_with_its_numbers() {
    let cause = soe503_core::Cause::OverloadQueueTimeout;
    let limit = Refusal::Limit {
        cause,
        limit: 10,
        in_use: 12,
    };
    let queue = Refusal::Queue {
        cause,
        limit: 10,
        in_use: 9,
        waiting: 40,
        waited: Duration::from_millis(250),
        class: Class::High,
    };
    assert_eq!(words(Fault::Refused(limit)), "12 in use of 10 allowed");
    assert_eq!(
        words(Fault::Refused(queue)),
        "9 in use of 10 allowed, 40 waiting, waited 250 ms, priority high"
    );
}
