//! TLS on the way to the admin API: whom to believe, and what to show.

mod fault;

use core::{error::Error, fmt};
use std::{io, sync::Arc};

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    client::WantsClientCert,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

pub use fault::{ShownFault, TlsFault};

/// Whom to believe, and what to show if a server asks. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    roots: Arc<RootCertStore>,
    config: Arc<ClientConfig>,
    shows: bool,
}

/// What is wrong with a PEM file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFileError {
    /// The authorities.
    #[error("{0}")]
    Authorities(String),
    /// Our certificate.
    #[error("{0}")]
    Certificate(String),
    /// Its key.
    #[error("{0}")]
    Key(String),
}

// === impl Tls ===

impl Tls {
    /// Believes the authorities that this machine trusts (or the file that `SSL_CERT_FILE` names), and shows nothing.
    pub fn system() -> Result<Self, TlsFault> {
        let loaded = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(loaded.certs);
        if usable == 0 {
            let why = loaded.errors.first().map(ToString::to_string);
            return Err(TlsFault::NoRoots(
                why.unwrap_or_else(|| "none found".into()),
            ));
        }
        Ok(Self::believing(Arc::new(roots)))
    }

    /// Believes the authorities in `pem` and no others, and shows nothing.
    pub fn with_authorities(pem: &[u8]) -> Result<Self, TlsFileError> {
        let bad = TlsFileError::Authorities;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(pem).map_err(bad)? {
            roots.add(certificate).map_err(|e| bad(e.to_string()))?;
        }
        Ok(Self::believing(Arc::new(roots)))
    }

    /// Shows the certificate in `certificate` (PEM, with those that lead to its authority behind it), whose key is in `key`, if
    /// the server asks for one.
    pub fn showing(self, certificate: &[u8], key: &[u8]) -> Result<Self, TlsFileError> {
        let chain = certificates(certificate).map_err(TlsFileError::Certificate)?;
        let key = private_key(key).map_err(TlsFileError::Key)?;
        let config = builder(&self.roots).with_client_auth_cert(chain, key);
        let config = config.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsFileError::Key("this is not the key of the certificate".into())
            }
            rustls::Error::InvalidCertificate(_) => TlsFileError::Certificate(error.to_string()),
            other => TlsFileError::Key(other.to_string()),
        })?;
        Ok(Self {
            config: finished(config),
            shows: true,
            ..self
        })
    }

    /// Whether it shows a certificate.
    pub const fn shows(&self) -> bool {
        self.shows
    }

    /// Shakes hands over `stream` with the server called `host`: a name or an IP address. Offers HTTP/1.1 only.
    pub async fn shake_hands(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, TlsFault> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            TlsFault::Failed(format!("{host:?} cannot be the name in a certificate"))
        })?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let shaken = connector.connect(name, stream).await;
        shaken.map_err(|error| TlsFault::of(&error))
    }

    fn believing(roots: Arc<RootCertStore>) -> Self {
        let config = builder(&roots).with_no_client_auth();
        Self {
            roots,
            config: finished(config),
            shows: false,
        }
    }
}

/// The provider is passed, rather than installed for the process: no order of start-up can then change it.
fn builder(roots: &Arc<RootCertStore>) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder: ConfigBuilder<ClientConfig, WantsVerifier> =
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            // Fails only for a provider without cipher suites for a version, and ours is fixed.
            .expect("aws-lc-rs speaks TLS 1.2 and 1.3");
    builder.with_root_certificates(Arc::clone(roots))
}

fn finished(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err("no certificate in it (expected PEM: -----BEGIN CERTIFICATE-----)".into()),
        Err(error) => Err(format!("not valid PEM ({error})")),
    }
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    match PrivateKeyDer::from_pem_slice(pem) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) if pem.windows(encrypted.len()).any(|w| w == encrypted) => {
            Err("the key is encrypted with a passphrase; decrypt it: openssl pkey -in KEY -out key.pem".into())
        }
        Err(pem::Error::NoItemsFound) => {
            Err("no private key in it (expected PEM: -----BEGIN PRIVATE KEY-----)".into())
        }
        Err(error) => Err(format!("not valid PEM ({error})")),
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("authorities", &self.roots.len())
            .field("shows", &self.shows)
            .finish_non_exhaustive()
    }
}

/// What TLS says in `error` or in what caused it.
pub(super) fn fault_in(error: &(dyn Error + 'static)) -> Option<TlsFault> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && let Some(inner) = io.get_ref()
        {
            if inner.is::<rustls::Error>() {
                return Some(TlsFault::of(io));
            }
            // `source` of such an error begins one further down.
            next = Some(inner);
            continue;
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let authorities = |pem: &str| match Tls::with_authorities(pem.as_bytes()) {
            Err(TlsFileError::Authorities(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(authorities("").contains("no certificate in it"));
        let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        assert!(authorities(broken).contains("not valid PEM"));
        let empty = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert!(!authorities(empty).is_empty());
        let key = |pem: &str| private_key(pem.as_bytes()).unwrap_err();
        assert!(key(empty).contains("no private key in it"));
        let encrypted =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(key(encrypted).contains("encrypted"));
    }

    #[test]
    fn what_tls_says_is_found_inside_other_errors() {
        let alert = || rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        let expected = Some(TlsFault::Shown(ShownFault::Required));
        let one = io::Error::other(alert());
        assert_eq!(fault_in(&one), expected);
        assert_eq!(fault_in(&io::Error::other(one)), expected);
        assert_eq!(fault_in(&io::Error::from(io::ErrorKind::BrokenPipe)), None);
        assert_eq!(fault_in(&io::Error::other("another")), None);
    }
}
