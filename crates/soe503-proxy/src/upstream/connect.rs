//! Opening a transport to a backend.

use std::io;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::ledger::{Fault, TimeoutKind};
use soe503_core::reachability::Reachability;
use tokio::net::TcpStream;

use super::connection::Connection;
use super::{Upstream, eyeballs};
use crate::net::{Stream, Tls};
use crate::tls::{Alpn, ClientTls};

/// Why a connection did not come about.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// No answer within the connect timeout.
    Timeout,
    /// The system call failed.
    Io(io::Error),
    /// It was connected within this time, and then TLS did not come about.
    Tls(Duration, Fault),
}

/// Connects to `upstream` for HTTP/1 within `timeout`, the TLS handshake included.
pub(super) async fn open(
    upstream: &Upstream,
    timeout: Duration,
    now: Tick,
) -> Result<Connection, ConnectError> {
    let transport = transport(upstream, timeout, now).await?;
    Ok(Connection::new(
        transport.stream,
        transport.connect_time,
        now,
    ))
}

/// Takes note of why no connection came about. Whether this may be the end of what other connects have waited for.
pub(super) fn has_joined(upstream: &Upstream, error: &ConnectError) -> bool {
    let ConnectError::Io(error) = error else {
        return false;
    };
    unreachable(upstream.reachability(), error)
}

/// The same, of what is known about an address.
pub(crate) fn unreachable(of: &Reachability, error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(libc::EHOSTUNREACH) => of.unreachable(soe503::clock::now()),
        Some(libc::ECONNREFUSED) => {
            of.answered();
            false
        }
        _ => false,
    }
}

/// What HTTP can be spoken over.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) stream: Stream,
    /// How long the TCP connect took.
    pub(super) connect_time: Duration,
    /// What was negotiated; `None` without TLS, or if the backend did not say.
    pub(super) alpn: Option<Alpn>,
}

/// Connects to `upstream` within `timeout`, the TLS handshake included.
pub(super) async fn transport(
    upstream: &Upstream,
    timeout: Duration,
    now: Tick,
) -> Result<Transport, ConnectError> {
    upstream.reachability().begin(now);
    let stream = match tokio::time::timeout(timeout, tcp(upstream, now)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(ConnectError::Io(error)),
        Err(_elapsed) => {
            // What a deadline has cut says little.
            if timeout >= upstream.options().connect_timeout {
                let reachability = upstream.reachability();
                reachability.timed_out(soe503::clock::now());
            }
            return Err(ConnectError::Timeout);
        }
    };
    upstream.reachability().answered();
    let connect_time = soe503::clock::now().since(now);
    // Requests are written whole; waiting for more would only delay them.
    stream.set_nodelay(true).map_err(ConnectError::Io)?;
    let (stream, alpn) = match upstream.tls() {
        None => (Stream::Tcp(stream), None),
        Some(tls) => secure(tls, stream, timeout.saturating_sub(connect_time))
            .await
            .map_err(|fault| ConnectError::Tls(connect_time, fault))?,
    };
    Ok(Transport {
        stream,
        connect_time,
        alpn,
    })
}

/// TLS over `stream` within `limit`, and what it was agreed to speak.
async fn secure(
    tls: &ClientTls,
    stream: TcpStream,
    limit: Duration,
) -> Result<(Stream, Option<Alpn>), Fault> {
    match tokio::time::timeout(limit, tls.connect(stream)).await {
        Ok(Ok((stream, alpn))) => Ok((Stream::Tls(Tls::Client(Box::new(stream))), alpn)),
        Ok(Err(fault)) => Err(fault),
        Err(_elapsed) => Err(Fault::Timeout(TimeoutKind::Handshake)),
    }
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
