//! From the library's errors to the core's facts, by type and number, never by text.

use std::io;

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};
use soe503_core::ledger::{Fault, TlsFault};

/// What a failed handshake with a backend shows, which began with the bytes `first`.
pub(super) fn of(error: &io::Error, first: [u8; 8]) -> Fault {
    match inside(error) {
        Some(tls) => Fault::Tls(of_tls(tls, first)),
        None => match (error.raw_os_error(), error.kind()) {
            (Some(errno), _) => Fault::Errno(errno),
            (None, io::ErrorKind::UnexpectedEof) => Fault::Closed,
            (None, _) => Fault::Opaque,
        },
    }
}

/// The alert with which the other side ended a connection, if it did.
pub(in crate::tls) fn alert_in(error: &io::Error) -> Option<u8> {
    match inside(error)? {
        Error::AlertReceived(alert) => Some(u8::from(*alert)),
        _ => None,
    }
}

fn inside(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn of_tls(error: &Error, first: [u8; 8]) -> TlsFault {
    match error {
        Error::AlertReceived(alert) => TlsFault::Alert(u8::from(*alert)),
        Error::InvalidCertificate(certificate) => of_certificate(certificate),
        Error::InvalidMessage(_) if !is_record(first) => TlsFault::Plaintext { first_bytes: first },
        _ => TlsFault::Protocol,
    }
}

/// A TLS record begins with its type, 20 to 24, and version 3 (RFC 8446 §5.1).
fn is_record(first: [u8; 8]) -> bool {
    matches!(first, [20..=24, 3, ..])
}

fn of_certificate(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => TlsFault::NameMismatch {
            expected: expected.to_str().into_owned(),
            presented: presented.clone(),
        },
        CertificateError::ExpiredContext { not_after, .. } => TlsFault::Expired {
            not_after: seconds(*not_after),
        },
        CertificateError::NotValidYetContext { not_before, .. } => TlsFault::NotYetValid {
            not_before: seconds(*not_before),
        },
        // Whatever else makes a certificate unusable: nobody whom we trust stands behind it.
        _ => TlsFault::Untrusted,
    }
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
