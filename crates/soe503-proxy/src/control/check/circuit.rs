//! Knocking at the backends of a pool whose circuit broken connections have opened.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use soe503_core::breaker::{BreakerSnapshot, Knocked, State, root_of_knocks, worth_knocking};
use soe503_core::health::CheckResult;
use soe503_core::pool::BackendState;
use soe503_core::{Cause, Tick};
use tokio::task::JoinSet;

use super::{Limits, Prober};
use crate::config::Probe;
use crate::control::watch::tell_circuit;
use crate::state::PoolState;

/// The pause after the first round; each later one is twice as long. A system may accept for a
/// dying process for some milliseconds.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// The longest pause, from which on a backend that stays is bothered no more than by other knocks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A knock that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(1);
/// The backends that are knocked at: in a large pool they speak for the others.
const MOST: usize = 32;

/// Knocks whenever the circuit of `pool` opens, for ever; the caller ends it by dropping the future.
///
/// A TCP connect to each backend at once, again with growing pauses, until most of them cannot be
/// connected to, which then is the circuit's root; or until the circuit lets a probe through, which
/// finds out by itself. The core says when knocking tells anything ([`worth_knocking`]) and what
/// ([`root_of_knocks`]).
pub async fn watch_circuit<P: Prober>(pool: Arc<PoolState>, prober: Arc<P>, limits: Limits) {
    let mut pause = None;
    loop {
        pause = match pause {
            None => {
                pool.openings.wait().await;
                Some(FIRST_PAUSE)
            }
            Some(pause) => match tokio::time::timeout(pause, pool.openings.wait()).await {
                Ok(()) => Some(FIRST_PAUSE),
                Err(_elapsed) => Some((pause * 2).min(LONGEST_PAUSE)),
            },
        };
        let now = soe503::clock::now();
        let circuit = pool.breaker.snapshot(now);
        if !in_question(&circuit, now) || knock(&pool, &circuit, &prober, &limits).await {
            pause = None;
        }
    }
}

/// The circuit refuses, for a reason that knocking can shed light on, and no probe may go yet.
fn in_question(circuit: &BreakerSnapshot, now: Tick) -> bool {
    let waits = circuit.retry_at.is_some_and(|at| at > now);
    let root = circuit.trip.as_ref().and_then(|trip| trip.root);
    circuit.state == State::Open && waits && worth_knocking(root)
}

/// One round. Returns whether it settled the question.
async fn knock<P: Prober>(
    pool: &PoolState,
    circuit: &BreakerSnapshot,
    prober: &Arc<P>,
    limits: &Limits,
) -> bool {
    let mut knocks = start(pool, prober, limits);
    let asked = knocks.len();
    let mut failed = Vec::with_capacity(asked);
    while let Some(done) = knocks.join_next().await {
        // A knock that panicked says nothing, like one that was accepted.
        let Ok(CheckResult::Failed {
            cause: Some(cause), ..
        }) = done
        else {
            continue;
        };
        failed.push(cause);
        // As soon as it is known: one that hangs must not hold up what the others prove.
        if let Some(cause) = root_of_knocks(asked, &failed) {
            tell(pool, circuit, cause);
            return true;
        }
    }
    false
}

fn start<P: Prober>(pool: &PoolState, prober: &Arc<P>, limits: &Limits) -> JoinSet<CheckResult> {
    let timeout = pool.config.connect_timeout.min(PATIENCE);
    let mut knocks = JoinSet::new();
    let backends = pool.pool.backends();
    let served = |state| !matches!(state, BackendState::Disabled | BackendState::Draining);
    let wanted = backends.iter().filter(|backend| served(backend.state()));
    for backend in wanted.take(MOST) {
        let address = backend.service.address();
        let (prober, at_once) = (Arc::clone(prober), Arc::clone(&limits.at_once));
        knocks.spawn(async move {
            // The semaphore is never closed; if it were, knocking without it does no harm.
            let _permit = at_once.acquire().await;
            let nobody = HeaderValue::from_static("-");
            prober
                .probe(&Probe::Tcp, address, &nobody, None, timeout)
                .await
        });
    }
    knocks
}

fn tell(pool: &PoolState, circuit: &BreakerSnapshot, cause: Cause) {
    let found = Knocked::new(soe503::clock::now(), cause);
    if pool.breaker.knocked(circuit.generation, found) {
        // The opening first: its own look may come up to a quarter of a second later.
        tell_circuit(pool);
        let (pool, root) = (&*pool.name, cause.id());
        tracing::warn!(pool, root, "circuit open: knocks at the backends failed");
    }
}

#[cfg(test)]
#[path = "circuit_tests.rs"]
mod tests;
