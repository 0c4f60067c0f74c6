//! The stack of one route: layers of the crate `soe503` around the pool.

use std::sync::Arc;

use http::{Request, Response};
use soe503::concurrency_limit::Priority;
use soe503::explain::{Explain, Explainer, FailureRecord, Record};
use soe503::{CircuitBreaker, ConcurrencyLimit, Pool, RetryLayer, StatusSet, Timeout};
use soe503_core::explain::{Exposure, StatusPolicy};
use soe503_core::ledger::Fault;
use tower_layer::Layer;
use tower_service::Service;

use super::ClientBody;
use super::surroundings::PoolSurroundings;
use crate::config;
use crate::control::recorder::{self, Recorder};
use crate::state::PoolState;
use crate::upstream::Upstream;

/// Outermost first; the order and the reasons for it are in ARCHITECTURE.md.
pub(crate) type Stack =
    Explain<Timeout<ConcurrencyLimit<soe503::Retry<CircuitBreaker<Pool<Upstream>>>>>>;

/// What the stack answers with.
pub(crate) type StackBody = <<Stack as Service<Request<ClientBody>>>::Response as Answer>::Body;

/// What a stack is made of beside its pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackParts<'a> {
    pub(crate) server: &'a str,
    pub(crate) route: &'a config::Route,
    pub(crate) explain: Exposure,
    pub(crate) status: StatusPolicy,
    pub(crate) recorder: &'a Recorder,
    /// There is an access log.
    pub(crate) logged: bool,
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
    pool: Arc<str>,
}

/// The stack of `parts.route` around `pool`. All state is in the pool's handles.
pub(crate) fn build(pool: &Arc<PoolState>, parts: &StackParts<'_>) -> Stack {
    let route = parts.route;
    // Only the access log asks who answered.
    let balanced = Pool::new(pool.pool.clone()).quiet(!parts.logged);
    let guarded = CircuitBreaker::new(balanced, pool.breaker.clone());
    let retried = RetryLayer::new(pool.budget.clone(), route.retry.decisions())
        .statuses(statuses(&route.retry.on_status))
        .replay_cap(usize::try_from(route.retry.max_body).unwrap_or(usize::MAX))
        .layer(guarded);
    let bulkhead = route
        .max_in_flight
        .map(|limit| pool.bulkhead(&route.matches.to_string(), limit.get()));
    let limited = ConcurrencyLimit::new(retried, pool.limit.clone())
        .bulkhead(bulkhead)
        .priority(priority(route));
    // With a single attempt there is nobody below who keeps the deadline.
    let timed = match route.retry.attempts.get() {
        1 => Timeout::new(limited, route.timeout),
        _ => Timeout::new(limited, route.timeout).kept_below(),
    };
    let explainer = Explainer::builder(parts.server)
        .exposure(parts.explain)
        .policy(parts.status)
        .surroundings(PoolSurroundings(Arc::clone(pool)))
        .record(Recording {
            recorder: parts.recorder.clone(),
            pool: Arc::clone(&pool.name),
        })
        .build();
    Explain::new(timed, explainer)
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

impl Record for Recording {
    fn record(&self, failure: FailureRecord) {
        // The front answers these as the client's mistakes; they are no failures of the pool's.
        let last = failure.ledger.last().and_then(|last| last.fault.as_ref());
        if last == Some(&Fault::Client) {
            return;
        }
        self.recorder.record(recorder::Record {
            request_id: failure.request_id.into(),
            at: failure.at,
            method: failure.method,
            target: failure.uri.path_and_query().cloned(),
            host: failure.host.and_then(|host| host.try_into().ok()),
            pool: Some(Arc::clone(&self.pool)),
            status: failure.status,
            elapsed: failure.elapsed,
            retry_after: failure.retry_after,
            diagnosis: failure.diagnosis,
            attempts: failure.ledger,
        });
    }
}
