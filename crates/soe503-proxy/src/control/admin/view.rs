//! From snapshots of the core to the types of the API.

use std::sync::Arc;
use std::time::Duration;

use soe503_api as api;
use soe503_core::breaker::{BreakerSnapshot, Forced, State};
use soe503_core::health::{Health, HealthReport, Hints, Level};
use soe503_core::hedge::{HedgeSnapshot, Withheld};
use soe503_core::keepalive::Source;
use soe503_core::limit::{LimitSnapshot, LimitWhy};
use soe503_core::metastable::Stage;
use soe503_core::pool::{BackendSnapshot, BackendState, PoolState as CoreState, TierSnapshot};
use soe503_core::retry::Cut;
use soe503_core::{Cause, Tick};

use super::findings;
use crate::config::Queue;
use crate::control::clock::Anchor;
use crate::state::PoolState;

/// A pool as it is at the moment of `anchor`.
pub(crate) fn pool(pool: &PoolState, anchor: Anchor) -> api::Pool {
    let now = anchor.tick();
    let snapshot = pool.pool.snapshot(now);
    let breaker = pool.breaker.snapshot(now);
    let budget = pool.budget.snapshot(now);
    let admitted = pool.limit.snapshot(now);
    let checked = pool.config.health_check.is_some();
    let mut backends: Vec<_> = snapshot
        .backends
        .iter()
        .map(|shown| {
            let idle = idle_timeout(pool, shown, now);
            backend(shown, checked, idle, anchor)
        })
        .collect();
    backends.extend(unresolved(pool, anchor));
    api::Pool {
        name: pool.name.to_string(),
        state: state(snapshot.state, snapshot.panic, &breaker),
        panic: snapshot.panic,
        balance: snapshot.balance.to_string(),
        tiers: snapshot.tiers.iter().map(tier).collect(),
        circuit: circuit(&breaker, anchor),
        findings: findings::findings(pool, &snapshot.backends, now),
        failed_attempts: findings::failed_attempts(pool),
        backends,
        retry_budget: api::RetryBudget {
            available: budget.available,
            spent: budget.spent,
            refused: budget.refused,
            cut: budget.cut.map(|cut| match cut {
                Cut::MostFail => api::RetriesCut::MostFail,
                Cut::Overload => api::RetriesCut::Overload,
                _ => api::RetriesCut::Unknown,
            }),
        },
        hedge: pool
            .config
            .hedge
            .map(|_| hedge(&pool.pool.hedge().snapshot())),
        throttle: pool.throttle.as_ref().map(|throttle| {
            let seen = throttle.snapshot(now);
            api::Throttle {
                held_back: seen.probability.as_f64(),
                requests: seen.requests,
                accepted: seen.accepted,
                throttled: seen.throttled,
            }
        }),
        cache: pool.cache.as_ref().map(|cache| {
            let seen = cache.snapshot();
            api::Cache {
                entries: seen.entries,
                bytes: seen.bytes,
                max_bytes: cache.config().max_bytes,
                kept: seen.kept,
                given: seen.given,
                offered: seen.offered,
                revalidations: seen.revalidations,
            }
        }),
        waiting: waiting(pool),
        limit: limit(&admitted),
        queue: queue(&admitted, &pool.config.queue, pool.pool.waiting()),
        overload: overload(pool, anchor),
        failover: api::Failover {
            answered_elsewhere: pool.counters.failed_over(),
            taken_over: pool.counters.taken_over(),
        },
        requests: pool.counters.requests(),
        prevented: pool.counters.prevented(),
        failed: pool.counters.failed(),
    }
}

fn hedge(seen: &HedgeSnapshot) -> api::Hedge {
    let withheld = Withheld::ALL.into_iter().zip(seen.withheld);
    api::Hedge {
        delay_ms: seen.delay.map(millis),
        samples: seen.samples,
        sent: seen.sent,
        won: seen.won,
        lost: seen.lost,
        failed: seen.failed,
        withheld: withheld
            .filter(|(_, count)| *count > 0)
            .map(|(why, count)| (why.id().to_owned(), count))
            .collect(),
    }
}

fn tier(tier: &TierSnapshot) -> api::Tier {
    api::Tier {
        priority: u32::from(tier.priority),
        own_zone: tier.local,
        backends: u64::from(tier.backends),
        usable: u64::from(tier.usable),
        share: tier.share,
    }
}

/// Who waits for the circuit.
fn waiting(pool: &PoolState) -> api::Waiting {
    let room = pool.breaker.waiting_room().snapshot();
    api::Waiting {
        depth: u64::from(room.taken),
        limit: u64::from(room.most),
        answered: room.answered,
        in_vain: room.in_vain(),
        turned_away: room.turned_away,
    }
}

/// A circuit's state in the API.
pub(crate) const fn circuit_state(state: State) -> api::CircuitState {
    match state {
        State::Closed => api::CircuitState::Closed,
        State::Open => api::CircuitState::Open,
        State::HalfOpen => api::CircuitState::HalfOpen,
    }
}

/// A backend's state in the API.
pub(crate) const fn backend_state(state: BackendState) -> api::BackendState {
    match state {
        BackendState::Up => api::BackendState::Up,
        BackendState::Down => api::BackendState::Down,
        BackendState::Ejected => api::BackendState::Ejected,
        BackendState::Draining => api::BackendState::Draining,
        BackendState::Disabled => api::BackendState::Disabled,
        BackendState::Starting => api::BackendState::Starting,
        BackendState::Warming => api::BackendState::Warming,
        _ => api::BackendState::Unknown,
    }
}

fn limit(seen: &LimitSnapshot) -> api::Limit {
    api::Limit {
        in_flight: u64::from(seen.in_use),
        pending: u64::from(seen.pending),
        limit: u64::from(seen.limit),
        source: match seen.why {
            LimitWhy::Fixed => api::LimitSource::Fixed,
            LimitWhy::Testing => api::LimitSource::Testing,
            LimitWhy::Saturated => api::LimitSource::Saturated,
            LimitWhy::Shedding => api::LimitSource::Shedding,
            _ => api::LimitSource::Unknown,
        },
        usual_ms: seen.typical.map(millis),
        waited: seen.waited,
        shed: by_priority(seen.shed),
    }
}

/// What is cut because the overload keeps itself going.
fn overload(pool: &PoolState, anchor: Anchor) -> Option<api::Overload> {
    let shown = pool.metastable.shown();
    let (stage, why) = shown.cut()?;
    Some(api::Overload {
        stage: match stage {
            Stage::RetriesCut => api::OverloadStage::RetriesCut,
            Stage::QueueCut => api::OverloadStage::QueueCut,
            Stage::Shedding => api::OverloadStage::Shedding,
            _ => api::OverloadStage::Unknown,
        },
        since: anchor.date(shown.since),
        goodput: why.goodput,
        usual: why.usual,
        useful: why.useful,
        retry_share: why.retry_share,
    })
}

fn queue(seen: &LimitSnapshot, config: &Queue, for_backends: u32) -> api::Queue {
    let waiting = by_priority(seen.waiting.map(u64::from));
    api::Queue {
        depth: waiting.total(),
        limit: (config.max_waiting > 0).then(|| u64::from(config.max_waiting)),
        oldest_ms: millis(seen.oldest),
        waiting,
        for_backends: u64::from(for_backends),
    }
}

/// From the order of [`soe503_core::limit::Class::ALL`].
const fn by_priority([low, normal, high]: [u64; 3]) -> api::ByPriority {
    api::ByPriority { high, normal, low }
}

fn state(pool: CoreState, panic: bool, breaker: &BreakerSnapshot) -> api::PoolState {
    let refuses = breaker.state == State::Open && (!breaker.shadow || breaker.forced.is_some());
    match pool {
        _ if refuses => api::PoolState::Down,
        // Checks condemn all backends and are not believed: requests are served.
        CoreState::Down if panic => api::PoolState::Degraded,
        CoreState::Down => api::PoolState::Down,
        CoreState::Ok if breaker.state == State::Closed => api::PoolState::Ok,
        _ => api::PoolState::Degraded,
    }
}

fn circuit(breaker: &BreakerSnapshot, anchor: Anchor) -> api::Circuit {
    let trip = breaker.trip.as_ref();
    let id = |cause: Cause| cause.id().to_owned();
    let (forced, reason) = match &breaker.forced {
        Some(Forced::Open { why, .. }) => (Some(api::ForcedCircuit::Open), Some(why.to_string())),
        Some(Forced::Closed { why, .. }) => {
            (Some(api::ForcedCircuit::Closed), Some(why.to_string()))
        }
        None => (None, trip.map(|trip| trip.rule.to_string())),
    };
    api::Circuit {
        state: circuit_state(breaker.state),
        opened_at: breaker.opened_at.map(|at| anchor.date(at)),
        retry_at: breaker.retry_at.map(|at| anchor.date(at)),
        root: trip.and_then(|trip| trip.root).map(id),
        rule: trip.map(|trip| id(trip.cause)),
        forced,
        reason,
    }
}

fn backend(
    shown: &BackendSnapshot,
    checked: bool,
    idle_timeout: Option<api::IdleTimeout>,
    anchor: Anchor,
) -> api::Backend {
    let why = shown.why.as_ref();
    let due = shown.ejection.as_ref().map(|ejection| ejection.due);
    api::Backend {
        name: shown.name.to_string(),
        address: shown.address.to_string(),
        state: backend_state(shown.state),
        reason: why.map(|why| why.text.to_string()),
        cause: why
            .and_then(|why| why.cause)
            .map(|cause| cause.id().to_owned()),
        since: anchor.date(shown.since),
        until: why
            .and_then(|why| why.until)
            .or_else(|| due.filter(|_| shown.state == BackendState::Ejected))
            .map(|until| anchor.date(until)),
        weight: shown.weight,
        share: Some(shown.share),
        priority: u32::from(shown.priority),
        zone: shown.zone.as_deref().map(str::to_owned),
        utilization: shown.utilization,
        in_flight: u64::from(shown.in_flight),
        max_in_flight: shown.max_in_flight.map(u64::from),
        requests: shown.requests,
        failures: shown.failures,
        consecutive_failures: u64::from(shown.consecutive_failures),
        latency_ms: api::Latency {
            p50: shown.latency.p50.map(millis),
            p99: shown.latency.p99.map(millis),
        },
        idle_timeout,
        health_check: if checked {
            health_check(&shown.health, shown.check_overruled, anchor)
        } else {
            api::HealthCheck::NONE
        },
    }
}

/// `None`: it has left the pool since it was `shown`.
fn idle_timeout(pool: &PoolState, shown: &BackendSnapshot, now: Tick) -> Option<api::IdleTimeout> {
    let backend = pool.pool.backend(&*shown.name)?;
    let (limit, source) = backend.service.idle_limit_and_source(now);
    Some(api::IdleTimeout {
        ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        source: match source {
            Source::Configured => api::IdleTimeoutSource::Configured,
            Source::Said => api::IdleTimeoutSource::KeepAlive,
            Source::Learned => api::IdleTimeoutSource::Learned,
            _ => api::IdleTimeoutSource::Unknown,
        },
        requests: backend.service.requests_per_connection(now),
    })
}

fn health_check(report: &HealthReport, overruled: bool, anchor: Anchor) -> api::HealthCheck {
    let state = match report.health {
        _ if report.last_at.is_none() => api::HealthCheckState::Pending,
        Health::Up => api::HealthCheckState::Passing,
        Health::Down => api::HealthCheckState::Failing,
        _ => api::HealthCheckState::Pending,
    };
    api::HealthCheck {
        state,
        last_status: report.last_status,
        last_error: report.last_error.as_deref().map(str::to_owned),
        last_at: report.last_at.map(|at| anchor.date(at)),
        overruled,
        hints: report.hints.as_deref().map(hints).unwrap_or_default(),
    }
}

/// The components that are not well, or the backend as a whole if it names none.
fn hints(hints: &Hints) -> Vec<api::HealthHint> {
    let hint = |component: Option<&str>, level, output: &Option<Arc<str>>| api::HealthHint {
        component: component.map(str::to_owned),
        status: match level {
            Level::Fail => api::HintStatus::Fail,
            Level::Warn => api::HintStatus::Warn,
            _ => api::HintStatus::Unknown,
        },
        output: output.as_deref().map(str::to_owned),
    };
    if hints.components.is_empty() {
        return vec![hint(None, hints.level, &hints.output)];
    }
    let components = hints.components.iter();
    components
        .map(|part| hint(Some(&part.name), part.level, &part.output))
        .collect()
}

/// Names without an address, shown as backends that wait for one: what is configured and missing
/// is what an operator looks for.
fn unresolved(pool: &PoolState, anchor: Anchor) -> Vec<api::Backend> {
    let answers = pool.answers();
    let waiting = |backend: &crate::config::Backend| {
        let host = backend.target.name()?;
        let resolution = answers
            .get(host)
            .filter(|found| found.addresses.is_empty())?;
        let trouble = resolution.trouble.as_ref();
        Some(api::Backend {
            name: backend.name.to_string(),
            address: backend.target.to_string(),
            state: match trouble {
                Some(_) => api::BackendState::Down,
                None => api::BackendState::Starting,
            },
            reason: Some(trouble.map_or_else(
                || format!("waiting for the first answer about {host}"),
                |trouble| trouble.text.to_string(),
            )),
            cause: trouble.map(|trouble| trouble.cause.id().to_owned()),
            since: anchor.date(trouble.map_or_else(|| anchor.tick(), |trouble| trouble.since)),
            until: None,
            weight: backend.weight.get(),
            share: None,
            priority: u32::from(backend.priority),
            zone: backend.zone.as_deref().map(str::to_owned),
            utilization: None,
            in_flight: 0,
            max_in_flight: None,
            requests: 0,
            failures: 0,
            consecutive_failures: 0,
            latency_ms: api::Latency::default(),
            idle_timeout: None,
            health_check: api::HealthCheck::NONE,
        })
    };
    pool.config.backends.iter().filter_map(waiting).collect()
}

/// Milliseconds to the microsecond.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
