//! What the control plane does four times a second: take in records, count and tell changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::breaker::TransitionReason;
use soe503_core::incident::EntryKind;
use soe503_core::pool::BackendState;
use tokio::signal::unix::{SignalKind, signal};

use super::clock::Anchor;
use super::incidents::Incidents;
use crate::state::{PoolState, Proxy};

const EVERY: Duration = Duration::from_millis(250);

/// How often is looked whether an overload keeps itself going. A little less than a second, so that
/// ticks that come a little early do not make it one and a quarter.
const TURN: Duration = Duration::from_millis(950);

/// What was last told of each pool.
type Told = HashMap<Arc<str>, Seen>;

/// A pool as it was last told.
#[derive(Default)]
struct Seen {
    /// [`soe503_core::pool::Pool::version`] at that time.
    version: Option<u64>,
    /// The backends that were not up, by id.
    states: HashMap<u32, BackendState>,
    /// When its overload was looked at last.
    overload: Tick,
}

/// Watches for ever; the caller ends it by dropping the future.
pub(super) async fn watch(proxy: Arc<Proxy>) {
    let mut told = Told::new();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        look(&proxy, &mut told, soe503::clock::now());
        proxy.interruptions.refresh(Anchor::now());
        proxy.log.tend(soe503::clock::now());
    }
}

/// Opens the files of both logs again on each SIGUSR1, as log rotation asks for; the caller ends it by
/// dropping the future.
pub(super) async fn reopen_on_signal(proxy: Arc<Proxy>) {
    let mut told = match signal(SignalKind::user_defined1()) {
        Ok(told) => told,
        Err(error) => {
            tracing::warn!(%error, "SIGUSR1 cannot be received: no log is reopened by it");
            return;
        }
    };
    while told.recv().await.is_some() {
        proxy.access_log.reopen();
        proxy.log.reopen();
        tracing::info!("logs reopened");
    }
}

fn look(proxy: &Proxy, told: &mut Told, now: Tick) {
    let incidents = &proxy.incidents;
    let pools = proxy.pools();
    for pool in pools.values() {
        // What is due by time alone; the changes are seen below with all the others.
        let _ = pool.pool.tend(now);
        tell_circuit(pool);
        let seen = told.entry(Arc::clone(&pool.name)).or_default();
        tell_backends(pool, incidents, seen, now);
        if now.since(seen.overload) >= TURN {
            seen.overload = now;
            tell_overload(pool, incidents, now);
            tell_retries(pool, incidents, now);
        }
    }
    incidents.turn(proxy, Anchor::now());
    told.retain(|pool, _| pools.contains_key(pool));
}

/// Writes what happened to the circuit since anybody last did.
pub(super) fn tell_circuit(pool: &PoolState) {
    for change in pool.circuit_news() {
        let name = &*pool.name;
        match &change.why {
            TransitionReason::Tripped(trip) | TransitionReason::ForcedOpen(trip) => {
                let root = trip.root.map_or("", soe503_core::Cause::id);
                tracing::warn!(pool = name, why = %trip.rule, root, "circuit opened");
            }
            TransitionReason::Recovered => {
                tracing::info!(pool = name, "circuit closed: probes succeeded");
            }
            TransitionReason::Reset => tracing::info!(pool = name, "circuit reset by an operator"),
            TransitionReason::ForcedClosed(why) => {
                tracing::warn!(
                    pool = name,
                    why = &**why,
                    "circuit held closed by an operator"
                );
            }
            // Probing and probing in vain: the outage is known, and each would be a line a second.
            _ => tracing::debug!(pool = name, to = ?change.to, "circuit changed"),
        }
    }
}

fn tell_overload(pool: &PoolState, incidents: &Incidents, now: Tick) {
    let Some(change) = pool.look_at_overload(now) else {
        return;
    };
    let what = match change.to > change.from {
        true => "overload keeps itself going",
        false => "overload is over",
    };
    let line = format!("{what}: {} to {}, {}", change.from, change.to, change.why);
    incidents.note(&pool.name, EntryKind::Overload, &line, now);
    let (pool, why) = (&*pool.name, change.why);
    if change.to > change.from {
        tracing::warn!(pool, from = %change.from, to = %change.to, %why, "overload keeps itself going");
    } else {
        tracing::info!(pool, from = %change.from, to = %change.to, %why, "overload is over");
    }
}

fn tell_retries(pool: &PoolState, incidents: &Incidents, now: Tick) {
    let Some(off) = pool.look_at_retries(now) else {
        return;
    };
    let line = match off {
        Some(share) => format!("retries are off: {share}"),
        None => "retries are on again".to_owned(),
    };
    incidents.note(&pool.name, EntryKind::Overload, &line, now);
    let pool = &*pool.name;
    match off {
        Some(share) => tracing::warn!(pool, why = %share, "retries are off"),
        None => tracing::info!(pool, "retries are on again"),
    }
}

fn tell_backends(pool: &PoolState, incidents: &Incidents, seen: &mut Seen, now: Tick) {
    // Read first: what changes from now on is told the next time.
    let version = pool.pool.version();
    if seen.version.replace(version) == Some(version) {
        return;
    }
    let mut states = HashMap::new();
    for backend in pool.pool.backends().iter() {
        let state = backend.state();
        if state != BackendState::Up {
            states.insert(backend.id, state);
        }
        let before = seen.states.get(&backend.id).copied();
        let before = before.unwrap_or(BackendState::Up);
        if before == state {
            continue;
        }
        let shown = pool.pool.backend_snapshot(backend.id, now);
        let since = shown.as_ref().map_or(now, |shown| shown.since);
        let why = shown.and_then(|shown| shown.why);
        let cause = why
            .as_ref()
            .and_then(|why| why.cause)
            .map_or("", soe503_core::Cause::id);
        let why = why.as_ref().map_or("", |why| &*why.text);
        let line = match why {
            "" => format!("backend {}: {before} to {state}", backend.name),
            why => format!("backend {}: {before} to {state}: {why}", backend.name),
        };
        incidents.note(&pool.name, EntryKind::Backend, &line, since);
        let (pool, backend) = (&*pool.name, &*backend.name);
        if state.in_rotation() {
            tracing::info!(pool, backend, from = %before, to = %state, "backend changed");
        } else {
            tracing::warn!(pool, backend, from = %before, to = %state, cause, why, "backend changed");
        }
    }
    seen.states = states;
}
