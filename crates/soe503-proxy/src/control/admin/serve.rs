//! The admin listener: few connections, each with little patience.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::connection::{Connection, left};
use super::router::{Admin, router};

/// Connections at once; further ones are closed at once.
const MAX_CONNECTIONS: usize = 256;
/// TLS handshakes at once; further ones wait for a place. Each ends within `handshake_timeout`.
const MAX_HANDSHAKES: usize = 64;
/// The rest after an accept that failed, for want of file descriptors for example.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// An open admin address.
#[derive(Debug)]
pub struct Listener {
    socket: std::net::TcpListener,
    address: SocketAddr,
}

/// Whether requests are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Not yet: they wait in the kernel's queue.
    Shut,
    /// They are.
    Open,
    /// Not any more: they are another process's.
    Left,
}

/// Serves `admin` while the door is open; the caller ends it at once by dropping the future.
pub async fn serve(admin: Admin, listener: Listener, mut door: watch::Receiver<Door>) {
    let address = listener.address;
    let listener = match TcpListener::from_std(listener.socket) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, %address, "the admin API cannot be served");
            return;
        }
    };
    if door.wait_for(|door| *door != Door::Shut).await.is_err() {
        return;
    }
    tracing::info!(%address, "admin API");
    let access = Arc::clone(&admin.shared.proxy.access);
    let router = router(admin);
    let shaking = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut at_door = door.clone();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        // Those that ended need no record.
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = left(&mut at_door) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "the admin API cannot accept");
                tokio::time::sleep(ACCEPT_REST).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            access.connections_refused.fetch_add(1, Relaxed);
            tracing::warn!(%peer, "too many admin connections");
            continue;
        };
        let connection = Connection {
            stream,
            peer,
            router: router.clone(),
            access: Arc::clone(&access),
            shaking: Arc::clone(&shaking),
            door: door.clone(),
        };
        connections.spawn(async move {
            connection.serve().await;
            drop(permit);
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

// === impl Listener ===

impl Listener {
    /// Opens `address`. A restart does not have to wait for connections of the last run to be
    /// forgotten (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// When the address is taken, or not ours.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(128)?;
        let socket = std::net::TcpListener::from(socket);
        Ok(Self {
            address: socket.local_addr()?,
            socket,
        })
    }

    /// A socket that listens already.
    ///
    /// # Errors
    ///
    /// If it is no longer open.
    pub(crate) fn on(socket: std::net::TcpListener) -> io::Result<Self> {
        Ok(Self {
            address: socket.local_addr()?,
            socket,
        })
    }

    /// A second handle of the socket.
    ///
    /// # Errors
    ///
    /// If there is no descriptor left.
    pub(crate) fn second_handle(&self) -> io::Result<std::net::TcpListener> {
        self.socket.try_clone()
    }

    /// Where it listens; the port is the real one.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}
