//! Which path would answer, where a health check asks for one that does not.
//!
//! Only when somebody wants to know (an incident about a broken check): the usual paths, one a second, at one backend, on
//! connections of their own like every check. What they answer decides nothing; it is told.

use std::sync::Arc;
use std::time::Duration;

use soe503_core::health::CheckResult;
use soe503_core::incident::condition::PathFound;

use super::{Limits, Prober};
use crate::config::{HealthCheck, Probe};
use crate::state::PoolState;

/// The paths that are tried, the likeliest first.
const USUAL: [&str; 8] = [
    "/healthz", "/health", "/ready", "/readyz", "/livez", "/status", "/ping", "/",
];
/// From one to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks for other paths whenever that is wanted, for ever; the caller ends it by dropping the future. Returns at once
/// where the check asks for no path.
pub async fn seek_paths<P: Prober>(
    pool: Arc<PoolState>,
    prober: Arc<P>,
    check: HealthCheck,
    limits: Limits,
) {
    let Probe::Http { path: own, .. } = &check.probe else {
        return;
    };
    loop {
        pool.paths.wanted().await;
        for path in USUAL.iter().filter(|path| ***path != **own) {
            // One that serves: what it does not have, the others will not have either.
            let there = pool.destinations().find(|(name, ..)| {
                let backend = pool.pool.backend(name);
                backend.is_some_and(|backend| backend.is_check_overruled())
            });
            let Some((_, address, host, tls)) = there else {
                break;
            };
            let permit = limits.at_once.acquire().await;
            let what = with_path(&check.probe, path);
            let result = prober
                .probe(&what, address, &host, tls.as_ref(), check.timeout)
                .await;
            drop(permit);
            let (status, good) = match &result {
                CheckResult::Passed { status, .. } => (*status, true),
                CheckResult::Failed { status, .. } => (*status, false),
                // We could not ask.
                _ => continue,
            };
            pool.paths.learn(PathFound {
                path: (*path).into(),
                status,
                good,
                address: address.to_string().into(),
                at: soe503::clock::now(),
            });
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The same check with another path.
fn with_path(probe: &Probe, path: &str) -> Probe {
    let mut probe = probe.clone();
    if let Probe::Http { path: own, .. } = &mut probe {
        *own = path.into();
    }
    probe
}
