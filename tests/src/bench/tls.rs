//! A client that makes a new TLS connection for each request.

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::clients::{Load, Tally, drive};
use super::requests::{bad, first_line};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";

/// TLS 1.3 without resumption, with one key exchange (X25519) and one cipher (AES-256-GCM): every
/// server that is compared has to do the same work. Trusts the certificates of the PEM file.
pub fn client_config(pem: &[u8]) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(bad)?).map_err(bad)?;
    }
    let provider = CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519],
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384],
        ..aws_lc_rs::default_provider()
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(bad)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Connects, asks once and closes, on each of `load.connections` clients in turn.
pub async fn handshakes(load: Load, config: Arc<ClientConfig>) -> Tally {
    let connector = TlsConnector::from(config);
    let name = ServerName::IpAddress(load.target.ip().into());
    drive(&load, async move |counter| {
        let mut answer = Vec::with_capacity(8192);
        while counter.goes_on() {
            let stream = TcpStream::connect(load.target).await?;
            stream.set_nodelay(true)?;
            let mut stream = connector.connect(name.clone(), stream).await?;
            stream.write_all(REQUEST).await?;
            answer.clear();
            match stream.read_to_end(&mut answer).await {
                // Some servers end the connection without the alert that should come first.
                Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
                _ => {}
            }
            if !answer.starts_with(b"HTTP/1.1 200 ") {
                return Err(bad(first_line(&answer)));
            }
            counter.count();
        }
        Ok(())
    })
    .await
}
