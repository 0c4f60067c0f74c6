//! What DNS last said about one name of a pool.

use std::net::IpAddr;
use std::sync::Arc;

use soe503_core::{Cause, Tick};

/// The state of one name: the answer in use, and what is wrong with the latest one, if anything.
///
/// A failure keeps the last good answer in use (RFC 8767 in spirit): `trouble` is then set while
/// `addresses` is not empty. A name that never resolved has no addresses, and its `trouble` is
/// what takes the pool down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The name, as in the configuration.
    pub host: Arc<str>,
    /// The addresses in use, sorted.
    pub addresses: Vec<IpAddr>,
    /// When they were last confirmed by an answer; `None`: never.
    pub confirmed: Option<Tick>,
    /// Why the latest lookup changed nothing, if it did not work.
    pub trouble: Option<Trouble>,
}

/// A lookup that did not give addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// `misconfiguration/dns_nxdomain` or `dependency_failure/dns_failure`.
    pub cause: Cause,
    /// The DNS response code, where a server answered.
    pub rcode: Option<u16>,
    /// What the resolver said, for people.
    pub text: Arc<str>,
    /// When this trouble began.
    pub since: Tick,
}

impl Resolution {
    /// A name nobody has asked about yet.
    pub const fn pending(host: Arc<str>) -> Self {
        Self {
            host,
            addresses: Vec::new(),
            confirmed: None,
            trouble: None,
        }
    }

    /// The name has given addresses at least once.
    pub const fn resolved_before(&self) -> bool {
        self.confirmed.is_some()
    }
}
