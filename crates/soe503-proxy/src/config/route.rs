//! Which requests go to which pool, and how hard the proxy tries.

use std::{
    fmt,
    num::{NonZeroU8, NonZeroU32},
    sync::Arc,
    time::Duration,
};

use http::{HeaderName, Method};
use soe503_core::limit::Class;

use super::{
    Failover, Fallback, HeaderRules, HostPolicy, MaintenanceBypass, PageFile, PoolConfig,
    RateLimit, Rewrite,
};

/// A match and what happens to the requests that it accepts: `[[routes]]`.
///
/// # Defaults
///
/// - `pool`: required
/// - `timeout`: `"15s"`
/// - `host`: `"preserve"`
/// - `rewrite_prefix`: the path stays as it is
/// - `strip_prefix`: `false`
/// - `max_body`: no limit
/// - `priority`: `"normal"`
/// - `priority_header`: what clients say is not believed
/// - `max_in_flight`: as many as the pool takes
/// - `rate_limits`: no limits
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The requests it accepts.
    pub matches: Match,
    /// Where they go.
    pub pool: Arc<PoolConfig>,
    /// The whole time of a request until the answer's head, retries included.
    pub timeout: Duration,
    /// The `Host` that backends are asked for.
    pub host: HostPolicy,
    /// What takes the place of the match's `path_prefix`, if the path is changed.
    pub rewrite: Option<Rewrite>,
    /// Bytes of a request's body; more is answered with 413. `None`: no limit.
    pub max_body: Option<u64>,
    /// How important its requests are.
    pub priority: Class,
    /// The field by which clients may say so themselves. `None`: they are not believed.
    pub priority_header: Option<HeaderName>,
    /// Requests of this route under way at once, over all workers. `None`: as many as the pool takes.
    pub max_in_flight: Option<NonZeroU32>,
    /// What is done to the fields of requests.
    pub request_headers: HeaderRules,
    /// What is done to the fields of answers.
    pub response_headers: HeaderRules,
    /// How failed attempts are repeated.
    pub retry: Retry,
    /// How much callers may send.
    pub rate_limits: Vec<Arc<RateLimit>>,
    /// Who is let through while it is interrupted.
    pub maintenance_bypass: MaintenanceBypass,
    /// Pages for people in the place of the proxy's own.
    pub pages: Vec<PageFile>,
    /// Other pools for what its own cannot serve.
    pub failover: Option<Failover>,
    /// A static answer instead of failures.
    pub fallback: Option<Fallback>,
}

/// Which requests a route accepts: `match = { … }`. All conditions that are given must hold.
///
/// # Defaults
///
/// - `host`: any host
/// - `path_prefix`: any path
/// - `methods`: any method
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Match {
    /// The host of the request.
    pub host: Host,
    /// Whole segments with which the path begins; no trailing slash; empty for any path.
    pub path_prefix: Arc<str>,
    /// The methods, in the order of the file; empty for any method.
    pub methods: Vec<Method>,
}

/// A condition on the host of a request, without port, compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Host {
    /// Any host, also a missing one.
    #[default]
    Any,
    /// Any host that ends in a dot and this lower-case text (`*.example.com`).
    Under(Arc<str>),
    /// This host, in lower case.
    Exact(Arc<str>),
}

/// How failed attempts are repeated: `retry = { … }`.
///
/// # Defaults
///
/// - `attempts`: `3`
/// - `attempt_timeout`: `"5s"`, but not more than the route's `timeout`
/// - `backoff_base`: `"25ms"`
/// - `backoff_max`: `"250ms"`
/// - `max_body`: `"64KiB"`
/// - `on_status`: `[500, 502, 503, 504]`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Attempts in total, the first included; 1 never retries.
    pub attempts: NonZeroU8,
    /// How long one attempt may take until the answer's head. Never more than the route's timeout.
    pub attempt_timeout: Duration,
    /// The first pause is random, up to this.
    pub backoff_base: Duration,
    /// The upper end of the pause doubles with each attempt up to this.
    pub backoff_max: Duration,
    /// Bytes of a request body that are kept for another attempt; a longer body is sent once.
    pub max_body: u64,
    /// The answers of a backend that are worth another attempt.
    pub on_status: Vec<u16>,
}

// === impl Match ===

impl Match {
    /// Whether a request for `path` with `method` on `host` (as in the `Host` header or the
    /// authority; a port is ignored) is accepted.
    pub fn accepts(&self, host: Option<&str>, path: &str, method: &Method) -> bool {
        self.host.accepts(host) && under(path, &self.path_prefix) && self.accepts_method(method)
    }

    /// Whether the condition on the method holds.
    pub(crate) fn accepts_method(&self, method: &Method) -> bool {
        self.methods.is_empty() || self.methods.contains(method)
    }

    /// What is compared to find the most specific of several matches: greater is tried first.
    pub(crate) fn precedence(&self) -> impl Ord + use<> {
        let host = match &self.host {
            Host::Any => (0, 0),
            Host::Under(suffix) => (1, suffix.len()),
            Host::Exact(_) => (2, 0),
        };
        (host, self.path_prefix.len(), !self.methods.is_empty())
    }
}

/// As in `GET,POST *.example.com/api`; `*` where any host will do.
impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, method) in self.methods.iter().enumerate() {
            write!(f, "{}{method}", if index == 0 { "" } else { "," })?;
        }
        if !self.methods.is_empty() {
            f.write_str(" ")?;
        }
        match &self.host {
            Host::Any => f.write_str("*")?,
            Host::Under(suffix) => write!(f, "*.{suffix}")?,
            Host::Exact(host) => f.write_str(host)?,
        }
        write!(f, "{}/", self.path_prefix)
    }
}

// === impl Host ===

impl Host {
    /// Whether `host`, with or without port, fulfils the condition.
    pub fn accepts(&self, host: Option<&str>) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::Exact(name), Some(host)) => without_port(host).eq_ignore_ascii_case(name),
            (Self::Under(suffix), Some(host)) => {
                let host = without_port(host).as_bytes();
                host.len().checked_sub(suffix.len() + 1).is_some_and(|dot| {
                    dot > 0
                        && host[dot] == b'.'
                        && host[dot + 1..].eq_ignore_ascii_case(suffix.as_bytes())
                })
            }
        }
    }
}

/// Whether the segments of `prefix` are the first of `path`: `/api` has `/api` and `/api/x`, not `/apix`.
fn under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// `host` without `:port` and without the dot that may end an absolute name.
pub(crate) fn without_port(host: &str) -> &str {
    let host = match host.rfind(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    };
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let exact = Host::Exact("shop.example".into());
        let under = Host::Under("example".into());
        for (host, is_exact, is_under) in [
            (Some("shop.example"), true, true),
            (Some("SHOP.example:8080"), true, true),
            (Some("shop.example."), true, true),
            (Some("a.shop.example"), false, true),
            (Some("example"), false, false),
            (Some(".example"), false, false),
            (Some("shopexample"), false, false),
            (Some("[::1]:80"), false, false),
            (Some(""), false, false),
            (None, false, false),
        ] {
            assert_eq!(exact.accepts(host), is_exact, "exact {host:?}");
            assert_eq!(under.accepts(host), is_under, "under {host:?}");
            assert!(Host::Any.accepts(host));
        }
        assert!(Host::Exact("[::1]".into()).accepts(Some("[::1]:80")));
        assert!(Host::Exact("[::1]".into()).accepts(Some("[::1]")));
    }

    #[test]
    fn paths_match_by_segment_and_methods_exactly() {
        let matches = Match {
            path_prefix: "/api".into(),
            methods: vec![Method::GET],
            ..Match::default()
        };
        for (path, accepted) in [
            ("/api", true),
            ("/api/", true),
            ("/api/x", true),
            ("/apix", false),
            ("/", false),
            ("", false),
        ] {
            assert_eq!(
                matches.accepts(None, path, &Method::GET),
                accepted,
                "{path}"
            );
        }
        assert!(!matches.accepts(None, "/api", &Method::POST));
        assert!(Match::default().accepts(None, "*", &Method::OPTIONS));
    }
}
