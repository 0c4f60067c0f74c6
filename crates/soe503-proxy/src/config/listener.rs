//! Where clients connect, and what they may do there.

use std::{
    net::{IpAddr, SocketAddr},
    num::{NonZeroU8, NonZeroU32, NonZeroUsize},
    time::Duration,
};

use super::{Exposure, Forwarded, ListenerTls, Networks};

/// An address that clients connect to: `[[listeners]]`.
///
/// # Defaults
///
/// - `address`: required
/// - `protocols`: `["h1", "h2"]`
/// - `explain`: `"internal"` at a loopback or private address, else `"public"`
/// - `proxy_protocol`: `"off"`
/// - `trusted`: `[]`
/// - `trace_context`: `false`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    /// The protocols it speaks.
    pub protocols: Protocols,
    /// How much a client is told about a failure.
    pub explain: Exposure,
    /// Who is told more.
    pub explain_to: ExplainTo,
    /// TLS, unless it is off.
    pub tls: Option<ListenerTls>,
    /// The networks whose connections begin with a PROXY protocol header; others are refused. `None`:
    /// no connection has one.
    pub proxy_protocol: Option<Networks>,
    /// Whether `traceparent` is extended or made.
    pub trace_context: bool,
    /// How backends are told about the way of a request.
    pub forwarded: Forwarded,
    /// What one client may cost.
    pub limits: Limits,
}

/// Clients that are told more about a failure than others: `[listeners.explain_to]`.
///
/// # Defaults
///
/// - `internal`: `[]`
/// - `full`: `[]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainTo {
    /// Networks whose clients are told as much as [`Exposure::Internal`] tells.
    pub internal: Networks,
    /// Networks whose clients are told everything.
    pub full: Networks,
}

/// The protocols of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocols {
    /// HTTP/1.0 and HTTP/1.1.
    H1,
    /// HTTP/2 with prior knowledge.
    H2,
    /// Both; the first bytes of a connection decide.
    Both,
}

/// What clients of a listener may cost: `[listeners.limits]`.
///
/// # Defaults
///
/// - `max_header_bytes`: `"64KiB"`
/// - `max_headers`: `100`
/// - `max_target_bytes`: `"8KiB"`
/// - `header_read_timeout`: `"10s"`
/// - `body_read_timeout`: `"60s"`
/// - `min_body_rate`: `"240B"`, the default of Kestrel
/// - `idle_timeout`: `"60s"`
/// - `max_connections`: `10000`
/// - `max_connections_per_client`: no limit
/// - `max_hops`: `10`
/// - `max_h2_streams`: `100`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request's head; more is answered with 431.
    pub max_header_bytes: u32,
    /// Header fields of a request; more is answered with 431.
    pub max_headers: NonZeroUsize,
    /// Bytes of a request's target, path and query together; more is answered with 414.
    pub max_target_bytes: usize,
    /// From the first byte of a request's head to its last.
    pub header_read_timeout: Duration,
    /// How long a client may send nothing of a request's body while it is waited for.
    pub body_read_timeout: Duration,
    /// As many bytes of a body must come per second of waiting for it, after the first five
    /// seconds; 0: any number will do.
    pub min_body_rate: u64,
    /// How long a connection may stay open between requests.
    pub idle_timeout: Duration,
    /// Connections of the listener, over all workers.
    pub max_connections: NonZeroUsize,
    /// Connections of one client (an IPv4 address, an IPv6 /64), over all workers.
    pub max_connections_per_client: Option<NonZeroUsize>,
    /// How often `Via` may name us; more is a loop, answered with 508.
    pub max_hops: NonZeroU8,
    /// Concurrent requests on one HTTP/2 connection.
    pub max_h2_streams: NonZeroU32,
}

// === impl Protocols ===

impl Protocols {
    /// Whether HTTP/1 is among them.
    pub const fn h1(self) -> bool {
        matches!(self, Self::H1 | Self::Both)
    }

    /// Whether HTTP/2 is among them.
    pub const fn h2(self) -> bool {
        matches!(self, Self::H2 | Self::Both)
    }
}

// === impl Listener ===

impl ExplainTo {
    pub(super) const fn new(internal: Networks, full: Networks) -> Self {
        Self { internal, full }
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.internal.is_empty() && self.full.is_empty()
    }

    /// What a client at `address` is told where others are told `least`; `None`: the same.
    pub fn more_than(&self, least: Exposure, address: IpAddr) -> Option<Exposure> {
        let more = if self.full.contains(address) {
            Exposure::Full
        } else if self.internal.contains(address) {
            Exposure::Internal
        } else {
            return None;
        };
        (more > least).then_some(more)
    }
}

impl Listener {
    /// How much clients at `address` are told by default: `Internal` if only this machine or a
    /// private network can reach it, else `Public`. The unspecified address is public: nobody
    /// knows who can reach it.
    pub(super) fn exposure_at(address: SocketAddr) -> Exposure {
        let inside = match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
            IpAddr::V6(ip) => {
                ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
            }
        };
        if inside {
            Exposure::Internal
        } else {
            Exposure::Public
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_told_less() {
        for (address, exposure) in [
            ("127.0.0.1:80", Exposure::Internal),
            ("10.1.2.3:80", Exposure::Internal),
            ("172.16.0.1:80", Exposure::Internal),
            ("192.168.1.1:80", Exposure::Internal),
            ("[::1]:80", Exposure::Internal),
            ("[fd00::1]:80", Exposure::Internal),
            ("[fe80::1]:80", Exposure::Internal),
            ("0.0.0.0:80", Exposure::Public),
            ("[::]:80", Exposure::Public),
            ("172.32.0.1:80", Exposure::Public),
            ("203.0.113.5:80", Exposure::Public),
            ("[2001:db8::1]:80", Exposure::Public),
        ] {
            assert_eq!(
                Listener::exposure_at(address.parse().unwrap()),
                exposure,
                "{address}"
            );
        }
    }
}
