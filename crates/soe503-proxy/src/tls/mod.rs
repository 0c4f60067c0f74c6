//! TLS both ways: for clients of our listeners, and to backends.
//!
//! rustls with aws-lc-rs, versions 1.2 and 1.3, no other. Everything of those libraries stays in this
//! module; outside it there are handles, facts and streams:
//!
//! - [`ServerTls`] shakes hands with clients and says what was agreed ([`Handshake`]);
//! - [`PoolTls`] is how a pool talks TLS, [`ClientTls`] is that for one backend: it shakes hands, or
//!   says why not as the core's [`Fault`](soe503_core::ledger::Fault);
//! - files are read by [`ServerFiles`] and [`ClientFiles`], which tell everything that is wrong with
//!   them ([`Trouble`]), and are followed afterwards: see `follow`.
//!
//! Failure modes. A certificate that cannot be used any more keeps the old one in force, which the
//! log says; when it expires, so does the service: watch `soe503_tls_certificate_expires_seconds`. A
//! client that holds a handshake open is cut off after the listener's `handshake_timeout`. Early data
//! (RFC 8446 §8) is never accepted and never sent: it can be replayed.

mod client;
mod files;
mod follow;
mod hkdf;
mod identity;
mod opening;
mod provider;
mod server;
mod sni;
#[cfg(test)]
pub(crate) mod testing;
mod trouble;
mod x509;

use tokio::net::TcpStream;

pub use self::client::{ClientFiles, ClientTls, PoolTls};
pub use self::follow::FileReloads;
pub(crate) use self::follow::look;
pub use self::opening::Opening;
pub use self::server::{
    Gathering, Handshake, HandshakeCounts, HandshakeError, Reason, ServerFiles, ServerTls,
};
pub use self::trouble::{Place, Trouble};
pub use self::x509::Certificate;
use crate::config::{BackendProtocol, Protocols};

/// A client's connection after the handshake.
pub type ServerStream = tokio_rustls::server::TlsStream<Gathering<TcpStream>>;

/// A connection to a backend after the handshake.
pub type ClientStream = tokio_rustls::client::TlsStream<Opening<TcpStream>>;

/// What is spoken inside TLS (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alpn {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

// === impl Alpn ===

impl Alpn {
    /// Its identifier.
    pub const fn id(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }

    /// The one with this identifier.
    pub fn of(id: &[u8]) -> Option<Self> {
        [Self::Http1, Self::Http2]
            .into_iter()
            .find(|alpn| alpn.id() == id)
    }

    /// What a backend is asked for.
    pub const fn wanted(protocol: BackendProtocol) -> &'static [Self] {
        match protocol {
            BackendProtocol::H1 => &[Self::Http1],
            BackendProtocol::H2 => &[Self::Http2],
        }
    }

    /// What a listener offers, the preferred first.
    pub const fn offered(protocols: Protocols) -> &'static [Self] {
        match protocols {
            Protocols::H1 => &[Self::Http1],
            Protocols::H2 => &[Self::Http2],
            Protocols::Both => &[Self::Http2, Self::Http1],
        }
    }
}

/// Whether a certificate can be for `name`: a DNS name or an IP address, in brackets if it is one of
/// version 6.
pub(crate) fn is_server_name(name: &str) -> bool {
    client::server_name(name).is_some()
}

/// For errors of an open connection: the alert with which the other side ended it, if it did (RFC
/// 8446 §6).
pub(crate) fn alert_in(error: &std::io::Error) -> Option<u8> {
    client::alert_in(error)
}
