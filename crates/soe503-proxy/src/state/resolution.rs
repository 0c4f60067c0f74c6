//! What DNS last said about one name of a pool.

use std::net::IpAddr;
use std::sync::Arc;

use soe503_core::{Cause, Tick};

use crate::control::dns::{Answer, DnsError, Missing, Service};

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
    /// If the name is that of a service: where it is, sorted.
    pub services: Vec<Service>,
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
            services: Vec::new(),
            confirmed: None,
            trouble: None,
        }
    }

    /// Takes in a good answer; what it lacks of a service stays as it was. `false`: all is as before.
    pub(crate) fn take_in(&mut self, mut answer: Answer) -> bool {
        let kept = self.services.iter().filter(|known| {
            let lacks = |missing: &Missing| missing.target == known.target;
            answer.missing.iter().any(lacks)
        });
        let kept: Vec<Service> = kept.cloned().collect();
        if !kept.is_empty() {
            answer.addresses.extend(kept.iter().map(|s| s.address.ip()));
            answer.addresses.sort_unstable();
            answer.addresses.dedup();
            answer.services.extend(kept);
            answer.services.sort_unstable();
        }
        let moved = (&self.addresses, &self.services) != (&answer.addresses, &answer.services);
        (self.addresses, self.services) = (answer.addresses, answer.services);
        moved
    }

    /// The latest lookup did not work, or not in full. `false`: that was known.
    pub(crate) fn fails(&mut self, error: DnsError, now: Tick) -> bool {
        let before = self.trouble.take();
        let cause = error.cause();
        let news = before.as_ref().is_none_or(|old| old.cause != cause);
        let since = match &before {
            Some(old) if !news => old.since,
            _ => now,
        };
        self.trouble = Some(Trouble {
            cause,
            rcode: error.rcode,
            text: error.text.into(),
            since,
        });
        news
    }

    /// The name has given addresses at least once.
    pub const fn resolved_before(&self) -> bool {
        self.confirmed.is_some()
    }
}
