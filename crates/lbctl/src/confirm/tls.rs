//! TLS, with the certificates that this machine trusts.

use std::{io, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, Error, InvalidMessage, RootCertStore, crypto::aws_lc_rs,
    pki_types::ServerName,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Why there is no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TlsFault {
    /// The certificate is for other names: these.
    OtherName(Vec<String>),
    /// It ends in no authority that this machine trusts.
    Untrusted,
    /// Its time is over.
    Expired,
    /// Its time is still to come (or this machine's clock is behind).
    NotYetValid,
    /// What answers does not speak TLS.
    NotTls,
    /// This machine trusts nobody, so nothing can be said.
    NoRoots(String),
    /// The other side ended it with this alert.
    Alert(String),
    /// It took longer than this.
    TimedOut(core::time::Duration),
    /// Anything else, in the library's words.
    Failed(String),
}

/// Shakes hands with `host` over `stream`. Offers HTTP/1.1 only, because that is what is asked.
pub(super) async fn handshake(
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, TlsFault> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| TlsFault::Failed(format!("{host:?} cannot be the name in a certificate")))?;
    let connector = TlsConnector::from(Arc::new(config()?));
    connector
        .connect(name, stream)
        .await
        .map_err(|error| fault(&error))
}

/// The provider is passed, rather than installed for the process: no order of start-up can then
/// change it.
fn config() -> Result<ClientConfig, TlsFault> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(loaded.certs);
    if usable == 0 {
        let why = loaded.errors.first().map(ToString::to_string);
        return Err(TlsFault::NoRoots(
            why.unwrap_or_else(|| "none found".into()),
        ));
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| TlsFault::Failed(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn fault(error: &io::Error) -> TlsFault {
    let Some(tls) = error.get_ref().and_then(|e| e.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                TlsFault::Failed("the connection was closed during the handshake".into())
            }
            _ => TlsFault::Failed(error.to_string()),
        };
    };
    match tls {
        Error::InvalidCertificate(certificate) => certificate_fault(certificate, tls),
        // Another record type than any that TLS has: plain text.
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => TlsFault::NotTls,
        Error::AlertReceived(alert) => TlsFault::Alert(format!("{alert:?}")),
        other => TlsFault::Failed(other.to_string()),
    }
}

fn certificate_fault(certificate: &CertificateError, whole: &Error) -> TlsFault {
    match certificate {
        CertificateError::NotValidForName => TlsFault::OtherName(Vec::new()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsFault::OtherName(presented.clone())
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFault::NotYetValid
        }
        CertificateError::UnknownIssuer => TlsFault::Untrusted,
        _ => TlsFault::Failed(whole.to_string()),
    }
}
