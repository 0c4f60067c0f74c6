//! Backends that speak TLS, or should.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::tls::support::{Authority, Pair};

/// A backend that answers each request over TLS with 200. Ends with the handle.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Seen>,
    task: JoinHandle<()>,
}

/// What a backend saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) requests: AtomicU32,
    pub(crate) connections: AtomicU32,
    /// The name and the protocol of the last handshake.
    pub(crate) last: Mutex<(Option<String>, Option<Vec<u8>>)>,
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Backend {
    /// With this certificate; asks for one of `clients`, if that is said.
    pub(crate) async fn start(pair: &Pair, clients: Option<&Authority>) -> Self {
        Self::speaking(pair, clients, &[b"h2", b"http/1.1"]).await
    }

    /// Likewise, if one of `protocols` is wanted.
    pub(crate) async fn speaking(
        pair: &Pair,
        clients: Option<&Authority>,
        protocols: &[&[u8]],
    ) -> Self {
        let acceptor = acceptor(pair, clients, protocols);
        let seen = Arc::new(Seen::default());
        let counted = Arc::clone(&seen);
        let (address, task) = listen(move |stream| {
            let (acceptor, seen) = (acceptor.clone(), Arc::clone(&counted));
            async move {
                seen.connections.fetch_add(1, Relaxed);
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, &seen).await;
                }
            }
        })
        .await;
        Self {
            address,
            seen,
            task,
        }
    }

    pub(crate) fn requests(&self) -> u32 {
        self.seen.requests.load(Relaxed)
    }
}

/// What takes connections with `pair`; clients show a certificate of `clients`.
pub(crate) fn acceptor(
    pair: &Pair,
    clients: Option<&Authority>,
    protocols: &[&[u8]],
) -> TlsAcceptor {
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            let pem = authority.pem();
            roots
                .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
                .unwrap();
            let provider = Arc::new(default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let cert = CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let mut config = builder.with_single_cert(vec![cert], key).unwrap();
    config.alpn_protocols = protocols.iter().map(|id| id.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// Something that does `with` each connection. Ends with the test's runtime.
pub(crate) async fn listen<F>(
    with: impl Fn(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(with(stream));
        }
    });
    (address, task)
}

/// Requests without bodies, as was agreed.
async fn serve(stream: TlsStream<TcpStream>, seen: &Arc<Seen>) {
    let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    {
        let (_, session) = stream.get_ref();
        let name = session.server_name().map(ToOwned::to_owned);
        let alpn = session.alpn_protocol().map(<[u8]>::to_vec);
        *seen.last.lock().unwrap() = (name, alpn);
    }
    if h2 {
        serve_h2(stream, Arc::clone(seen)).await;
    } else {
        serve_h1(stream, seen).await;
    }
}

/// Requests that may share the connection. Says which scheme they were asked with.
async fn serve_h2(stream: TlsStream<TcpStream>, seen: Arc<Seen>) {
    let service = service_fn(move |request: Request<Incoming>| {
        seen.requests.fetch_add(1, Relaxed);
        let scheme = request.uri().scheme_str().unwrap_or_default().to_owned();
        let answer = Response::builder().header("seen-scheme", scheme);
        async { answer.body(Full::new(Bytes::from_static(b"ok"))) }
    });
    // How it ends is the proxy's business.
    let _ended = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Requests one after the other.
async fn serve_h1(mut stream: TlsStream<TcpStream>, seen: &Seen) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            seen.requests.fetch_add(1, Relaxed);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            if stream.write_all(answer).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    }
}
