//! Worker threads: each has its own runtime, its own sockets and its own connections.
//!
//! Thread-per-core, so that a request stays on one core from its first byte to its last, and
//! connections to backends need no lock (see ARCHITECTURE.md for the figures behind it).

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime;
use tokio::sync::{Semaphore, mpsc};

use crate::front::Front;
use crate::handover::Shared;
use crate::listen::{Acceptor, Drain, Server, Spares, date, watch};
use crate::state::Loop;
use crate::upstream;

/// One listener as a worker sees it.
#[derive(Debug)]
pub(crate) struct WorkerListener {
    pub(crate) socket: TcpListener,
    /// Shared by all workers, and replaced by a reload.
    pub(crate) server: Arc<ArcSwap<Server>>,
    pub(crate) front: Arc<Front>,
    /// Shared by all workers.
    pub(crate) room: Arc<Semaphore>,
    /// Shared by all workers and listeners.
    pub(crate) spares: Arc<Spares>,
    /// Shared by all workers.
    pub(crate) shared: Shared,
}

/// Starts worker `number`.
///
/// It ends once `drain` has begun and its last connection is gone, at the latest `grace` later.
///
/// # Errors
///
/// If the thread cannot be started or the runtime cannot be built (file descriptors, threads).
pub(crate) fn start(
    number: usize,
    listeners: Vec<WorkerListener>,
    drain: Drain,
    grace: Duration,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    thread::Builder::new()
        .name(format!("worker-{number}"))
        .spawn(move || runtime.block_on(run(number, listeners, drain, grace)))
}

async fn run(
    number: usize,
    listeners: Vec<WorkerListener>,
    drain: Drain,
    grace: Duration,
) -> io::Result<()> {
    let now = soe503::clock::now();
    watch::look(now, false);
    let own = listeners.first().map(|listener| {
        let loops = &listener.front.proxy.loops;
        loops.add_worker(number, watch::INTERVAL, now)
    });
    let own = own.as_deref();
    // Every connection holds a sender; when all are gone, so are the connections.
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    for listener in listeners {
        let acceptor = Acceptor {
            listener: watched(listener.socket)?,
            server: listener.server,
            front: listener.front,
            room: listener.room,
            spares: listener.spares,
            shared: listener.shared,
            alive: alive.clone(),
            drain: drain.clone(),
        };
        tokio::spawn(acceptor.run());
    }
    drop(alive);
    tokio::select! {
        () = drain.begun() => {}
        () = housekeeping(&drain, own) => {}
    }
    tokio::select! {
        _gone = all_gone.recv() => {}
        () = tokio::time::sleep(grace) => tracing::warn!("the grace period is over: closing the connections that are left"),
        () = housekeeping(&drain, own) => {}
    }
    Ok(())
}

#[expect(
    deprecated,
    reason = "its successor is unsafe, for the sake of types that lie about their descriptor; this one is the standard library's"
)]
fn watched(socket: TcpListener) -> io::Result<AsyncFd<TcpListener>> {
    AsyncFd::with_interest(socket, Interest::READABLE)
}

/// Closes slow and idle clients and old connections to backends, for as long as the worker lives, and says how late it
/// comes to that.
async fn housekeeping(drain: &Drain, own: Option<&Loop>) {
    let mut ticks = tokio::time::interval(watch::INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let due = ticks.tick().await;
        let now = soe503::clock::now();
        if let Some(own) = own {
            own.looked(now, soe503::clock::instant(now).duration_since(due));
        }
        watch::look(now, drain.has_begun());
        date::refresh();
        upstream::sweep(now);
    }
}
