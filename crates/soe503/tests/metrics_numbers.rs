//! Each number that is published is the one that its name says: of those that could be mixed up, no two are alike.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Empty;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::{Class, Limit, LimitConfig};
use soe503::metrics::Publisher;
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::{BudgetConfig, RetryBudget};
use soe503::throttle::{ThrottleConfig, ThrottleHandle};
use soe503::{BoxError, Pool, clock};
use soe503_core::hedge::{Situation, Withheld};
use soe503_core::limit::{Arrival, Entry};
use support::hedging::Hedged;
use tokio_test::{assert_pending, task};
use tower::{ServiceExt, service_fn};

/// What has been published once, by `name{last label's value}`, or by name where the handle's is the only one.
struct Seen(BTreeMap<String, f64>);

impl Seen {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn of(recorder: &DebuggingRecorder, publisher: &mut Publisher) -> Self {
        metrics::with_local_recorder(recorder, || publisher.publish());
        let values = recorder.snapshotter().snapshot().into_vec().into_iter();
        let series = values.map(|(key, _, _, value)| {
            let (name, labels) = key.key().clone().into_parts();
            let name = name.as_str().trim_start_matches("soe503_").to_owned();
            let name = match labels.last() {
                Some(last) if labels.len() > 1 => format!("{name} {}", last.value()),
                _ => name,
            };
            let value = match value {
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Histogram(_) => panic!("{name}: there are none"),
            };
            (name, value)
        });
        Self(series.collect())
    }

    fn once(mut publisher: Publisher) -> Self {
        Self::of(&DebuggingRecorder::new(), &mut publisher)
    }

    #[track_caller]
    fn is(&self, series: &str, expected: f64) {
        let value = self.0.get(series);
        let near = value.is_some_and(|value| (value - expected).abs() < 1e-9);
        assert!(near, "{series}: {value:?}, expected {expected}");
    }
}

#[test]
fn of_those_who_wait_for_a_circuit() {
    let config = BreakerConfig {
        max_waiting: 6,
        ..BreakerConfig::default()
    };
    let breaker = Breaker::new("shop", config, 1);
    let room = breaker.waiting_room();
    let mut places: Vec<_> = (0..6).map(|_| room.enter().unwrap()).collect();
    assert!(room.enter().is_none());
    for mut place in places.drain(..3) {
        place.step_out();
        place.answered(Duration::from_millis(1));
    }
    places.truncate(1);
    let seen = Seen::once(Publisher::new().breaker(&breaker));
    seen.is("waited_total answered", 3.0);
    seen.is("waited_total in_vain", 2.0);
    seen.is("waited_total turned_away", 1.0);
    seen.is("waiting_requests", 1.0);
}

#[test]
fn of_a_budget() {
    let budget = RetryBudget::new("shop", BudgetConfig::default());
    let now = clock::now();
    for _ in 0..100 {
        budget.deposit(now);
    }
    let rich = budget.snapshot(now).available;
    let seen = Seen::once(Publisher::new().budget(&budget));
    assert!(rich > 3);
    assert!((seen.0["retry_budget_available"] - rich as f64).abs() <= 1.0);
    while budget.withdraw(now) {}
    assert!(!budget.withdraw(now));
    let spent = budget.snapshot(now).spent;
    assert_ne!(spent, 2);
    let seen = Seen::once(Publisher::new().budget(&budget));
    seen.is("retry_budget_spent_total", spent as f64);
    seen.is("retry_budget_refused_total", 2.0);
}

/// An entrance that has to wait.
fn waits(limit: &Limit, class: Class) -> soe503_core::limit::Ticket {
    let arrival = Arrival {
        class,
        deadline: None,
    };
    match limit.enter(clock::now(), || arrival) {
        Entry::Waits(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_line() {
    let config = LimitConfig {
        max_waiting: 10,
        max_wait: Duration::from_secs(60),
        ..LimitConfig::fixed(1)
    };
    let limit = Limit::with("shop", config);
    let slot = limit.try_acquire().unwrap();
    let mut first = waits(&limit, Class::Low);
    drop(slot);
    let waker = std::task::Waker::noop();
    let _slot = first.poll(clock::now(), waker).unwrap().unwrap();
    let classes = [
        Class::High,
        Class::Normal,
        Class::Normal,
        Class::Low,
        Class::Low,
        Class::Low,
    ];
    let _line = classes.map(|class| waits(&limit, class));
    tokio::time::advance(Duration::from_secs(5)).await;
    let seen = Seen::once(Publisher::new().limit(&limit));
    seen.is("queue_depth high", 1.0);
    seen.is("queue_depth normal", 2.0);
    seen.is("queue_depth low", 3.0);
    seen.is("queue_oldest_seconds", 5.0);
    seen.is("queue_admitted_total", 1.0);
    seen.is("pool_limit_source fixed", 1.0);
    seen.is("pool_limit_source saturated", 0.0);
    seen.is("pool_in_flight_limit", 1.0);
}

#[tokio::test(start_paused = true)]
async fn of_a_throttle() {
    let throttle = ThrottleHandle::new("shop", ThrottleConfig::default());
    for _ in 0..100 {
        throttle.admit(clock::now(), 1.0).unwrap();
        throttle.refused(clock::now());
    }
    throttle.admit(clock::now(), 0.0).unwrap_err();
    let ratio = throttle.snapshot(clock::now()).probability.as_f64();
    assert!(ratio > 0.5, "{ratio}");
    let seen = Seen::once(Publisher::new().throttle(&throttle));
    seen.is("pool_throttle_ratio", ratio);
    seen.is("pool_throttled_total", 1.0);
}

#[tokio::test(start_paused = true)]
async fn of_hedges() {
    let hedged = Hedged::new().await;
    let hedge = hedged.backends.hedge();
    for _ in 0..3 {
        hedge.won();
    }
    hedge.lost();
    hedge.lost();
    hedge.failed();
    let situation = Situation {
        panic: true,
        circuit_not_closed: false,
        probe: false,
        other_backend: true,
        attempt_left: true,
        remaining: None,
        expected: Duration::ZERO,
    };
    let why = hedge.decide(&situation, &hedged.budget, clock::now());
    let why = why.unwrap_err();
    let seen = Seen::once(Publisher::new().pool(&hedged.backends));
    seen.is("hedges_total won", 3.0);
    seen.is("hedges_total lost", 2.0);
    seen.is("hedges_total failed", 1.0);
    for other in Withheld::ALL {
        let expected = f64::from(u8::from(other == why));
        seen.is(&format!("hedges_withheld_total {}", other.id()), expected);
    }
    let delay = hedge.snapshot().delay.expect("it has learned");
    seen.is("hedge_delay_seconds", delay.as_secs_f64());
    seen.is("pool_panic", 0.0);
}

/// What a backend still has when it leaves the pool is not the pool's any more.
#[tokio::test(start_paused = true)]
async fn of_a_backend_that_goes() {
    let hangs = service_fn(|_: http::Request<_>| {
        std::future::pending::<Result<Response<Empty<Bytes>>, BoxError>>()
    });
    let backends = Backends::new("shop", PoolConfig::default(), 1);
    backends.set_backends(vec![BackendSpec::new("a", hangs)], clock::now());
    let mut sent = task::spawn(Pool::new(backends.clone()).oneshot(support::get()));
    assert_pending!(sent.poll());
    let recorder = DebuggingRecorder::new();
    let mut publisher = Publisher::new().pool(&backends);
    Seen::of(&recorder, &mut publisher).is("backend_in_flight a", 1.0);
    // To be read by this recorder sets a gauge to 0, hence once more before.
    metrics::with_local_recorder(&recorder, || publisher.publish());
    backends.set_backends(vec![BackendSpec::new("b", hangs)], clock::now());
    let seen = Seen::of(&recorder, &mut publisher);
    seen.is("backend_in_flight a", 0.0);
    seen.is("backend_in_flight b", 0.0);
}
