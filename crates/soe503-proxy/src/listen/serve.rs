//! One client connection, from the first byte to the last answer.

use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use soe503_h1::HeadLimits;
use soe503_h2::Options;

use super::drain::Drain;
use super::h1::{self, Ended};
use super::h2;
use super::watch::{Patience, Watch};
use crate::config::{Limits, Protocols};
use crate::front::{Client, Front};
use crate::net::{Stream, Tls};
use crate::tls::{Alpn, ServerTls};

/// How much of one HTTP/2 body may come before it is read, in bytes.
const STREAM_WINDOW: u32 = 256 * 1024;

/// The same for all bodies of a connection together.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How a listener talks to its clients. A reload replaces it; a connection keeps what it began
/// with.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    http1: h1::Settings,
    http2: h2::Settings,
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
        let patience = Patience {
            head: limits.header_read_timeout,
            body: limits.body_read_timeout,
            write: limits.idle_timeout,
            idle: limits.idle_timeout,
            tunnel: Duration::from_secs(3600),
        };
        let http2 = h2::Settings {
            options: Options {
                max_streams: limits.max_h2_streams.get(),
                stream_window: STREAM_WINDOW,
                connection_window: CONNECTION_WINDOW,
                max_header_list: limits.max_header_bytes,
                ..Options::default()
            },
            patience,
            min_body_rate: limits.min_body_rate,
        };
        Self {
            http1,
            http2,
            protocols,
            tls,
            patience: Arc::new(patience),
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
        stream: TcpStream,
        peer: SocketAddr,
        watch: Arc<Watch>,
        front: Arc<Front>,
        drain: Drain,
    ) -> Option<Opened> {
        let mut stream = Stream::Fresh(Some(stream));
        let client = front.admit(&mut stream, peer, watch, &drain).await?;
        let (stream, client) = self.secure(stream, client, &front).await?;
        let agreed = client.tls().and_then(|tls| tls.alpn);
        let client = Arc::new(client);
        if self.protocols == Protocols::H2 || agreed == Some(Alpn::Http2) {
            let nothing = Bytes::new();
            return Some(Opened::http2(stream, nothing, client, front, self, drain));
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
        let Some(tls) = &self.tls else {
            return Some((stream, client));
        };
        let tcp = stream.into_tcp().ok()?;
        // The handshake has a limit of its own.
        client.watch().busy();
        // Boxed: it would make the future of every connection several times larger.
        let (stream, handshake) = Box::pin(tls.accept(tcp)).await.ok()?;
        client.watch().owed();
        let client = front.secured(client, handshake);
        tracing::debug!(address = %client.address(), tls = ?client.tls(), "TLS handshake");
        Some((Stream::Tls(Tls::Server(Box::new(stream))), client))
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
            h2::serve(stream, &read, client, front, &server.http2, &drain).await;
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
