//! One client connection, from the first byte to the last answer.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::bounds::Http2ServerConnExec;
use hyper::rt::{Read, Write};
use hyper::server::conn::http2;
use hyper::service::HttpService;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use soe503::BoxError;
use soe503_h1::HeadLimits;
use tokio::net::TcpStream;

use super::drain::{Drain, Graceful};
use super::h1::{self, Ended};
use super::watch::{Patience, Watch};
use crate::config::{Limits, Protocols};
use crate::front::{self, Client, ClientBody, Front};
use crate::net::{Rewind, Stream, Tls};
use crate::tls::{Alpn, ServerTls};

/// How a listener talks to its clients; the same for all of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    http1: h1::Settings,
    http2: http2::Builder<TokioExecutor>,
    protocols: Protocols,
    tls: Option<ServerTls>,
    patience: Arc<Patience>,
}

/// A connection that is ready for its first request.
pub(crate) enum Opened {
    Http1(h1::Connection),
    Http2(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Server {
    pub(crate) fn new(limits: &Limits, protocols: Protocols, tls: Option<ServerTls>) -> Self {
        let head = usize::try_from(limits.max_header_bytes).unwrap_or(usize::MAX);
        let http1 = h1::Settings {
            head: HeadLimits {
                max_bytes: head,
                max_headers: limits.max_headers.get(),
                max_target: limits.max_target_bytes,
            },
            detect: protocols == Protocols::Both,
            min_body_rate: limits.min_body_rate,
        };
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.max_h2_streams.get())
            .max_header_list_size(limits.max_header_bytes)
            .keep_alive_interval(limits.idle_timeout)
            .keep_alive_timeout(limits.header_read_timeout);
        let patience = Arc::new(Patience {
            head: limits.header_read_timeout,
            body: limits.body_read_timeout,
            write: limits.idle_timeout,
            idle: limits.idle_timeout,
            tunnel: std::time::Duration::from_secs(3600),
        });
        Self {
            http1,
            http2,
            protocols,
            tls,
            patience,
        }
    }

    pub(crate) fn patience(&self) -> Arc<Patience> {
        Arc::clone(&self.patience)
    }

    pub(crate) fn http1(&self) -> &h1::Settings {
        &self.http1
    }

    /// Everything before the first request: lets the client in, shakes hands, finds out what it
    /// speaks. `None` if there is nothing to serve.
    ///
    /// How a connection ends is the client's business: whatever it meant for a request is in that
    /// request's record.
    pub(crate) async fn open(
        self: Arc<Self>,
        mut stream: TcpStream,
        peer: SocketAddr,
        watch: Arc<Watch>,
        front: Arc<Front>,
        drain: Drain,
    ) -> Option<Opened> {
        let client = front.admit(&mut stream, peer, watch, &drain).await?;
        let (stream, client) = self.secure(Stream::Tcp(stream), client, &front).await?;
        let agreed = client.tls().and_then(|tls| tls.alpn);
        let client = Arc::new(client);
        if self.protocols == Protocols::H2 || agreed == Some(Alpn::Http2) {
            return Some(Opened::http2(
                stream,
                Bytes::new(),
                client,
                front,
                self,
                drain,
            ));
        }
        let connection = h1::Connection::new(stream, client, front, self, drain);
        Some(Opened::Http1(connection))
    }

    /// The connection after the TLS handshake, if the listener has TLS; `None` if it fails.
    async fn secure(
        &self,
        stream: Stream,
        client: Client,
        front: &Front,
    ) -> Option<(Stream, Client)> {
        let (tls, tcp) = match (&self.tls, stream) {
            (Some(tls), Stream::Tcp(tcp)) => (tls, tcp),
            (_, stream) => return Some((stream, client)),
        };
        // The handshake has a limit of its own.
        client.watch().busy();
        // Boxed: it would make the future of every connection several times larger.
        let (stream, handshake) = Box::pin(tls.accept(tcp)).await.ok()?;
        client.watch().owed();
        let client = front.secured(client, handshake);
        tracing::debug!(address = %client.address(), tls = ?client.tls(), "TLS handshake");
        Some((Stream::Tls(Tls::Server(Box::new(stream))), client))
    }

    async fn http2(
        &self,
        stream: Stream,
        read: Bytes,
        client: Arc<Client>,
        front: Arc<Front>,
        drain: &Drain,
    ) {
        // Pings find out whether an HTTP/2 client is still there; streams have deadlines.
        client.watch().busy();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let request = request.map(ClientBody::h2);
            front::answer(&front, &client, request)
        });
        let io = TokioIo::new(Rewind::new(read, stream));
        let _ended = drain.watch(self.http2.serve_connection(io, service)).await;
    }
}

impl Opened {
    fn http2(
        stream: Stream,
        read: Bytes,
        client: Arc<Client>,
        front: Arc<Front>,
        server: Arc<Server>,
        drain: Drain,
    ) -> Self {
        // Boxed: it would make the future of every HTTP/1 connection several times larger.
        Self::Http2(Box::pin(async move {
            server.http2(stream, read, client, front, &drain).await;
        }))
    }

    /// Serves until the connection closes, breaks, or has drained. If it turned out to speak
    /// HTTP/2, the bytes that were read already are returned, for [`Opened::switch`].
    pub(crate) async fn serve(&mut self) -> Option<Bytes> {
        match self {
            Self::Http1(connection) => match connection.serve().await {
                Ended::Closed => None,
                Ended::Http2(read) => Some(read),
            },
            Self::Http2(serving) => {
                serving.await;
                None
            }
        }
    }

    /// The same connection, from now on in HTTP/2.
    pub(crate) fn switch(self, read: Bytes) -> Option<Self> {
        let Self::Http1(connection) = self else {
            return None;
        };
        let parts = connection.into_parts()?;
        Some(Self::http2(
            parts.stream,
            read,
            parts.client,
            parts.front,
            parts.server,
            parts.drain,
        ))
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
