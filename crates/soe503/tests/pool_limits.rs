//! Requests that find all backends with as many in flight as they may have.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request};
use http_body_util::Empty;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::{Class, Priority};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::{
    CircuitBreaker, Component, Failure, Pool, Rejected, RequestContext, TimeoutLayer, clock,
};
use soe503_core::Cause;
use soe503_core::ledger::{Fault, Refusal};
use support::{Handle, Mock, Script, errno, get};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, ServiceExt};
use tower_test::mock;

type Inner = Mock<Empty<Bytes>, Script>;

const WAIT: Duration = Duration::from_millis(250);

/// A pool of backends that may have one request in flight each.
fn pool(n: usize, max_waiting: u32) -> (Backends<Inner>, Vec<Handle<Empty<Bytes>, Script>>) {
    let config = PoolConfig {
        max_waiting,
        ..PoolConfig::default()
    };
    let backends = Backends::new("app", config, 1);
    let (specs, handles) = (0..n)
        .map(|i| {
            let (service, handle) = mock::pair();
            let spec = BackendSpec::new(i.to_string(), service);
            let limited = BackendSpec {
                max_in_flight: Some(1),
                ..spec
            };
            (limited, handle)
        })
        .unzip();
    backends.set_backends(specs, clock::now());
    (backends, handles)
}

fn answer() -> http::Response<Script> {
    http::Response::new(Script::new([]))
}

fn important() -> Request<Empty<Bytes>> {
    let mut request = get();
    let name = HeaderName::from_static("x-priority");
    request.headers_mut().insert(name, "high".parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn each_backend_gets_what_it_may_have_and_the_next_waits() {
    let (backends, mut handles) = pool(2, 10);
    let service = Pool::new(backends.clone());
    let mut first = task::spawn(service.clone().oneshot(get()));
    let mut second = task::spawn(service.clone().oneshot(get()));
    let mut third = task::spawn(service.clone().oneshot(get()));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    assert!(backends.backends().iter().all(|b| b.in_flight() == 1));
    assert_eq!(backends.waiting(), 1);
    let (_, reply) = handles[1].next_request().await.unwrap();
    reply.send_response(answer());
    let answered = match first.poll() {
        std::task::Poll::Ready(answered) => answered.unwrap(),
        std::task::Poll::Pending => assert_ready_ok!(second.poll()),
    };
    // Its body has not ended: the place is still taken.
    assert_pending!(third.poll());
    drop(answered);
    assert!(third.is_woken());
    tokio::time::advance(WAIT / 10).await;
    let began = clock::now();
    assert_pending!(third.poll());
    let (request, reply) = handles[1].next_request().await.unwrap();
    let context = request.extensions().get::<RequestContext>().unwrap();
    assert_eq!(context.now, began, "the wait is not the backend's");
    reply.send_response(answer());
    drop(assert_ready_ok!(third.poll()));
    drop((first, second));
    assert!(backends.backends().iter().all(|b| b.in_flight() == 0));
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_bounded_and_its_end_is_told() {
    let (backends, _handles) = pool(1, 10);
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    let service = CircuitBreaker::new(Pool::new(backends.clone()), breaker.clone());
    let mut first = task::spawn(service.clone().oneshot(get()));
    let mut second = task::spawn(service.clone().oneshot(get()));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    tokio::time::advance(WAIT - Duration::from_millis(2)).await;
    assert_pending!(second.poll());
    tokio::time::advance(Duration::from_millis(4)).await;
    assert!(second.is_woken(), "by the clock");
    let error = assert_ready_err!(second.poll());
    let rejected = Rejected::find(&*error).unwrap();
    assert_eq!(rejected.component(), Component::Pool);
    assert_eq!(rejected.cause(), Cause::OverloadQueueTimeout);
    assert!(!rejected.upstream_touched());
    let Fault::Refused(Refusal::BackendsFull(full)) = rejected.fault() else {
        panic!("{rejected:?}");
    };
    assert_eq!((full.backends, full.limit, full.in_flight), (1, 1, 1));
    assert!(full.waited >= WAIT);
    assert_eq!(backends.waiting(), 0);
    let counted = breaker.snapshot(clock::now());
    assert!(
        counted.window.is_none_or(|window| window.failed == 0),
        "nobody's failure"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_beyond_the_deadline_or_without_a_place() {
    let (backends, _handles) = pool(1, 1);
    let service = Pool::new(backends.clone());
    let mut held = task::spawn(service.clone().oneshot(get()));
    assert_pending!(held.poll());
    let timed = TimeoutLayer::new(WAIT / 5).layer(service.clone());
    let mut hasty = task::spawn(timed.oneshot(get()));
    assert_pending!(hasty.poll());
    let error = assert_ready_err!(task::spawn(service.clone().oneshot(get())).poll());
    let rejected = Rejected::find(&*error).unwrap();
    assert_eq!(rejected.cause(), Cause::OverloadQueueFull);
    tokio::time::advance(WAIT / 5 + Duration::from_millis(2)).await;
    let error = assert_ready_err!(hasty.poll());
    let rejected = Rejected::find(&*error).expect("told by the pool, not by a timer above");
    assert_eq!(rejected.cause(), Cause::OverloadQueueTimeout);
    let (none, _handles) = pool(1, 0);
    let service = Pool::new(none);
    let mut held = task::spawn(service.clone().oneshot(get()));
    assert_pending!(held.poll());
    let error = assert_ready_err!(task::spawn(service.oneshot(get())).poll());
    let rejected = Rejected::find(&*error).unwrap();
    assert_eq!(rejected.cause(), Cause::OverloadConcurrencyLimit);
}

#[tokio::test(start_paused = true)]
async fn the_important_go_first_and_whoever_leaves_gives_up_the_place() {
    let (backends, mut handles) = pool(1, 10);
    let priority = Priority::fixed(Class::Low).believe(HeaderName::from_static("x-priority"));
    let service = Pool::new(backends.clone()).priority(priority);
    let mut first = task::spawn(service.clone().oneshot(get()));
    let mut low = task::spawn(service.clone().oneshot(get()));
    let mut high = task::spawn(service.clone().oneshot(important()));
    let mut gone = task::spawn(service.clone().oneshot(important()));
    assert_pending!(first.poll());
    assert_pending!(low.poll());
    assert_pending!(gone.poll());
    assert_pending!(high.poll());
    drop(handles[0].next_request().await.unwrap());
    assert_ready_err!(first.poll());
    drop(first);
    assert!(gone.is_woken());
    drop(gone);
    assert!(high.is_woken() && !low.is_woken());
    assert_pending!(high.poll());
    assert_eq!(backends.waiting(), 1);
    drop(high);
    assert!(low.is_woken());
    assert_pending!(low.poll());
    assert_eq!(backends.backends()[0].in_flight(), 1);
}

/// What a backend takes is told without the wait for it.
#[tokio::test(start_paused = true)]
async fn the_wait_is_no_part_of_the_attempt() {
    let (backends, mut handles) = pool(1, 10);
    let service = Pool::new(backends);
    let mut first = task::spawn(service.clone().oneshot(get()));
    let mut second = task::spawn(service.oneshot(get()));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    tokio::time::advance(WAIT / 2).await;
    drop(first);
    assert!(second.is_woken());
    assert_pending!(second.poll());
    handles[0].next_request().await.unwrap();
    tokio::time::advance(Duration::from_millis(7)).await;
    let (_, reply) = handles[0].next_request().await.unwrap();
    reply.send_error(errno(support::RESET));
    let error = assert_ready_err!(second.poll());
    let elapsed = Failure::find(&*error).unwrap().last().unwrap().elapsed;
    assert_eq!(elapsed, Duration::from_millis(7));
}

/// Nobody waits for a second backend: by then the first has answered.
#[tokio::test(start_paused = true)]
async fn a_hedge_does_not_wait() {
    let (backends, _handles) = pool(1, 10);
    let service = Pool::new(backends.clone());
    let mut held = task::spawn(service.clone().oneshot(get()));
    assert_pending!(held.poll());
    let mut request = get();
    RequestContext::of(&mut request).hedge = true;
    let mut hedge = task::spawn(service.oneshot(request));
    let error = assert_ready_err!(hedge.poll());
    assert!(Rejected::find(&*error).is_some(), "{error:?}");
    assert_eq!(backends.waiting(), 0);
}

/// Who may not run twice waits for a backend that is well, though one that was ejected could be tried.
#[tokio::test(start_paused = true)]
async fn who_may_not_run_twice_is_no_probe_when_it_waits_either() {
    let (backends, mut handles) = pool(2, 10);
    let service = Pool::new(backends.clone());
    let mut ejects = task::spawn(service.clone().oneshot(get()));
    assert_pending!(ejects.poll());
    let in_flight = || -> Vec<u32> {
        let backends = backends.backends();
        backends.iter().map(|backend| backend.in_flight()).collect()
    };
    let out = in_flight().iter().position(|n| *n == 1).unwrap();
    let (_, reply) = handles[out].next_request().await.unwrap();
    reply.send_error(errno(support::REFUSED));
    assert_ready_err!(ejects.poll());
    tokio::time::advance(Duration::from_secs(2)).await;

    let post = || support::request("POST", Empty::<Bytes>::new());
    let mut first = task::spawn(service.clone().oneshot(post()));
    let mut second = task::spawn(service.clone().oneshot(post()));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    assert_eq!((in_flight()[out], backends.waiting()), (0, 1));
    drop(first);
    assert!(second.is_woken());
    assert_pending!(second.poll());
    assert_eq!((in_flight()[out], in_flight()[1 - out]), (0, 1));
    // The same request, but for its method.
    let mut probe = task::spawn(service.oneshot(get()));
    assert_pending!(probe.poll());
    assert_eq!((in_flight()[out], backends.waiting()), (1, 0));
}
