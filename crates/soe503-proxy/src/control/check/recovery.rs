//! Knocking at backends that refused, until one opens.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use soe503_core::health::CheckResult;
use soe503_core::pool::BackendState;
use soe503_core::{Cause, Tick};
use tokio::task::JoinSet;

use super::{Limits, Prober};
use crate::config::Probe;
use crate::state::{PoolState, Proxy};

/// From one knock at a backend to the next, on average.
const EVERY: Duration = Duration::from_secs(1);
/// How often the pools are looked at: the delay until a new ejection is noticed.
const LOOK: Duration = Duration::from_millis(250);
/// A knock that takes longer is no proof of anything good.
const PATIENCE: Duration = Duration::from_secs(1);

/// A backend of a pool.
type Key = (Arc<str>, u32);

struct Knock {
    pool: Arc<PoolState>,
    id: u32,
    address: SocketAddr,
}

/// Knocks for ever; the caller ends it by dropping the future.
///
/// About once a second, and never in step, a TCP connect to each backend that is ejected because
/// connecting failed and that no request may try yet. One that works is told to the pool, which
/// then lets a request try at once.
pub async fn watch_recovery<P: Prober>(proxy: Arc<Proxy>, prober: Arc<P>, limits: Limits) {
    let mut next: HashMap<Key, Tick> = HashMap::new();
    let mut knocks = JoinSet::new();
    loop {
        let now = soe503::clock::now();
        let waiting = ejected(&proxy, now);
        next.retain(|key, _| waiting.contains_key(key));
        for (key, knock) in waiting {
            let due = next.entry(key).or_insert_with(|| now.after(jittered()));
            if *due <= now {
                *due = now.after(jittered());
                knocks.spawn(try_once(knock, Arc::clone(&prober), limits.clone()));
            }
        }
        tokio::select! {
            // A knock that panicked is simply made again: nothing to tell.
            Some(_done) = knocks.join_next() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn try_once<P: Prober>(knock: Knock, prober: Arc<P>, limits: Limits) {
    // The semaphore is never closed; if it were, knocking without it does no harm.
    let _permit = limits.at_once.acquire().await;
    let timeout = knock.pool.config.connect_timeout.min(PATIENCE);
    let nobody = HeaderValue::from_static("-");
    let result = prober
        // Connecting is what failed: a handshake would be another question.
        .probe(&Probe::Tcp, knock.address, &nobody, None, timeout)
        .await;
    if matches!(result, CheckResult::Passed { .. }) {
        knock
            .pool
            .pool
            .connect_proved(knock.id, soe503::clock::now());
    }
}

/// The backends to knock at.
fn ejected(proxy: &Proxy, now: Tick) -> HashMap<Key, Knock> {
    let mut found = HashMap::new();
    for pool in proxy.pools().values() {
        if !pool.pool.any_ejected() {
            continue;
        }
        for backend in pool.pool.backends().iter() {
            if backend.state() != BackendState::Ejected {
                continue;
            }
            let shown = pool.pool.backend_snapshot(backend.id, now);
            let Some(ejection) = shown.and_then(|shown| shown.ejection) else {
                continue;
            };
            let waits = ejection.due > now && !ejection.probing;
            if waits && ejection.why.cause.is_some_and(is_connect) {
                let knock = Knock {
                    pool: Arc::clone(pool),
                    id: backend.id,
                    address: backend.service.address(),
                };
                found.insert((Arc::clone(&pool.name), backend.id), knock);
            }
        }
    }
    found
}

/// Causes that a connect disproves. The pool has the last word.
const fn is_connect(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::DependencyConnectRefused
            | Cause::DependencyConnectTimeout
            | Cause::DependencyHostUnreachable
            | Cause::ConfigWrongPort
            | Cause::ConfigFirewallReject
            | Cause::OverloadAcceptBacklog
    )
}

fn jittered() -> Duration {
    EVERY.mul_f64(0.8 + 0.4 * fastrand::f64())
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
