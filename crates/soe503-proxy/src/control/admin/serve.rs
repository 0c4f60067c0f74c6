//! The admin listener: few connections, each with little patience.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tower_service::Service;

use super::router::{Admin, router};

/// Connections at once; further ones are closed at once.
const MAX_CONNECTIONS: usize = 256;
/// How long a request's head may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest life of a connection, keep-alive included.
const LIFETIME: Duration = Duration::from_secs(600);
/// The rest after an accept that failed, for want of file descriptors for example.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;

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

/// Closes the connection that a request came on, whatever it is doing. An extension of each request.
#[derive(Clone, Debug, Default)]
pub(super) struct HangUp(Arc<Notify>);

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
    let router = router(admin);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        // Those that ended need no record.
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = left(door.clone()) => break,
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
            tracing::warn!(%peer, "too many admin connections");
            continue;
        };
        let router = router.clone();
        let hang_up = HangUp::default();
        let asked = hang_up.clone();
        let asked_first = Arc::new(Notify::new());
        let first = Arc::clone(&asked_first);
        let service = service_fn(move |request: Request<Incoming>| {
            first.notify_one();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(hang_up.clone());
            // A router is always ready.
            router.clone().call(request)
        });
        let left = left(door.clone());
        connections.spawn(async move {
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(MAX_HEAD)
                .serve_connection(TokioIo::new(stream), service);
            let served = async move {
                let mut served = pin!(served);
                // Whoever has just come is answered once: he could not know that this process is not the one.
                let left = async {
                    asked_first.notified().await;
                    left.await;
                };
                tokio::select! {
                    // However it ends, it is the asker's affair.
                    _ended = &mut served => return,
                    () = left => {}
                }
                served.as_mut().graceful_shutdown();
                let _ended = served.await;
            };
            tokio::select! {
                _ended = tokio::time::timeout(LIFETIME, served) => {}
                () = asked.asked() => {}
            }
            drop(permit);
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Resolves when requests are another process's.
async fn left(mut door: watch::Receiver<Door>) {
    if door.wait_for(|door| *door == Door::Left).await.is_err() {
        // The process ends, and whoever serves is dropped.
        std::future::pending::<()>().await;
    }
}

// === impl HangUp ===

impl HangUp {
    /// Closes it now.
    pub(super) fn now(&self) {
        self.0.notify_one();
    }

    /// Waits for somebody who wants it closed.
    pub(super) async fn asked(&self) {
        self.0.notified().await;
    }
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
