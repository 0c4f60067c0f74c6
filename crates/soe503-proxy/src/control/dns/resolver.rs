//! Asking: one name in, addresses and a TTL out, or what exactly went wrong.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError as Negative, NetError};
use soe503_core::Cause;

use super::lookup;
use super::service::{Missing, Service, is_service};

/// Addresses, and for how long they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Sorted, without duplicates, never empty.
    pub addresses: Vec<IpAddr>,
    /// Of a [service](is_service): where it is, sorted. Empty for other names.
    pub services: Vec<Service>,
    /// Of a service: targets without an address.
    pub missing: Vec<Missing>,
    /// The smallest TTL among the records.
    pub ttl: Duration,
}

/// A lookup that gave no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct DnsError {
    /// The response code where a server answered (0: it answered with no address); `None`: no
    /// answer in time, or none that can be read.
    pub rcode: Option<u16>,
    /// What happened, for people.
    pub text: String,
}

/// Something that resolves names.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`; of a [service](is_service), those of its targets.
    fn resolve(&self, host: &str) -> impl Future<Output = Result<Answer, DnsError>> + Send;
}

/// The system's resolver: `/etc/resolv.conf`, `/etc/hosts`, and `localhost` by definition.
///
/// IPv6 is asked for only where there is no IPv4 address: a backend with both would otherwise
/// appear twice in its pool. Nothing is cached here; the refresh loop is the cache.
pub struct SystemResolver {
    built: Mutex<Built>,
}

struct Built {
    resolver: TokioResolver,
    /// When the files behind the resolver last changed; `None` for a fixed configuration.
    stamp: Option<Stamp>,
}

type Stamp = [Option<SystemTime>; 2];

const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];
/// One server's time to answer; two tries follow each other. Lookups run in the background, so
/// the only thing that waits is the start of the process.
const TIMEOUT: Duration = Duration::from_secs(2);

// === impl DnsError ===

impl DnsError {
    /// What this failure is called: an authority that says "no such name" is a mistake in a
    /// configuration; a server that fails or is silent is a broken dependency.
    pub const fn cause(&self) -> Cause {
        match self.rcode {
            Some(0 | 3) => Cause::ConfigDnsNxdomain,
            _ => Cause::DependencyDnsFailure,
        }
    }
}

// === impl SystemResolver ===

impl SystemResolver {
    /// A resolver with the system's configuration. Without a readable `/etc/resolv.conf` it asks
    /// 127.0.0.1, as libc does.
    ///
    /// # Errors
    ///
    /// When no resolver can be built at all.
    pub fn from_system() -> Result<Self, DnsError> {
        Ok(Self {
            built: Mutex::new(Built {
                resolver: from_files()?,
                stamp: Some(stamp()),
            }),
        })
    }

    /// A resolver that asks the servers of `config`, whatever the system says.
    ///
    /// # Errors
    ///
    /// When no resolver can be built from it.
    pub fn with_config(config: ResolverConfig, timeout: Duration) -> Result<Self, DnsError> {
        let mut options = ResolverOpts::default();
        options.timeout = timeout;
        options.attempts = 1;
        Ok(Self {
            built: Mutex::new(Built {
                resolver: build(config, options)?,
                stamp: None,
            }),
        })
    }

    /// The resolver as the files are now: a changed `/etc/hosts` counts without a restart.
    fn current(&self) -> TokioResolver {
        let mut built = self
            .built
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if built.stamp.is_some_and(|old| old != stamp()) {
            built.stamp = Some(stamp());
            // A file that cannot be read at this moment leaves the resolver as it was.
            if let Ok(resolver) = from_files() {
                built.resolver = resolver;
            }
        }
        built.resolver.clone()
    }
}

impl std::fmt::Debug for SystemResolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SystemResolver").finish_non_exhaustive()
    }
}

impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> Result<Answer, DnsError> {
        let resolver = self.current();
        if is_service(host) {
            return lookup::service(&resolver, host).await;
        }
        let (addresses, ttl) = lookup::addresses(&resolver, host).await?;
        Ok(Answer {
            addresses,
            ttl: Duration::from_secs(u64::from(ttl)),
            ..Answer::default()
        })
    }
}

fn from_files() -> Result<TokioResolver, DnsError> {
    let (config, mut options) = hickory_resolver::system_conf::read_system_conf().unwrap_or_else(|error| {
        tracing::warn!(%error, "the system's resolver configuration cannot be read; asking 127.0.0.1");
        let local = hickory_resolver::config::NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
        (ResolverConfig::from_name_servers(vec![local]), ResolverOpts::default())
    });
    options.timeout = options.timeout.min(TIMEOUT);
    build(config, options)
}

fn build(config: ResolverConfig, mut options: ResolverOpts) -> Result<TokioResolver, DnsError> {
    options.ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
    options.cache_size = 0;
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options;
    builder.build().map_err(|error| DnsError {
        rcode: None,
        text: format!("no resolver: {error}"),
    })
}

fn stamp() -> Stamp {
    FILES.map(|file| {
        std::fs::metadata(file)
            .and_then(|meta| meta.modified())
            .ok()
    })
}

pub(super) fn explain(host: &str, error: &NetError) -> DnsError {
    match error {
        NetError::Dns(Negative::NoRecordsFound(none)) => match u16::from(none.response_code) {
            0 => empty(host),
            rcode => code(host, rcode),
        },
        NetError::Dns(Negative::ResponseCode(rcode)) => code(host, u16::from(*rcode)),
        NetError::Timeout => DnsError {
            rcode: None,
            text: format!("no answer in time for {host}"),
        },
        other => DnsError {
            rcode: None,
            text: format!("{host}: {other}"),
        },
    }
}

pub(super) fn empty(host: &str) -> DnsError {
    DnsError {
        rcode: Some(0),
        text: format!("{host} exists and has no address"),
    }
}

fn code(host: &str, rcode: u16) -> DnsError {
    let text = match rcode {
        2 => format!("the server failed to resolve {host} (SERVFAIL)"),
        3 => format!("there is no such name as {host} (NXDOMAIN)"),
        5 => format!("the server refused to resolve {host} (REFUSED)"),
        other => format!("the server answered code {other} for {host}"),
    };
    DnsError {
        rcode: Some(rcode),
        text,
    }
}
