//! Backends, and the hedges of their pool.

use std::collections::HashMap;
use std::sync::Arc;

use ::metrics::{Counter, Gauge};
use soe503_core::Tick;
use soe503_core::hedge::Withheld;
use soe503_core::metrics as table;
use soe503_core::pool::{BackendSnapshot, BackendState, Pool};

use super::publisher::Source;
use super::series::{counter, counters, float, gauge, one_of};

/// A pool's numbers.
pub(super) struct Backends<S> {
    pool: Pool<S>,
    series: Option<PoolSeries>,
    backends: HashMap<Arc<str>, BackendSeries>,
}

struct PoolSeries {
    panic: Gauge,
    hedge_delay: Gauge,
    hedges: [Counter; 3],
    withheld: [Counter; Withheld::ALL.len()],
}

struct BackendSeries {
    state: [Gauge; STATES.len()],
    in_flight: Gauge,
    requests: Counter,
    failures: Counter,
}

const STATES: [BackendState; 7] = [
    BackendState::Up,
    BackendState::Down,
    BackendState::Ejected,
    BackendState::Draining,
    BackendState::Disabled,
    BackendState::Starting,
    BackendState::Warming,
];

// === impl Backends ===

impl<S> Backends<S> {
    pub(super) fn new(pool: Pool<S>) -> Self {
        Self {
            pool,
            series: None,
            backends: HashMap::new(),
        }
    }
}

impl<S: Send + Sync + 'static> Source for Backends<S> {
    fn publish(&mut self, now: Tick) {
        let snapshot = self.pool.snapshot(now);
        let name = &*snapshot.name;
        let series = self.series.get_or_insert_with(|| PoolSeries::new(name));
        series.panic.set(f64::from(u8::from(snapshot.panic)));
        let hedge = self.pool.hedge();
        if hedge.config().is_some() {
            let hedge = hedge.snapshot();
            let delay = hedge.delay.unwrap_or_default();
            series.hedge_delay.set(delay.as_secs_f64());
            let counts = [hedge.won, hedge.lost, hedge.failed];
            for (counter, count) in series.hedges.iter().zip(counts) {
                counter.absolute(count);
            }
            for (counter, count) in series.withheld.iter().zip(hedge.withheld) {
                counter.absolute(count);
            }
        }
        let known = |name: &Arc<str>| snapshot.backends.iter().any(|b| b.name == *name);
        self.backends.retain(|name, series| {
            let stays = known(name);
            if !stays {
                series.gone();
            }
            stays
        });
        for backend in &snapshot.backends {
            let series = self.backends.entry(backend.name.clone());
            series
                .or_insert_with(|| BackendSeries::new(name, &backend.name))
                .publish(backend);
        }
    }
}

impl PoolSeries {
    fn new(name: &str) -> Self {
        Self {
            panic: gauge(&table::POOL_PANIC, &[name]),
            hedge_delay: gauge(&table::HEDGE_DELAY_SECONDS, &[name]),
            hedges: counters(&table::HEDGES_TOTAL, name, ["won", "lost", "failed"]),
            withheld: counters(
                &table::HEDGES_WITHHELD_TOTAL,
                name,
                Withheld::ALL.map(Withheld::id),
            ),
        }
    }
}

impl BackendSeries {
    fn new(pool: &str, backend: &str) -> Self {
        let state =
            |state: BackendState| gauge(&table::BACKEND_STATE, &[pool, backend, state.as_str()]);
        let name = [pool, backend];
        Self {
            state: STATES.map(state),
            in_flight: gauge(&table::BACKEND_IN_FLIGHT, &name),
            requests: counter(&table::BACKEND_REQUESTS_TOTAL, &name),
            failures: counter(&table::BACKEND_FAILURES_TOTAL, &name),
        }
    }

    fn publish(&self, backend: &BackendSnapshot) {
        let state = STATES.iter().position(|state| *state == backend.state);
        one_of(&self.state, state);
        self.in_flight.set(float(u64::from(backend.in_flight)));
        self.requests.absolute(backend.requests);
        self.failures.absolute(backend.failures);
    }

    /// The backend has left the pool: it is in no state.
    fn gone(&self) {
        one_of(&self.state, None);
        self.in_flight.set(0.0);
    }
}
