//! The innermost service: one attempt on one backend.
//!
//! [`Upstream`] is what a pool balances over. For HTTP/1.1 it takes a connection from the worker's
//! idle pool or opens one; for HTTP/2 it opens a stream on a connection that requests share. It
//! hands the request over, and answers with the response or with the facts of the failure. It never
//! retries and never decides what a failure means; the only thing it repeats is a request that
//! an HTTP/2 backend left out when it went away.

mod body;
mod connect;
mod connection;
mod destination;
mod exchange;
mod eyeballs;
mod fault;
mod h1_body;
mod h2;
pub(crate) mod hops;
pub(crate) mod idle;
mod plain;
mod port;
mod said;
mod trial;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use http::request::Parts;
use http::{HeaderValue, Request, Response};
use soe503::{BoxError, RequestContext};
use soe503_core::Tick;
use soe503_core::keepalive::{Source, parse_timeout};
use soe503_core::reachability::Reachability;
use tower_service::Service;

pub use self::body::UpstreamBody;
pub(crate) use self::connect::unreachable;
use self::connection::Connection;
pub(crate) use self::connection::Detached;
use self::destination::Destination;
pub(crate) use self::destination::port;
pub(crate) use self::exchange::{Tunnel, Upgrade};
pub use self::h1_body::{H1Body, H1BodyError};
pub use self::h2::{H2Body, H2Options};
pub(crate) use self::plain::{PlainFields, taking};
use crate::front::ClientBody;
use crate::tls::ClientTls;

/// What is sent to a backend: the client's body, kept for replay while it may be needed.
pub(crate) type RequestBody = soe503::retry::ReplayBody<ClientBody>;

/// An extension of a request: the backend is to be asked for the host of its own URL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackendHost;

/// One backend as the data plane sees it: an address and how to talk to it. Clones share state, and so do
/// backends of other pools with the same address and options: they use the same connections.
#[derive(Clone, Debug)]
pub struct Upstream(Arc<Inner>);

/// How an [`Upstream`] connects and keeps connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamOptions {
    /// Longest TCP connect, with the TLS handshake if there is one.
    pub connect_timeout: Duration,
    /// An idle connection older than this is closed instead of reused.
    pub idle_timeout: Duration,
    /// Idle connections kept per worker.
    pub max_idle: usize,
    /// What is spoken on them.
    pub protocol: Protocol,
    /// It is a proxy that tries again itself, and whose word about failures counts.
    pub proxy: bool,
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
    /// Host and port of its URL.
    host: HeaderValue,
    /// Shared with the backends of other pools that are there.
    to: Arc<Destination>,
}

/// How long a broken fresh connection speaks against blaming idle ones.
const LATELY: Duration = Duration::from_secs(10);

impl Upstream {
    /// A backend at `address`, whose URL says `host`.
    pub fn new(
        address: SocketAddr,
        host: HeaderValue,
        options: impl Into<Arc<UpstreamOptions>>,
    ) -> Self {
        Self::with(host, Destination::of(address, None, options.into(), None))
    }

    /// The same backend with another address of its name to fall back on
    /// ([RFC 8305](https://www.rfc-editor.org/rfc/rfc8305)). Default: none.
    #[must_use]
    pub fn with_companion(self, companion: Option<SocketAddr>) -> Self {
        if companion.is_none() {
            return self;
        }
        let Destination {
            address,
            options,
            tls,
            ..
        } = &*self.0.to;
        let to = Destination::of(*address, companion, Arc::clone(options), tls.clone());
        Self::with(self.0.host.clone(), to)
    }

    /// The same backend, over TLS if `tls` says how. Default: plain text.
    #[must_use]
    pub fn with_tls(self, tls: Option<ClientTls>) -> Self {
        let from = &self.0.to;
        if from.tls == tls {
            return self;
        }
        let options = Arc::clone(&from.options);
        let to = Destination::of(from.address, from.companion(), options, tls);
        Self::with(self.0.host.clone(), to)
    }

    fn with(host: HeaderValue, to: Arc<Destination>) -> Self {
        Self(Arc::new(Inner { host, to }))
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.0.to.address
    }

    /// The address that is tried where this one does not answer.
    pub fn companion(&self) -> Option<SocketAddr> {
        self.0.to.companion()
    }

    /// Whether the companion is tried first.
    fn is_detoured(&self, now: Tick) -> bool {
        now.as_nanos() < self.0.to.detour.load(Ordering::Relaxed)
    }

    /// The companion was the one that answered, or no longer is.
    fn detour(&self, now: Tick, on: bool) {
        let until = if on {
            now.after(eyeballs::MEMORY)
        } else {
            Tick::ZERO
        };
        self.0.to.detour.store(until.as_nanos(), Ordering::Relaxed);
    }

    /// Host and port of its URL, as `Host` has them.
    pub fn host(&self) -> &HeaderValue {
        &self.0.host
    }

    /// How it connects.
    pub fn options(&self) -> &UpstreamOptions {
        &self.0.to.options
    }

    /// TLS, if it is spoken there.
    pub fn tls(&self) -> Option<&ClientTls> {
        self.0.to.tls.as_ref()
    }

    /// Whether a connect has ever succeeded.
    pub fn has_accepted(&self) -> bool {
        self.0.to.port.has_accepted()
    }

    fn accepted(&self) {
        self.0.to.port.accepted();
    }

    /// It broke off a fresh connection `now`.
    fn broke_fresh(&self, now: Tick) {
        self.0
            .to
            .broke_fresh
            .store(now.as_nanos(), Ordering::Relaxed);
    }

    /// Whether it broke off a fresh connection lately.
    fn breaks_fresh(&self, now: Tick) -> bool {
        let at = self.0.to.broke_fresh.load(Ordering::Relaxed);
        at != 0 && now.since(Tick::from_nanos(at)) < LATELY
    }

    /// It has lately broken off connections that had served nothing: for whoever looks why.
    pub fn breaks_off(&self, now: Tick) -> bool {
        self.breaks_fresh(now)
    }

    /// Since when connects to it wait in vain, if they do.
    pub fn silent_since(&self, now: Tick) -> Option<Tick> {
        self.reachability().silent(now)
    }

    /// The words of its last error: as [`signature`](soe503_core::diagnosis::rules::signature) sees them, since
    /// when they are the same, and when they were said last.
    pub fn words(&self) -> Option<(u64, Tick, Tick)> {
        self.0.to.said.last()
    }

    fn key(&self) -> idle::BackendKey {
        self.0.to.key
    }

    /// How long a connection may have been idle to be used again: as configured, or less where the
    /// backend is less patient.
    pub fn idle_limit(&self, now: Tick) -> Duration {
        self.0
            .to
            .keepalive
            .limit(now, self.0.to.options.idle_timeout)
    }

    /// The same, and who set it.
    pub fn idle_limit_and_source(&self, now: Tick) -> (Duration, Source) {
        self.0
            .to
            .keepalive
            .judge(now, self.0.to.options.idle_timeout)
    }

    /// After how many requests it closes a connection without a word, as far as it has shown it.
    pub fn requests_per_connection(&self, now: Tick) -> Option<u32> {
        self.0.to.keepalive.requests(now)
    }

    /// It closed a connection that had been idle for `age`, or a little less, and had served so many requests.
    fn idle_closed(&self, now: Tick, age: Duration, served: u64) {
        let open = age.saturating_sub(idle::SWEEP);
        let served = u32::try_from(served).unwrap_or(u32::MAX);
        self.0.to.keepalive.closed(now, open, age);
        self.0.to.keepalive.counted(now, open, served);
    }

    /// Whether it is known to close a connection like this one.
    fn is_used_up(&self, now: Tick, age: Duration, served: u64) -> bool {
        let served = u32::try_from(served).unwrap_or(u32::MAX);
        self.0.to.keepalive.is_used_up(now, age, served)
    }

    /// Whether connects to it wait in vain.
    fn reachability(&self) -> &Reachability {
        &self.0.to.port.reachability
    }

    /// It answered with a failure; so much of the body is here.
    fn said(&self, now: Tick, body: &[u8]) {
        self.0.to.said.note(now, body);
    }

    /// It says in `Keep-Alive` how long it keeps idle connections.
    fn keep_alive_hint(&self, now: Tick, field: &HeaderValue) {
        let timeout = field.to_str().ok().and_then(parse_timeout);
        if let Some(timeout) = timeout {
            self.0.to.keepalive.hint(now, timeout);
        }
    }

    /// Gives a connection whose exchange is over to this worker's idle pool.
    fn keep(&self, mut connection: Box<Connection>) {
        connection.served += 1;
        self.keep_unused(connection);
    }

    /// Gives a connection that nobody has used yet to this worker's idle pool.
    fn keep_unused(&self, mut connection: Box<Connection>) {
        connection.idle_since = soe503::clock::now();
        idle::put(self, connection);
    }
}

/// Takes a request apart: the head that the layers share, or else its own.
fn split<B>(request: Request<B>) -> (Arc<Parts>, B) {
    let (mut own, body) = request.into_parts();
    let context = own.extensions.get_mut::<RequestContext>();
    match context.and_then(|context| context.head.take()) {
        Some(shared) => {
            RequestContext::give_back(own.extensions);
            (shared, body)
        }
        None => (Arc::new(own), body),
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
        match self.0.to.options.protocol {
            Protocol::H1 => Box::pin(exchange::run(self.clone(), request)),
            Protocol::H2(options) => Box::pin(h2::run(self.clone(), options, request)),
        }
    }
}
