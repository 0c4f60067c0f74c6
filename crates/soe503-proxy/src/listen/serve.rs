//! One client connection, from the first byte to the last answer.

use std::pin::Pin;
use std::sync::Arc;

use http::Request;
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::bounds::Http2ServerConnExec;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::HttpService;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use soe503::BoxError;
use tokio::net::TcpStream;

use super::detect::{self, Version};
use super::drain::{Drain, Graceful};
use super::watch::{Observed, Patience};
use crate::config::{Limits, Protocols};
use crate::front::{self, Client, Front};
use crate::net::Stream;
use crate::tls::{Alpn, ServerTls};

/// How a listener talks to its clients; the same for all of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    protocols: Protocols,
    tls: Option<ServerTls>,
    patience: Patience,
}

/// The smallest buffer that hyper accepts for a request's head, in bytes.
const MIN_BUFFER: usize = 8192;

impl Server {
    pub(crate) fn new(limits: &Limits, protocols: Protocols, tls: Option<ServerTls>) -> Self {
        let head = usize::try_from(limits.max_header_bytes).unwrap_or(usize::MAX);
        let mut http1 = http1::Builder::new();
        // No header_read_timeout: `watch` sees to slow clients without a timer per request.
        http1
            .max_headers(limits.max_headers.get())
            .max_buf_size(head.max(MIN_BUFFER));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.max_h2_streams.get())
            .max_header_list_size(limits.max_header_bytes)
            .keep_alive_interval(limits.idle_timeout)
            .keep_alive_timeout(limits.header_read_timeout);
        let patience = Patience {
            head: limits.header_read_timeout,
            idle: limits.idle_timeout,
        };
        Self {
            http1,
            http2,
            protocols,
            tls,
            patience,
        }
    }

    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// Serves `stream` until it closes, breaks, or has drained.
    pub(crate) async fn serve(
        &self,
        stream: TcpStream,
        client: Client,
        front: Arc<Front>,
        drain: &Drain,
    ) {
        let Some((stream, version, client)) = self.open(stream, client, drain).await else {
            return;
        };
        let client = Arc::new(client);
        let observed = Observed::new(stream, Arc::clone(client.watch()));
        let service = {
            let client = Arc::clone(&client);
            hyper::service::service_fn(move |request: Request<Incoming>| {
                front::answer(Arc::clone(&front), Arc::clone(&client), request)
            })
        };
        // How a connection ends is the client's business: whatever it meant for a request is in
        // that request's record.
        match version {
            Version::Http1 => {
                let connection = self.http1.serve_connection(TokioIo::new(observed), service);
                let _ended = drain.watch(connection).await;
            }
            Version::Http2 => {
                // Pings find out whether an HTTP/2 client is still there; streams have deadlines.
                client.watch().busy();
                let connection = self.http2.serve_connection(TokioIo::new(observed), service);
                let _ended = drain.watch(connection).await;
            }
        }
    }

    /// What the client and we speak, after the TLS handshake if the listener has TLS. `None` if it
    /// does not come to that.
    async fn open(
        &self,
        stream: TcpStream,
        client: Client,
        drain: &Drain,
    ) -> Option<(Stream, Version, Client)> {
        let Some(tls) = &self.tls else {
            let version = self.version(&stream, drain).await?;
            return Some((Stream::Tcp(stream), version, client));
        };
        // The handshake has a limit of its own.
        client.watch().busy();
        let (stream, handshake) = tls.accept(stream).await.ok()?;
        client.watch().owed();
        let version = match handshake.alpn {
            Some(Alpn::Http2) => Version::Http2,
            Some(Alpn::Http1) => Version::Http1,
            // Nothing was asked for: only one of the two can be guessed (RFC 9113 §3.2).
            None if self.protocols.h1() => Version::Http1,
            None => Version::Http2,
        };
        let client = client.with_tls(handshake);
        tracing::debug!(address = %client.address(), tls = ?client.tls(), "TLS handshake");
        Some((Stream::ServerTls(Box::new(stream)), version, client))
    }

    /// The version to speak, or `None` if the client never says a word.
    async fn version(&self, stream: &TcpStream, drain: &Drain) -> Option<Version> {
        match self.protocols {
            Protocols::H1 => Some(Version::Http1),
            Protocols::H2 => Some(Version::Http2),
            Protocols::Both => tokio::select! {
                seen = detect::detect(stream) => seen.ok()?,
                () = drain.begun() => None,
            },
        }
    }
}

impl<I, S, B> Graceful for http1::Connection<I, S>
where
    S: HttpService<Incoming, ResBody = B>,
    S::Error: Into<BoxError>,
    I: Read + Write + Unpin,
    B: Body + 'static,
    B::Error: Into<BoxError>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S, B> Graceful for http2::Connection<I, S, TokioExecutor>
where
    S: HttpService<Incoming, ResBody = B>,
    S::Error: Into<BoxError>,
    I: Read + Write + Unpin,
    B: Body + 'static,
    B::Error: Into<BoxError>,
    TokioExecutor: Http2ServerConnExec<S::Future, B>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
