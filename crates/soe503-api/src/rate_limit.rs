//! Rate limits: `GET /api/v1/rate_limits`.

use serde::{Deserialize, Serialize};

/// All rate limits, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RateLimits {
    /// The limits.
    pub rate_limits: Vec<RateLimit>,
}

/// One rate limit. Counters begin with the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RateLimit {
    /// Its name.
    pub name: String,
    /// What callers are told apart by: `client`, `everyone`, `route`, `header:NAME` or `cookie:NAME`.
    pub by: String,
    /// Requests in each `per_ms`, for each caller.
    pub requests: u32,
    /// The time that `requests` are for, in milliseconds.
    pub per_ms: u64,
    /// Requests that an idle caller may send at once.
    pub burst: u32,
    /// The status of refusals.
    pub status: u16,
    /// It counts, but refuses nobody.
    pub shadow: bool,
    /// The routes that share it.
    pub routes: Vec<String>,
    /// Requests within the quota.
    pub allowed: u64,
    /// Requests refused.
    pub limited: u64,
    /// Requests beyond the quota that passed, as it only counts.
    pub shadowed: u64,
    /// New callers that took over the place of a busy one.
    pub displaced: u64,
    /// Callers that have used a part of their quota.
    pub keys: u64,
    /// Callers that can be told apart.
    pub max_keys: u64,
}
