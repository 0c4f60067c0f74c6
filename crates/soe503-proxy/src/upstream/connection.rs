//! One HTTP/1.1 connection to a backend, and the steps that open it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use soe503_core::Tick;
use tokio::net::TcpStream;

use super::RequestBody;
use super::meter::{Meter, Metered};

/// The largest response head that is accepted, in bytes.
const MAX_RESPONSE_HEAD: usize = 64 * 1024;

/// An open connection: at most one request at a time is on it.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<RequestBody>,
    meter: Arc<Meter>,
    /// How long the TCP connect took.
    pub(crate) connect_time: Duration,
    /// Requests that were answered on this connection so far.
    pub(crate) served: u64,
    /// Since when nothing is on it; meaningful while it is in the idle pool.
    pub(crate) idle_since: Tick,
}

/// Why a connection did not come about.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// No answer within the connect timeout.
    Timeout,
    /// The system call failed.
    Io(io::Error),
    /// The HTTP handshake failed (cannot happen for HTTP/1.1, which has none).
    Handshake(hyper::Error),
}

/// Opens what HTTP is spoken over, within `timeout`.
pub(super) async fn transport(
    address: SocketAddr,
    timeout: Duration,
) -> Result<TcpStream, ConnectError> {
    match tokio::time::timeout(timeout, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Requests are written whole; waiting for more would only delay them.
            stream.set_nodelay(true).map_err(ConnectError::Io)?;
            Ok(stream)
        }
        Ok(Err(error)) => Err(ConnectError::Io(error)),
        Err(_elapsed) => Err(ConnectError::Timeout),
    }
}

impl Connection {
    /// Connects within `timeout`; the connection's own task lives on this worker.
    pub(crate) async fn open(
        address: SocketAddr,
        timeout: Duration,
        now: Tick,
    ) -> Result<Self, ConnectError> {
        let stream = transport(address, timeout).await?;
        let connect_time = soe503::clock::now().since(now);
        let (io, meter) = Metered::new(stream);
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_RESPONSE_HEAD)
            .handshake(TokioIo::new(io))
            .await
            .map_err(ConnectError::Handshake)?;
        tokio::spawn(async move {
            // Whatever ends the connection reaches the attempt that was on it through its sender.
            let _ended = connection.await;
        });
        Ok(Self {
            sender,
            meter,
            connect_time,
            served: 0,
            idle_since: now,
        })
    }

    pub(crate) fn sender(&mut self) -> &mut SendRequest<RequestBody> {
        &mut self.sender
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The backend closed it, or it broke.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Ready once the previous exchange is completely over.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.sender.poll_ready(cx)
    }
}
