//! Clients over TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::tls::support::{Authority, Pair};

/// How a client speaks TLS.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) config: Arc<ClientConfig>,
}

/// TLS 1.2 and no other.
pub(crate) static TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
/// TLS 1.3 and no other.
pub(crate) static TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// What a client trusts and shows.
pub(crate) struct Making<'a> {
    pub(crate) trusts: &'a Authority,
    pub(crate) versions: &'static [&'static SupportedProtocolVersion],
    pub(crate) alpn: &'a [&'a str],
    pub(crate) shows: Option<&'a Pair>,
}

impl<'a> Making<'a> {
    pub(crate) fn of(trusts: &'a Authority) -> Self {
        Self {
            trusts,
            versions: rustls::ALL_VERSIONS,
            alpn: &[],
            shows: None,
        }
    }

    pub(crate) fn client(self) -> Client {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(self.trusts.pem().as_bytes()).unwrap();
        roots.add(authority).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.shows {
            None => builder.with_no_client_auth(),
            Some(pair) => {
                let cert = CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![cert], key).unwrap()
            }
        };
        config.alpn_protocols = self.alpn.iter().map(|id| id.as_bytes().to_vec()).collect();
        Client {
            config: Arc::new(config),
        }
    }
}

impl Client {
    /// Shakes hands with what it takes for `name`.
    pub(crate) async fn connect(
        &self,
        to: SocketAddr,
        name: &str,
    ) -> io::Result<TlsStream<TcpStream>> {
        self.over(TcpStream::connect(to).await?, name).await
    }

    /// The same over a connection that is open.
    pub(crate) async fn over(
        &self,
        stream: TcpStream,
        name: &str,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await
    }

    /// The whole answer to one `GET /` on a connection of its own.
    pub(crate) async fn get(&self, to: SocketAddr, name: &str) -> io::Result<String> {
        let mut stream = self.connect(to, name).await?;
        ask(&mut stream, "Connection: close\r\n").await?;
        let mut answer = Vec::new();
        // Whoever closes without saying so loses nothing here: the answer is complete or it is not.
        match stream.read_to_end(&mut answer).await {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
            _ => {}
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

pub(crate) async fn ask(stream: &mut TlsStream<TcpStream>, more: &str) -> io::Result<()> {
    let request = format!("GET / HTTP/1.1\r\nHost: shop.example\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await
}

/// The head of the next answer, whose body is empty or short and comes with it.
pub(crate) async fn head(stream: &mut TlsStream<TcpStream>) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    stream.read_exact(&mut vec![0; length]).await?;
    Ok(head)
}

/// The names in the certificate that the other side showed, as one text.
pub(crate) fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    let (_, session) = stream.get_ref();
    session.peer_certificates().unwrap()[0].clone().into_owned()
}

/// The DER of a certificate in PEM.
pub(crate) fn der(pair: &Pair) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap()
}
