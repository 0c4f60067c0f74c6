//! What a failed handshake proves.

use crate::cause::Cause;
use crate::ledger::TlsFault;

/// The cause behind a TLS failure.
pub(super) fn cause(fault: &TlsFault) -> Cause {
    match fault {
        TlsFault::NameMismatch { .. } => Cause::ConfigTlsNameMismatch,
        TlsFault::Untrusted => Cause::ConfigTlsUntrusted,
        TlsFault::Expired { .. } | TlsFault::NotYetValid { .. } => Cause::ConfigTlsCertExpired,
        TlsFault::Plaintext { .. } => Cause::ConfigTlsPlaintextMismatch,
        TlsFault::Alert(number) => alert(*number),
        TlsFault::Protocol => Cause::DependencyInvalidResponse,
    }
}

/// An alert (RFC 8446 §6.2) is what the peer holds against us: mostly our own certificate.
fn alert(number: u8) -> Cause {
    match number {
        // bad, unsupported, revoked, unknown certificate; unknown_ca; access_denied;
        // certificate_required: the peer wants a client certificate and does not like ours.
        42 | 43 | 44 | 46 | 48 | 49 | 116 => Cause::ConfigTlsUntrusted,
        45 => Cause::ConfigTlsCertExpired,
        // unrecognized_name: the peer serves no such name.
        112 => Cause::ConfigTlsNameMismatch,
        // No common version, cipher or protocol, or a broken peer: not the protocol that was
        // agreed. There is no finer identifier, and the alert's number is in the evidence.
        _ => Cause::DependencyInvalidResponse,
    }
}

/// The name of an alert, for the evidence and for `alert-message` (RFC 9209 §2.3.15).
pub(crate) fn alert_name(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return None,
    })
}
