//! From what a config says about a pool to what the core's handles are told.

use std::time::Duration;

use soe503_core::breaker::{self, BreakerConfig};
use soe503_core::pool::{EjectionConfig, PoolConfig as CorePool};
use soe503_core::retry::BudgetConfig;

use crate::config::{self, PoolConfig};
use crate::upstream::UpstreamOptions;

/// How backends are chosen and judged.
pub(super) fn pool(config: &PoolConfig) -> CorePool {
    let defaults = EjectionConfig::default();
    let ejection = match &config.ejection {
        Some(on) => EjectionConfig {
            consecutive_failures: on.consecutive_failures.get(),
            base: on.base,
            max: on.max,
            ..defaults
        },
        None => EjectionConfig {
            consecutive_failures: 0,
            refused_at_once: false,
            ..defaults
        },
    };
    CorePool {
        ejection,
        slow_start: config.slow_start,
        ..CorePool::default()
    }
}

/// When the circuit opens. Switched off, it is a switch that only an operator moves.
pub(super) fn breaker(config: &PoolConfig) -> BreakerConfig {
    let defaults = BreakerConfig::default();
    let Some(on) = &config.circuit_breaker else {
        return BreakerConfig {
            consecutive_failures: None,
            failure_rate: None,
            slow_rate: None,
            ..defaults
        };
    };
    BreakerConfig {
        consecutive_failures: on.consecutive_failures.map(std::num::NonZeroU32::get),
        failure_rate: on.failure_rate.map(ratio),
        slow_rate: on.slow_rate.map(ratio),
        slow_request: on.slow_request,
        window: match on.window {
            config::Window::Time(span) => breaker::Window::Time(span),
            config::Window::Count(count) => breaker::Window::Count(count.get()),
        },
        minimum_requests: on.minimum_requests.get(),
        open_for: on.open_for,
        max_open_for: on.max_open_for,
        probes: on.probes.get(),
        shadow: on.shadow,
        ..defaults
    }
}

/// What retries may cost.
pub(super) fn budget(config: &PoolConfig) -> BudgetConfig {
    BudgetConfig {
        ratio: ratio(config.retry_budget.ratio),
        window: config.retry_budget.window.max(Duration::from_millis(100)),
        min_per_second: config.retry_budget.min_per_second,
    }
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

/// Both are from 0 to 1 by construction; a rounding error cannot leave that range.
fn ratio(ratio: config::Ratio) -> soe503_core::Ratio {
    soe503_core::Ratio::parts_per_million_of((ratio.as_f64() * 1e6).round() as u32)
}
