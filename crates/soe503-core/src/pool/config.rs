//! How a pool behaves.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::balance::Balance;
use crate::Ratio;
use crate::health::Health;
use crate::hedge::HedgeConfig;

/// How a pool chooses and judges its backends.
///
/// # Defaults
/// `balance` P2C, `ejection` see [`EjectionConfig`], `panic_threshold` 0.5, `slow_start` 5 s,
/// `latency_decay` 10 s, `initial_health` up, `abandon_after` none, `zone` none, `overprovisioning` 1.4,
/// `load_reports` none, `hedge` none, `max_waiting` 4096, `max_wait` 250 ms.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolConfig {
    /// How a backend is chosen among those that can be used.
    pub balance: Balance,
    /// Passive evidence.
    pub ejection: EjectionConfig,
    /// Checks that condemn more than this share of the backends that traffic trusts are not
    /// believed. `None`: they always are, and a pool can end up with no usable backend.
    pub panic_threshold: Option<Ratio>,
    /// How long a returning backend's share grows, from a tenth to all of its weight. Zero: at once.
    pub slow_start: Duration,
    /// Time constant in which the latency estimate forgets.
    pub latency_decay: Duration,
    /// What is assumed of a new backend until its first health report.
    pub initial_health: Health,
    /// A request abandoned by its client after waiting this long counts as a failure of the
    /// backend (row S5). `None`: never. An abandoned *probe* always has a limit, 1 s by default.
    pub abandon_after: Option<Duration>,
    /// The own zone: its backends are preferred to others of the same priority. `None`: zones do not
    /// matter.
    pub zone: Option<Arc<str>>,
    /// A level of priority, or the own zone, carries as much of the traffic as its usable share of the
    /// weight times this, at most all of it; the rest spills over to the next. From 1 to 1000.
    pub overprovisioning: f32,
    /// What backends say about their load ([`Backend::report`](super::Backend::report)) is taken into
    /// account, and for so long. `None`: it is not.
    pub load_reports: Option<Duration>,
    /// When requests that are late are sent to a second backend, by a layer that does
    /// ([`Pool::hedge`](super::Pool::hedge)). `None`: never.
    pub hedge: Option<HedgeConfig>,
    /// How many requests may wait while all backends have as many in flight as they may
    /// ([`BackendSpec::max_in_flight`](super::BackendSpec::max_in_flight)). 0: they are refused at once.
    pub max_waiting: u32,
    /// How long one waits so at most.
    pub max_wait: Duration,
}

/// When traffic takes a backend out of rotation, and for how long.
///
/// # Defaults
/// `consecutive_failures` 5, `refused_at_once` on, `failure_rate` 20 %, `minimum_requests` 20, `slow_ratio` 5,
/// `slow_by` 250 ms, `base` 1 s, `max` 30 s, `jitter` 10 %,
/// `max_ejected` 0.7, `probe_timeout` 10 s, `probe_any_after` 10 s.
#[derive(Clone, Debug, PartialEq)]
pub struct EjectionConfig {
    /// Failures in a row that eject. 0 turns that rule off.
    pub consecutive_failures: u32,
    /// One refused connection ejects.
    pub refused_at_once: bool,
    /// Failing this share of its requests ejects a backend while the others fail clearly less, successes between
    /// them or not. How many requests that takes is a matter of evidence (Wald's sequential test); they count for
    /// a minute. Where the others fail too, it takes twice their share. From 0 to 0.9. `None`: that rule is off.
    pub failure_rate: Option<Ratio>,
    /// Fewer requests prove nothing about the rate.
    pub minimum_requests: u32,
    /// Answers that take so many times as long as is usual here (the median of the backends' medians) are slow, and
    /// a backend whose answers mostly are is ejected while the others' are not. At most one in three goes that way,
    /// and none where requests are balanced by a key: their latencies cannot be compared. `None`: that rule is off.
    pub slow_ratio: Option<f32>,
    /// Answers that take less than this longer than usual are not slow.
    pub slow_by: Duration,
    /// How long the first ejection lasts; each further one twice as long.
    pub base: Duration,
    /// How long an ejection lasts at most, jitter aside.
    pub max: Duration,
    /// A random share of the time out, added to it.
    pub jitter: Ratio,
    /// The share of the pool that failures other than refused connections may take out. A backend
    /// that answers with errors still takes load off its siblings.
    pub max_ejected: Ratio,
    /// A probe without a result for this long is given up and another one sent.
    pub probe_timeout: Duration,
    /// After waiting this long for a request that may run twice, any request is the probe: a pool
    /// that only sees `POST` would never get a backend back. `None`: wait for ever.
    pub probe_any_after: Option<Duration>,
}

/// A [`PoolConfig`] that makes no sense. Its text names the key to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfigError(&'static str);

// === impl PoolConfig ===

impl PoolConfig {
    /// Whether the numbers make sense. A pool built from others does not break, it behaves oddly.
    ///
    /// # Errors
    /// [`PoolConfigError`] for a time of zero where that means nothing, or `base` above `max`.
    pub fn validate(&self) -> Result<(), PoolConfigError> {
        let ejection = &self.ejection;
        if ejection.base.is_zero() {
            return Err(PoolConfigError("ejection.base must be longer than 0"));
        }
        if ejection.base > ejection.max {
            return Err(PoolConfigError(
                "ejection.max must be at least ejection.base",
            ));
        }
        let sound = |rate: Ratio| rate > Ratio::ZERO && rate <= Ratio::percent(90);
        if !ejection.failure_rate.is_none_or(sound) {
            return Err(PoolConfigError(
                "ejection.failure_rate must be above 0 and at most 0.9",
            ));
        }
        if !ejection.slow_ratio.is_none_or(|ratio| ratio >= 1.0) {
            return Err(PoolConfigError("ejection.slow_ratio must be at least 1"));
        }
        if ejection.probe_timeout.is_zero() {
            return Err(PoolConfigError(
                "ejection.probe_timeout must be longer than 0",
            ));
        }
        if self.latency_decay.is_zero() {
            return Err(PoolConfigError("latency_decay must be longer than 0"));
        }
        Ok(())
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            balance: Balance::P2c,
            ejection: EjectionConfig::default(),
            panic_threshold: Some(Ratio::percent(50)),
            slow_start: Duration::from_secs(5),
            latency_decay: Duration::from_secs(10),
            initial_health: Health::Up,
            abandon_after: None,
            zone: None,
            overprovisioning: 1.4,
            load_reports: None,
            hedge: None,
            max_waiting: 4096,
            max_wait: Duration::from_millis(250),
        }
    }
}

// === impl EjectionConfig ===

impl Default for EjectionConfig {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            refused_at_once: true,
            failure_rate: Some(Ratio::percent(20)),
            minimum_requests: 20,
            slow_ratio: Some(5.0),
            slow_by: Duration::from_millis(250),
            base: Duration::from_secs(1),
            max: Duration::from_secs(30),
            jitter: Ratio::percent(10),
            max_ejected: Ratio::percent(70),
            probe_timeout: Duration::from_secs(10),
            probe_any_after: Some(Duration::from_secs(10)),
        }
    }
}

// === impl PoolConfigError ===

impl fmt::Display for PoolConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for PoolConfigError {}
