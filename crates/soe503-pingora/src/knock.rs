//! Asks a backend that broke a connection off whether it is still there.

use std::io;
use std::time::Duration;

use pingora::protocols::l4::socket::SocketAddr;
use pingora::upstreams::peer::{HttpPeer, Peer};
use soe503_core::ledger::{Fault, Knock};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a knock may take.
const PATIENCE: Duration = Duration::from_millis(100);
const EPIPE: i32 = 32;
const ECONNRESET: i32 = 104;

/// Whether `fault` is a connection that was broken off.
pub(crate) const fn is_break(fault: &Fault) -> bool {
    matches!(fault, Fault::Closed | Fault::Errno(ECONNRESET | EPIPE))
}

/// Connects once, and says what came of it; `None`: nothing within 100 ms, or nothing that tells.
pub(crate) async fn knock(peer: &HttpPeer) -> Option<Knock> {
    // One that is reached through another proxy, or has a connector of its own, is not there to be connected to.
    if peer.proxy.is_some() || peer.options.custom_l4.is_some() {
        return None;
    }
    let SocketAddr::Inet(address) = peer.address() else {
        return None;
    };
    match timeout(PATIENCE, TcpStream::connect(address)).await.ok()? {
        Ok(_) => Some(Knock::Accepted),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Some(Knock::Refused),
        Err(_) => None,
    }
}
