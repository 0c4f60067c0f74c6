//! Names of backends, kept resolved in the background.
//!
//! A request never waits for DNS: each name of each pool is looked up again every `dns_refresh`
//! (plus jitter, never sooner than the answer's TTL floor), and the pool's set of backends is replaced
//! when the answer changed. State is kept by address, so a backend that leaves and returns keeps
//! its history (row 27 of the failure modes).
//!
//! What an answer does, given the one in use:
//!
//! | answer | never resolved | resolved before |
//! | --- | --- | --- |
//! | addresses | used | used; the same set changes nothing |
//! | NXDOMAIN, no records | pool without it, `misconfiguration/dns_nxdomain` | last good answer stays, trouble shown |
//! | SERVFAIL, REFUSED, timeout | pool without it, `dependency_failure/dns_failure` | last good answer stays, trouble shown |
//! | SRV: the service is not offered (`.`) | pool without it, `misconfiguration/dns_nxdomain` | last good answer stays, trouble shown |
//! | SRV: a target has no address | the other targets | its last addresses stay, trouble shown |
//!
//! Why keep an answer that an authority has withdrawn? Because the common case of an empty answer
//! is a discovery system that lost its own store, and old addresses that still work beat none; those that
//! do not work are found out by checks and ejection anyway (row 26). The price: a name that is
//! deleted on purpose keeps its last backends until the configuration is changed. The trouble is
//! visible in `soe503_dns_failing` and in the reason of the pool's readiness.

mod answers;
mod lookup;
mod refresh;
mod resolver;
mod service;

pub use answers::{Answers, Change};
pub use refresh::{Settings, refresh};
pub use resolver::{Answer, DnsError, Resolve, SystemResolver};
pub use service::{Missing, Place, Service, domain, is_service, places};
