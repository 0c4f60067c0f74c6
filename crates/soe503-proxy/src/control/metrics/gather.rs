//! Reading everything once.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use soe503::stale::StaleCache;
use soe503_api::CircuitState;
use soe503_core::pool::BackendSnapshot;
use soe503_core::rate::RateSnapshot;

use super::scrape::{
    BackendScrape, DogstatsdScrape, Example, JournalScrape, PoolScrape, ResponseCount, Scrape,
    TierScrape, TlsScrape, TracesScrape,
};
use crate::config::TlsVersion;
use crate::control::admin::view;
use crate::control::clock::Anchor;
use crate::control::dogstatsd::Lost;
use crate::control::recorder::Record;
use crate::control::usage;
use crate::journal::Status;
use crate::state::{Class, Origin, PoolState, Proxy};
use crate::tls::{Reason, ServerTls};
use crate::traces::Dropped;

/// The values of this moment.
pub fn gather(proxy: &Proxy) -> Scrape {
    Scrape {
        version: env!("CARGO_PKG_VERSION"),
        server: Arc::clone(&proxy.server_name),
        started: proxy.started_at,
        draining: proxy.is_draining(),
        connections: proxy.connections.open(),
        connections_total: proxy.connections.total(),
        refused_for_header: proxy.connections.refused_for_header(),
        refused_per_client: proxy.connections.refused_per_client(),
        recorder_dropped: proxy.recorder.dropped(),
        diagnoses: proxy.recorder.diagnoses(),
        log: proxy.log.counts(),
        access_log_written: proxy.access_log.written(),
        access_log_dropped: proxy.access_log.dropped(),
        journal: proxy.journal.status().map(|status| journal(proxy, status)),
        traces: traces(proxy),
        dogstatsd: dogstatsd(proxy),
        reloads_failed: proxy.reloads.refused.load(Relaxed),
        reloads_applied: proxy.reloads.applied.load(Relaxed),
        certificate_reloads: proxy.file_reloads.applied.load(Relaxed),
        certificate_reloads_refused: proxy.file_reloads.refused.load(Relaxed),
        admin_tokens: (
            proxy.access.applied.load(Relaxed),
            proxy.access.refused.load(Relaxed),
        ),
        admin_refused: proxy.access.turned_away().collect(),
        admin_connections_refused: proxy.access.connections_refused.load(Relaxed),
        debug_tokens: proxy.debug_tokens.counts().collect(),
        tls: of_all_tls(proxy),
        incidents: proxy.incidents.counts(),
        open_incidents: proxy.incidents.open(),
        alerts: proxy.alerts.scrape(),
        change_hooks: proxy.change_hooks.counts(),
        loops: proxy.loops.snapshot(soe503::clock::now()),
        usage: usage::read(),
        rate_limits: rate_limits(proxy),
        pools: pools(proxy),
    }
}

fn journal(proxy: &Proxy, status: Status) -> JournalScrape {
    let counts = proxy.journal.counts();
    JournalScrape {
        status,
        written: counts.written.load(Relaxed),
        dropped: counts.dropped.load(Relaxed),
        aged: counts.aged.load(Relaxed),
        squeezed: counts.squeezed.load(Relaxed),
        set_aside: counts.set_aside.load(Relaxed),
    }
}

fn traces(proxy: &Proxy) -> Option<TracesScrape> {
    let counts = proxy.traces.counts();
    let scrape = TracesScrape {
        exported: counts.exported(),
        dropped: Dropped::ALL
            .map(|why| (why.id(), counts.dropped(why)))
            .to_vec(),
    };
    let some = scrape.exported > 0 || scrape.dropped.iter().any(|(_, spans)| *spans > 0);
    (proxy.traces.is_on() || some).then_some(scrape)
}

fn dogstatsd(proxy: &Proxy) -> Option<DogstatsdScrape> {
    let counts = &proxy.dogstatsd;
    let scrape = DogstatsdScrape {
        sent: counts.sent(),
        dropped: Lost::ALL.map(|why| (why.id(), counts.lost(why))).to_vec(),
    };
    let some = scrape.sent > 0 || scrape.dropped.iter().any(|(_, packets)| *packets > 0);
    (proxy.config().dogstatsd.is_some() || some).then_some(scrape)
}

fn rate_limits(proxy: &Proxy) -> Vec<RateSnapshot> {
    let now = soe503::clock::now();
    let limits = proxy.rate_limits();
    limits.values().map(|limit| limit.snapshot(now)).collect()
}

fn pools(proxy: &Proxy) -> Vec<PoolScrape> {
    let interrupted = proxy.interruptions.by_pool(soe503::clock::now());
    let pools = proxy.pools();
    let scrapes = pools.values().map(|pool| PoolScrape {
        interrupted: interrupted.get(&pool.name).copied().unwrap_or_default(),
        ..of_pool(pool)
    });
    let mut scrapes: Vec<PoolScrape> = scrapes.collect();
    let anchor = Anchor::now();
    for record in proxy.recorder.latest() {
        give_example(&mut scrapes, &record, anchor);
    }
    scrapes
}

/// Has what counts requests like this one name it, unless that names another already: the latest comes first.
fn give_example(pools: &mut [PoolScrape], record: &Record, anchor: Anchor) {
    // They are in the order of their names.
    let known = record.pool.as_ref();
    let Some(Ok(at)) = known.map(|name| pools.binary_search_by(|pool| pool.name.cmp(name))) else {
        return;
    };
    let origin = match record.passed_on {
        true => Origin::Upstream,
        false => Origin::Generated,
    };
    let class = Class::of(Some(record.status));
    let cause = record.diagnosis.primary;
    let alike = |r: &&mut ResponseCount| {
        // A backend's own 5xx is counted without what we make of it.
        let same = r.cause.is_none_or(|counted| counted == cause);
        r.origin == origin && r.class == class && same && (record.passed_on || r.cause.is_some())
    };
    if let Some(counted) = pools[at].responses.iter_mut().find(alike)
        && counted.example.is_none()
    {
        counted.example = Some(Example {
            trace_id: record.trace_id,
            request_id: Arc::clone(&record.request_id),
            at: anchor.unix(record.at),
        });
    }
}

/// Of the listeners, and of the admin address.
fn of_all_tls(proxy: &Proxy) -> Vec<TlsScrape> {
    let (listeners, admin) = (proxy.all_server_tls(), proxy.access.tls());
    listeners.iter().chain(&admin).map(of_tls).collect()
}

fn of_tls(tls: &ServerTls) -> TlsScrape {
    let counts = tls.counts();
    let versions = [TlsVersion::Tls12, TlsVersion::Tls13];
    TlsScrape {
        listener: tls.address(),
        handshakes: versions.map(|v| (v, counts.succeeded(v))).to_vec(),
        resumed: counts.resumed(),
        failed: Reason::ALL.map(|r| (r, counts.failed(r))).to_vec(),
        certificates: tls.certificates(),
    }
}

fn of_pool(pool: &PoolState) -> PoolScrape {
    let now = soe503::clock::now();
    let snapshot = pool.pool.snapshot(now);
    let breaker = pool.breaker.snapshot(now);
    let budget = pool.budget.snapshot(now);
    let limit = pool.limit.snapshot(now);
    let transitions = pool.circuit_counts();
    let answers = pool.answers();
    PoolScrape {
        name: Arc::clone(&pool.name),
        responses: responses(pool),
        answered: pool.counters.answered.snapshot(),
        failures: pool.counters.failures.snapshot(),
        attempts: pool.counters.attempts(),
        prevented: pool.counters.prevented(),
        fallbacks: pool.counters.fallbacks(),
        stale: pool.counters.stale(),
        failed_over: pool.counters.failed_over(),
        taken_over: pool.counters.taken_over(),
        cache: pool.cache.as_ref().map(StaleCache::snapshot),
        prevented_by_hedges: pool.counters.prevented_by_hedges(),
        hedge: pool.config.hedge.map(|_| pool.pool.hedge().snapshot()),
        throttle: pool
            .throttle
            .as_ref()
            .map(|throttle| throttle.snapshot(now)),
        interrupted: 0,
        circuit: view::circuit_state(breaker.state),
        transitions: vec![
            (CircuitState::Closed, transitions.closed),
            (CircuitState::Open, transitions.open),
            (CircuitState::HalfOpen, transitions.half_open),
        ],
        circuit_refused: breaker.refused,
        waiting: pool.breaker.waiting_room().snapshot(),
        budget_available: budget.available,
        budget_spent: budget.spent,
        budget_refused: budget.refused,
        retries_cut: budget.cut,
        in_flight: u64::from(limit.in_use),
        in_flight_limit: (limit.limit < u32::MAX).then(|| u64::from(limit.limit)),
        limit_why: limit.why,
        queued: limit.waiting,
        oldest_waiting: limit.oldest,
        waited: limit.waited,
        shed: limit.shed,
        for_backends: {
            let (served, refused) = pool.pool.waited();
            (pool.pool.waiting(), served, refused)
        },
        overload: {
            let shown = pool.metastable.shown();
            (shown.stage, shown.entered)
        },
        panic: snapshot.panic,
        clients_moved: pool.config.sticky.as_ref().map(|_| pool.counters.moved()),
        tiers: snapshot
            .tiers
            .iter()
            .map(|tier| TierScrape {
                priority: tier.priority,
                own_zone: tier.local,
                share: tier.share,
            })
            .collect(),
        checks: match pool.config.health_check {
            Some(_) => pool.counters.checks.read().to_vec(),
            None => Vec::new(),
        },
        dns_failing: answers
            .iter()
            .filter_map(|resolution| {
                let trouble = resolution.trouble.as_ref()?;
                Some((Arc::clone(&resolution.host), trouble.cause))
            })
            .collect(),
        ejections: snapshot.ejections,
        backends: snapshot
            .backends
            .iter()
            .map(|backend| of_backend(backend, pool.config.health_check.is_some()))
            .collect(),
    }
}

/// What happened, and of what did not, only what a dashboard divides by: a series that appears
/// with its first event hides that event from `rate()`.
fn responses(pool: &PoolState) -> Vec<ResponseCount> {
    let mut all: Vec<_> = pool.counters.responses().collect();
    for class in Class::ALL.into_iter().filter(|class| *class != Class::None) {
        let divisor = (Origin::Upstream, class, None);
        let same = |(origin, class, cause, _): &_| (*origin, *class, *cause) == divisor;
        if !all.iter().any(same) {
            all.push((divisor.0, divisor.1, divisor.2, 0));
        }
    }
    let count = |(origin, class, cause, count)| ResponseCount {
        origin,
        class,
        cause,
        count,
        example: None,
    };
    all.into_iter().map(count).collect()
}

fn of_backend(backend: &BackendSnapshot, checked: bool) -> BackendScrape {
    let quantiles = [(0.5, backend.latency.p50), (0.99, backend.latency.p99)];
    BackendScrape {
        name: Arc::clone(&backend.name),
        state: view::backend_state(backend.state),
        check_overruled: checked.then_some(backend.check_overruled),
        in_flight: u64::from(backend.in_flight),
        max_in_flight: backend.max_in_flight,
        requests: backend.requests,
        failures: backend.failures,
        ejections: backend.ejections,
        utilization: backend.utilization,
        latency: quantiles
            .into_iter()
            .filter_map(|(rank, latency)| Some((rank, latency?)))
            .collect(),
    }
}

#[cfg(test)]
#[path = "gather_tests.rs"]
mod tests;
