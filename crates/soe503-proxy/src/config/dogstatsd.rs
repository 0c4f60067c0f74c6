//! Metrics for a DogStatsD server: what is sent, and where.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Metrics that are sent to a DogStatsD server: `[telemetry.dogstatsd]`.
///
/// # Defaults
///
/// - `address`: as `DD_DOGSTATSD_URL` says, or `DD_AGENT_HOST` and `DD_DOGSTATSD_PORT`; else `"127.0.0.1:8125"`
/// - `namespace`: `"soe503"`
/// - `tags`: `{}`
/// - `interval`: `"10s"`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dogstatsd {
    /// Where the server is; `None`: as the environment says.
    pub address: Option<StatsdAddress>,
    /// What names begin with.
    pub namespace: Arc<str>,
    /// Tags of all metrics.
    pub tags: Vec<(Arc<str>, Arc<str>)>,
    /// How often they are sent.
    pub interval: Duration,
}

/// Where a DogStatsD server is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatsdAddress {
    /// UDP at this address.
    Udp(SocketAddr),
    /// UDP at this host and port.
    Host(Arc<str>, u16),
    /// A Unix datagram socket.
    Unix(PathBuf),
}

// === impl StatsdAddress ===

impl StatsdAddress {
    /// Where agents listen if nobody says otherwise.
    pub const PORT: u16 = 8125;
}

impl fmt::Display for StatsdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => address.fmt(f),
            Self::Host(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}
