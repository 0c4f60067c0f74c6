//! The code under test: every layer, in the order and with the options that the proxy uses.

use std::sync::Arc;
use std::task::{Context, Poll};

use soe503::circuit_breaker::Breaker;
use soe503::concurrency_limit::{Limit, LimitConfig};
use soe503::pool::{BackendSpec, PoolConfig};
use soe503::retry::RetryBudget;
use soe503::{
    CircuitBreaker, ConcurrencyLimit, Explain, Explainer, Pool, Retry, RetryLayer, StatusSet,
    Timeout,
};
use tower::Layer;

use crate::backend::Backend;
use crate::schedule::Schedule;
use crate::world::World;

/// The pool's handle.
pub(crate) type Backends = soe503::pool::Backends<Backend>;

/// What a worker sends requests into.
pub(crate) type Service =
    Explain<Timeout<ConcurrencyLimit<Noting<Retry<CircuitBreaker<Pool<Backend>>>>>>>;

/// Two workers' layers around the same handles.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) workers: [Service; 2],
    pub(crate) backends: Backends,
    pub(crate) breaker: Breaker,
    pub(crate) limit: Limit,
    pub(crate) budget: RetryBudget,
}

impl Stack {
    pub(crate) fn new(world: &World) -> Self {
        let schedule = &*world.schedule;
        let seed = schedule.seed;
        let backends = Backends::new("sim", pool(schedule), seed);
        let breaker = Breaker::new("sim", schedule.breaker.clone(), seed);
        let limit = Limit::with("sim", limit(schedule));
        let budget = RetryBudget::new("sim", schedule.budget);
        let worker = || {
            let pool = Pool::new(backends.clone()).quiet(seed.is_multiple_of(2));
            layers(world, pool, &breaker, &limit, &budget)
        };
        let workers = [worker(), worker()];
        let stack = Self {
            workers,
            backends,
            breaker,
            limit,
            budget,
        };
        stack.set_backends(world, |_| true);
        stack
    }

    /// The pool's backends are those of which `is_there` says so.
    pub(crate) fn set_backends(&self, world: &World, is_there: impl Fn(usize) -> bool) {
        let weights = world.schedule.weights.iter().enumerate();
        let specs = weights
            .filter(|(machine, _)| is_there(*machine))
            .map(|(machine, weight)| BackendSpec {
                weight: *weight,
                max_in_flight: in_flight_per_backend(&world.schedule),
                ..BackendSpec::new(name(machine), Backend::new(world, machine))
            });
        let specs: Vec<_> = specs.collect();
        self.breaker.set_backends(specs.len());
        self.backends.set_backends(specs, soe503::clock::now());
    }
}

/// Writes down when a request comes to the retry layer, which may be long after it came to the limit's line.
#[derive(Clone, Debug)]
pub(crate) struct Noting<S> {
    inner: S,
    world: World,
}

impl<S: tower::Service<R>, R> tower::Service<R> for Noting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        let now = self.world.now();
        self.world.with(|state| state.ledger.request(now));
        self.inner.call(request)
    }
}

/// The pool's name for a backend.
pub(crate) fn name(machine: usize) -> Arc<str> {
    format!("b{machine}").into()
}

/// By the seed: as many as come, a few, or next to none.
fn in_flight_per_backend(schedule: &Schedule) -> Option<u32> {
    [None, None, None, Some(8), Some(2)][(schedule.seed % 5) as usize]
}

/// By the seed: with a line for those who find all backends full, a short one, or none.
fn pool(schedule: &Schedule) -> PoolConfig {
    PoolConfig {
        max_waiting: [1_000, 3, 0][(schedule.seed / 5 % 3) as usize],
        ..schedule.pool.clone()
    }
}

/// By the seed: with a line or without, adaptive or not.
fn limit(schedule: &Schedule) -> LimitConfig {
    let seed = schedule.seed;
    LimitConfig {
        fixed: schedule.limit,
        adaptive: !seed.is_multiple_of(3),
        max_waiting: [0, 8, 1_000][(seed / 3 % 3) as usize],
        ..LimitConfig::default()
    }
}

fn layers(
    world: &World,
    pool: Pool<Backend>,
    breaker: &Breaker,
    limit: &Limit,
    budget: &RetryBudget,
) -> Service {
    let hedge = pool.backends().hedge().clone();
    let schedule = &*world.schedule;
    let statuses = if schedule.retry_misdirected {
        StatusSet::default().with(421)
    } else {
        StatusSet::default()
    };
    let guarded = CircuitBreaker::new(pool, breaker.clone());
    let retried = RetryLayer::new(budget.clone(), schedule.retry)
        .statuses(statuses)
        .replay_cap(schedule.replay_cap)
        .trust_idempotency_key(schedule.trust_key)
        .ride_out(breaker.clone())
        .hedge(hedge, breaker.clone())
        .layer(guarded);
    let noted = Noting {
        inner: retried,
        world: world.clone(),
    };
    let limited = ConcurrencyLimit::new(noted, limit.clone()).circuit(breaker.clone());
    let total = std::time::Duration::from_millis(u64::from(schedule.timeout));
    // With a single attempt there is nobody below who keeps the deadline.
    let timed = match schedule.retry.attempts {
        0 | 1 => Timeout::new(limited, total),
        _ => Timeout::new(limited, total).kept_below(),
    };
    Explain::new(timed, Explainer::builder("sim").build())
}
