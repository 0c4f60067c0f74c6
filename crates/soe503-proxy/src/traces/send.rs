//! One export: a request to the collector, and what it answers.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::answer::{self, Verdict};
use crate::config::{self, Endpoint, Otlp, Secret};
use crate::net::{Stream, Tls};
use crate::tls::{Alpn, ClientTls, PoolTls};

const AGENT: &str = concat!("soe503-otlp/", env!("CARGO_PKG_VERSION"));
const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// The largest answer that is read: a count and a sentence.
const LARGEST: usize = 64 * 1024;
const MAX_HEAD: usize = 64 * 1024;

/// Where spans go, with the connection that is open.
#[derive(Debug)]
pub(super) struct Collector {
    endpoint: Endpoint,
    protocol: Otlp,
    headers: Vec<(header::HeaderName, Secret)>,
    timeout: Duration,
    tls: Option<ClientTls>,
    open: Option<Sender>,
}

/// What takes requests of a connection.
#[derive(Debug)]
enum Sender {
    H1(http1::SendRequest<Full<Bytes>>),
    H2(http2::SendRequest<Full<Bytes>>),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Silence {
    #[error("it cannot be reached: {0}")]
    Connect(#[from] std::io::Error),
    #[error("no TLS: {0:?}")]
    Tls(soe503_core::ledger::Fault),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("its answer breaks off: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("no request can be made of the settings: {0}")]
    Request(#[from] http::Error),
}

impl Collector {
    pub(super) fn new(settings: &config::Traces) -> Self {
        let alpn: &[Alpn] = match settings.protocol {
            Otlp::HttpProtobuf => &[Alpn::Http1],
            Otlp::Grpc => &[Alpn::Http2],
        };
        let tls = settings.tls.as_ref();
        let tls = tls.map(|tls| PoolTls::new("telemetry.traces".into(), tls, alpn));
        Self {
            // That a certificate can be for this name was seen when the config was read.
            tls: tls.and_then(|tls| tls.to(settings.endpoint.host())),
            endpoint: settings.endpoint.clone(),
            protocol: settings.protocol,
            headers: settings.headers.clone(),
            timeout: settings.timeout,
            open: None,
        }
    }

    /// Sends `body`, once: again at once only where a connection that had been idle turns out to be closed.
    pub(super) async fn send(&mut self, body: &Bytes) -> Verdict {
        let idle = self.open.take();
        let timeout = self.timeout;
        let exchange = async {
            if let Some(sender) = idle
                && let Ok(verdict) = self.exchange(sender, body).await
            {
                return Ok(verdict);
            }
            let sender = self.connect().await?;
            self.exchange(sender, body).await
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(silence)) => Verdict::Again {
                after: None,
                why: silence.to_string(),
            },
            Err(_) => Verdict::Again {
                after: None,
                why: "it did not answer in time".to_owned(),
            },
        }
    }

    async fn connect(&self) -> Result<Sender, Silence> {
        let (host, port) = (self.endpoint.host(), self.endpoint.port());
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((bare, port)).await?;
        let stream = match &self.tls {
            None => Stream::Tcp(stream),
            Some(tls) => {
                let (stream, _) = tls.connect_anew(stream).await.map_err(Silence::Tls)?;
                Stream::Tls(Tls::Client(Box::new(stream)))
            }
        };
        let io = TokioIo::new(stream);
        Ok(match self.protocol {
            Otlp::HttpProtobuf => {
                let (sender, connection) = http1::Builder::new()
                    .max_buf_size(MAX_HEAD)
                    .handshake(io)
                    .await?;
                drive(connection);
                Sender::H1(sender)
            }
            Otlp::Grpc => {
                let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                    .max_header_list_size(MAX_HEAD as u32)
                    .handshake(io)
                    .await?;
                drive(connection);
                Sender::H2(sender)
            }
        })
    }

    /// One request and its answer. The connection is kept if it is good for more.
    async fn exchange(&mut self, mut sender: Sender, body: &Bytes) -> Result<Verdict, Silence> {
        let request = self.request(body)?;
        let response = sender.send(request).await?;
        let (head, body) = response.into_parts();
        let read = Limited::new(body, LARGEST).collect().await;
        let read = read.map_err(Silence::Body)?;
        let trailers = read.trailers().cloned().unwrap_or_default();
        let body = read.to_bytes();
        self.open = Some(sender);
        Ok(match self.protocol {
            Otlp::HttpProtobuf => answer::http(head.status, &head.headers, &body),
            Otlp::Grpc => answer::grpc(head.status, &head.headers, &trailers, &body),
        })
    }

    fn request(&self, body: &Bytes) -> Result<Request<Full<Bytes>>, Silence> {
        let builder = match self.protocol {
            Otlp::HttpProtobuf => Request::post(self.endpoint.path())
                .header(header::HOST, self.endpoint.authority())
                .header(header::CONTENT_TYPE, "application/x-protobuf"),
            Otlp::Grpc => Request::post(self.endpoint.url(METHOD))
                .header(header::CONTENT_TYPE, "application/grpc")
                .header(header::TE, "trailers"),
        };
        let mut request = builder
            .header(header::USER_AGENT, AGENT)
            .body(Full::new(match self.protocol {
                Otlp::HttpProtobuf => body.clone(),
                Otlp::Grpc => framed(body),
            }))?;
        let headers: &mut HeaderMap = request.headers_mut();
        for (name, secret) in &self.headers {
            headers.insert(name.clone(), secret.reveal().clone());
        }
        Ok(request)
    }
}

impl Sender {
    async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::H1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::H2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}

/// Moves a connection's bytes until it ends: whoever waits for an answer hears of an error.
fn drive<C>(connection: C)
where
    C: Future<Output = hyper::Result<()>> + Send + 'static,
{
    tokio::spawn(async move {
        let _ = connection.await;
    });
}

/// A gRPC message: not compressed, so long.
fn framed(message: &Bytes) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = Vec::with_capacity(message.len() + 5);
    framed.push(0);
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    framed.into()
}
