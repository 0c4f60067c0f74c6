//! What protects a pool from its backends and the backends from retries.

use std::{num::NonZeroU32, time::Duration};

use super::Ratio;

/// The pool's circuit breaker: `[pools.NAME.circuit_breaker]`. At least one rule is on.
///
/// # Defaults
///
/// - `enabled`: `true`
/// - `consecutive_failures`: `5`
/// - `max_consecutive_failures`: `100`, or `consecutive_failures` if that is more
/// - `failure_rate`: this rule is off
/// - `slow_rate`: this rule is off
/// - `slow_request`: `"1s"`
/// - `window`: `"10s"`
/// - `minimum_requests`: `20`
/// - `probe_interval`: `"30ms"`
/// - `open_for`: `"1s"`
/// - `max_open_for`: `"5s"`, or `open_for` if that is longer
/// - `probes`: `3`
/// - `shadow`: `false`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitBreaker {
    /// Opens after so many failures in a row; `None` switches the rule off.
    pub consecutive_failures: Option<NonZeroU32>,
    /// So many open it whatever was before.
    pub max_consecutive_failures: u32,
    /// Opens when this share of the window's requests failed; `None` switches the rule off.
    pub failure_rate: Option<Ratio>,
    /// Opens when this share of the window's requests was slow; `None` switches the rule off.
    pub slow_rate: Option<Ratio>,
    /// From here on a request is slow.
    pub slow_request: Duration,
    /// The requests that the rates look at.
    pub window: Window,
    /// No rate counts before the window has so many requests.
    pub minimum_requests: NonZeroU32,
    /// How often a request is let through while it is open; `None`: not before the open time is over.
    pub probe_interval: Option<Duration>,
    /// How long the circuit stays open the first time; doubles each time a probe fails.
    pub open_for: Duration,
    /// The longest time it stays open.
    pub max_open_for: Duration,
    /// Requests let through to find out whether the pool is back.
    pub probes: NonZeroU32,
    /// Watch and report, but refuse nothing.
    pub shadow: bool,
}

/// The requests that a breaker's rates look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Those of the last so much time.
    Time(Duration),
    /// The last so many.
    Count(NonZeroU32),
}

/// What retries may cost: `[pools.NAME.retry_budget]`.
///
/// # Defaults
///
/// - `ratio`: `0.2`
/// - `window`: `"10s"`
/// - `min_per_second`: `3`
/// - `cut_below`: `0.5`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryBudget {
    /// Retries per request of the window.
    pub ratio: Ratio,
    /// How far back requests count.
    pub window: Duration,
    /// Retries per second that are free, so that a quiet pool can retry too.
    pub min_per_second: u32,
    /// Nothing is retried while fewer of the attempts than this are answered well. Zero: no such limit.
    pub cut_below: Ratio,
}

/// Where requests wait while as many are under way as may be: `[pools.NAME.queue]`.
///
/// # Defaults
///
/// - `max_waiting`: `4096`
/// - `max_wait`: `"250ms"`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queue {
    /// How many may wait, over all workers; 0: nobody waits.
    pub max_waiting: u32,
    /// How long a request waits while the pool is known to be saturated.
    pub max_wait: Duration,
}

/// When a backend is taken out by what its requests show: `[pools.NAME.ejection]`.
///
/// # Defaults
///
/// - `enabled`: `true`
/// - `consecutive_failures`: `5`
/// - `failure_rate`: `0.2`
/// - `minimum_requests`: `20`
/// - `slow_ratio`: `5`
/// - `slow_by`: `"250ms"`
/// - `base`: `"1s"`
/// - `max`: `"30s"`, or `base` if that is longer
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ejection {
    /// Ejects after so many failures in a row (a refused connection ejects at once).
    pub consecutive_failures: NonZeroU32,
    /// Ejects when this share of its requests failed, and clearly fewer of the others'. 0: never.
    pub failure_rate: Ratio,
    /// With fewer requests the rate is not looked at.
    pub minimum_requests: NonZeroU32,
    /// Ejects when most answers take so many times as long as is usual, and the others' do not. 0: never.
    pub slow_ratio: u32,
    /// Answers that take less than this longer than usual are not slow.
    pub slow_by: Duration,
    /// How long the first time; doubles each time.
    pub base: Duration,
    /// The longest time.
    pub max: Duration,
}

/// When requests are held back that the backends would refuse: `[pools.NAME.throttle]`.
///
/// # Defaults
///
/// - `enabled`: `false`
/// - `accept_rate`: `0.5`
/// - `max_reject`: `0.9`
/// - `window`: `"2m"`
/// - `minimum_requests`: `50`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Throttle {
    /// The share of accepted requests below which others are held back.
    pub accept_rate: Ratio,
    /// The largest share of requests that is held back.
    pub max_reject: Ratio,
    /// How far back requests count.
    pub window: Duration,
    /// With fewer requests in the window nothing is held back.
    pub minimum_requests: NonZeroU32,
}
