//! Taking connections from the kernel, as many as the limits allow.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use soe503::clock;
use soe503_core::Tick;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::close;
use super::drain::Drain;
use super::serve::{Opened, Server};
use super::spares::{Lent, Spares};
use super::watch::{Patience, Watch};
use super::watched::{self, Place};
use crate::front::Front;
use crate::handover::Shared;

/// How long to wait when the process is out of file descriptors or memory: time for others to end.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// When clients have waited for a descriptor for so long, they are told.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// A client that has one of the last descriptors must not sit on it.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// A listening socket of one worker and what its connections share.
#[derive(Debug)]
pub(crate) struct Acceptor {
    pub(crate) listener: AsyncFd<TcpListener>,
    /// How connections are served from now on: each keeps what was in force when it was accepted.
    pub(crate) server: Arc<ArcSwap<Server>>,
    pub(crate) front: Arc<Front>,
    /// Connections that this listener may still open, over all workers.
    pub(crate) room: Arc<Semaphore>,
    /// Descriptors for when there are none left.
    pub(crate) spares: Arc<Spares>,
    /// Held by every connection, so that the worker knows when the last one is gone.
    pub(crate) alive: mpsc::Sender<()>,
    pub(crate) drain: Drain,
    /// Whether another process accepts from the socket as well, or will.
    pub(crate) shared: Shared,
}

impl Acceptor {
    /// Accepts until the drain begins; the socket closes with it, once everybody who had reached it
    /// is in. Where another process has it too, it stays open, and who waits there is the other's.
    pub(crate) async fn run(self) {
        tokio::select! {
            () = self.accept_all() => return,
            () = self.drain.begun() => {}
        }
        if self.shared.get() {
            return;
        }
        if close::turn_deaf(self.listener.get_ref()) {
            let _over = tokio::time::timeout(close::HANDSHAKES, self.accept_all()).await;
        }
        self.empty_queue();
    }

    /// Accepts for as long as it is asked, when there is room.
    async fn accept_all(&self) {
        // Since when clients wait because there is no descriptor, or no memory.
        let mut short: Option<Tick> = None;
        while let Ok(permit) = Arc::clone(&self.room).acquire_owned().await {
            let accepted = match short {
                None => self.listener.async_io(Interest::READABLE, accept).await,
                // Whether anybody still waits.
                Some(_) => accept(self.listener.get_ref()),
            };
            match accepted {
                Ok((stream, peer)) => self.start(stream, peer, permit, None),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    short = None;
                    self.spares.refill();
                }
                Err(error) if is_exhausted(&error) => {
                    let now = clock::now();
                    if short.is_none() {
                        tracing::warn!(%error, "cannot accept connections: the process is at a limit");
                    }
                    let since = *short.get_or_insert(now);
                    let long = now.since(since) >= LONG_ENOUGH;
                    if !(long && self.take_in_one(&error, permit)) {
                        let back = self.spares.come_back();
                        let _over = tokio::time::timeout(EXHAUSTED, back).await;
                    }
                }
                // One connection's own: it was reset in the queue.
                Err(_) => {}
            }
        }
    }

    /// Takes in one client by giving up a descriptor that was kept for that. False: there is none, or it would not help.
    fn take_in_one(&self, error: &io::Error, permit: OwnedSemaphorePermit) -> bool {
        let by_files = matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE));
        let Some(lent) = self.spares.lend().filter(|_| by_files) else {
            return false;
        };
        match accept(self.listener.get_ref()) {
            Ok((stream, peer)) => {
                self.start(stream, peer, permit, Some(lent));
                true
            }
            Err(_) => false,
        }
    }

    /// Takes what the kernel has accepted by now: those clients are connected as far as they know,
    /// and closing the socket resets them.
    fn empty_queue(&self) {
        while let Ok((stream, peer)) = accept(self.listener.get_ref()) {
            let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
                return;
            };
            self.start(stream, peer, permit, None);
        }
    }

    /// Serves a connection: one that has a descriptor `lent` for one request, and without delay.
    fn start(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
        lent: Option<Lent>,
    ) {
        let watch = Watch::new();
        let server = self.server.load_full();
        let mut patience = server.patience();
        let mut drain = self.drain.clone();
        if lent.is_some() {
            patience = Arc::new(Patience {
                head: patience.head.min(IMPATIENCE),
                idle: patience.idle.min(IMPATIENCE),
                ..*patience
            });
            // As if the process were about to end: what is there is answered, and then the connection closes.
            drain = Drain::default();
            drain.begin();
        }
        // Boxed, and freed before the first request: what it takes to open a connection would
        // otherwise be kept for as long as the connection is open.
        let opening = Box::pin(server.open(
            stream,
            peer,
            Arc::clone(&watch),
            Arc::clone(&self.front),
            drain,
        ));
        let alive = self.alive.clone();
        let open = self.front.connection_opened();
        let place = Place::take(watch, patience);
        let number = place.number();
        let task = tokio::spawn(async move {
            // Dropped last, when the connection's own descriptor is free.
            let lent = lent;
            {
                let mut serving = pin!(serve(opening));
                // All that happens in one poll happens at one time.
                poll_fn(|cx| clock::turn(|| serving.as_mut().poll(cx))).await;
            }
            drop((permit, alive, open, place));
            drop(lent);
        });
        watched::serves(number, task.abort_handle());
    }
}

/// One connection, from its accept to its end.
async fn serve<O: Future<Output = Option<Opened>>>(opening: Pin<Box<O>>) {
    let Some(mut opened) = opening.await else {
        return;
    };
    if let Some(read) = opened.serve().await
        && let Some(mut switched) = opened.switch(read)
    {
        // Boxed: it is large, and rare.
        Box::pin(switched.serve()).await;
    }
}

/// The next connection, if there is one, non-blocking. The event loop does not hear of it yet: see
/// `net/fresh.rs`.
#[cfg(target_os = "linux")]
fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    use rustix::net::{SocketFlags, acceptfrom_with};

    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (stream, peer) = acceptfrom_with(listener, flags)?;
    let peer = peer.map(SocketAddr::try_from).transpose()?;
    // An unnamed peer of a TCP socket has gone already.
    let peer = peer.ok_or(io::ErrorKind::ConnectionAborted)?;
    Ok((stream.into(), peer))
}

/// The same in two system calls.
#[cfg(not(target_os = "linux"))]
fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((stream, peer))
}

/// An error of the process, not of one connection: it is waited out, because accepting again at once would only burn
/// the CPU.
fn is_exhausted(error: &io::Error) -> bool {
    let exhausted = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    error
        .raw_os_error()
        .is_some_and(|errno| exhausted.contains(&errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a connection that waits for its next request this is most; the rest is a few small
    /// allocations (`Client`, `Watch`, the inbox, and tokio's for the socket).
    #[test]
    fn a_connection_is_small_between_requests() {
        let opening = Box::pin(std::future::ready(None::<Opened>));
        assert!(size_of_val(&serve(opening)) <= 320);
    }
}
