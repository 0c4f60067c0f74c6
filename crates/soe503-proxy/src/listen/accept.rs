//! Taking connections from the kernel, as many as the limits allow.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::drain::Drain;
use super::serve::Server;
use crate::front::{Client, Front};
use crate::state::Connections;

/// How long to wait when the process is out of file descriptors or memory: time for others to end.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// A listening socket of one worker and what its connections share.
#[derive(Debug)]
pub(crate) struct Acceptor {
    pub(crate) listener: TcpListener,
    pub(crate) server: Arc<Server>,
    pub(crate) front: Arc<Front>,
    /// Connections that this listener may still open, over all workers.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) connections: Connections,
    pub(crate) drain: Drain,
}

impl Acceptor {
    /// Accepts until the drain begins. Closing the socket is the first step of a shutdown: what
    /// is in the kernel's queue by then was accepted by it and is served.
    pub(crate) async fn run(self) {
        loop {
            let permit = tokio::select! {
                permit = Arc::clone(&self.room).acquire_owned() => permit,
                () = self.drain.begun() => return self.empty_queue(),
            };
            let Ok(permit) = permit else { return };
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => self.start(stream, peer, permit),
                    Err(error) => pause_if_exhausted(&error).await,
                },
                () = self.drain.begun() => return self.empty_queue(),
            }
        }
    }

    /// Serves what the kernel has queued already, then lets the socket close.
    fn empty_queue(&self) {
        let waker = std::task::Waker::noop();
        let mut cx = std::task::Context::from_waker(waker);
        while let std::task::Poll::Ready(Ok((stream, peer))) = self.listener.poll_accept(&mut cx) {
            let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else { return };
            self.start(stream, peer, permit);
        }
    }

    fn start(&self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        // Answers are written whole; waiting for more would only delay them. Failing to set it
        // means that the client is gone already.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let (server, front, drain) = (Arc::clone(&self.server), Arc::clone(&self.front), self.drain.clone());
        let open = self.connections.open();
        tokio::spawn(async move {
            server.serve(stream, Client::new(peer), front, &drain).await;
            drop((permit, open));
        });
    }
}

/// Errors of one connection (it was reset in the queue) are skipped; errors of the process are
/// waited out, because accepting again at once would only burn the CPU.
async fn pause_if_exhausted(error: &io::Error) {
    if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)) {
        tracing::warn!(%error, "cannot accept connections: the process is at a limit");
        tokio::time::sleep(EXHAUSTED).await;
    }
}
