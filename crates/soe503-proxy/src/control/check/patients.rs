//! The backends of a pool, as those to be checked.

use soe503_core::Tick;
use soe503_core::health::{Health, HealthReport};
use soe503_core::pool::BackendState;

use super::{Checked, Patients};
use crate::state::PoolState;

impl Patients for PoolState {
    fn list(&self) -> Vec<Checked> {
        let snapshot = |name: &str| self.pool.backend(name);
        self.destinations()
            .map(|(name, address, host, tls)| {
                let backend = snapshot(&name);
                let suspicious = backend
                    .as_ref()
                    .is_some_and(|backend| backend.consecutive_failures() > 0);
                let health = match backend.map(|backend| backend.state()) {
                    Some(BackendState::Down) => Health::Down,
                    Some(BackendState::Starting) => Health::Starting,
                    _ => Health::Up,
                };
                Checked {
                    name,
                    address,
                    host,
                    tls,
                    suspicious,
                    health,
                }
            })
            .collect()
    }

    fn report(&self, name: &str, report: &HealthReport, now: Tick) {
        // A backend that has left meanwhile is nobody to tell about.
        let _ = self.pool.set_health(name, report.clone(), now);
    }
}
