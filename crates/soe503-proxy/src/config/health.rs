//! Active health checks.

use std::{fmt, num::NonZeroU32, ops::RangeInclusive, sync::Arc, time::Duration};

use soe503_core::health::Health;

use super::BackendProtocol;

/// Active checks of every backend of a pool: `[pools.NAME.health_check]`.
///
/// # Defaults
///
/// - `type`: `"http"`
/// - `path`: required for `"http"`, not allowed for the others
/// - `host`: the backend's own host and port
/// - `expect`: `"200-399"`
/// - `service`: the server as a whole
/// - `interval`: `"2s"`
/// - `fast_interval`: `"500ms"`
/// - `down_interval`: `"5s"`
/// - `timeout`: `"1s"`
/// - `rise`: `2`
/// - `fall`: `3`
/// - `initial`: `"up"`
/// - `overruled_by_traffic`: `true`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthCheck {
    /// What is tried.
    pub probe: Probe,
    /// From one check to the next; each is moved a little at random.
    pub interval: Duration,
    /// The same while in doubt. Never more than the interval.
    pub fast_interval: Duration,
    /// What the pauses grow to while a backend stays unhealthy. Never less than the interval.
    pub down_interval: Duration,
    /// How long one check may take, connecting included. Never more than the interval.
    pub timeout: Duration,
    /// Good checks in a row that make a backend healthy.
    pub rise: NonZeroU32,
    /// Bad checks in a row that make a backend unhealthy.
    pub fall: NonZeroU32,
    /// What is assumed before the first check.
    pub initial: Health,
    /// Whether requests that are answered overrule a check that gets no verdict.
    pub overruled_by_traffic: bool,
}

/// What a health check tries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Probe {
    /// Open a connection, with TLS where that is spoken, and close it.
    Tcp,
    /// Shake hands by TLS, and close the connection. Only for backends that speak it.
    Tls,
    /// The gRPC health protocol: `grpc.health.v1.Health/Check`.
    Grpc {
        /// The service to ask about; empty: the server as a whole.
        service: Arc<str>,
        /// The `:authority` to send; `None` sends the backend's own.
        host: Option<Arc<str>>,
    },
    /// `GET` a path.
    Http {
        /// The path, with its query if it has one.
        path: Arc<str>,
        /// The `Host` to send; `None` sends the backend's own.
        host: Option<Arc<str>>,
        /// The answers that count as good.
        expect: StatusSet,
        /// What is spoken: as to the pool's requests.
        protocol: BackendProtocol,
    },
}

/// A set of status codes, written like `"200-299,404"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet(Vec<RangeInclusive<u16>>);

// === impl StatusSet ===

impl StatusSet {
    /// Reads `"200-399"`, `"200"` or a list of them with commas.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ranges = text.split(',').map(parse_range);
        ranges.collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Whether `status` is in the set.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

/// 200 to 399.
impl Default for StatusSet {
    fn default() -> Self {
        Self(vec![200..=399])
    }
}

/// As [`StatusSet::parse`] reads it.
impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, range) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{}", range.start())?;
            if range.start() != range.end() {
                write!(f, "-{}", range.end())?;
            }
        }
        Ok(())
    }
}

fn parse_range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (parse_status(first)?, parse_status(last)?);
    if first > last {
        return Err(format!("the range {first}-{last} is empty"));
    }
    Ok(first..=last)
}

fn parse_status(text: &str) -> Result<u16, String> {
    match text.trim().parse() {
        Ok(status @ 100..=599) => Ok(status),
        _ => Err(format!("{:?} is not a status code", text.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_sets() {
        let set = StatusSet::parse("200-299, 404").unwrap();
        for (status, inside) in [
            (199, false),
            (200, true),
            (299, true),
            (300, false),
            (404, true),
        ] {
            assert_eq!(set.contains(status), inside, "{status}");
        }
        assert_eq!(set.to_string(), "200-299,404");
        for bad in ["", "2xx", "399-200", "200-", "99", "600", "200,,201", "-"] {
            assert!(StatusSet::parse(bad).is_err(), "{bad:?}");
        }
    }
}
