//! Which background tasks run: those of the configuration in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use soe503_core::Cause;
use soe503_core::incident::EntryKind;
use tokio::task::JoinSet;

use super::check::{self, Limits, Prober};
use super::dns::{self, Change, Resolve};
use super::incidents::Incidents;
use crate::state::{PoolState, Proxy};

/// The tasks of one pool; dropping them ends them.
struct Tasks {
    pool: Arc<PoolState>,
    _running: JoinSet<()>,
}

/// Runs checks and name resolution of each pool for ever; the caller ends it by dropping the future.
///
/// A pool that a reload left as it was keeps its tasks and their timetable.
pub(super) async fn supervise<R: Resolve, P: Prober>(
    proxy: Arc<Proxy>,
    resolver: Arc<R>,
    prober: Arc<P>,
    limits: Limits,
) {
    let mut generation = proxy.generation();
    let mut running: BTreeMap<Arc<str>, Tasks> = BTreeMap::new();
    loop {
        generation.borrow_and_update();
        let pools = proxy.pools();
        running.retain(|name, _| pools.contains_key(name));
        for (name, pool) in pools.iter() {
            if let Some(tasks) = running.get(name) {
                if Arc::ptr_eq(pool, &tasks.pool) {
                    continue;
                }
                // The tasks of the older configuration are gone for good only now. A pool that had none
                // was told its backends when it was made, and making them twice costs as much again.
                running.remove(name);
                pool.republish(soe503::clock::now());
            }
            let tasks = Tasks {
                pool: Arc::clone(pool),
                _running: start(pool, &proxy.incidents, &resolver, &prober, &limits),
            };
            running.insert(Arc::clone(name), tasks);
        }
        if generation.changed().await.is_err() {
            // The proxy is gone, and with it everything to supervise.
            return;
        }
    }
}

fn start<R: Resolve, P: Prober>(
    pool: &Arc<PoolState>,
    incidents: &Incidents,
    resolver: &Arc<R>,
    prober: &Arc<P>,
    limits: &Limits,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(check::watch_circuit(
        Arc::clone(pool),
        Arc::clone(prober),
        limits.clone(),
    ));
    if let Some(check) = &pool.config.health_check {
        tasks.spawn(check::run(
            Arc::clone(pool),
            Arc::clone(prober),
            check.clone(),
            limits.clone(),
        ));
        tasks.spawn(check::seek_paths(
            Arc::clone(pool),
            Arc::clone(prober),
            check.clone(),
            limits.clone(),
        ));
    }
    for host in pool.hosts().collect::<BTreeSet<_>>() {
        let settings = dns::Settings::new(pool.config.dns_refresh, fastrand::u64(..));
        let learner = Arc::clone(pool);
        let name = Arc::clone(&host);
        let incidents = incidents.clone();
        tasks.spawn(dns::refresh(
            Arc::clone(resolver),
            host,
            settings,
            move |result| {
                let change = learner.learn(&name, result, soe503::clock::now());
                tell(&learner, &incidents, &name, change);
            },
        ));
    }
    tasks
}

fn tell(pool: &PoolState, incidents: &Incidents, host: &str, change: Change) {
    if change == Change::None {
        return;
    }
    let answers = pool.answers();
    let Some(resolution) = answers.get(host) else {
        return;
    };
    let (name, addresses) = (&*pool.name, &resolution.addresses);
    let line = match &resolution.trouble {
        Some(trouble) => format!("{host} does not resolve: {}", trouble.text),
        None => format!("{host} resolved to {} addresses", addresses.len()),
    };
    incidents.note(&pool.name, EntryKind::Dns, &line, soe503::clock::now());
    match &resolution.trouble {
        Some(trouble) => {
            let cause = Cause::id(trouble.cause);
            let why = &*trouble.text;
            tracing::warn!(pool = name, host, cause, why, kept = ?addresses, "name does not resolve");
        }
        None => tracing::info!(pool = name, host, ?addresses, "name resolved"),
    }
}
