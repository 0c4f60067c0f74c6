//! What of a pool goes on when its configuration changes.

use soe503::stale::StaleCache;
use soe503_core::throttle::Throttle;

use super::{PoolState, settings};
use crate::config::PoolConfig;

/// What goes on under another configuration, of what does not always. The state of backends, counters and limits always do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The circuit, open or closed.
    pub circuit: bool,
    /// What retries have earned.
    pub budget: bool,
    /// What is held back; also if nothing was.
    pub throttle: bool,
    /// Answers that are kept; also if none were.
    pub cache: bool,
    /// TLS, with its sessions.
    pub tls: bool,
}

impl PoolState {
    /// What would go on if this pool got `config`.
    pub fn would_keep(&self, config: &PoolConfig) -> Kept {
        let throttle = self.throttle.as_ref().is_none_or(|known| {
            let told = config.throttle.as_ref().map(|told| told.decisions());
            told.is_some_and(|told| {
                *known.config() == *Throttle::new(config.name.shared(), told).config()
            })
        });
        let cache = self.cache.as_ref().is_none_or(|known: &StaleCache| {
            let told = config.cache.as_ref().map(|told| told.decisions());
            told.as_ref() == Some(known.config())
        });
        Kept {
            circuit: *self.breaker.config() == settings::breaker(config).clamped(),
            budget: *self.budget.config() == config.retry_budget.decisions(),
            throttle,
            cache,
            tls: self.config.tls == config.tls && self.config.protocol == config.protocol,
        }
    }
}
