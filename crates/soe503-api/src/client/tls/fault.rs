//! Why there is no TLS, by the types of the library's errors and never by their text.

use core::time::Duration;
use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// Why there is no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate is for other names: these.
    OtherName(Vec<String>),
    /// It ends in no authority that is trusted.
    Untrusted,
    /// Its time is over.
    Expired,
    /// Its time is still to come (or this machine's clock is behind).
    NotYetValid,
    /// What answers does not speak TLS.
    NotTls,
    /// This machine trusts nobody, so nothing can be said.
    NoRoots(String),
    /// The other side is not content with what we have shown.
    Shown(ShownFault),
    /// The other side ended it with this alert.
    Alert(String),
    /// It took longer than this.
    TimedOut(Duration),
    /// Anything else, in the library's words.
    Failed(String),
}

/// What the other side does not like about our certificate, as its alert says (RFC 8446 §6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShownFault {
    /// There is none, and it wants one.
    Required,
    /// Its time is over.
    Expired,
    /// It does not know the authority that it is from.
    UnknownAuthority,
    /// Anything else: the name of the alert.
    Refused(String),
}

// === impl TlsFault ===

impl TlsFault {
    /// What is wrong at `at`, which was asked as `host`: half a sentence.
    pub fn describe(&self, host: &str, at: &str) -> String {
        match self {
            Self::OtherName(names) if names.is_empty() => {
                format!("the certificate of {at} is not for {host}")
            }
            Self::OtherName(names) => {
                let names = names.join(", ");
                format!("the certificate of {at} is for {names}, not for {host}")
            }
            Self::Untrusted => {
                format!("the certificate of {at} ends in no authority that is trusted here")
            }
            Self::Expired => format!("the certificate of {at} has expired"),
            Self::NotYetValid => format!(
                "the certificate of {at} is not valid yet, or this machine's clock is behind"
            ),
            Self::NotTls => format!("{at} does not speak TLS"),
            Self::NoRoots(why) => {
                format!("this machine has no trusted certificates to judge {at} by ({why})")
            }
            Self::Shown(ShownFault::Required) => format!("{at} wants a client certificate"),
            Self::Shown(ShownFault::Expired) => {
                format!("{at} refuses our client certificate: it has expired")
            }
            Self::Shown(ShownFault::UnknownAuthority) => {
                format!("{at} refuses our client certificate: it does not know its authority")
            }
            Self::Shown(ShownFault::Refused(alert)) => {
                format!("{at} refuses our client certificate ({alert})")
            }
            Self::Alert(alert) => format!("{at} ended the TLS handshake ({alert})"),
            Self::TimedOut(limit) => {
                format!(
                    "no TLS handshake with {at} within {} s",
                    limit.as_secs_f32()
                )
            }
            Self::Failed(text) => format!("no TLS with {at} ({text})"),
        }
    }

    pub(super) fn of(error: &io::Error) -> Self {
        let Some(tls) = error.get_ref().and_then(|e| e.downcast_ref::<Error>()) else {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    Self::Failed("the connection was closed during the handshake".into())
                }
                _ => Self::Failed(error.to_string()),
            };
        };
        match tls {
            Error::InvalidCertificate(certificate) => Self::of_certificate(certificate, tls),
            // Another record type than any that TLS has: plain text.
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls,
            Error::AlertReceived(alert) => Self::of_alert(*alert),
            other => Self::Failed(other.to_string()),
        }
    }

    fn of_certificate(certificate: &CertificateError, whole: &Error) -> Self {
        match certificate {
            CertificateError::NotValidForName => Self::OtherName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::OtherName(presented.iter().map(|name| bare(name)).collect())
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            // An authority of the same name and another key is another one.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Untrusted,
            _ => Self::Failed(whole.to_string()),
        }
    }

    /// Alerts about certificates that come from a server are about ours.
    fn of_alert(alert: AlertDescription) -> Self {
        use AlertDescription as Alert;
        let shown = match alert {
            Alert::CertificateRequired | Alert::NoCertificate => ShownFault::Required,
            Alert::CertificateExpired => ShownFault::Expired,
            // The latter from one that knows another authority of the same name.
            Alert::UnknownCA | Alert::DecryptError => ShownFault::UnknownAuthority,
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::AccessDenied => ShownFault::Refused(format!("{alert:?}")),
            other => return Self::Alert(format!("{other:?}")),
        };
        Self::Shown(shown)
    }
}

/// `localhost`, of the library's `DnsName("localhost")`.
fn bare(name: &str) -> String {
    let inside = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_say_what_is_wrong_with_what_was_shown() {
        for (alert, said) in [
            (
                AlertDescription::CertificateRequired,
                "wants a client certificate",
            ),
            (AlertDescription::CertificateExpired, "it has expired"),
            (AlertDescription::UnknownCA, "does not know its authority"),
            (
                AlertDescription::BadCertificate,
                "certificate (BadCertificate)",
            ),
            (
                AlertDescription::ProtocolVersion,
                "handshake (ProtocolVersion)",
            ),
        ] {
            let error = io::Error::other(Error::AlertReceived(alert));
            let told = TlsFault::of(&error).describe("edge.example", "the server");
            assert!(told.contains(said), "{told}");
        }
    }

    #[test]
    fn names_are_told_as_people_write_them() {
        for (name, told) in [
            ("DnsName(\"localhost\")", "localhost"),
            ("IpAddress(127.0.0.1)", "127.0.0.1"),
            ("edge.example", "edge.example"),
        ] {
            assert_eq!(bare(name), told);
        }
    }
}
