//! One client connection, from the first byte to the last answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use pin_project_lite::pin_project;
use tokio::net::TcpStream;

use super::detect::{self, Version};
use super::drain::{Drain, Graceful};
use crate::config::{Limits, Protocols};
use crate::front::{self, Client, Front, FrontBody};

/// How a listener talks to its clients; the same for all of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    protocols: Protocols,
    first_bytes: Duration,
}

impl Server {
    pub(crate) fn new(limits: &Limits, protocols: Protocols) -> Self {
        let buffer = usize::try_from(limits.max_header_bytes).unwrap_or(usize::MAX).max(8192);
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_read_timeout.max(limits.idle_timeout))
            .max_headers(limits.max_headers.get())
            .max_buf_size(buffer)
            // The backend's Date is passed on; answers of our own set theirs.
            .auto_date_header(true);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.max_h2_streams.get())
            .max_header_list_size(limits.max_header_bytes)
            .keep_alive_interval(limits.idle_timeout)
            .keep_alive_timeout(limits.header_read_timeout);
        Self { http1, http2, protocols, first_bytes: limits.header_read_timeout }
    }

    /// Serves `stream` until it closes, breaks, or has drained.
    pub(crate) async fn serve(&self, stream: TcpStream, client: Client, front: Arc<Front>, drain: &Drain) {
        let Some(version) = self.version(&stream, drain).await else { return };
        let client = Arc::new(client);
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            front::answer(Arc::clone(&front), Arc::clone(&client), request)
        });
        let io = TokioIo::new(stream);
        // The result says why the connection ended, which is the client's business: whatever it
        // meant for a request is in that request's record.
        match version {
            Version::Http1 => {
                let connection = Http1 { connection: self.http1.serve_connection(io, service) };
                let _ended = drain.watch(connection).await;
            }
            Version::Http2 => {
                let connection = Http2 { connection: self.http2.serve_connection(io, service) };
                let _ended = drain.watch(connection).await;
            }
        }
    }

    /// The version to speak, or `None` if the client never says a word.
    async fn version(&self, stream: &TcpStream, drain: &Drain) -> Option<Version> {
        match self.protocols {
            Protocols::H1 => Some(Version::Http1),
            Protocols::H2 => Some(Version::Http2),
            Protocols::Both => tokio::select! {
                seen = tokio::time::timeout(self.first_bytes, detect::detect(stream)) => seen.ok()?.ok()?,
                () = drain.begun() => None,
            },
        }
    }
}
