//! The stack of one route: layers of the crate `soe503` around the pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response};
use soe503::concurrency_limit::Priority;
use soe503::explain::{Explain, Explainer, FailureRecord, Fallback, Page, Record};
use soe503::pool::LoadReports;
use soe503::{CircuitBreaker, ConcurrencyLimit, Failover, Pool, RetryLayer, StatusSet, Timeout};
use soe503_core::Tick;
use soe503_core::diagnosis::Diagnosis;
use soe503_core::explain::{Exposure, StatusPolicy};
use soe503_core::incident::{Course, Place, blamed};
use soe503_core::ledger::Fault;
use tower_layer::Layer;
use tower_service::Service;

use super::ClientBody;
use super::pools::{Chain, Pools, Turn};
use super::surroundings::{PoolSurroundings, in_front};
use super::trace;
use crate::config;
use crate::control::clock::Anchor;
use crate::control::incidents::Incidents;
use crate::control::recorder::{self, Recorder};
use crate::state::{PoolState, Trends};
use crate::traces::Traces;

/// Refusals in front of the pool: ten in a second say it all, and more would push out what failed in earnest.
const REFUSALS: Pace = Pace {
    every: Duration::from_millis(100),
    at_once: 1,
};
/// A backend's own 5xx: each is a failure whose client was told nothing, so each is recorded while they are not a flood.
const PASSED_ON: Pace = Pace {
    every: Duration::from_millis(10),
    at_once: 50,
};

/// Of a larger pool the state of the world is not kept with each of its failures: 4096 of them would be more
/// than is to be spent on it (about 4 KiB each at this size).
const MOST_KEPT: usize = 32;

/// Outermost first; the order and the reasons for it are in ARCHITECTURE.md.
pub(crate) type Stack = Explain<Timeout<Pools>>;

/// What the stack answers with.
pub(crate) type StackBody = <<Stack as Service<Request<ClientBody>>>::Response as Answer>::Body;

/// What a stack is made of beside its pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackParts<'a> {
    pub(crate) server: &'a str,
    pub(crate) route: &'a config::Route,
    pub(crate) explain: Exposure,
    pub(crate) status: StatusPolicy,
    /// The pools that get what the route's own cannot serve.
    pub(crate) instead: &'a [Arc<PoolState>],
    pub(crate) recorder: &'a Recorder,
    pub(crate) incidents: &'a Incidents,
    /// There is an access log.
    pub(crate) logged: bool,
    pub(crate) traces: &'a Traces,
}

/// Names the body of a response type.
pub(crate) trait Answer {
    /// The body.
    type Body;
}

/// Hands failures to the recorder, with the pool they belong to.
#[derive(Debug)]
struct Recording {
    recorder: Recorder,
    incidents: Incidents,
    pool: Arc<str>,
    trends: Arc<Trends>,
    traces: Traces,
    /// When refusals from in front of the pool are kept.
    refusals: Spaced,
    /// When answers of a backend's own are.
    passed_on: Spaced,
}

/// How many of those that come in floods are kept.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// From one to the next, on average.
    every: Duration,
    /// So many may come at once.
    at_once: u32,
}

/// Lets some through at a [`Pace`]: when the next one would be on time, in nanoseconds of a tick.
#[derive(Debug, Default)]
struct Spaced(AtomicU64);

/// The stack of `parts.route` around `pool`. All state is in the pools' handles.
pub(crate) fn build(pool: &Arc<PoolState>, parts: &StackParts<'_>) -> Stack {
    let route = parts.route;
    let pools = pools(pool, parts);
    // With a single attempt there is nobody below who keeps the deadline.
    let timed = match route.retry.attempts.get() {
        1 => Timeout::new(pools, route.timeout),
        _ => Timeout::new(pools, route.timeout).kept_below(),
    };
    let explainer = Explainer::builder(parts.server)
        .exposure(parts.explain)
        .policy(parts.status)
        .surroundings(PoolSurroundings(Arc::clone(pool)))
        .record(Recording {
            recorder: parts.recorder.clone(),
            incidents: parts.incidents.clone(),
            pool: Arc::clone(&pool.name),
            trends: Arc::clone(&pool.trends),
            traces: parts.traces.clone(),
            refusals: Spaced::default(),
            passed_on: Spaced::default(),
        })
        .pages(
            route
                .pages
                .iter()
                .map(|page| Page::new(page.class, page.html.clone())),
        );
    let explainer = match &route.fallback {
        Some(fallback) => explainer.fallback(static_answer(fallback)),
        None => explainer,
    };
    let explainer = match &pool.cache {
        Some(cache) => explainer.keep(cache.clone()),
        None => explainer,
    };
    Explain::new(timed, explainer.build())
}

/// What is around `pool` alone.
fn chain(pool: &PoolState, parts: &StackParts<'_>) -> Chain {
    let route = parts.route;
    // Only the access log, sticky cookies and failover ask who answered.
    let asked = parts.logged || pool.config.sticky.is_some() || !parts.instead.is_empty();
    let balanced = Pool::new(pool.pool.clone())
        .quiet(!asked)
        .priority(priority(route))
        .load_reports(match pool.config.load_reports {
            None => LoadReports::Ignored,
            Some(reports) if reports.pass_on => LoadReports::PassedOn,
            Some(_) => LoadReports::Taken,
        });
    let guarded = CircuitBreaker::new(balanced, pool.breaker.clone());
    let retried = RetryLayer::new(pool.budget.clone(), route.retry.decisions())
        .statuses(statuses(&route.retry.on_status))
        .proxies(pool.config.proxy)
        .replay_cap(replay_cap(route))
        .ride_out(pool.breaker.clone());
    let retried = match pool.config.hedge {
        Some(_) => retried.hedge(pool.pool.hedge().clone(), pool.breaker.clone()),
        None => retried,
    };
    let retried = retried.layer(guarded);
    let bulkhead = route
        .max_in_flight
        .map(|limit| pool.bulkhead(&route.matches.to_string(), limit.get()));
    ConcurrencyLimit::new(retried, pool.limit.clone())
        .circuit(pool.breaker.clone())
        .bulkhead(bulkhead)
        .priority(priority(route))
}

/// `pool`, and those that get what it cannot serve.
fn pools(pool: &PoolState, parts: &StackParts<'_>) -> Pools {
    let first = chain(pool, parts);
    let Some(failover) = parts
        .route
        .failover
        .as_ref()
        .filter(|_| !parts.instead.is_empty())
    else {
        return Pools::One(first);
    };
    let retry = &parts.route.retry;
    let over = Failover::new(
        Turn::first(first),
        retry.attempts.get(),
        pool.budget.clone(),
    )
    .statuses(statuses(&retry.on_status))
    .proxies(pool.config.proxy)
    .replay_cap(replay_cap(parts.route))
    .on_overload(failover.on_overload);
    let over = parts.instead.iter().fold(over, |over, other| {
        let turn = Turn::instead(chain(other, parts), Arc::clone(&other.counters));
        over.then(Arc::clone(&other.name), turn)
    });
    Pools::Several(Box::new(over))
}

fn replay_cap(route: &config::Route) -> usize {
    usize::try_from(route.retry.max_body).unwrap_or(usize::MAX)
}

fn static_answer(config: &config::Fallback) -> Fallback {
    let (on, kind) = (config.on.clone(), config.content_type.clone());
    let mut fallback = Fallback::new(on, kind, config.body.clone());
    fallback.status = config.status;
    fallback
}

fn priority(route: &config::Route) -> Priority {
    let fixed = Priority::fixed(route.priority);
    match &route.priority_header {
        Some(header) => fixed.believe(header.clone()),
        None => fixed,
    }
}

fn statuses(on: &[u16]) -> StatusSet {
    on.iter()
        .fold(StatusSet::default(), |set, status| set.with(*status))
}

impl<B> Answer for Response<B> {
    type Body = B;
}

impl Spaced {
    /// Whether one more is kept.
    fn keeps(&self, pace: Pace, now: Tick) -> bool {
        let next = self.0.load(Ordering::Relaxed);
        let early = pace.every * (pace.at_once - 1);
        let then = Tick::from_nanos(next).max(now).after(pace.every).as_nanos();
        next <= now.after(early).as_nanos()
            && self
                .0
                .compare_exchange(next, then, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

impl Record for Recording {
    fn record(&self, failure: FailureRecord) {
        self.recorder.diagnosed_in(failure.diagnosed_in);
        // The front answers these as the client's mistakes; they are no failures of the pool's.
        let last = failure.ledger.last().and_then(|last| last.fault.as_ref());
        if last == Some(&Fault::Client) {
            return;
        }
        if self.traces.is_on() {
            trace::leave(&failure);
        }
        let key = failure.idempotency_key.as_ref();
        let key = key.map_or(failure.request_id.as_bytes(), |key| key.as_bytes());
        let name = (key, failure.method.as_str(), failure.uri.path());
        self.trends.note(failure.again, name, failure.at);
        if in_front(last) && !self.refusals.keeps(REFUSALS, failure.at) {
            return;
        }
        self.recorder.record(recorder::Record {
            request_id: failure.request_id,
            trace_id: failure.traceparent.as_ref().and_then(trace::id),
            at: failure.at,
            method: failure.method,
            target: failure.uri.path_and_query().cloned(),
            host: failure.host,
            pool: Some(Arc::clone(&self.pool)),
            status: failure.status,
            elapsed: failure.elapsed,
            retry_after: failure.retry_after,
            incident: failure.incident,
            passed_on: failure.passed_on,
            diagnosis: failure.diagnosis,
            attempts: failure.ledger,
            context: (failure.context.backends.len() <= MOST_KEPT).then_some(failure.context),
        });
    }

    fn incident(&self, diagnosis: &Diagnosis) -> Option<Arc<str>> {
        self.incidents.find(&self.pool, diagnosis)
    }

    fn course(&self, diagnosis: &Diagnosis) -> Option<Arc<Course>> {
        let counted = self.incidents.course(&self.pool, diagnosis);
        counted.or_else(|| {
            // It has just begun, and counts come four times a second.
            let (cause, _) = blamed(diagnosis);
            let since = Anchor::now().moment().of(diagnosis.now).unix_ms;
            let failed = self.trends.fresh() + 1;
            let place = Place::of(&self.pool, cause);
            Some(Arc::new(Course::begun(place, since, failed)))
        })
    }

    fn passed_on(&self) -> bool {
        self.passed_on.keeps(PASSED_ON, soe503::clock::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_of_refusals_ten_a_second_are_kept() {
        let refusals = Spaced::default();
        let kept = (0..10_000).filter(|tenth| {
            let now = Tick::from_nanos(1_000_000_000 + tenth * 100_000);
            refusals.keeps(REFUSALS, now)
        });
        assert_eq!(kept.count(), 10);
    }

    #[test]
    fn what_a_backend_answers_itself_is_kept_until_it_is_a_flood() {
        let kept = |every: u64, count: u64| {
            let passed_on = Spaced::default();
            let all = (0..count).map(|nth| Tick::from_nanos(1_000_000_000 + nth * every));
            all.filter(|now| passed_on.keeps(PASSED_ON, *now)).count()
        };
        assert_eq!(kept(0, 1_000), 50, "at once");
        assert_eq!(kept(12_000_000, 1_000), 1_000, "80 in a second");
        assert_eq!(kept(100_000, 10_000), 149, "10,000 in a second");
    }
}
