//! `GET /api/v1/doctor`: figures are gathered here, and judged by [`soe503_core::advice`].

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use soe503_api as api;
use soe503_core::advice::{Advice, Latencies, Observed, Patience, RouteSettings, Settings, advise};
use soe503_core::diagnosis::rules::Late;
use soe503_core::histogram::HistogramSnapshot;
use soe503_core::keepalive::Source;
use soe503_core::limit::LimitWhy;
use soe503_core::{Cause, Tick};

use super::problem::Refusal;
use super::router::Shared;
use crate::config::{Config, Found, KeyPath, PoolConfig, Severity, Window};
use crate::state::{DurationsSnapshot, PoolState, Proxy, Tally};

/// One in a thousand is more.
const P999: f64 = 0.999;

/// On a thread of its own: all backends are looked at.
pub(super) async fn all(State(shared): State<Shared>) -> Result<Json<api::Doctor>, Refusal> {
    let looked = tokio::task::spawn_blocking(move || {
        let anchor = (shared.clock)();
        let since = anchor.date(shared.proxy.started);
        examine(&shared.proxy, anchor.tick(), since)
    });
    looked.await.map(Json).map_err(|error| {
        tracing::error!(%error, "the doctor panicked");
        let detail = "Looking failed in a way that should not be possible; please report it.";
        Refusal(api::Problem::new(500, "Nothing was found out", detail))
    })
}

fn examine(proxy: &Proxy, now: Tick, since: api::Timestamp) -> api::Doctor {
    let (config, pools) = (proxy.config(), proxy.pools());
    let window = now.since(proxy.started);
    let mut doctor = api::Doctor {
        since,
        window_ms: u64::try_from(window.as_millis()).unwrap_or(u64::MAX),
        requests: 0,
        failed: 0,
        lints: config.lints.found().iter().map(lint).collect(),
        advice: Vec::new(),
    };
    for pool in pools.values() {
        let tally = pool.counters.tally();
        doctor.requests += tally.requests;
        doctor.failed += tally.failed.iter().sum::<u64>();
        let advice = of_pool(pool, &tally, &config, window, now);
        doctor.advice.extend(advice);
    }
    doctor
        .advice
        .sort_by_key(|advice| std::cmp::Reverse(advice.would_have_saved));
    doctor
}

/// A trap in the configuration.
pub(in crate::control) fn lint(found: &Found) -> api::Lint {
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    api::Lint {
        id: found.lint.id.to_owned(),
        severity: match found.lint.severity {
            Severity::Warning => api::Severity::Warning,
            Severity::Note => api::Severity::Note,
        },
        key: found.key.clone(),
        now: found.now.clone(),
        wrong: found.wrong.clone(),
        set: found.set.clone(),
        advice: found.advice.clone(),
        line: found.position.map(|(line, _)| number(line)),
        column: found.position.map(|(_, column)| number(column)),
    }
}

/// What the traffic of `pool` advises.
fn of_pool(
    pool: &PoolState,
    tally: &Tally,
    config: &Config,
    window: Duration,
    now: Tick,
) -> Vec<api::Advice> {
    let own = config.routes.iter().enumerate();
    let (indices, routes): (Vec<usize>, Vec<RouteSettings>) = own
        .filter(|(_, route)| route.pool.name == pool.config.name)
        .map(|(index, route)| {
            let settings = RouteSettings {
                attempts: route.retry.attempts.get().into(),
                attempt_timeout: route.retry.attempt_timeout,
                timeout: route.timeout,
            };
            (index, settings)
        })
        .unzip();
    let counted = Cause::ALL.iter().copied().zip(tally.failed);
    let failed: Vec<_> = counted.filter(|(_, count)| *count > 0).collect();
    let observed = observe(pool, tally, &failed, &routes, window, now);
    let advice = advise(&observed).into_iter().map(|advice| {
        let route = advice.route.and_then(|place| indices.get(place).copied());
        tell(&advice, &pool.config, route, config)
    });
    advice.collect()
}

fn observe<'a>(
    pool: &PoolState,
    tally: &Tally,
    failed: &'a [(Cause, u64)],
    routes: &'a [RouteSettings],
    window: Duration,
    now: Tick,
) -> Observed<'a> {
    let backends = pool.pool.backends();
    let mut attempts: Option<HistogramSnapshot> = None;
    let (mut late, mut patience): (Late, Option<Patience>) = (Late::default(), None);
    for backend in backends.iter() {
        let (of, came) = backend.late();
        late.of += of;
        late.came += came;
        if backend.requests() > 0 {
            let seen = backend.latencies();
            match &mut attempts {
                Some(all) => all.add(&seen),
                None => attempts = Some(seen),
            }
        }
        let (usable, source) = backend.service.idle_limit_and_source(now);
        let sooner = patience.as_ref().is_none_or(|known| usable < known.usable);
        if source != Source::Configured && sooner {
            patience = Some(Patience {
                backend: backend.name.clone(),
                usable,
                said: source == Source::Said,
            });
        }
    }
    let limit = pool.limit.snapshot(now);
    let (looked, again) = pool.trends.repeated();
    Observed {
        window,
        requests: tally.requests,
        failed,
        attempts: attempts.map_or_else(Latencies::default, |seen| Latencies {
            count: seen.count(),
            p999: seen.quantile(P999),
        }),
        answers: answers(&pool.counters.answered.snapshot()),
        late,
        backends: u32::try_from(backends.len()).unwrap_or(u32::MAX),
        patience,
        knee: (limit.why == LimitWhy::Saturated).then_some(limit.limit),
        checks: pool.counters.checks.read().iter().map(|(_, n)| n).sum(),
        looked,
        again,
        settings: settings(&pool.config, routes),
    }
}

fn settings<'a>(config: &PoolConfig, routes: &'a [RouteSettings]) -> Settings<'a> {
    let breaker = config.circuit_breaker.as_ref();
    let rates = breaker.filter(|b| b.failure_rate.is_some() || b.slow_rate.is_some());
    Settings {
        routes,
        idle_timeout: config.idle_timeout,
        max_in_flight: config.max_in_flight.get(),
        check_interval: config.health_check.as_ref().map(|check| check.interval),
        breaker: rates.and_then(|breaker| match breaker.window {
            Window::Time(window) => Some((breaker.minimum_requests.get(), window)),
            Window::Count(_) => None,
        }),
    }
}

/// The edge below which 999 of 1000 answers are, since the process began.
fn answers(seen: &DurationsSnapshot) -> Latencies {
    let count: u64 = seen.counts.iter().sum();
    let rank = (P999 * count as f64).ceil() as u64;
    let edge = seen.cumulative().find(|(_, below)| *below >= rank);
    let edge = edge.filter(|(edge, _)| count > 0 && edge.is_finite());
    Latencies {
        count,
        p999: edge.map(|(edge, _)| Duration::from_secs_f64(edge)),
    }
}

fn tell(advice: &Advice, pool: &PoolConfig, route: Option<usize>, config: &Config) -> api::Advice {
    let info = advice.kind.info();
    let key = match route {
        Some(index) => KeyPath::route(config.lints.route_number(index), info.key),
        None => KeyPath::pool(&pool.name, info.key),
    };
    let route = route.and_then(|index| config.routes.get(index));
    let set = advice.set.map(|value| value.to_string());
    api::Advice {
        id: info.id.to_owned(),
        pool: pool.name.to_string(),
        route: route.map(|route| route.matches.to_string()),
        key: key.to_string(),
        now: advice.now.to_string(),
        what: match &set {
            Some(set) => format!("set `{} = {set}`", info.key),
            None => info.set.to_owned(),
        },
        set,
        why: advice.why.clone(),
        would_have_saved: advice.would_have_saved,
    }
}

#[cfg(test)]
#[path = "doctor_tests.rs"]
mod tests;
