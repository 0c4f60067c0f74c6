//! How a client's handshake ended.

use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible, ProtocolVersion};

use crate::config::TlsVersion;
use crate::tls::x509::Certificate;
use crate::tls::{Alpn, ServerStream};

/// What was agreed with a client, and what it showed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshake {
    /// The protocol that comes next; `None` if the client offered none (RFC 7301).
    pub alpn: Option<Alpn>,
    /// The name that the client asked for, in lower case.
    pub server_name: Option<Arc<str>>,
    /// The version spoken.
    pub version: TlsVersion,
    /// The cipher suite, as `TLS13_AES_256_GCM_SHA384`.
    pub cipher: &'static str,
    /// It continues an earlier session (RFC 8446 §2.2).
    pub resumed: bool,
    /// The client's certificate, if it showed one; it was checked.
    pub client: Option<Arc<Certificate>>,
}

/// Why there is no TLS with a client.
#[derive(Debug, thiserror::Error)]
#[error("{reason}: {detail}")]
#[non_exhaustive]
pub struct HandshakeError {
    /// The kind, for counting.
    pub reason: Reason,
    /// What exactly.
    pub detail: String,
}

/// Kinds of failed handshakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It spoke plain HTTP, and was told so.
    PlainHttp,
    /// It spoke something else than TLS.
    NotTls,
    /// It did not finish in time.
    Timeout,
    /// It went away.
    Closed,
    /// No version in common.
    Version,
    /// No cipher suite, key exchange or signature scheme in common.
    Parameters,
    /// No application protocol in common.
    Protocol,
    /// It showed no certificate where one is required.
    NoClientCertificate,
    /// It showed a certificate that is not valid.
    BadClientCertificate,
    /// It refused: mostly our certificate.
    Alert,
    /// It broke the protocol.
    Malformed,
}

// === impl Handshake ===

impl Handshake {
    /// What `stream` agreed on.
    pub(super) fn of(stream: &ServerStream) -> Self {
        let (_, session) = stream.get_ref();
        let client = session.peer_certificates().and_then(<[_]>::first);
        Self {
            alpn: session.alpn_protocol().and_then(Alpn::of),
            server_name: session.server_name().map(Arc::from),
            version: match session.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
                _ => TlsVersion::Tls13,
            },
            cipher: session
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str())
                .unwrap_or("unknown"),
            resumed: session.handshake_kind() == Some(rustls::HandshakeKind::Resumed),
            client: client.and_then(Certificate::read).map(Arc::new),
        }
    }
}

// === impl HandshakeError ===

impl HandshakeError {
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { reason, detail }
    }
}

/// What the library says, by type.
impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        let tls = error.get_ref().and_then(|e| e.downcast_ref::<Error>());
        let reason = match tls {
            Some(tls) => Reason::of(tls),
            None => Reason::Closed,
        };
        Self::new(reason, error.to_string())
    }
}

// === impl Reason ===

impl Reason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::PlainHttp,
        Self::NotTls,
        Self::Timeout,
        Self::Closed,
        Self::Version,
        Self::Parameters,
        Self::Protocol,
        Self::NoClientCertificate,
        Self::BadClientCertificate,
        Self::Alert,
        Self::Malformed,
    ];

    /// It is about the client's certificate: in TLS 1.3 it was refused after the client's own last word of the handshake.
    pub(super) const fn is_about_client(self) -> bool {
        matches!(self, Self::NoClientCertificate | Self::BadClientCertificate)
    }

    /// As in logs and metrics.
    pub const fn id(self) -> &'static str {
        match self {
            Self::PlainHttp => "plain_http",
            Self::NotTls => "not_tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Version => "no_common_version",
            Self::Parameters => "no_common_parameters",
            Self::Protocol => "no_common_protocol",
            Self::NoClientCertificate => "no_client_certificate",
            Self::BadClientCertificate => "bad_client_certificate",
            Self::Alert => "client_alert",
            Self::Malformed => "malformed",
        }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::NoClientCertificate,
            Error::InvalidCertificate(_) => Self::BadClientCertificate,
            Error::NoApplicationProtocol => Self::Protocol,
            // Closing before the end is leaving, not refusing (RFC 8446 §6.1).
            Error::AlertReceived(
                AlertDescription::CloseNotify | AlertDescription::UserCanceled,
            ) => Self::Closed,
            Error::AlertReceived(AlertDescription::ProtocolVersion) => Self::Version,
            Error::AlertReceived(_) => Self::Alert,
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls,
            Error::PeerIncompatible(
                PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Self::Version,
            Error::PeerIncompatible(_) => Self::Parameters,
            _ => Self::Malformed,
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}
