//! From what a config says about a pool to what the core's handles are told.

use soe503_core::breaker::BreakerConfig;
use soe503_core::pool::PoolConfig as CorePool;
use soe503_core::retry::BudgetConfig;

use crate::config::{CircuitBreaker, PoolConfig};
use crate::upstream::UpstreamOptions;

/// How backends are chosen and judged.
pub(super) fn pool(config: &PoolConfig) -> CorePool {
    config.decisions()
}

/// When the circuit opens. Switched off, it is a switch that only an operator moves.
pub(super) fn breaker(config: &PoolConfig) -> BreakerConfig {
    let off = || BreakerConfig {
        consecutive_failures: None,
        failure_rate: None,
        slow_rate: None,
        ..BreakerConfig::default()
    };
    config
        .circuit_breaker
        .as_ref()
        .map_or_else(off, CircuitBreaker::decisions)
}

/// What retries may cost.
pub(super) fn budget(config: &PoolConfig) -> BudgetConfig {
    config.retry_budget.decisions()
}

/// How many requests may be under way.
pub(super) fn limit(config: &PoolConfig) -> u32 {
    config.max_in_flight.get()
}

/// How connections to backends are made and kept.
pub(super) fn upstream(config: &PoolConfig) -> UpstreamOptions {
    UpstreamOptions {
        connect_timeout: config.connect_timeout,
        idle_timeout: config.idle_timeout,
        max_idle: config.max_idle_connections,
    }
}
