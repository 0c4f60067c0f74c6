//! A layer, as far as others are concerned.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::breaker::BreakerConfig;
use crate::hedge::HedgeConfig;
use crate::limit::LimitConfig;
use crate::retry::{BudgetConfig, RetryPolicy};

/// The kinds of layers, in the order in which they belong: outermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Turns failures into answers.
    Explain,
    /// Refuses callers that send too much.
    RateLimit,
    /// Holds back what would be refused.
    Throttle,
    /// Sets the deadline.
    Timeout,
    /// Asks other pools.
    Failover,
    /// Bounds how many are under way.
    ConcurrencyLimit,
    /// Tries again.
    Retry,
    /// Fails fast.
    CircuitBreaker,
    /// Picks a backend.
    Pool,
}

/// A layer of a stack, with the settings on which others depend.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// Turns failures into answers.
    Explain,
    /// A rate limit.
    RateLimit {
        /// Its name.
        name: Arc<str>,
    },
    /// A throttle.
    Throttle {
        /// Its name.
        name: Arc<str>,
    },
    /// A deadline.
    Timeout {
        /// What a request may take in all.
        total: Duration,
    },
    /// Other pools.
    Failover {
        /// Attempts in all pools together.
        attempts: u8,
        /// How many pools there are, the first included.
        pools: usize,
    },
    /// A concurrency limit.
    ConcurrencyLimit {
        /// Its name.
        name: Arc<str>,
        /// Its settings.
        config: LimitConfig,
    },
    /// Retries.
    Retry {
        /// When and how often.
        policy: RetryPolicy,
        /// What pays for them: its name and its settings.
        budget: Option<(Arc<str>, BudgetConfig)>,
        /// By what requests that are late are sent twice.
        hedge: Option<HedgeConfig>,
        /// The circuits that are looked at, by name: what is done with each, and which it is.
        circuits: Vec<(&'static str, Arc<str>)>,
    },
    /// A circuit breaker.
    CircuitBreaker {
        /// Its name.
        name: Arc<str>,
        /// Its settings.
        config: BreakerConfig,
    },
    /// A pool of backends.
    Pool {
        /// Its name.
        name: Arc<str>,
    },
}

// === impl Kind ===

impl Kind {
    /// The name of the layer's module.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Explain => "explain",
            Self::RateLimit => "rate_limit",
            Self::Throttle => "throttle",
            Self::Timeout => "timeout",
            Self::Failover => "failover",
            Self::ConcurrencyLimit => "concurrency_limit",
            Self::Retry => "retry",
            Self::CircuitBreaker => "circuit_breaker",
            Self::Pool => "pool",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Part ===

impl Part {
    /// Retries without hedging that look at no circuit.
    pub const fn retry(policy: RetryPolicy, budget: Option<(Arc<str>, BudgetConfig)>) -> Self {
        Self::Retry {
            policy,
            budget,
            hedge: None,
            circuits: Vec::new(),
        }
    }

    /// What kind of layer it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Explain => Kind::Explain,
            Self::RateLimit { .. } => Kind::RateLimit,
            Self::Throttle { .. } => Kind::Throttle,
            Self::Timeout { .. } => Kind::Timeout,
            Self::Failover { .. } => Kind::Failover,
            Self::ConcurrencyLimit { .. } => Kind::ConcurrencyLimit,
            Self::Retry { .. } => Kind::Retry,
            Self::CircuitBreaker { .. } => Kind::CircuitBreaker,
            Self::Pool { .. } => Kind::Pool,
        }
    }
}
