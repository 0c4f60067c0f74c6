//! One client connection, from the first byte to the last answer.

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

use super::drain::{Drain, Graceful};
use super::h1::{self, Ended};
use super::watch::Patience;
use crate::config::{Limits, Protocols};
use crate::front::{self, Client, ClientBody, Front};
use crate::net::{Rewind, Stream, Tls};
use crate::tls::{Alpn, ServerTls};

/// How a listener talks to its clients. A reload replaces it; a connection keeps what it began
/// with.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    http1: h1::Settings,
    http2: http2::Builder<TokioExecutor>,
    protocols: Protocols,
    tls: Option<ServerTls>,
    patience: Patience,
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
        let patience = Patience {
            head: limits.header_read_timeout,
            body: limits.body_read_timeout,
            write: limits.idle_timeout,
            idle: limits.idle_timeout,
            tunnel: std::time::Duration::from_secs(3600),
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
    ///
    /// How a connection ends is the client's business: whatever it meant for a request is in that
    /// request's record.
    pub(crate) async fn serve(
        &self,
        stream: Stream,
        client: Client,
        front: Arc<Front>,
        drain: &Drain,
    ) {
        let Some((stream, client)) = self.secure(stream, client, &front).await else {
            return;
        };
        let agreed = client.tls().and_then(|tls| tls.alpn);
        let client = Arc::new(client);
        if self.protocols == Protocols::H2 || agreed == Some(Alpn::Http2) {
            return self.http2(stream, Bytes::new(), client, front, drain).await;
        }
        match h1::serve(stream, &client, &front, &self.http1, drain).await {
            Ended::Closed => {}
            Ended::Http2(stream, read) => {
                // Boxed: it would make the future of every HTTP/1 connection several times larger.
                Box::pin(self.http2(stream, read, client, front, drain)).await;
            }
        }
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
