//! One client connection, from the first byte to the last answer.

use std::sync::Arc;
use std::time::Duration;

use soe503_h1::HeadLimits;
use soe503_h2::Options;

use super::drain::Drain;
use super::h1::{self, Ended};
use super::h2;
use super::watch::Patience;
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
            return h2::serve(stream, &[], client, front, &self.http2, drain).await;
        }
        match h1::serve(stream, &client, &front, &self.http1, drain).await {
            Ended::Closed => {}
            Ended::Http2(stream, read) => {
                // Boxed: it would make the future of every HTTP/1 connection several times larger.
                let served = h2::serve(stream, &read, client, front, &self.http2, drain);
                Box::pin(served).await;
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
}
