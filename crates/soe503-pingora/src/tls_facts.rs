//! From the errors of rustls to the core's facts.

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};
use soe503_core::ledger::TlsFault;

/// What a failed handshake with a backend shows.
pub(crate) fn of(error: &Error) -> TlsFault {
    match error {
        Error::AlertReceived(alert) => TlsFault::Alert(u8::from(*alert)),
        Error::InvalidCertificate(certificate) => of_certificate(certificate),
        _ => TlsFault::Protocol,
    }
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
