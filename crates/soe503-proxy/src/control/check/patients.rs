//! The backends of a pool, as those to be checked.

use std::collections::HashSet;
use std::sync::Arc;

use soe503_core::Tick;
use soe503_core::health::{CheckResult, Health, HealthReport};

use super::{Checked, Patients};
use crate::state::PoolState;

impl Patients for PoolState {
    fn epoch(&self) -> u64 {
        self.published()
    }

    fn list(&self) -> Vec<Checked> {
        self.destinations()
            .map(|(name, address, host, tls)| {
                let backend = self.pool.backend(&name);
                let health = backend.map_or(Health::Up, |backend| backend.health());
                Checked {
                    name,
                    address,
                    host,
                    tls,
                    health,
                }
            })
            .collect()
    }

    fn suspects(&self) -> HashSet<Arc<str>> {
        let backends = self.pool.backends();
        let failing = backends
            .iter()
            .filter(|backend| backend.consecutive_failures() > 0);
        failing.map(|backend| Arc::clone(&backend.name)).collect()
    }

    fn count(&self, result: &CheckResult) {
        self.counters.checks.count(result);
    }

    fn released(&self, name: &Arc<str>, release: &Arc<str>) {
        self.releases.learn(name, release);
    }

    fn report(&self, name: &str, report: &HealthReport, now: Tick) {
        let overruled = || {
            let backend = self.pool.backend(name);
            backend.is_some_and(|backend| backend.is_check_overruled())
        };
        let before = overruled();
        // A backend that has left meanwhile is nobody to tell about.
        let _ = self.pool.set_health(name, report.clone(), now);
        let after = overruled();
        let (pool, error) = (&*self.name, report.last_error.as_deref());
        if after && !before {
            let cause = report.doubt.map(|doubt| doubt.cause.id());
            tracing::warn!(
                pool,
                backend = name,
                cause,
                error,
                "the health check is broken: it fails, and requests are answered"
            );
        } else if before && !after {
            tracing::info!(
                pool,
                backend = name,
                error,
                "the health check is believed again"
            );
        }
    }
}
