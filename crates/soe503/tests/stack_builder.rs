//! The stack that puts its layers in order, or says why it does not.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::{Limit, LimitConfig};
use soe503::failover::FailoverLayer;
use soe503::pool::{Backends, PoolConfig};
use soe503::rate_limit::{KeyBy, Limit as Rate, RateConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::stack::{Describe, Kind, Stack, StackError, check};
use soe503::throttle::{ThrottleConfig, ThrottleHandle};
use soe503::{
    CircuitBreaker, CircuitBreakerLayer, ConcurrencyLimit, ConcurrencyLimitLayer, Explain,
    ExplainLayer, Explainer, Failover, Pool, RateLimit, RateLimitLayer, Rejected, Retry,
    RetryLayer, Throttle, ThrottleLayer, Timeout, TimeoutLayer,
};
use soe503_core::Ratio;
use soe503_core::hedge::HedgeConfig;
use tower::{Layer, ServiceExt, service_fn};

/// A service that is only looked at.
#[derive(Clone, Debug)]
struct Inner;

fn explain() -> ExplainLayer {
    ExplainLayer::new(Explainer::builder("shop").build())
}

fn rate(name: &str) -> RateLimitLayer<KeyBy> {
    let by = KeyBy::Header(http::HeaderName::from_static("x-api-key"));
    RateLimitLayer::new(Rate::new(name, RateConfig::default()), by)
}

fn throttle() -> ThrottleLayer {
    ThrottleLayer::new(ThrottleHandle::new("shop", ThrottleConfig::default()))
}

fn timeout(seconds: u64) -> TimeoutLayer {
    TimeoutLayer::new(Duration::from_secs(seconds))
}

fn limit() -> ConcurrencyLimitLayer {
    ConcurrencyLimitLayer::new(Limit::new("shop", 100))
}

fn budget() -> RetryBudget {
    RetryBudget::new("shop", BudgetConfig::default())
}

fn retry() -> RetryLayer {
    RetryLayer::new(budget(), RetryPolicy::default())
}

fn circuit(name: &str) -> CircuitBreakerLayer {
    CircuitBreakerLayer::new(breaker(name))
}

fn breaker(name: &str) -> Breaker {
    Breaker::new(name, BreakerConfig::default(), 1)
}

fn said<L: std::fmt::Debug>(built: Result<L, StackError>) -> String {
    built.expect_err("this must be refused").to_string()
}

type InOrder<S> = Explain<
    RateLimit<Throttle<Timeout<Failover<ConcurrencyLimit<Retry<CircuitBreaker<S>>>>>>, KeyBy>,
>;

type OfPool<S> = ConcurrencyLimit<Retry<CircuitBreaker<S>>>;

fn other_pool() -> FailoverLayer<OfPool<Inner>> {
    let chain = Stack::new().concurrency_limit(limit()).retry(retry());
    let chain = chain.circuit_breaker(circuit("west")).build().unwrap();
    FailoverLayer::new(3, budget()).then("west", chain.service(Inner))
}

/// The compiler compares: the types are the order.
#[test]
fn the_order_is_right_whatever_the_order_of_the_calls() {
    let outermost_first = Stack::new()
        .explain(explain())
        .rate_limit(rate("api"))
        .throttle(throttle())
        .timeout(timeout(15))
        .failover(other_pool())
        .concurrency_limit(limit())
        .retry(retry())
        .circuit_breaker(circuit("shop"));
    let _: InOrder<Inner> = outermost_first.build().unwrap().service(Inner);
    let innermost_first = Stack::new()
        .circuit_breaker(circuit("shop"))
        .retry(retry())
        .concurrency_limit(limit())
        .failover(other_pool())
        .timeout(timeout(15))
        .throttle(throttle())
        .rate_limit(rate("api"))
        .explain(explain());
    let _: InOrder<Inner> = innermost_first.build().unwrap().layer(Inner);
    let mixed = Stack::default()
        .retry(retry())
        .explain(explain())
        .failover(other_pool())
        .circuit_breaker(circuit("shop"))
        .rate_limit(rate("api"))
        .concurrency_limit(limit())
        .throttle(throttle())
        .timeout(timeout(15));
    let _: InOrder<Inner> = mixed.build().unwrap().service(Inner);
}

#[test]
fn what_is_left_out_is_not_there() {
    let _: Inner = Stack::new().build().unwrap().service(Inner);
    let some = Stack::new().retry(retry()).explain(explain());
    let _: Explain<Retry<Inner>> = some.build().unwrap().service(Inner);
}

#[test]
fn callers_may_be_limited_in_several_ways() {
    let two = Stack::new().rate_limit(rate("by key"));
    let two = two.rate_limit(rate("by address")).build().unwrap();
    let outer: RateLimit<RateLimit<Inner, KeyBy>, KeyBy> = two.service(Inner);
    assert_eq!(&**outer.limit().name(), "by key");
    assert_eq!(&**outer.get_ref().limit().name(), "by address");
    let same = Stack::new().rate_limit(rate("api")).rate_limit(rate("api"));
    assert!(said(same.build()).starts_with("rate_limit is there twice"));
}

#[test]
fn two_of_a_kind_are_refused() {
    let told = |kind: Kind, error: String| {
        let begin = format!("{kind} is there twice, expected one: ");
        assert!(error.starts_with(&begin), "{error}");
        assert!(error.contains("; use "), "{error}");
    };
    let stack = Stack::new;
    let twice = stack().explain(explain()).explain(explain());
    told(Kind::Explain, said(twice.build()));
    let twice = stack().throttle(throttle()).throttle(throttle());
    told(Kind::Throttle, said(twice.build()));
    let twice = stack().timeout(timeout(1)).timeout(timeout(2));
    told(Kind::Timeout, said(twice.build()));
    let twice = stack().failover(other_pool()).failover(other_pool());
    told(Kind::Failover, said(twice.build()));
    let twice = stack()
        .concurrency_limit(limit())
        .concurrency_limit(limit());
    told(Kind::ConcurrencyLimit, said(twice.build()));
    let twice = stack().retry(retry()).retry(retry());
    told(Kind::Retry, said(twice.build()));
    let twice = stack().circuit_breaker(circuit("a"));
    told(
        Kind::CircuitBreaker,
        said(twice.circuit_breaker(circuit("b")).build()),
    );
}

/// The settings are those of the layers as they are, and of handles as they are now.
#[test]
fn settings_that_make_each_other_pointless_are_refused() {
    let late = Stack::new().retry(retry()).timeout(timeout(2)).build();
    assert_eq!(
        said(late),
        "retry.attempt_timeout is 5s, expected less than 2s, the timeout.total: an attempt that may take as long as \
         its request leaves no time for another; use 666ms"
    );

    let nothing = BudgetConfig {
        ratio: Ratio::ZERO,
        min_per_second: 0,
        ..BudgetConfig::default()
    };
    let poor = RetryLayer::new(RetryBudget::new("shop", nothing), RetryPolicy::default());
    assert_eq!(
        said(Stack::new().retry(poor).build()),
        "retry.budget `shop` has ratio 0 and min_per_second 0, with retry.attempts 3, expected a budget that can \
         pay: not one retry would be made; use ratio 0.2, or retry.attempts 1"
    );

    let config = PoolConfig {
        hedge: Some(HedgeConfig {
            min_delay: Duration::from_secs(6),
            ..HedgeConfig::default()
        }),
        ..PoolConfig::default()
    };
    let backends: Backends<Inner> = Backends::new("shop", config, 1);
    let hedged = retry().hedge(backends.hedge().clone(), None);
    assert_eq!(
        said(Stack::new().retry(hedged).timeout(timeout(15)).build()),
        "hedge.min_delay is 6s, expected less than 5s, the retry.attempt_timeout: the attempt is over before its \
         hedge would be sent; use 2.5s"
    );

    let line = Limit::with(
        "shop",
        LimitConfig {
            max_waiting: 10,
            ..LimitConfig::fixed(10)
        },
    );
    let patient = Stack::new()
        .concurrency_limit(ConcurrencyLimitLayer::new(line.clone()))
        .timeout(timeout(1));
    assert!(patient.clone().build().is_ok());
    line.set_config(LimitConfig {
        max_waiting: 10,
        max_wait: Duration::from_secs(3),
        ..LimitConfig::fixed(10)
    });
    let patient = Stack::new()
        .concurrency_limit(ConcurrencyLimitLayer::new(line))
        .timeout(timeout(1));
    assert_eq!(
        said(patient.build()),
        "concurrency_limit.max_wait is 3s, expected less than 1s, the timeout.total: who waits that long for a turn \
         has no time left for the answer; use 500ms"
    );

    let strange = retry().ride_out(breaker("billing"));
    let strange = Stack::new().retry(strange).circuit_breaker(circuit("shop"));
    assert_eq!(
        said(strange.build()),
        "retry.ride_out looks at the circuit `billing`, expected `shop`, that of the circuit_breaker below: it would \
         wait for a circuit that none of its requests goes through; use the handle `shop`"
    );

    let alone = FailoverLayer::<OfPool<Inner>>::new(3, budget());
    let error = said(Stack::new().failover(alone).build());
    assert!(
        error.starts_with("failover.pools is 1, expected at least 2"),
        "{error}"
    );
}

/// What the layers say of themselves is what they were made with.
#[test]
fn the_layers_describe_themselves() {
    let begins = |error: String, begin: &str| assert!(error.starts_with(begin), "{error}");
    let slow = BreakerConfig {
        slow_rate: Some(Ratio::percent(50)),
        slow_request: Duration::from_secs(20),
        ..BreakerConfig::default()
    };
    let slow = CircuitBreakerLayer::new(Breaker::new("shop", slow, 1));
    begins(
        said(
            Stack::new()
                .circuit_breaker(slow)
                .timeout(timeout(15))
                .build(),
        ),
        "circuit_breaker.slow_request is 20s, expected less than 15s",
    );
    let none = ConcurrencyLimitLayer::new(Limit::new("shop", 0));
    begins(
        said(Stack::new().concurrency_limit(none).build()),
        "concurrency_limit.fixed is 0, expected at least 1",
    );
    let few = FailoverLayer::<Inner>::new(2, budget()).then("west", Inner);
    begins(
        said(Stack::new().failover(few).retry(retry()).build()),
        "failover.attempts is 2, expected at least 3",
    );
    let few = Failover::new(Inner, 2, budget()).then("west", Inner);
    let error = check(&[few.describe(), retry().describe()]).unwrap_err();
    assert_eq!(error.problems()[0].setting, "failover.attempts");
    let config = PoolConfig {
        hedge: Some(HedgeConfig::default()),
        ..PoolConfig::default()
    };
    let backends: Backends<Inner> = Backends::new("shop", config, 1);
    let strange = retry().hedge(backends.hedge().clone(), breaker("billing"));
    let strange = Stack::new().retry(strange).circuit_breaker(circuit("shop"));
    begins(
        said(strange.build()),
        "retry.hedge looks at the circuit `billing`, expected `shop`",
    );
    let once = RetryPolicy {
        attempts: 1,
        ..RetryPolicy::default()
    };
    let once = RetryLayer::new(budget(), once).hedge(backends.hedge().clone(), None);
    begins(
        said(Stack::new().retry(once).build()),
        "retry.attempts is 1, with hedging, expected at least 2",
    );
}

#[test]
fn a_list_by_hand_is_checked_by_the_same_rules() {
    let backends: Backends<Inner> = Backends::new("shop", PoolConfig::default(), 1);
    let pool = Pool::new(backends);
    let right = [
        explain().describe(),
        rate("api").describe(),
        throttle().describe(),
        timeout(15).describe(),
        other_pool().describe(),
        limit().describe(),
        retry().describe(),
        circuit("shop").describe(),
        pool.describe(),
    ];
    assert_eq!(check(&right), Ok(()));
    let kinds: Vec<Kind> = right.iter().map(soe503::stack::Part::kind).collect();
    assert!(kinds.is_sorted(), "{kinds:?}");

    let wrong = [
        explain().describe(),
        circuit("shop").describe(),
        retry().describe(),
    ];
    assert_eq!(
        check(&wrong).unwrap_err().to_string(),
        "retry stands inside of circuit_breaker, expected outside of circuit_breaker: the circuit would see what \
         retries could not save and not the attempts, open late, and refuse whole requests where another attempt \
         could have waited; use the order explain > retry > circuit_breaker"
    );

    let first = Failover::new(Inner, 2, budget());
    let error = check(&[first.describe()]).unwrap_err();
    assert_eq!(error.problems()[0].setting, "failover.pools");
    assert_eq!(check(&[first.then("west", Inner).describe()]), Ok(()));
}

/// `layer` can be called as often as a router likes: all services share the handles.
#[tokio::test]
async fn services_of_one_stack_share_their_state() {
    let layers = Stack::new()
        .concurrency_limit(ConcurrencyLimitLayer::new(Limit::new("shop", 1)))
        .timeout(timeout(1))
        .build()
        .unwrap();
    let answers = service_fn(|_: Request<()>| async {
        Ok::<_, std::io::Error>(Response::new(Full::new(Bytes::from_static(b"ok"))))
    });
    let (one, other) = (layers.service(answers), layers.clone().layer(answers));
    let held = one.oneshot(Request::new(())).await.unwrap();
    let error = other.clone().oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(Rejected::find(&*error).unwrap().name(), "shop");
    drop(held);
    assert!(other.oneshot(Request::new(())).await.is_ok());
}

/// What one pool refuses, the other answers; and the answer says so.
#[tokio::test(start_paused = true)]
async fn a_stack_with_other_pools_asks_them() {
    let chain = |name: &str| {
        Stack::new()
            .retry(retry())
            .circuit_breaker(circuit(name))
            .concurrency_limit(limit())
    };
    let pool = |refuses: bool| {
        service_fn(move |_: Request<_>| async move {
            match refuses {
                true => Err(std::io::Error::from_raw_os_error(support::REFUSED)),
                false => Ok(Response::new(Full::new(Bytes::from("west")))),
            }
        })
    };
    let west = chain("west").build().unwrap().service(pool(false));
    let shop = chain("east")
        .failover(FailoverLayer::new(3, budget()).then("west", west))
        .timeout(timeout(15))
        .explain(explain())
        .build()
        .unwrap()
        .service(pool(true));
    let answer = shop.oneshot(support::get()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-soe-degraded"], "failover");
}
