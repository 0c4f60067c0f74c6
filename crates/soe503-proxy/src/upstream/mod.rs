//! The innermost service: one attempt on one backend.
//!
//! [`Upstream`] is what a pool balances over. For HTTP/1.1 it takes a connection from the worker's
//! idle pool or opens one; for HTTP/2 it opens a stream on a connection that requests share. It
//! hands the request over, and answers with the response or with the facts of the failure. It never
//! retries on another backend and never decides what a failure means; the only thing it repeats is a
//! request that certainly nobody has looked at: one that hyper gave back untouched because a reused
//! connection was already closed, or one that an HTTP/2 backend left out when it went away.

mod body;
mod connection;
mod exchange;
mod fault;
mod h2;
pub(crate) mod idle;
mod meter;
mod trial;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use soe503::BoxError;
use soe503_core::Tick;
use tower_service::Service;

pub use self::body::{H1Body, UpstreamBody};
use self::connection::Connection;
pub use self::h2::{H2Body, H2Options};

/// What is sent to a backend: the client's body, kept for replay while it may be needed.
pub(crate) type RequestBody = soe503::retry::ReplayBody<Incoming>;

/// One backend as the data plane sees it: an address and how to talk to it. Clones share state.
#[derive(Clone, Debug)]
pub struct Upstream(Arc<Inner>);

/// How an [`Upstream`] connects and keeps connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamOptions {
    /// Longest TCP connect.
    pub connect_timeout: Duration,
    /// An idle connection older than this is closed instead of reused.
    pub idle_timeout: Duration,
    /// Idle connections kept per worker.
    pub max_idle: usize,
    /// What is spoken on them.
    pub protocol: Protocol,
}

/// The protocol towards a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1: one request at a time on a connection.
    H1,
    /// HTTP/2, known in advance: requests share connections.
    H2(H2Options),
}

/// Closes connections that nobody has used for too long. The worker calls it, often.
pub(crate) fn sweep(now: Tick) {
    idle::sweep(now);
    h2::sweep(now);
}

#[derive(Debug)]
struct Inner {
    /// Never reused, so that idle connections cannot be mixed up across reloads.
    key: idle::BackendKey,
    address: SocketAddr,
    options: UpstreamOptions,
    /// A connect has succeeded: tells a dead backend from a wrong port.
    accepted: AtomicBool,
    /// When it last broke off a connection that had served nothing, as nanoseconds of a tick.
    broke_fresh: AtomicU64,
}

/// How long a broken fresh connection speaks against blaming idle ones.
const LATELY: Duration = Duration::from_secs(10);

impl Upstream {
    /// A backend at `address`.
    pub fn new(address: SocketAddr, options: UpstreamOptions) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(Arc::new(Inner {
            key: NEXT.fetch_add(1, Ordering::Relaxed),
            address,
            options,
            accepted: AtomicBool::new(false),
            broke_fresh: AtomicU64::new(0),
        }))
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// How it connects.
    pub fn options(&self) -> &UpstreamOptions {
        &self.0.options
    }

    /// Whether a connect has ever succeeded.
    pub fn has_accepted(&self) -> bool {
        self.0.accepted.load(Ordering::Relaxed)
    }

    fn accepted(&self) {
        // Read first: the line stays shared between workers once it is set.
        if !self.has_accepted() {
            self.0.accepted.store(true, Ordering::Relaxed);
        }
    }

    /// It broke off a fresh connection `now`.
    fn broke_fresh(&self, now: Tick) {
        self.0.broke_fresh.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// Whether it broke off a fresh connection lately.
    fn breaks_fresh(&self, now: Tick) -> bool {
        let at = self.0.broke_fresh.load(Ordering::Relaxed);
        at != 0 && now.since(Tick::from_nanos(at)) < LATELY
    }

    /// Gives a connection whose exchange is over to this worker's idle pool.
    fn keep(&self, mut connection: Connection) {
        connection.served += 1;
        self.keep_unused(connection);
    }

    /// Gives a connection that nobody has used yet to this worker's idle pool.
    fn keep_unused(&self, mut connection: Connection) {
        connection.idle_since = soe503::clock::now();
        idle::put(self.0.key, self.0.options, connection);
    }
}

impl Service<Request<RequestBody>> for Upstream {
    type Response = Response<UpstreamBody>;
    type Error = BoxError;
    // The one box on the request path (see ARCHITECTURE.md): the exchange is an async block, and
    // boxing it keeps the futures around it small, which costs less than moving them.
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        match self.0.options.protocol {
            Protocol::H1 => Box::pin(exchange::run(self.clone(), request)),
            Protocol::H2(options) => Box::pin(h2::run(self.clone(), options, request)),
        }
    }
}
