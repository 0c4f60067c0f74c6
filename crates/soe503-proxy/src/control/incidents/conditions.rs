//! What pools look like, for conditions that are incidents though nothing fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::health::HealthReport;
use soe503_core::incident::condition::{BackendSeen, CheckSeen, NameSeen, PoolSeen, conditions};
use soe503_core::pool::{Backend, BackendState, By};

use super::Desk;
use crate::config::Probe;
use crate::control::clock::Anchor;
use crate::state::{PoolState, Proxy};
use crate::upstream::Upstream;

/// Pools are looked at so often.
const EVERY: Duration = Duration::from_millis(950);

/// What was known at the last look.
#[derive(Debug, Default)]
pub(super) struct Watched {
    last: Tick,
    /// By pool, of each backend whose check is doubted: what it had answered when that was first seen.
    answered: HashMap<Arc<str>, HashMap<u32, u64>>,
}

impl Desk {
    /// Tells the book which conditions hold, once a second.
    pub(super) fn observe(&mut self, proxy: &Proxy, anchor: Anchor) {
        let now = anchor.tick();
        if now.since(self.watched.last) < EVERY {
            return;
        }
        self.watched.last = now;
        let pools = proxy.pools();
        self.watched
            .answered
            .retain(|name, _| pools.contains_key(name));
        let out_after = self.book.settings().out_after;
        for (name, pool) in pools.iter() {
            let names = unresolved(pool);
            if names.is_empty() && pool.pool.is_well() {
                self.watched.answered.remove(name);
                self.book.observe(name, Vec::new(), anchor.moment());
                continue;
            }
            let before = self.watched.answered.entry(Arc::clone(name)).or_default();
            let backends = pool.pool.backends();
            let backends = backends.iter().map(|b| backend(pool, b, before, now));
            let found = conditions(&PoolSeen {
                now,
                pool: Arc::clone(name),
                check: check(pool),
                backends: backends.collect(),
                names,
                maintenance: self.followed.is_interrupted(name),
                out_after,
            });
            let about_checks = |cause: soe503_core::Cause| {
                use soe503_core::Cause::{ConfigHealthCheckPath, ConfigHealthCheckRejected};
                matches!(cause, ConfigHealthCheckPath | ConfigHealthCheckRejected)
            };
            if found
                .iter()
                .any(|one| one.begins && about_checks(one.cause))
            {
                pool.paths.want(now);
            }
            self.book.observe(name, found, anchor.moment());
        }
    }
}

/// The names of `pool` that do not resolve.
fn unresolved(pool: &PoolState) -> Vec<NameSeen> {
    let answers = pool.answers();
    let told = answers.iter().filter_map(|name| {
        let trouble = name.trouble.as_ref()?;
        Some(NameSeen {
            host: Arc::clone(&name.host),
            cause: trouble.cause,
            text: Arc::clone(&trouble.text),
            since: trouble.since,
            addresses: name.addresses.len(),
            confirmed: name.confirmed,
        })
    });
    told.collect()
}

fn check(pool: &PoolState) -> Option<CheckSeen> {
    let check = pool.config.health_check.as_ref()?;
    let (asks, path) = match &check.probe {
        Probe::Http { path, .. } => (format!("GET {path}"), Some(Arc::clone(path))),
        Probe::Grpc { service, .. } => (format!("grpc.health.v1.Health/Check {service:?}"), None),
        Probe::Tls => ("of the TLS handshake".to_owned(), None),
        Probe::Tcp => ("of the TCP connect".to_owned(), None),
    };
    Some(CheckSeen {
        asks: asks.into(),
        path,
        found: pool.paths.found(),
    })
}

fn backend(
    pool: &PoolState,
    backend: &Backend<Upstream>,
    before: &mut HashMap<u32, u64>,
    now: Tick,
) -> BackendSeen {
    let state = backend.state();
    let overruled = backend.is_check_overruled();
    let well = state == BackendState::Up && !overruled;
    // Of a large pool most are well, and there is nothing to look at.
    let shown = (!well).then(|| pool.pool.backend_snapshot(backend.id, now));
    let shown = shown.flatten();
    let (requests, failures) = (backend.requests(), backend.failures());
    let answered = requests.saturating_sub(failures + u64::from(backend.in_flight()));
    let first = match &shown {
        Some(shown) if shown.health.doubt.is_some() => {
            *before.entry(backend.id).or_insert(answered)
        }
        _ => {
            before.remove(&backend.id);
            answered
        }
    };
    let seen = BackendSeen {
        name: Arc::clone(&backend.name),
        address: Arc::clone(&backend.address),
        state,
        cause: None,
        by: By::Traffic,
        text: "".into(),
        since: now,
        health: HealthReport::default(),
        overruled,
        answered: answered.saturating_sub(first),
        p99: None,
    };
    let Some(shown) = shown else {
        return seen;
    };
    let why = shown.why.as_ref();
    BackendSeen {
        cause: why.and_then(|why| why.cause),
        by: why.map_or(By::Traffic, |why| why.by),
        text: why.map_or_else(|| "".into(), |why| Arc::clone(&why.text)),
        since: shown.since,
        health: shown.health,
        p99: shown.latency.p99,
        ..seen
    }
}
