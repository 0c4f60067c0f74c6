//! What the pool layer tells its backends' records, and the layers around it.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::{
    BoxError, Component, Failure, Pool, Rejected, RequestContext, Served, TimeoutLayer, clock,
};
use soe503_core::Cause;
use soe503_core::ledger::{Fault, Phase, TimeoutKind};
use soe503_core::pool::{BackendState, FailureScope};
use support::{Handle, Mock, REFUSED, RESET, Script, Step, errno, get};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, Service, ServiceExt};
use tower_test::mock;

type Inner = Mock<Empty<Bytes>, Script>;

/// A pool of `n` backends called 0, 1, …, and the other ends of their services.
fn pool(n: usize) -> (Backends<Inner>, Vec<Handle<Empty<Bytes>, Script>>) {
    let backends = Backends::new("app", PoolConfig::default(), 1);
    let (specs, handles) = (0..n)
        .map(|i| {
            let (service, handle) = mock::pair();
            (BackendSpec::new(i.to_string(), service), handle)
        })
        .unzip();
    backends.set_backends(specs, clock::now());
    (backends, handles)
}

/// The backend that holds the one attempt in flight.
fn busy(backends: &Backends<Inner>) -> usize {
    let list = backends.backends();
    list.iter()
        .position(|backend| backend.in_flight() == 1)
        .expect("one is in flight")
}

fn script(status: u16, steps: impl IntoIterator<Item = Step>) -> Response<Script> {
    Response::builder()
        .status(status)
        .body(Script::new(steps))
        .unwrap()
}

#[tokio::test]
async fn the_answer_says_who_served_it() {
    let (backends, mut handles) = pool(2);
    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
    assert_pending!(future.poll());
    let which = busy(&backends);
    let (request, reply) = handles[which].next_request().await.unwrap();
    assert!(
        request.extensions().is_empty(),
        "a pool by itself adds nothing"
    );
    reply.send_response(script(200, [Step::Data("a")]));
    let response = assert_ready_ok!(future.poll());
    let served = response.extensions().get::<Served>().unwrap();
    assert_eq!(served.backend.as_deref(), Some(&*which.to_string()));
    assert_eq!((served.attempts, served.scope), (1, None));
    assert!(served.ledger.is_none());
}

#[tokio::test]
async fn an_attempt_is_in_flight_until_its_body_ends() {
    for (steps, reads) in [
        (vec![Step::Data("a"), Step::End], 1),
        (vec![Step::Data("a"), Step::Error(RESET)], 2),
        (vec![Step::Data("a")], 1),
    ] {
        let (backends, mut handles) = pool(1);
        let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
        assert_pending!(future.poll());
        let (_, reply) = handles[0].next_request().await.unwrap();
        let cut = steps.len() == 1;
        reply.send_response(script(200, steps));
        let mut body = assert_ready_ok!(future.poll()).into_body();
        for _ in 0..reads {
            assert_eq!(busy(&backends), 0);
            let _ = body.frame().await;
        }
        if cut {
            assert_eq!(busy(&backends), 0, "more is to come");
            drop(body);
        }
        assert_eq!(backends.backends()[0].in_flight(), 0);
    }
}

#[tokio::test]
async fn a_failure_names_the_backend_and_its_scope() {
    let (backends, mut handles) = pool(2);
    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
    assert_pending!(future.poll());
    let which = busy(&backends);
    handles[which]
        .next_request()
        .await
        .unwrap()
        .1
        .send_error(errno(REFUSED));
    let error = assert_ready_err!(future.poll());
    let failure = Failure::find(&*error).unwrap();
    let attempt = failure.last().unwrap();
    assert_eq!(attempt.backend.as_deref(), Some(&*which.to_string()));
    assert_eq!(attempt.fault, Some(Fault::Errno(REFUSED)));
    assert_eq!(attempt.phase, Phase::Connect);
    assert_eq!(
        failure.scope(),
        Some(FailureScope::Backend),
        "its sibling is fine"
    );
    assert!(failure.outlook().unwrap().other_backend);
    assert_eq!(failure.backend(), Some(backends.backends()[which].id));
    let state = backends.backends()[which].state();
    assert_eq!(
        state,
        BackendState::Ejected,
        "one refused connection ejects"
    );

    // The sibling fails as well: now it is the pool, and nobody is left.
    let mut request = get();
    RequestContext::of(&mut request)
        .tried
        .insert(failure.backend().unwrap());
    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(request));
    assert_pending!(future.poll());
    handles[1 - which]
        .next_request()
        .await
        .unwrap()
        .1
        .send_error(errno(REFUSED));
    let error = assert_ready_err!(future.poll());
    let failure = Failure::find(&*error).unwrap();
    assert_eq!(failure.scope(), Some(FailureScope::Pool));
    assert!(!failure.outlook().unwrap().other_backend);
}

#[tokio::test]
async fn a_failing_answer_is_passed_on_with_its_scope() {
    let (backends, mut handles) = pool(2);
    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
    assert_pending!(future.poll());
    let which = busy(&backends);
    handles[which]
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(script(503, [Step::Data("a")]));
    let response = assert_ready_ok!(future.poll());
    assert_eq!(response.status(), 503);
    let served = response.extensions().get::<Served>().unwrap();
    assert_eq!(served.scope, Some(FailureScope::Backend));
    assert!(served.outlook.unwrap().other_backend);
    assert_eq!(backends.backends()[which].consecutive_failures(), 1);
    assert_eq!(
        backends.backends()[which].in_flight(),
        0,
        "the head has decided"
    );
}

/// A body that breaks off, and a gRPC status in the trailers, are failures of the backend too.
#[tokio::test]
async fn late_failures_count() {
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "14".parse().unwrap())]);
    for (steps, broken) in [
        (vec![Step::Data("a"), Step::Error(RESET)], true),
        (
            vec![Step::Data("a"), Step::Trailers(trailers), Step::End],
            false,
        ),
    ] {
        let (backends, mut handles) = pool(1);
        let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
        assert_pending!(future.poll());
        let mut response = script(200, steps);
        response
            .headers_mut()
            .insert("content-type", "application/grpc".parse().unwrap());
        handles[0]
            .next_request()
            .await
            .unwrap()
            .1
            .send_response(response);
        let body = assert_ready_ok!(future.poll()).into_body();
        match body.collect().await {
            Ok(_) => assert!(!broken),
            Err(error) => {
                let failure = Failure::find(&*error).unwrap();
                let attempt = failure.last().unwrap();
                assert_eq!((attempt.phase, attempt.status), (Phase::Body, Some(200)));
                assert_eq!(attempt.backend.as_deref(), Some("0"));
            }
        }
        assert_eq!(backends.backends()[0].consecutive_failures(), 1);
    }
}

/// Row S6 and failure mode 42: a client that leaves is no failure, before the head or after it.
#[tokio::test]
async fn a_client_that_leaves_blames_nobody() {
    let (backends, mut handles) = pool(1);
    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
    assert_pending!(future.poll());
    drop(future);
    let backend = backends.backends()[0].clone();
    assert_eq!((backend.in_flight(), backend.failures()), (0, 0));
    handles[0].next_request().await.unwrap();

    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
    assert_pending!(future.poll());
    let (_, reply) = handles[0].next_request().await.unwrap();
    reply.send_response(script(200, [Step::Data("a")]));
    drop(assert_ready_ok!(future.poll()));
    assert_eq!((backend.in_flight(), backend.failures()), (0, 0));
}

/// A hung backend is named, although the timer is another layer's.
#[tokio::test(start_paused = true)]
async fn a_hung_backend_is_blamed_by_name() {
    let (backends, _handles) = pool(1);
    let service = TimeoutLayer::new(Duration::from_secs(2)).layer(Pool::new(backends.clone()));
    let error = service.oneshot(get()).await.unwrap_err();
    let attempt = Failure::find(&*error).unwrap().last().unwrap();
    assert_eq!(attempt.fault, Some(Fault::Timeout(TimeoutKind::Total)));
    assert_eq!(attempt.backend.as_deref(), Some("0"));
    assert_eq!(backends.backends()[0].consecutive_failures(), 1);
    assert_eq!(backends.backends()[0].in_flight(), 0);
}

/// The pool is ready whatever its backends are; the one that is picked is waited for.
#[tokio::test]
async fn readiness_is_the_picked_backends() {
    let (backends, mut handles) = pool(1);
    handles[0].allow(0);
    let mut service = mock::Spawn::new(Pool::new(backends.clone()));
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    assert_pending!(future.poll());
    assert_pending!(handles[0].poll_request(), "not called before it is ready");
    handles[0].allow(1);
    assert!(future.is_woken(), "the waker was registered");
    assert_pending!(future.poll());
    handles[0]
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(script(200, [Step::End]));
    assert_ready_ok!(future.poll());

    // Row S17.
    let mut future = task::spawn(service.call(get()));
    handles[0].send_error(errno(RESET));
    let error = assert_ready_err!(future.poll());
    assert!(Failure::find(&*error).is_some());
    assert_eq!(backends.backends()[0].consecutive_failures(), 1);
}

#[tokio::test]
async fn no_backend_is_a_refusal_that_says_why() {
    let (backends, _handles) = pool(0);
    let error = Pool::new(backends).oneshot(get()).await.unwrap_err();
    let rejected = Rejected::find(&*error).unwrap();
    assert_eq!(rejected.cause(), Cause::ConfigNoEndpoints);
    assert_eq!(
        (rejected.component(), rejected.name()),
        (Component::Pool, "app")
    );
    assert_eq!(rejected.retry_after(), None);
    // Out until a time that is known.
    let (backends, _handles) = pool(1);
    let until = clock::now().after(Duration::from_secs(30));
    let out = backends.disable("0", "a new disk", Some(until), clock::now());
    out.unwrap();
    let error = Pool::new(backends).oneshot(get()).await.unwrap_err();
    let wait = Rejected::find(&*error).unwrap().retry_after().unwrap();
    let expected = Duration::from_secs(29)..=Duration::from_secs(30);
    assert!(expected.contains(&wait), "{wait:?}");
}

/// Row S7.
#[tokio::test]
async fn a_panic_is_a_failure_of_the_attempt() {
    let panics = tower::service_fn(|_: Request<Empty<Bytes>>| async {
        if true {
            panic!("a bug");
        }
        Ok::<_, BoxError>(script(200, []))
    });
    let backends = Backends::new("app", PoolConfig::default(), 1);
    backends.set_backends(vec![BackendSpec::new("0", panics)], clock::now());
    let mut service = Pool::new(backends.clone());
    tokio::spawn(service.call(get())).await.unwrap_err();
    assert_eq!(backends.backends()[0].failures(), 1);
    assert_eq!(backends.backends()[0].in_flight(), 0);
}

/// Lets the backend that gets the next request refuse its connection, which ejects it.
async fn eject_one(
    backends: &Backends<Inner>,
    handles: &mut [Handle<Empty<Bytes>, Script>],
) -> (usize, bool) {
    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
    assert_pending!(future.poll());
    let which = busy(backends);
    let (_, reply) = handles[which].next_request().await.unwrap();
    reply.send_error(errno(REFUSED));
    let error = assert_ready_err!(future.poll());
    let accepted_before = Failure::find(&*error)
        .unwrap()
        .last()
        .unwrap()
        .accepted_before;
    (which, accepted_before)
}

/// The way back is one probe, and only a request that may run twice can afford to be it.
#[tokio::test(start_paused = true)]
async fn probes_are_idempotent_requests() {
    let (backends, mut handles) = pool(2);
    let (out, _) = eject_one(&backends, &mut handles).await;
    tokio::time::advance(Duration::from_secs(2)).await;
    for (method, expected) in [("POST", 1 - out), ("GET", out)] {
        let request = support::request(method, Empty::new());
        let mut future = task::spawn(Pool::new(backends.clone()).oneshot(request));
        assert_pending!(future.poll());
        assert_eq!(busy(&backends), expected, "{method}");
        let (_, reply) = handles[expected].next_request().await.unwrap();
        reply.send_response(script(200, [Step::End]));
        assert_ready_ok!(future.poll());
    }
    assert_eq!(backends.backends()[out].state(), BackendState::Warming);
}

/// A refused connection means one thing on a backend that has answered before, and another on
/// one that never has.
#[tokio::test]
async fn the_facts_say_whether_the_backend_ever_answered() {
    let (backends, mut handles) = pool(1);
    assert_eq!(eject_one(&backends, &mut handles).await, (0, false));
    let mut future = task::spawn(Pool::new(backends.clone()).oneshot(get()));
    assert_pending!(future.poll());
    let (_, reply) = handles[0].next_request().await.unwrap();
    reply.send_response(script(200, [Step::End]));
    assert_ready_ok!(future.poll());
    assert_eq!(eject_one(&backends, &mut handles).await, (0, true));
}

/// Failure mode 8: a request goes to another backend while there is one.
#[tokio::test]
async fn fm08_tried_backends_are_avoided() {
    let (backends, mut handles) = pool(3);
    let ids: Vec<u32> = backends
        .backends()
        .iter()
        .map(|backend| backend.id)
        .collect();
    for left in 0..3 {
        for _ in 0..8 {
            let mut request = get();
            let context = RequestContext::of(&mut request);
            ids.iter()
                .filter(|id| **id != ids[left])
                .for_each(|id| context.tried.insert(*id));
            let mut future = task::spawn(Pool::new(backends.clone()).oneshot(request));
            assert_pending!(future.poll());
            assert_eq!(busy(&backends), left);
            handles[left]
                .next_request()
                .await
                .unwrap()
                .1
                .send_response(script(200, [Step::End]));
            assert_ready_ok!(future.poll());
        }
    }
}
