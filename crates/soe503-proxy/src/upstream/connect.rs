//! Opening a transport to a backend.

use std::io;
use std::time::Duration;

use soe503_core::Tick;
use tokio::net::TcpStream;

use super::connection::Connection;
use super::{Upstream, eyeballs};
use crate::net::Stream;

/// Why a connection did not come about.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// No answer within the connect timeout.
    Timeout,
    /// The system call failed.
    Io(io::Error),
}

/// Connects to `upstream` within `timeout`.
pub(super) async fn open(
    upstream: &Upstream,
    timeout: Duration,
    now: Tick,
) -> Result<Connection, ConnectError> {
    let stream = match tokio::time::timeout(timeout, tcp(upstream, now)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(ConnectError::Io(error)),
        Err(_elapsed) => return Err(ConnectError::Timeout),
    };
    let connect_time = soe503::clock::now().since(now);
    // Requests are written whole; waiting for more would only delay them.
    stream.set_nodelay(true).map_err(ConnectError::Io)?;
    Ok(Connection::new(Stream::Tcp(stream), connect_time, now))
}

async fn tcp(upstream: &Upstream, now: Tick) -> io::Result<TcpStream> {
    let own = upstream.address();
    let Some(companion) = upstream.companion() else {
        return TcpStream::connect(own).await;
    };
    let (first, second) = if upstream.is_detoured(now) {
        (companion, own)
    } else {
        (own, companion)
    };
    let (stream, winner) = eyeballs::race(first, second, TcpStream::connect).await?;
    if winner == second {
        upstream.detour(now, winner == companion);
    }
    Ok(stream)
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
