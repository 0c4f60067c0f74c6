//! How much callers may send.

use std::{fmt, sync::Arc};

use http::HeaderName;
use soe503_core::rate::{ClientPrefix, RateConfig};

use super::Name;

/// A named limit on the rate of requests: `[rate_limits.NAME]`. Routes that name it share it.
///
/// # Defaults
///
/// - `requests`: required
/// - `per`: `"1s"`
/// - `burst`: `requests`
/// - `by`: `"client"`
/// - `ipv4_prefix`: `32`
/// - `ipv6_prefix`: `64`
/// - `max_keys`: `65536`
/// - `status`: `429`
/// - `shadow`: `false`
/// - `announce`: `true` if `by` tells callers apart
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Its name.
    pub name: Name,
    /// What it allows.
    pub decisions: RateConfig,
    /// What a caller is.
    pub by: LimitBy,
    /// How many leading bits of addresses make a caller.
    pub prefix: ClientPrefix,
}

/// What a limit tells callers apart by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitBy {
    /// The network of the client's address.
    Client,
    /// Nothing: all requests count together.
    Everyone,
    /// The route.
    Route,
    /// A header field.
    Header(HeaderName),
    /// A cookie.
    Cookie(Arc<str>),
}

/// As it is written in a file.
impl fmt::Display for LimitBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => f.write_str("client"),
            Self::Everyone => f.write_str("everyone"),
            Self::Route => f.write_str("route"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
        }
    }
}
