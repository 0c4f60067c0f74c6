//! Clients that take too long: slow request heads and idle connections.
//!
//! A timer per request costs an allocation and two trips through the timer wheel, for something
//! that almost never fires. Instead every HTTP/1 connection has a [`Watch`] that says since when
//! it is doing what, and each worker looks at all of its connections four times a second. A
//! request pays three plain stores; a limit is kept to within [`INTERVAL`].

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::time::saturating_nanos;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::AbortHandle;

/// How often a worker looks.
pub(crate) const INTERVAL: Duration = Duration::from_millis(250);

thread_local! {
    /// The time of the last look: exact enough for limits of seconds, and free to read.
    static NOW: Cell<Tick> = const { Cell::new(Tick::ZERO) };
    static WATCHED: RefCell<Vec<Watched>> = const { RefCell::new(Vec::new()) };
}

/// What a connection is doing, and since when.
#[derive(Debug)]
pub(crate) struct Watch {
    /// One of the three constants below in the low two bits, a tick in units of 4 ns above.
    state: AtomicU64,
}

const HEAD: u64 = 0;
const BUSY: u64 = 1;
const IDLE: u64 = 2;
const WHAT: u64 = 3;

/// How long a connection may do what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the first byte of a request's head to its last.
    pub(crate) head: Duration,
    /// Between requests.
    pub(crate) idle: Duration,
}

#[derive(Debug)]
struct Watched {
    watch: Arc<Watch>,
    patience: Patience,
    task: AbortHandle,
}

/// An I/O object that tells its watch when a request begins to arrive.
#[derive(Debug)]
pub(crate) struct Observed<T> {
    inner: T,
    watch: Arc<Watch>,
}

/// Begins to watch the connection that `task` serves.
pub(crate) fn add(watch: Arc<Watch>, patience: Patience, task: AbortHandle) {
    WATCHED.with_borrow_mut(|watched| {
        watched.push(Watched {
            watch,
            patience,
            task,
        });
    });
}

/// Ends the connections whose patience is exhausted and forgets those that ended by themselves.
pub(crate) fn look(now: Tick) {
    NOW.set(now);
    // Aborting drops the connection later, in the runtime: nothing here is re-entered.
    WATCHED.with_borrow_mut(|watched| {
        watched.retain(|w| {
            let ended = w.task.is_finished();
            if !ended && w.watch.overdue(w.patience, now) {
                w.task.abort();
                return false;
            }
            !ended
        });
    });
}

impl Watch {
    /// A connection that has just been accepted and owes us a request.
    pub(crate) fn new() -> Arc<Self> {
        let watch = Self {
            state: AtomicU64::new(0),
        };
        watch.set(HEAD);
        Arc::new(watch)
    }

    /// A request is complete up to its body: from here on, its own deadlines count.
    pub(crate) fn busy(&self) {
        self.set(BUSY);
    }

    /// A request is due: from now on the client's time for its head runs.
    pub(crate) fn owed(&self) {
        self.set(HEAD);
    }

    /// The answer is complete.
    pub(crate) fn idle(&self) {
        self.set(IDLE);
    }

    fn arriving(&self) {
        if self.state.load(Relaxed) & WHAT == IDLE {
            self.set(HEAD);
        }
    }

    fn set(&self, what: u64) {
        self.state
            .store(NOW.get().as_nanos() & !WHAT | what, Relaxed);
    }

    fn overdue(&self, patience: Patience, now: Tick) -> bool {
        let state = self.state.load(Relaxed);
        let limit = match state & WHAT {
            HEAD => patience.head,
            IDLE => patience.idle,
            _ => return false,
        };
        now.as_nanos().saturating_sub(state & !WHAT) >= saturating_nanos(limit)
    }
}

impl<T> Observed<T> {
    pub(crate) fn new(inner: T, watch: Arc<Watch>) -> Self {
        Self { inner, watch }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Observed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if polled.is_ready() {
            self.watch.arriving();
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Observed<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        crate::gather::poll_write(Pin::new(&mut self.inner), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(60),
    };

    #[tokio::test]
    async fn each_phase_has_its_own_limit() {
        look(Tick::from_secs(100));
        let watch = Watch::new();
        assert!(!watch.overdue(PATIENCE, Tick::from_secs(109)));
        assert!(watch.overdue(PATIENCE, Tick::from_secs(110)));
        watch.busy();
        assert!(!watch.overdue(PATIENCE, Tick::from_secs(10_000)));
        watch.idle();
        assert!(!watch.overdue(PATIENCE, Tick::from_secs(159)));
        assert!(watch.overdue(PATIENCE, Tick::from_secs(160)));
    }

    #[tokio::test]
    async fn the_first_byte_of_a_head_starts_its_clock_and_the_next_do_not_restart_it() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        look(Tick::from_secs(100));
        let watch = Watch::new();
        let (mut client, server) = tokio::io::duplex(64);
        let mut server = Observed::new(server, Arc::clone(&watch));
        watch.idle();
        look(Tick::from_secs(150));
        for second in [150, 155] {
            look(Tick::from_secs(second));
            client.write_all(b"G").await.unwrap();
            server.read_u8().await.unwrap();
        }
        assert!(!watch.overdue(PATIENCE, Tick::from_secs(159)));
        assert!(watch.overdue(PATIENCE, Tick::from_secs(160)));
    }

    #[tokio::test]
    async fn overdue_connections_are_ended_and_finished_ones_forgotten() {
        look(Tick::from_secs(1));
        let overdue = tokio::spawn(std::future::pending::<()>());
        let done = tokio::spawn(async {});
        add(Watch::new(), PATIENCE, overdue.abort_handle());
        add(Watch::new(), PATIENCE, done.abort_handle());
        done.await.unwrap();
        look(Tick::from_secs(2));
        assert_eq!(WATCHED.with_borrow(Vec::len), 1);
        look(Tick::from_secs(11));
        assert!(overdue.await.unwrap_err().is_cancelled());
        assert_eq!(WATCHED.with_borrow(Vec::len), 0);
    }
}
