//! What a pool's handles are told, where its config alone does not say.

use soe503_core::breaker::BreakerConfig;

use crate::config::{BackendProtocol, PoolConfig};
use crate::upstream::{H2Options, Protocol, UpstreamOptions};

/// When the circuit opens, and who may wait for it. Switched off, it is a switch that only an operator moves.
pub(super) fn breaker(config: &PoolConfig) -> BreakerConfig {
    let rules = match &config.circuit_breaker {
        Some(on) => on.decisions(),
        None => BreakerConfig {
            consecutive_failures: None,
            failure_rate: None,
            slow_rate: None,
            ..BreakerConfig::default()
        },
    };
    BreakerConfig {
        ride_out: config.ride_out,
        max_waiting: config.max_waiting,
        ..rules
    }
}

/// How connections to backends are made and kept.
pub(super) const fn upstream(config: &PoolConfig) -> UpstreamOptions {
    UpstreamOptions {
        connect_timeout: config.connect_timeout,
        idle_timeout: config.idle_timeout,
        max_idle: config.max_idle_connections,
        proxy: config.proxy,
        protocol: match config.protocol {
            BackendProtocol::H1 => Protocol::H1,
            BackendProtocol::H2 => Protocol::H2(H2Options {
                max_connections: config.max_h2_connections,
                ping_interval: config.h2_ping_interval,
                ping_timeout: config.h2_ping_timeout,
            }),
        },
    }
}
