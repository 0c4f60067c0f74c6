//! Traces: what is recorded, and where it goes.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;

use super::{BackendTls, Ratio, Secret};

/// Traces: `[telemetry.traces]`.
///
/// # Defaults
///
/// - `endpoint`: required
/// - `protocol`: `"http/protobuf"`
/// - `headers`: `{}`
/// - `headers_file`: no others
/// - `timeout`: `"10s"`
/// - `sampler`: `"parentbased_traceidratio"`
/// - `sample_ratio`: `0.01`
/// - `failures`: `true`
/// - `extract`: `["tracecontext"]`
/// - `inject`: `["tracecontext"]`
/// - `queue_size`: `2048`
/// - `batch_size`: `512`
/// - `export_interval`: `"5s"`
/// - `service_name`: `"soe503"`
/// - `resource_attributes`: `{}`
/// - `user_agent`: `false`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traces {
    /// The collector.
    pub endpoint: Endpoint,
    /// What is spoken there.
    pub protocol: Otlp,
    /// Fields that each export carries, those of `headers_file` among them.
    pub headers: Vec<(HeaderName, Secret)>,
    /// How long the collector may take for one answer.
    pub timeout: Duration,
    /// How it is connected to, for an `https` endpoint.
    pub tls: Option<BackendTls>,
    /// Whoever began a trace decides whether it is recorded.
    pub by_parent: bool,
    /// The share of the other traces that is recorded.
    pub sample_ratio: Ratio,
    /// Failures are recorded whether or not their trace is.
    pub failures: bool,
    /// Where the caller's context is looked for, in this order.
    pub extract: Propagators,
    /// How backends are told ours.
    pub inject: Propagators,
    /// Requests whose spans may wait.
    pub queue_size: NonZeroUsize,
    /// Spans of one export.
    pub batch_size: NonZeroUsize,
    /// The longest that a span waits for its batch to become full.
    pub export_interval: Duration,
    /// How the service is called.
    pub service_name: Arc<str>,
    /// What else is said about it.
    pub resource_attributes: Vec<(Arc<str>, Arc<str>)>,
    /// `User-Agent` is recorded.
    pub user_agent: bool,
}

/// Where a collector is: a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    secure: bool,
    host: Arc<str>,
    port: u16,
    path: Arc<str>,
}

/// A transport of OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Otlp {
    /// A `POST` for each batch.
    HttpProtobuf,
    /// A unary call for each batch.
    Grpc,
}

/// A format in which a trace's context travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Propagator {
    /// `traceparent` and `tracestate` (W3C Trace Context).
    TraceContext,
    /// `b3`.
    B3,
    /// `X-B3-TraceId` and others.
    B3Multi,
}

/// Some of the formats, in an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Propagators([Option<Propagator>; 3]);

// === impl Endpoint ===

impl Endpoint {
    /// `host` is a name or an address as it stands in a URL; `path` begins with a slash, or is empty.
    pub(super) fn new(secure: bool, host: &str, port: u16, path: &str) -> Self {
        Self {
            secure,
            host: host.into(),
            port,
            path: path.into(),
        }
    }

    /// Over TLS.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Its host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What is asked for over HTTP: the URL's path, or the one that OTLP has for traces.
    pub fn path(&self) -> &str {
        match &*self.path {
            "" | "/" => "/v1/traces",
            path => path,
        }
    }

    /// Whether the URL has a path of its own.
    pub(super) fn has_path(&self) -> bool {
        !matches!(&*self.path, "" | "/")
    }

    /// Host and port.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The URL of `path` there.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.authority())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url(&self.path))
    }
}

// === impl Otlp ===

impl Otlp {
    /// As the config has it, which is as OpenTelemetry has it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::Grpc => "grpc",
        }
    }
}

// === impl Propagator ===

impl Propagator {
    /// As the config has it, which is as `OTEL_PROPAGATORS` has it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::TraceContext => "tracecontext",
            Self::B3 => "b3",
            Self::B3Multi => "b3multi",
        }
    }
}

// === impl Propagators ===

impl Propagators {
    /// These, each once.
    pub fn new(wanted: impl IntoIterator<Item = Propagator>) -> Self {
        wanted.into_iter().fold(Self::default(), |mut all, one| {
            if !all.contains(one)
                && let Some(free) = all.0.iter_mut().find(|slot| slot.is_none())
            {
                *free = Some(one);
            }
            all
        })
    }

    /// In their order.
    pub fn iter(self) -> impl Iterator<Item = Propagator> {
        self.0.into_iter().flatten()
    }

    /// Whether `one` is among them.
    pub fn contains(self, one: Propagator) -> bool {
        self.0.contains(&Some(one))
    }
}
