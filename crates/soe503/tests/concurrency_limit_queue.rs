//! Requests that wait for their turn.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::Empty;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::{Class, Limit, LimitConfig, Priority};
use soe503::{
    BoxError, ConcurrencyLimit, ConcurrencyLimitLayer, Rejected, RequestContext, TimeoutLayer,
    clock,
};
use soe503_core::Cause;
use soe503_core::ledger::{Fault, Refusal};
use support::{empty, get, status};
use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, Service, ServiceExt, layer::layer_fn, service_fn};
use tower_test::mock;

const WAIT: Duration = Duration::from_millis(250);

fn queueing(fixed: u32) -> Limit {
    let config = LimitConfig {
        fixed,
        max_waiting: 10,
        max_wait: WAIT,
        ..LimitConfig::default()
    };
    Limit::with("search", config)
}

fn saying(field: &'static str, value: &'static str) -> Request<Empty<Bytes>> {
    let mut request = get();
    request
        .headers_mut()
        .insert(HeaderName::from_static(field), value.parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn the_next_is_sent_when_there_is_room() {
    let limit = queueing(1);
    let layer = ConcurrencyLimitLayer::new(limit.clone());
    let (mut service, mut handle) = mock::spawn_layer::<_, Response<Empty<Bytes>>, _>(layer);
    handle.allow(2);
    assert_ready_ok!(service.poll_ready());
    let mut first = task::spawn(service.call(get()));
    assert_pending!(first.poll());
    let (_, reply) = handle.next_request().await.unwrap();

    assert_ready_ok!(service.poll_ready());
    let mut second = task::spawn(service.call(get()));
    assert_pending!(second.poll());
    assert_eq!((limit.in_use(), limit.waiting()), (1, 1));
    let sent = clock::now();
    tokio::time::advance(WAIT / 2).await;
    reply.send_response(empty(200));
    drop(assert_ready_ok!(first.poll()));
    assert!(second.is_woken());
    assert_pending!(second.poll());
    let (request, reply) = handle.next_request().await.unwrap();
    let context = request.extensions().get::<RequestContext>().unwrap();
    assert_eq!(
        context.now.since(sent),
        WAIT / 2,
        "the wait is not the service's"
    );
    reply.send_response(empty(200));
    drop(assert_ready_ok!(second.poll()));
    let seen = limit.snapshot(clock::now());
    assert_eq!((seen.in_use, seen.pending, seen.waited), (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_too_long_is_told() {
    let limit = queueing(1);
    let layer = ConcurrencyLimitLayer::new(limit.clone());
    let (mut service, _handle) = mock::spawn_layer::<_, Response<Empty<Bytes>>, _>(layer);
    assert_ready_ok!(service.poll_ready());
    let _first = task::spawn(service.call(get()));
    let mut second = task::spawn(service.get_ref().clone().call(get()));
    assert_pending!(second.poll());
    tokio::time::advance(WAIT).await;
    assert!(second.is_woken(), "by the clock");
    let error = assert_ready_err!(second.poll());
    let refused = Rejected::find(&*error).unwrap();
    assert_eq!(refused.cause(), Cause::OverloadQueueTimeout);
    assert!(!refused.upstream_touched());
    assert_eq!(
        refused.fault(),
        Fault::Refused(Refusal::Queue {
            cause: Cause::OverloadQueueTimeout,
            limit: 1,
            in_use: 1,
            waiting: 0,
            waited: WAIT,
            class: Class::Normal,
        })
    );
    assert_eq!(limit.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn fm48_the_deadline_ends_the_wait() {
    let limit = queueing(1);
    let hangs = service_fn(|_: Request<Empty<Bytes>>| {
        std::future::pending::<Result<Response<Empty<Bytes>>, BoxError>>()
    });
    let limited = ConcurrencyLimit::new(hangs, limit.clone());
    let service = TimeoutLayer::new(WAIT / 2).layer(limited);
    let mut first = task::spawn(service.clone().oneshot(get()));
    assert_pending!(first.poll());
    let mut second = task::spawn(service.clone().oneshot(get()));
    assert_pending!(second.poll());
    tokio::time::advance(WAIT / 2).await;
    let error = assert_ready_err!(second.poll());
    let refused = Rejected::find(&*error).unwrap();
    assert_eq!(refused.cause(), Cause::OverloadQueueTimeout);
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_gives_the_place_up() {
    let limit = queueing(1);
    let layer = ConcurrencyLimitLayer::new(limit.clone());
    let (mut service, mut handle) = mock::spawn_layer::<_, Response<Empty<Bytes>>, _>(layer);
    assert_ready_ok!(service.poll_ready());
    let first = task::spawn(service.call(get()));
    let inner = service.get_ref().clone();
    let mut second = task::spawn(inner.clone().call(get()));
    let mut third = task::spawn(inner.clone().call(get()));
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    drop(second);
    assert_eq!(limit.waiting(), 1);
    drop(first);
    handle.next_request().await.unwrap();
    assert!(third.is_woken());
    // Its turn has come, and nobody is there to take it.
    drop(third);
    assert_eq!((limit.in_use(), limit.waiting()), (0, 0));
}

/// What clients say counts only where they are trusted with it.
#[tokio::test(start_paused = true)]
async fn the_important_go_first_if_they_may_say_so() {
    let trusted = Priority::fixed(Class::Normal).believe(HeaderName::from_static("priority"));
    for (priority, first_served) in [(trusted, "u=1"), (Priority::NORMAL, "u=6")] {
        let limit = queueing(1);
        let layer = ConcurrencyLimitLayer::new(limit.clone()).priority(priority);
        let (mut service, mut handle) = mock::spawn_layer::<_, Response<Empty<Bytes>>, _>(layer);
        handle.allow(10);
        assert_ready_ok!(service.poll_ready());
        let running = task::spawn(service.call(get()));
        handle.next_request().await.unwrap();
        let inner = service.get_ref().clone();
        let mut waiting: Vec<_> = ["u=6", "u=1"]
            .map(|value| task::spawn(inner.clone().call(saying("priority", value))))
            .into();
        for one in &mut waiting {
            assert_pending!(one.poll());
        }
        drop(running);
        for one in waiting.iter_mut().filter(|one| one.is_woken()) {
            assert_pending!(one.poll());
        }
        let (request, _reply) = handle.next_request().await.unwrap();
        assert_eq!(request.headers()["priority"], first_served);
    }
}

#[test]
fn a_field_of_ones_own_may_say_it() {
    let own = Priority::fixed(Class::Low).believe(HeaderName::from_static("x-importance"));
    for (request, class) in [
        (saying("x-importance", "high"), Class::High),
        (saying("x-importance", "4"), Class::Normal),
        (saying("x-importance", "very"), Class::Low),
        (saying("priority", "u=0"), Class::Low),
        (get(), Class::Low),
    ] {
        assert_eq!(own.of(request.headers()), class, "{:?}", request.headers());
    }
}

#[tokio::test]
async fn a_bulkhead_leaves_room_for_the_others() {
    let (limit, bulkhead) = (queueing(3), Limit::new("/slow", 1));
    let hangs = service_fn(|_: Request<Empty<Bytes>>| {
        std::future::pending::<Result<Response<Empty<Bytes>>, BoxError>>()
    });
    let slow = ConcurrencyLimit::new(hangs, limit.clone()).bulkhead(Some(bulkhead.clone()));
    let other = ConcurrencyLimit::new(hangs, limit.clone());
    let first = task::spawn(slow.clone().call(get()));
    let mut second = task::spawn(slow.clone().call(get()));
    let error = assert_ready_err!(second.poll());
    let refused = Rejected::find(&*error).unwrap();
    assert_eq!(
        (refused.name(), refused.cause()),
        ("/slow", Cause::OverloadConcurrencyLimit)
    );
    let [other_one, _other_two] = [(); 2].map(|()| task::spawn(other.clone().call(get())));
    assert_eq!((limit.in_use(), bulkhead.in_use()), (3, 1));
    drop(first);
    assert_eq!((limit.in_use(), bulkhead.in_use()), (2, 0));
    // Who waits for the pool's limit holds the bulkhead's place.
    let _third = task::spawn(other.clone().call(get()));
    let mut waits = task::spawn(slow.clone().call(get()));
    assert_pending!(waits.poll());
    assert_eq!((limit.waiting(), bulkhead.in_use()), (1, 1));
    drop(waits);
    assert_eq!((limit.waiting(), bulkhead.in_use()), (0, 0));
    // And when its turn has come, until it is over.
    let mut waits = task::spawn(slow.clone().call(get()));
    assert_pending!(waits.poll());
    drop(other_one);
    assert!(waits.is_woken());
    assert_pending!(waits.poll());
    assert_eq!((limit.waiting(), bulkhead.in_use()), (0, 1));
    drop(waits);
    assert_eq!((limit.in_use(), bulkhead.in_use()), (2, 0));
}

/// A stream that goes on for ever does not wait for an answer, and is no sign of a busy service.
#[tokio::test]
async fn the_head_ends_the_wait_for_an_answer() {
    let limit = queueing(2);
    for status in [200, 404, 503] {
        let answers = service_fn(move |_: Request<Empty<Bytes>>| async move {
            Ok::<_, BoxError>(support::status(status))
        });
        let mut service = ConcurrencyLimit::new(answers, limit.clone());
        let mut answered = task::spawn(service.call(get()));
        let response = assert_ready!(answered.poll()).unwrap();
        drop(answered);
        let seen = limit.snapshot(clock::now());
        assert_eq!((seen.in_use, seen.pending), (1, 0), "{status}");
        drop(response);
        assert_eq!(limit.in_use(), 0);
    }
}

/// What the circuit turns away at once does not stand in line behind requests that hang.
#[tokio::test]
async fn who_is_turned_away_at_once_takes_no_place() {
    let limit = queueing(1);
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    let answers = service_fn(|_: Request<Empty<Bytes>>| async { Ok::<_, BoxError>(status(200)) });
    let mut service = ConcurrencyLimit::new(answers, limit.clone()).circuit(breaker.clone());
    let mut first = task::spawn(service.call(get()));
    let held = assert_ready!(first.poll()).unwrap();
    let mut second = task::spawn(service.call(get()));
    assert_pending!(second.poll());
    drop(second);
    breaker.force_open(clock::now(), "drill");
    let mut third = task::spawn(service.call(get()));
    assert_ready!(third.poll()).unwrap();
    assert_eq!((limit.in_use(), limit.waiting()), (1, 0));
    // Nor does the limit refuse it: it is the circuit that has something to say.
    limit.set_config(LimitConfig::fixed(1));
    let mut fourth = task::spawn(service.call(get()));
    assert_ready!(fourth.poll()).unwrap();
    drop(held);
}

/// The service need not be ready at that moment; whoever left does not come back for a slot.
#[tokio::test(start_paused = true)]
async fn who_has_left_the_line_waits_for_the_service_only() {
    let limit = queueing(1);
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    let layer =
        layer_fn(|inner| ConcurrencyLimit::new(inner, limit.clone()).circuit(breaker.clone()));
    let (mut service, mut handle) = mock::spawn_layer::<_, Response<Empty<Bytes>>, _>(layer);
    handle.allow(1);
    assert_ready_ok!(service.poll_ready());
    let mut first = task::spawn(service.call(get()));
    assert_pending!(first.poll());
    let (_, reply) = handle.next_request().await.unwrap();
    let mut second = task::spawn(service.get_ref().clone().call(get()));
    assert_pending!(second.poll());
    breaker.force_open(clock::now(), "drill");
    tokio::time::advance(WAIT).await;
    assert_pending!(second.poll(), "the service is not ready");
    assert_eq!((limit.in_use(), limit.waiting()), (1, 0));
    breaker.reset(clock::now());
    handle.allow(1);
    assert!(second.is_woken());
    assert_pending!(second.poll());
    let (_, second_reply) = handle.next_request().await.unwrap();
    second_reply.send_response(empty(200));
    assert_ready_ok!(second.poll());
    reply.send_response(empty(200));
    drop(assert_ready_ok!(first.poll()));
    assert_eq!(limit.in_use(), 0);
}

/// Nobody waits in line for what the circuit has given up: whoever is there learns of it soon, not at the deadline.
#[tokio::test(start_paused = true)]
async fn who_waits_in_line_leaves_when_the_circuit_turns_away() {
    let limit = queueing(1);
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    let answers = service_fn(|_: Request<Empty<Bytes>>| async { Ok::<_, BoxError>(status(200)) });
    let mut service = ConcurrencyLimit::new(answers, limit.clone()).circuit(breaker.clone());
    let mut first = task::spawn(service.call(get()));
    let held = assert_ready!(first.poll()).unwrap();
    let mut second = task::spawn(service.call(get()));
    assert_pending!(second.poll());
    assert_eq!(limit.waiting(), 1);
    breaker.force_open(clock::now(), "drill");
    tokio::time::advance(WAIT).await;
    assert!(second.is_woken());
    assert_ready!(second.poll()).unwrap();
    assert_eq!((limit.in_use(), limit.waiting()), (1, 0));
    drop(held);
    assert_eq!(limit.in_use(), 0);
}
