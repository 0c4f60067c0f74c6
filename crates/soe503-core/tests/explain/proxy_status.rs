//! The `error` of our member, and its companions, by what the fault proves.

use sfv::BareItem;
use soe503_core::Tick;
use soe503_core::diagnosis::Context;
use soe503_core::explain::{Exposure, Format, tell};
use soe503_core::ledger::{Attempt, Fault, ParseFault, Phase, TimeoutKind, TlsFault};

use crate::headers::{last_hop, parameter, token};
use crate::situations::Situation;

fn hop(phase: Phase, fault: Fault) -> sfv::Item {
    let status = match fault {
        Fault::Status(status) => Some(status),
        _ => None,
    };
    let attempt = Attempt {
        phase,
        fault: Some(fault),
        status,
        accepted_before: true,
        ..Attempt::begin(1, Tick::ZERO)
    };
    let situation = Situation::new(vec![attempt], &Context::default());
    let told = tell(&situation.telling(Exposure::Public), Format::ProblemJson);
    last_hop(told.header("proxy-status").unwrap())
}

#[test]
fn errors() {
    let dns = |rcode| Fault::Dns {
        rcode,
        resolved_before: false,
    };
    let rows = [
        (Phase::Connect, Fault::Errno(111), "connection_refused"),
        (
            Phase::Connect,
            Fault::Errno(101),
            "destination_ip_unroutable",
        ),
        (
            Phase::Connect,
            Fault::Errno(13),
            "destination_ip_prohibited",
        ),
        (Phase::Connect, Fault::Errno(24), "proxy_internal_error"),
        (
            Phase::Connect,
            Fault::Timeout(TimeoutKind::Connect),
            "connection_timeout",
        ),
        (
            Phase::Tls,
            Fault::Timeout(TimeoutKind::Handshake),
            "connection_timeout",
        ),
        (
            Phase::WaitHeaders,
            Fault::Timeout(TimeoutKind::Attempt),
            "http_response_timeout",
        ),
        (Phase::WaitHeaders, Fault::Closed, "connection_terminated"),
        (Phase::Body, Fault::Closed, "http_response_incomplete"),
        (
            Phase::WaitHeaders,
            Fault::Parse(ParseFault::NotHttp),
            "http_protocol_error",
        ),
        (
            Phase::WaitHeaders,
            Fault::Parse(ParseFault::HeadersTooLarge),
            "http_response_header_section_size",
        ),
        (
            Phase::Tls,
            Fault::Tls(TlsFault::Untrusted),
            "tls_certificate_error",
        ),
        (
            Phase::Tls,
            Fault::Tls(TlsFault::Protocol),
            "tls_protocol_error",
        ),
        (
            Phase::Tls,
            Fault::Tls(TlsFault::Alert(40)),
            "tls_alert_received",
        ),
        (Phase::Dns, dns(None), "dns_timeout"),
        (Phase::Dns, dns(Some(2)), "dns_error"),
        (Phase::Dns, dns(Some(3)), "dns_error"),
    ];
    for (phase, fault, error) in rows {
        let hop = hop(phase, fault.clone());
        assert_eq!(token(parameter(&hop, "error")), error, "{fault:?}");
    }
}

#[test]
fn companions() {
    let alert = hop(Phase::Tls, Fault::Tls(TlsFault::Alert(40)));
    assert_eq!(
        parameter(&alert, "alert-id"),
        Some(BareItem::Integer(sfv::integer(40)))
    );
    assert_eq!(
        token(parameter(&alert, "alert-message")),
        "handshake_failure"
    );
    let name = hop(
        Phase::Dns,
        Fault::Dns {
            rcode: Some(3),
            resolved_before: false,
        },
    );
    let Some(BareItem::String(rcode)) = parameter(&name, "rcode") else {
        panic!("rcode is a string");
    };
    assert_eq!(rcode.as_str(), "NXDOMAIN");
}

/// A backend's own 503 is no error of this hop.
#[test]
fn a_backends_own_status_is_received() {
    let hop = hop(Phase::Done, Fault::Status(503));
    assert_eq!(parameter(&hop, "error"), None);
    assert_eq!(
        parameter(&hop, "received-status"),
        Some(BareItem::Integer(sfv::integer(503)))
    );
}
