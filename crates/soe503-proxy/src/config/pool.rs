//! Pools: backends behind a name, and how they are chosen and protected.

use std::{
    fmt,
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
    time::Duration,
};

use crate::control::dns;

use super::{
    BackendTls, Balance, Cache, CircuitBreaker, Ejection, Factor, Hash, HealthCheck, Hedge,
    LoadReports, Name, NonEmpty, Queue, RetryBudget, Sticky, Throttle,
};

/// Backends behind a name: `[pools.NAME]`.
///
/// # Defaults
///
/// - `backends`: required
/// - `balance`: `"p2c"`
/// - `overprovisioning`: `1.4`
/// - `protocol`: `"h1"`
/// - `connect_timeout`: `"500ms"`
/// - `idle_timeout`: `"4s"`
/// - `max_idle_connections`: `64`
/// - `max_h2_connections`: `8`
/// - `h2_ping_interval`: `"30s"`
/// - `h2_ping_timeout`: `"5s"`
/// - `max_in_flight`: `10000`
/// - `proxy`: `false`
/// - `adaptive_limit`: `true`
/// - `max_in_flight_per_backend`: as many as come
/// - `leave_metastable`: `true`
/// - `slow_start`: `"5s"`
/// - `ride_out`: `"5s"`
/// - `max_waiting`: `4096`
/// - `dns_refresh`: `"10s"`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolConfig {
    /// The pool's name.
    pub name: Name,
    /// The backends, in the order of the file; no two have the same name or the same address.
    pub backends: NonEmpty<Backend>,
    /// How a backend is chosen.
    pub balance: Balance,
    /// How much more than its share of the traffic a level or a zone can carry.
    pub overprovisioning: Factor,
    /// The zone of the server.
    pub zone: Option<Name>,
    /// The key of requests, if `balance` asks for one.
    pub hash: Option<Hash>,
    /// The cookie that keeps clients with their backends, if any.
    pub sticky: Option<Sticky>,
    /// What is done with load reports; `None`: they are not listened to.
    pub load_reports: Option<LoadReports>,
    /// What is spoken to the backends.
    pub protocol: BackendProtocol,
    /// How long connecting to a backend may take, with the TLS handshake if there is one.
    pub connect_timeout: Duration,
    /// How long an unused connection to a backend is kept.
    pub idle_timeout: Duration,
    /// Unused connections kept per worker and backend.
    pub max_idle_connections: usize,
    /// HTTP/2 connections per worker and backend, at most.
    pub max_h2_connections: NonZeroU32,
    /// How long an HTTP/2 connection with open streams may be silent until it is pinged; zero: for
    /// ever.
    pub h2_ping_interval: Duration,
    /// How long the answer to a ping may take.
    pub h2_ping_timeout: Duration,
    /// Requests that may be under way at once, over all workers; more are shed.
    pub max_in_flight: NonZeroU32,
    /// The backends are proxies that try again themselves, and whose word about failures counts.
    pub proxy: bool,
    /// Whether the pool finds out by itself how many requests its backends can work on at once.
    pub adaptive_limit: bool,
    /// Requests that each backend may have in flight; `None`: as many as come.
    pub max_in_flight_per_backend: Option<NonZeroU32>,
    /// Whether an overload that keeps itself going is broken.
    pub leave_metastable: bool,
    /// How long a backend that comes back takes to reach its full share.
    pub slow_start: Duration,
    /// How long requests wait for a pool that may be back soon; zero: they do not.
    pub ride_out: Duration,
    /// Requests that may wait so at once.
    pub max_waiting: u32,
    /// How often names are resolved again.
    pub dns_refresh: Duration,
    /// TLS to those of the backends that are `https`; `None` if none is.
    pub tls: Option<BackendTls>,
    /// Active checks, if any.
    pub health_check: Option<HealthCheck>,
    /// The pool's circuit breaker, unless it is switched off.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// What retries may cost.
    pub retry_budget: RetryBudget,
    /// When requests that are late are sent to a second backend, if they are at all.
    pub hedge: Option<Hedge>,
    /// When a backend is taken out by what its requests show, unless that is switched off.
    pub ejection: Option<Ejection>,
    /// When requests are held back, if they are at all.
    pub throttle: Option<Throttle>,
    /// What is kept of its answers for bad times; `None`: nothing.
    pub cache: Option<Cache>,
    /// Where requests wait while as many are under way as may be.
    pub queue: Queue,
}

/// What is spoken to the backends of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendProtocol {
    /// HTTP/1.1.
    #[default]
    H1,
    /// HTTP/2: with prior knowledge, or negotiated where there is TLS.
    H2,
}

/// One entry of `backends`: a URL, or a table with these keys.
///
/// # Defaults
///
/// - `url`: required
/// - `name`: host and port of the URL
/// - `weight`: `1`
/// - `priority`: `0`
/// - `max_in_flight`: `max_in_flight_per_backend` of the pool
/// - `zone`: nowhere in particular
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backend {
    /// What it is called. A DNS name that has several addresses stands for as many backends,
    /// each of which is called by this and its address.
    pub name: Name,
    /// Whether TLS is spoken with it.
    pub scheme: Scheme,
    /// Where it is.
    pub target: Target,
    /// Its share of the requests, relative to that of the others.
    pub weight: NonZeroU32,
    /// Its level: the lowest number gets the traffic as long as it can carry it.
    pub priority: u8,
    /// Requests that it may have in flight; `None`: as the pool says.
    pub max_in_flight: Option<NonZeroU32>,
    /// Where it stands.
    pub zone: Option<Name>,
}

/// The scheme of a backend's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain text.
    Http,
    /// TLS.
    Https,
}

/// Where a backend is. Shown as `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// At one address.
    Address(SocketAddr),
    /// At every address of a DNS name.
    Dns {
        /// The name, in lower case.
        host: Arc<str>,
        /// The port at each of its addresses.
        port: NonZeroU16,
    },
    /// Wherever the SRV records of a service say.
    Srv {
        /// The name, in lower case: `_service._protocol.domain`.
        name: Arc<str>,
    },
}

// === impl Scheme ===

impl Scheme {
    /// `http` or `https`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that it implies (RFC 9110 §4.2).
    pub const fn port(self) -> NonZeroU16 {
        match self {
            Self::Http => NonZeroU16::MIN.saturating_add(79),
            Self::Https => NonZeroU16::MIN.saturating_add(442),
        }
    }
}

// === impl Target ===

impl Target {
    /// The name that DNS is asked for, if it is one.
    pub const fn name(&self) -> Option<&Arc<str>> {
        match self {
            Self::Address(_) => None,
            Self::Dns { host, .. } => Some(host),
            Self::Srv { name } => Some(name),
        }
    }

    /// The host as it stands in a URL; of a service, the domain whose service it is.
    pub fn host(&self) -> String {
        match self {
            Self::Address(SocketAddr::V4(address)) => address.ip().to_string(),
            Self::Address(SocketAddr::V6(address)) => format!("[{}]", address.ip()),
            Self::Dns { host, .. } => host.to_string(),
            Self::Srv { name } => dns::domain(name).to_owned(),
        }
    }

    /// The port; `None`: that is for SRV records to say.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Address(address) => Some(address.port()),
            Self::Dns { port, .. } => Some(port.get()),
            Self::Srv { .. } => None,
        }
    }

    /// Whom to ask for there: host and port, or the domain of a service.
    pub fn authority(&self) -> String {
        match self {
            Self::Srv { .. } => self.host(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Dns { host, port } => write!(f, "{host}:{port}"),
            Self::Srv { name } => f.write_str(name),
        }
    }
}
