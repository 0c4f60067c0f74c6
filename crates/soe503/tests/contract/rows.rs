//! The layers, one row each.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::{Limit, LimitConfig};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::rate_limit::{self, KeyBy, Quota, RateConfig};
use soe503::retry::{Backoff, BudgetConfig, RetryBudget, RetryPolicy};
use soe503::stack::Stack;
use soe503::stale::{StaleCache, StaleConfig};
use soe503::throttle::{ThrottleConfig, ThrottleHandle};
use soe503::{
    BoxError, CircuitBreakerLayer, ConcurrencyLimitLayer, ExplainLayer, Explainer, Failover, Pool,
    RateLimitLayer, RetryLayer, ThrottleLayer, TimeoutLayer, clock,
};
use soe503_core::hedge::HedgeConfig;
use soe503_core::pool::Tried;
use soe503_core::{Cause, Outcome};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

use super::inner::Inner;

pub type Body = Full<Bytes>;
pub type Erased = BoxCloneSyncService<Request<Body>, Response<axum::body::Body>, BoxError>;

/// A layer around the service that counts.
pub struct Made {
    pub service: Erased,
    /// What the layer's handle says is held by requests: slots, places, leases, places in line.
    pub held: Box<dyn Fn() -> u32>,
    /// How many failures its handle has heard of; `None`: it counts none.
    pub failed: Option<Box<dyn Fn() -> u32>>,
    /// Held from outside: nobody gets in before this is dropped.
    pub occupied: Option<Box<dyn Send>>,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Row {
    pub name: &'static str,
    pub make: fn(Inner) -> Made,
    /// A failed answer is asked for again.
    pub tries_again: bool,
    /// Failures of `poll_ready` become an answer, and no error.
    pub explains: bool,
    /// It has to learn how long answers take.
    pub learns: bool,
    /// It waits for room first, and for the service below then.
    pub room_first: bool,
}

const PLAIN: Row = Row {
    name: "",
    make: explain,
    tries_again: false,
    explains: false,
    learns: false,
    room_first: false,
};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row { name: "explain", make: explain, explains: true, ..PLAIN },
    Row { name: "explain, with stale answers", make: stale, explains: true, ..PLAIN },
    Row { name: "rate limit", make: rate, ..PLAIN },
    Row { name: "throttle", make: throttle, ..PLAIN },
    Row { name: "timeout", make: timeout, ..PLAIN },
    Row { name: "failover", make: failover, tries_again: true, ..PLAIN },
    Row { name: "concurrency limit", make: limit, ..PLAIN },
    Row { name: "concurrency limit, in line", make: line, ..PLAIN },
    Row { name: "retry", make: retry, tries_again: true, ..PLAIN },
    Row { name: "hedging", make: hedging, tries_again: true, learns: true, ..PLAIN },
    Row { name: "circuit breaker", make: closed, ..PLAIN },
    Row { name: "circuit breaker, half-open", make: half_open, ..PLAIN },
    Row { name: "pool", make: pool, ..PLAIN },
    Row { name: "pool, in line", make: pool_line, room_first: true, ..PLAIN },
    Row { name: "all of them", make: stack, tries_again: true, explains: true, ..PLAIN },
    Row { name: "a Stack that hides its context", make: hidden, tries_again: true, explains: true, ..PLAIN },
    Row { name: "all that a Stack has", make: built, tries_again: true, explains: true, ..PLAIN },
];

/// The body says that it is empty: what is to be hedged has none.
pub fn request() -> Request<Body> {
    super::support::request("GET", Full::default())
}

pub fn policy() -> RetryPolicy {
    let pause = Duration::from_millis(10);
    RetryPolicy {
        backoff: Backoff {
            base: pause,
            max: pause,
        },
        ..RetryPolicy::default()
    }
}

pub fn budget() -> RetryBudget {
    RetryBudget::new("app", BudgetConfig::default())
}

pub fn breaker() -> Breaker {
    Breaker::new("app", BreakerConfig::default(), 1)
}

fn erased<S, B>(service: S) -> Made
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let service = service
        .map_response(|response: Response<B>| response.map(axum::body::Body::new))
        .map_err(Into::into);
    Made {
        service: BoxCloneSyncService::new(service),
        held: Box::new(|| 0),
        failed: None,
        occupied: None,
    }
}

fn explain(inner: Inner) -> Made {
    erased(ExplainLayer::new(Explainer::builder("edge").build()).layer(inner))
}

fn stale(inner: Inner) -> Made {
    let store = StaleCache::new("answers", StaleConfig::default());
    erased(ExplainLayer::new(Explainer::builder("edge").keep(store).build()).layer(inner))
}

fn rate(inner: Inner) -> Made {
    let quota = Quota::new(NonZeroU32::MAX, Duration::from_secs(1));
    let limit = rate_limit::Limit::new("api", RateConfig::new(quota));
    erased(RateLimitLayer::new(limit, KeyBy::Everyone).layer(inner))
}

fn throttle(inner: Inner) -> Made {
    let handle = ThrottleHandle::new("app", ThrottleConfig::default());
    erased(ThrottleLayer::new(handle).layer(inner))
}

fn timeout(inner: Inner) -> Made {
    erased(TimeoutLayer::new(Duration::from_secs(5)).layer(inner))
}

fn failover(inner: Inner) -> Made {
    erased(Failover::new(inner.clone(), 3, budget()).then("spare", inner))
}

fn limit(inner: Inner) -> Made {
    let limit = Limit::new("app", 1);
    let made = erased(ConcurrencyLimitLayer::new(limit.clone()).layer(inner));
    Made {
        held: Box::new(move || limit.in_use()),
        ..made
    }
}

fn line(inner: Inner) -> Made {
    let config = LimitConfig {
        fixed: 1,
        max_waiting: 10,
        max_wait: Duration::from_secs(60),
        ..LimitConfig::default()
    };
    let limit = Limit::with("app", config);
    let made = erased(ConcurrencyLimitLayer::new(limit.clone()).layer(inner));
    let occupied = limit.try_acquire().expect("nobody is there");
    Made {
        occupied: Some(Box::new(occupied)),
        held: Box::new(move || limit.in_use() + limit.waiting()),
        ..made
    }
}

fn retry(inner: Inner) -> Made {
    erased(RetryLayer::new(budget(), policy()).layer(inner))
}

fn hedging(inner: Inner) -> Made {
    let backends = backends(inner, 3);
    let layer = RetryLayer::new(budget(), policy()).hedge(backends.hedge().clone(), None);
    let made = erased(layer.layer(Pool::new(backends.clone())));
    Made {
        held: in_flight(&backends),
        failed: Some(failures(&backends)),
        ..made
    }
}

fn closed(inner: Inner) -> Made {
    guarded(inner, breaker())
}

/// Its open time is over in two seconds.
fn half_open(inner: Inner) -> Made {
    let config = BreakerConfig {
        consecutive_failures: Some(1),
        ..BreakerConfig::default()
    };
    let breaker = Breaker::new("app", config, 1);
    let permit = breaker.admit(clock::now()).expect("it is closed");
    let refused = Outcome::failure(Cause::DependencyConnectRefused);
    assert!(permit.record(clock::now(), refused).is_some(), "it is open");
    guarded(inner, breaker)
}

fn guarded(inner: Inner, breaker: Breaker) -> Made {
    let made = erased(CircuitBreakerLayer::new(breaker.clone()).layer(inner));
    let seen = breaker.clone();
    Made {
        held: Box::new(move || seen.snapshot(clock::now()).probes_in_flight),
        failed: Some(Box::new(move || {
            let seen = breaker.snapshot(clock::now());
            seen.consecutive_failures + seen.probes_failed
        })),
        ..made
    }
}

fn pool(inner: Inner) -> Made {
    let backends = backends(inner, 1);
    let made = erased(Pool::new(backends.clone()));
    Made {
        held: in_flight(&backends),
        failed: Some(failures(&backends)),
        ..made
    }
}

fn stack(inner: Inner) -> Made {
    let (limit, breaker) = (Limit::new("app", 1), breaker());
    let backends = backends(inner, 2);
    let made = erased(
        ServiceBuilder::new()
            .layer(ExplainLayer::new(Explainer::builder("edge").build()))
            .layer(TimeoutLayer::new(Duration::from_secs(15)))
            .layer(ConcurrencyLimitLayer::new(limit.clone()))
            .layer(RetryLayer::new(budget(), policy()).ride_out(breaker.clone()))
            .layer(CircuitBreakerLayer::new(breaker))
            .service(Pool::new(backends.clone())),
    );
    let leased = in_flight(&backends);
    Made {
        held: Box::new(move || limit.in_use() + leased()),
        failed: Some(failures(&backends)),
        ..made
    }
}

/// All that [`Stack`] puts in order, over backends.
fn built(inner: Inner) -> Made {
    let quota = Quota::new(NonZeroU32::MAX, Duration::from_secs(1));
    let rate = rate_limit::Limit::new("api", RateConfig::new(quota));
    let (limit, breaker) = (Limit::new("app", 1), breaker());
    let backends = backends(inner, 2);
    let layers = Stack::new()
        .explain(ExplainLayer::new(Explainer::builder("edge").build()))
        .rate_limit(RateLimitLayer::new(rate, KeyBy::Everyone))
        .throttle(ThrottleLayer::new(ThrottleHandle::new(
            "app",
            ThrottleConfig::default(),
        )))
        .timeout(TimeoutLayer::new(Duration::from_secs(15)))
        .concurrency_limit(ConcurrencyLimitLayer::new(limit.clone()))
        .retry(RetryLayer::new(budget(), policy()))
        .circuit_breaker(CircuitBreakerLayer::new(breaker))
        .build();
    let made = erased(
        layers
            .expect("in order")
            .service(Pool::new(backends.clone())),
    );
    let leased = in_flight(&backends);
    Made {
        held: Box::new(move || limit.in_use() + leased()),
        failed: Some(failures(&backends)),
        ..made
    }
}

/// The same layers around the service itself, which is not shown what they tell each other.
fn hidden(inner: Inner) -> Made {
    let limit = Limit::new("app", 1);
    let layers = Stack::new()
        .explain(ExplainLayer::new(Explainer::builder("edge").build()))
        .timeout(TimeoutLayer::new(Duration::from_secs(15)))
        .concurrency_limit(ConcurrencyLimitLayer::new(limit.clone()))
        .retry(RetryLayer::new(budget(), policy()))
        .build();
    let layers = layers.expect("in order").hide_context();
    Made {
        held: Box::new(move || limit.in_use()),
        ..erased(layers.service(inner))
    }
}

/// One backend, whose only place is taken.
fn pool_line(inner: Inner) -> Made {
    let config = PoolConfig {
        max_waiting: 10,
        max_wait: Duration::from_secs(60),
        ..PoolConfig::default()
    };
    let backends = Backends::new("app", config, 1);
    let spec = BackendSpec {
        max_in_flight: Some(1),
        ..BackendSpec::new("0", inner)
    };
    backends.set_backends(vec![spec], clock::now());
    let taken = backends.pick(
        clock::now(),
        &Tried::default(),
        false,
        &mut fastrand::Rng::with_seed(1),
    );
    let made = erased(Pool::new(backends.clone()));
    let leased = in_flight(&backends);
    let seen = backends.clone();
    Made {
        occupied: Some(Box::new(taken.expect("nobody is there"))),
        held: Box::new(move || leased() + seen.waiting()),
        failed: Some(failures(&backends)),
        ..made
    }
}

/// Backends that are all the same service.
fn backends<S: Clone>(inner: S, n: usize) -> Backends<S> {
    let config = PoolConfig {
        hedge: Some(HedgeConfig::default()),
        ..PoolConfig::default()
    };
    let backends = Backends::new("app", config, 1);
    let specs = (0..n).map(|i| BackendSpec::new(i.to_string(), inner.clone()));
    backends.set_backends(specs.collect(), clock::now());
    backends
}

fn in_flight<S: Send + Sync + 'static>(backends: &Backends<S>) -> Box<dyn Fn() -> u32> {
    let backends = backends.clone();
    Box::new(move || backends.backends().iter().map(|b| b.in_flight()).sum())
}

fn failures<S: Send + Sync + 'static>(backends: &Backends<S>) -> Box<dyn Fn() -> u32> {
    let backends = backends.clone();
    Box::new(move || {
        let snapshot = backends.snapshot(clock::now());
        snapshot.backends.iter().map(|b| b.failures as u32).sum()
    })
}
