//! TLS: what a listener presents, and whom a pool believes.

use std::{fmt, ops::Deref, path::PathBuf, sync::Arc, time::Duration};

use super::NonEmpty;
use crate::tls;

/// TLS for the clients of a listener, `[listeners.tls]`, or of the admin API, `[admin.tls]`.
///
/// # Defaults
///
/// - `certificates`: required
/// - `min_version`: `"1.2"`
/// - `handshake_timeout`: `"5s"`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerTls {
    /// What is presented. The name that a client asks for decides which; the first is for everybody
    /// else.
    pub certificates: NonEmpty<CertificateFiles>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// How long a handshake may take.
    pub handshake_timeout: Duration,
    /// Certificates of clients; `None` if nobody is asked for one.
    pub client_auth: Option<ClientAuth>,
    /// What the files held.
    pub(crate) loaded: Loaded<tls::ServerFiles>,
}

/// One entry of `certificates`.
///
/// # Defaults
///
/// - `cert`: required
/// - `key`: required
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CertificateFiles {
    /// The certificate and those that lead to its authority, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// Certificates of clients: `[listeners.tls.client_auth]`, and that part of `[admin.tls.client_auth]` which is about
/// the handshake.
///
/// # Defaults
///
/// - `ca`: required
/// - `required`: `true`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientAuth {
    /// The authorities that clients' certificates must come from, in PEM.
    pub ca: PathBuf,
    /// Whether a client without a certificate is refused.
    pub required: bool,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// TLS to the `https` backends of a pool: `[pools.NAME.tls]`.
///
/// # Defaults
///
/// - `server_name`: the host of the backend's URL
/// - `ca`: the authorities that the system trusts
/// - `client_cert`: none is presented
/// - `client_key`: none is presented
/// - `verify`: `true`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendTls {
    /// The name that is asked for and that the certificate must be for; `None`: the URL's host.
    pub server_name: Option<Arc<str>>,
    /// The authorities that the certificate must come from, in PEM; `None`: the system's.
    pub ca: Option<PathBuf>,
    /// What we present, if a backend asks.
    pub identity: Option<CertificateFiles>,
    /// Whether the certificate is checked at all.
    pub verify: bool,
    /// What the files held.
    pub(crate) loaded: Loaded<tls::ClientFiles>,
}

/// What files held when the config was read. Equal to any other: two configs are the same if they
/// say the same, and files are followed by themselves.
pub(crate) struct Loaded<T>(Arc<T>);

// === impl CertificateFiles ===

impl CertificateFiles {
    /// The certificate chain in `cert`, its key in `key`.
    pub fn new(cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            cert: cert.into(),
            key: key.into(),
        }
    }
}

// === impl TlsVersion ===

impl TlsVersion {
    /// `1.2` or `1.3`, as in the config, in logs and metrics.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }
}

// === impl Loaded ===

impl<T> Loaded<T> {
    pub(crate) fn new(files: T) -> Self {
        Self(Arc::new(files))
    }
}

impl<T> Deref for Loaded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> PartialEq for Loaded<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Loaded<T> {}

impl<T> fmt::Debug for Loaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loaded(..)")
    }
}
