//! One HTTP/2 connection to a backend, as the requests on it see it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Waker};
use std::time::Duration;

use ::h2::client::{self, SendRequest};
use bytes::Bytes;
use soe503_core::Tick;
use soe503_core::ledger::Fault;
use tokio::io::{AsyncRead, AsyncWrite};

use super::wire::{Line, Wire};
use super::{H2Options, drive};

/// Streams that a peer is assumed to allow until its SETTINGS say otherwise: the least that RFC 9113
/// §6.5.2 recommends.
pub(super) const ASSUMED_STREAMS: usize = 100;
/// Flow control: see the [module](super).
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 32 * 1024 * 1024;
const SEND_BUFFER: usize = 64 * 1024;
/// The largest header list of a response, in bytes as RFC 9113 §10.5.1 counts them.
const MAX_HEADER_LIST: u32 = 64 * 1024;
/// Streams that we reset and whose late frames are still told from nonsense.
const MAX_RESET_STREAMS: usize = 1000;

/// How long a connection that has served nothing is kept, whatever the idle timeout.
const UNUSED: Duration = Duration::from_secs(1);

/// An open connection. Dropping it closes the connection once its streams are done.
#[derive(Debug)]
pub(super) struct Session {
    sender: SendRequest<Bytes>,
    shared: Arc<Shared>,
}

/// What the session, its task and its streams know of each other.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) line: Arc<Line>,
    /// Streams of ours that are open.
    streams: AtomicUsize,
    /// Requests that were answered.
    served: AtomicU64,
    /// Since when no stream is open, as nanoseconds of a tick.
    idle_since: AtomicU64,
    /// What ended the connection.
    ended: OnceLock<Fault>,
}

/// Room for one request on a session.
#[derive(Debug)]
pub(super) struct Lent {
    pub(super) sender: SendRequest<Bytes>,
    pub(super) stream: StreamLease,
    /// Streams open on it, this one included.
    pub(super) streams: usize,
    /// How long it had been idle; `None` if it was not.
    pub(super) idle: Option<Duration>,
}

/// One of the streams that the peer allows. Dropping the last clone makes room for another: a
/// request's body may go on when its answer is over, and the other way round.
#[derive(Clone, Debug)]
pub(super) struct StreamLease(Arc<Leased>);

#[derive(Debug)]
struct Leased(Arc<Shared>);

// === impl Session ===

impl Session {
    /// Begins to speak HTTP/2 on `io`; the connection's own task lives on this worker.
    ///
    /// # Errors
    ///
    /// If the preface cannot be written.
    pub(super) async fn begin<T>(io: T, options: &H2Options, now: Tick) -> Result<Self, Fault>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (wire, line) = Wire::new(io);
        let begun = client::Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .max_header_list_size(MAX_HEADER_LIST)
            .initial_max_send_streams(ASSUMED_STREAMS)
            .max_concurrent_reset_streams(MAX_RESET_STREAMS)
            .handshake(wire)
            .await;
        let (sender, connection) =
            begun.map_err(|_error| line.errno().map_or(Fault::Closed, Fault::Errno))?;
        let shared = Arc::new(Shared {
            line,
            streams: AtomicUsize::new(0),
            served: AtomicU64::new(0),
            idle_since: AtomicU64::new(now.as_nanos()),
            ended: OnceLock::new(),
        });
        tokio::spawn(drive::run(connection, Arc::clone(&shared), *options));
        Ok(Self { sender, shared })
    }

    /// Takes streams: it is neither broken nor about to be closed by the peer.
    pub(super) fn is_open(&self) -> bool {
        let mut sender = self.sender.clone();
        let polled = sender.poll_ready(&mut Context::from_waker(Waker::noop()));
        !matches!(polled, std::task::Poll::Ready(Err(_)))
    }

    /// How many streams the peer allows, and how many are open.
    pub(super) fn room(&self) -> (usize, usize) {
        (
            self.sender.current_max_send_streams(),
            self.shared.streams(),
        )
    }

    /// Room for one more stream. The caller has looked whether there is any.
    pub(super) fn lend(&self, now: Tick) -> Lent {
        let before = self.shared.streams.fetch_add(1, Ordering::Relaxed);
        let since = Tick::from_nanos(self.shared.idle_since.load(Ordering::Relaxed));
        Lent {
            sender: self.sender.clone(),
            stream: StreamLease(Arc::new(Leased(Arc::clone(&self.shared)))),
            streams: before + 1,
            idle: (before == 0).then(|| now.since(since)),
        }
    }

    /// Nothing has been on it for at least `limit`. Whoever it was opened for gets the time to come.
    pub(super) fn is_stale(&self, limit: Duration, now: Tick) -> bool {
        let unused = self.shared.served.load(Ordering::Relaxed) == 0;
        let limit = if unused { limit.max(UNUSED) } else { limit };
        let since = Tick::from_nanos(self.shared.idle_since.load(Ordering::Relaxed));
        self.shared.streams() == 0 && now.since(since) >= limit
    }
}

// === impl Shared ===

impl Shared {
    /// Streams of ours that are open.
    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// The connection ended like this. The first word stands.
    pub(super) fn end(&self, fault: Fault) {
        let _earlier = self.ended.set(fault);
    }

    /// What ended the connection, if anything has.
    pub(super) fn ended(&self) -> Option<&Fault> {
        self.ended.get()
    }
}

// === impl StreamLease ===

impl StreamLease {
    /// The connection that the stream is on.
    pub(super) fn connection(&self) -> &Arc<Shared> {
        &self.0.0
    }

    /// Whether the connection has answered a request before.
    pub(super) fn is_reused(&self) -> bool {
        self.0.0.served.load(Ordering::Relaxed) > 0
    }

    /// A request was answered.
    pub(super) fn answered(&self) {
        self.0.0.served.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if self.0.streams.fetch_sub(1, Ordering::Relaxed) == 1 {
            let now = soe503::clock::now().as_nanos();
            self.0.idle_since.store(now, Ordering::Relaxed);
        }
    }
}
