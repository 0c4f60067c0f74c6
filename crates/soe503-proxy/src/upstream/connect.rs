//! Opening a transport to a backend.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use soe503_core::Tick;
use tokio::net::TcpStream;

use super::connection::Connection;
use crate::net::Stream;

/// Why a connection did not come about.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// No answer within the connect timeout.
    Timeout,
    /// The system call failed.
    Io(io::Error),
}

/// Connects within `timeout`.
pub(super) async fn open(
    address: SocketAddr,
    timeout: Duration,
    now: Tick,
) -> Result<Connection, ConnectError> {
    let stream = match tokio::time::timeout(timeout, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(ConnectError::Io(error)),
        Err(_elapsed) => return Err(ConnectError::Timeout),
    };
    let connect_time = soe503::clock::now().since(now);
    // Requests are written whole; waiting for more would only delay them.
    stream.set_nodelay(true).map_err(ConnectError::Io)?;
    Ok(Connection::new(Stream::Tcp(stream), connect_time, now))
}
