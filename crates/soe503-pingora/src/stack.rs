//! The usual layers, ready to use.

use std::fmt;
use std::time::Duration;

use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::explain::{Builder, Explain};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::stack::{Stack, StackError};
use soe503::{
    CircuitBreaker, CircuitBreakerLayer, ExplainLayer, Pool, Retry, RetryLayer, Timeout,
    TimeoutLayer, clock,
};
use soe503_core::breaker::ConfigError as BreakerConfigError;
use soe503_core::pool::PoolConfigError;
use soe503_core::retry::BudgetConfigError;

use crate::surroundings::Around;
use crate::upstream::Upstream;

/// The layers of [`Config::build`], outermost first.
pub type Standard = Explain<Timeout<Retry<CircuitBreaker<Pool<Upstream>>>>>;

/// How the usual layers are set: with the same types, and the same defaults, as in the crate `soe503` and in the proxy.
///
/// # Defaults
/// `timeout` 15 s · `retry` 3 attempts, 5 s each · `budget` 20 %, 3 a second at least · `pool` the better of two by latency,
/// ejection on traffic · `breaker` 5 failures in a row, blips of 5 s are ridden out.
///
/// Settings that make each other pointless are refused by [`build`](Self::build), with the sentence of [`soe503::stack`].
#[derive(Clone, Debug)]
pub struct Config {
    /// The whole time until the answer's head, attempts and waits included. A gRPC client's `grpc-timeout` counts if
    /// it is shorter.
    pub timeout: Duration,
    /// How often a request is tried, how long each attempt may take, and the pauses between them.
    pub retry: RetryPolicy,
    /// How many retries the requests pay for.
    pub budget: BudgetConfig,
    /// How backends are chosen and ejected.
    pub pool: PoolConfig,
    /// When the circuit around the pool opens, and how it closes.
    pub breaker: BreakerConfig,
}

/// A pool behind the usual layers. What is public are handles: look, drain a backend, force the circuit open, replace
/// the backends.
#[derive(Clone, Debug)]
pub struct Balanced {
    /// The layers, for a [`ResilientProxy`](crate::ResilientProxy).
    pub stack: Standard,
    /// The backends.
    pub backends: Backends<Upstream>,
    /// The circuit around them.
    pub breaker: Breaker,
    /// What pays for retries.
    pub budget: RetryBudget,
}

/// A [`Config`] that makes no sense.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// Of the pool.
    Pool(PoolConfigError),
    /// Of the circuit breaker.
    Breaker(BreakerConfigError),
    /// Of the retry budget.
    Budget(BudgetConfigError),
    /// Each is right by itself, and together they cannot work: [`soe503::stack`] has the rules.
    Stack(StackError),
}

// === impl Config ===

impl Config {
    /// The layers, around a pool called `name` with these backends, that tell failures as `explain` says.
    ///
    /// # Errors
    /// [`InvalidConfig`] for numbers that make no sense, alone or beside each other: an attempt that may take as long as
    /// its request, for example.
    pub fn build(
        self,
        name: &str,
        backends: Vec<BackendSpec<Upstream>>,
        explain: Builder,
    ) -> Result<Balanced, InvalidConfig> {
        self.pool.validate().map_err(InvalidConfig::Pool)?;
        self.breaker.validate().map_err(InvalidConfig::Breaker)?;
        self.budget.validate().map_err(InvalidConfig::Budget)?;
        let pool = Backends::new(name, self.pool, fastrand::u64(..));
        let breaker = Breaker::new(name, self.breaker, fastrand::u64(..));
        let budget = RetryBudget::new(name, self.budget);
        let explainer = explain
            .surroundings(Around {
                backends: pool.clone(),
                breaker: breaker.clone(),
            })
            .build();
        // What Pingora keeps of a body it keeps itself: 64 KiB, and no layer any more.
        let retry = RetryLayer::new(budget.clone(), self.retry)
            .replay_cap(0)
            .ride_out(breaker.clone());
        let layers = Stack::new()
            .explain(ExplainLayer::new(explainer))
            .timeout(TimeoutLayer::new(self.timeout))
            .retry(retry)
            .circuit_breaker(CircuitBreakerLayer::new(breaker.clone()))
            .build()
            .map_err(InvalidConfig::Stack)?;
        let balanced = Balanced {
            stack: layers.service(Pool::new(pool.clone())),
            backends: pool,
            breaker,
            budget,
        };
        balanced.set_backends(backends);
        Ok(balanced)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(15),
            retry: RetryPolicy::default(),
            budget: BudgetConfig::default(),
            pool: PoolConfig::default(),
            breaker: BreakerConfig::default(),
        }
    }
}

// === impl Balanced ===

impl Balanced {
    /// Replaces the backends. Those that stay keep what is known about them.
    pub fn set_backends(&self, backends: Vec<BackendSpec<Upstream>>) {
        self.breaker.set_backends(backends.len());
        self.backends.set_backends(backends, clock::now());
    }
}

// === impl InvalidConfig ===

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(error) => error.fmt(f),
            Self::Breaker(error) => error.fmt(f),
            Self::Budget(error) => error.fmt(f),
            Self::Stack(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InvalidConfig {}
