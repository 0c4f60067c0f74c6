//! What the circuit breaker layer tells its breaker, and when it lets requests through.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use soe503::{
    BoxError, CircuitBreakerLayer, Component, Failure, Rejected, RequestBodyError, RequestContext,
    clock,
};
use soe503_core::breaker::State;
use soe503_core::ledger::Attempt;
use soe503_core::pool::FailureScope;
use soe503_core::{Cause, Outcome, Tick};
use support::circuit::{breaker, failures, guarded};
use support::{REFUSED, RESET, Script, Step, empty, errno, get};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, ServiceExt, service_fn};

/// One failure is on the account before each row, so that a success shows too.
#[tokio::test(start_paused = true)]
async fn what_counts() {
    use Step::{Data, End, Error, Trailers};
    fn grpc(code: &str) -> HeaderMap {
        HeaderMap::from_iter([("grpc-status".parse().unwrap(), code.parse().unwrap())])
    }
    const PLAIN: &str = "text/plain";
    const GRPC: &str = "application/grpc+proto";
    // (status, content type, body, failures on the account afterwards)
    let rows = [
        (200, PLAIN, vec![End], 0),
        (200, PLAIN, vec![Data("a"), End], 0),
        (200, PLAIN, vec![Data("a"), Error(RESET)], 2),
        (404, PLAIN, vec![End], 0),
        (404, PLAIN, vec![Data("a"), End], 0),
        (501, PLAIN, vec![End], 0),
        (505, PLAIN, vec![End], 0),
        // An overload signal leaves a run as it is.
        (429, PLAIN, vec![End], 1),
        (500, PLAIN, vec![End], 2),
        (502, PLAIN, vec![End], 2),
        (503, PLAIN, vec![Data("a"), End], 2),
        (504, PLAIN, vec![End], 2),
        (200, GRPC, vec![Data("a"), Trailers(grpc("0"))], 0),
        (200, GRPC, vec![Data("a"), Trailers(grpc("5"))], 0),
        (200, GRPC, vec![Data("a"), Trailers(grpc("4"))], 2),
        (200, GRPC, vec![Data("a"), Trailers(grpc("13"))], 2),
        (200, GRPC, vec![Data("a"), Trailers(grpc("14"))], 2),
        (200, GRPC, vec![Data("a"), Trailers(grpc("15"))], 2),
        (200, GRPC, vec![Data("a"), Trailers(grpc("8"))], 1),
        (200, GRPC, vec![Data("a"), Trailers(grpc("x"))], 2),
        (200, GRPC, vec![Data("a"), End], 0),
        (200, PLAIN, vec![Data("a"), Trailers(grpc("14"))], 0),
        (200, "application/grpc-web", vec![Trailers(grpc("14"))], 0),
    ];
    for (status, content_type, steps, expected) in rows {
        let breaker = breaker(9);
        let (mut service, mut handle) = guarded::<Script>(&breaker);
        assert_ready_ok!(service.poll_ready());
        let mut failed = task::spawn(service.call(get()));
        handle
            .next_request()
            .await
            .unwrap()
            .1
            .send_error(errno(REFUSED));
        assert_ready_err!(failed.poll());
        assert_eq!(failures(&breaker), 1);

        let row = format!("{status} {content_type} {steps:?}");
        assert_ready_ok!(service.poll_ready());
        let mut future = task::spawn(service.call(get()));
        let response = Response::builder()
            .status(status)
            .header("content-type", content_type)
            .body(Script::new(steps.into_iter().chain([End])))
            .unwrap();
        handle
            .next_request()
            .await
            .unwrap()
            .1
            .send_response(response);
        let _ = assert_ready_ok!(future.poll()).into_body().collect().await;
        assert_eq!(failures(&breaker), expected, "{row}");
    }
}

#[tokio::test]
async fn a_grpc_status_in_the_head_decides_there() {
    let breaker = breaker(9);
    let (mut service, mut handle) = guarded::<Script>(&breaker);
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    let response = Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", "14")
        .body(Script::default())
        .unwrap();
    handle
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(response);
    let _body = assert_ready_ok!(future.poll());
    assert_eq!(failures(&breaker), 1);
}

#[tokio::test]
async fn errors_count_by_what_they_prove() {
    let told = Failure::new(Attempt::begin(1, Tick::ZERO)).with_scope(FailureScope::Backend);
    let rows: [(BoxError, u32); 6] = [
        (errno(REFUSED), 1),
        (errno(RESET), 1),
        ("who knows".into(), 1),
        // Our own descriptors are not the service's fault.
        (errno(24), 0),
        // The client broke its own request.
        (RequestBodyError::new("gone").into(), 0),
        // One backend of several: degraded, and no run.
        (
            Failure::new(Attempt {
                fault: Some(soe503_core::ledger::Fault::Errno(REFUSED)),
                ..told.last().unwrap().clone()
            })
            .with_scope(FailureScope::Backend)
            .into(),
            0,
        ),
    ];
    for (error, expected) in rows {
        let breaker = breaker(9);
        let (mut service, mut handle) = guarded::<Empty<Bytes>>(&breaker);
        assert_ready_ok!(service.poll_ready());
        let mut future = task::spawn(service.call(get()));
        let row = format!("{error:?}");
        handle.next_request().await.unwrap().1.send_error(error);
        assert_ready_err!(future.poll());
        assert_eq!(failures(&breaker), expected, "{row}");
    }
}

/// Rows S5, S6 and S16: while open, ready without asking the inner service; `call` refuses.
#[tokio::test(start_paused = true)]
async fn open_is_ready_and_refuses() {
    let breaker = breaker(1);
    let (mut service, mut handle) = guarded::<Empty<Bytes>>(&breaker);
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    handle
        .next_request()
        .await
        .unwrap()
        .1
        .send_error(errno(REFUSED));
    assert_ready_err!(future.poll());

    handle.allow(0);
    assert_ready_ok!(service.poll_ready(), "the inner service would be pending");
    let mut refused = task::spawn(service.call(get()));
    let error = assert_ready_err!(refused.poll());
    let rejected = Rejected::find(&*error).unwrap();
    assert_eq!(rejected.cause(), Cause::CircuitConsecutiveFailures);
    assert_eq!(rejected.component(), Component::CircuitBreaker);
    assert!(rejected.root().is_some());
    let wait = rejected.retry_after().unwrap();
    assert!(
        wait > Duration::from_millis(900) && wait <= Duration::from_millis(1100),
        "{wait:?}"
    );

    // When the time is over, readiness is the inner service's again.
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_pending!(service.poll_ready());
    handle.allow(3);
    assert!(service.is_woken(), "the waker was registered below");
    assert_ready_ok!(service.poll_ready());
    assert_eq!(
        breaker.snapshot(clock::now()).probes_in_flight,
        0,
        "ready holds no probe"
    );
}

/// A circuit that opens between `poll_ready` and `call` refuses in `call`.
#[tokio::test]
async fn opening_after_readiness_refuses_too() {
    let breaker = breaker(1);
    let (mut service, _handle) = guarded::<Empty<Bytes>>(&breaker);
    assert_ready_ok!(service.poll_ready());
    breaker.force_open(clock::now(), "a test");
    let mut future = task::spawn(service.call(get()));
    let error = assert_ready_err!(future.poll());
    assert_eq!(
        Rejected::find(&*error).unwrap().cause(),
        Cause::MaintenanceAdminDisabled
    );
}

/// What a clone found out about readiness is not its original's.
#[tokio::test]
async fn a_clone_asks_for_itself() {
    let breaker = breaker(1);
    let (mut service, mut handle) = guarded::<Empty<Bytes>>(&breaker);
    handle.allow(1);
    assert_ready_ok!(service.poll_ready());
    handle.allow(0);
    assert_ready_ok!(service.poll_ready(), "ready stays ready until the call");
    let mut clone = service.clone();
    assert_pending!(clone.poll_ready());
    breaker.force_open(clock::now(), "a test");
    assert_ready_ok!(clone.poll_ready());
    let mut second = clone.clone();
    breaker.reset(clock::now());
    assert_pending!(
        second.poll_ready(),
        "the refusal stays with the one that got it"
    );
}

/// Row S17: reconnecting clients report a refused connection here and nowhere else.
#[tokio::test]
async fn errors_of_readiness_count() {
    let breaker = breaker(2);
    for expected in [1, 0] {
        let (mut service, mut handle) = guarded::<Empty<Bytes>>(&breaker);
        handle.send_error(errno(REFUSED));
        let error = assert_ready_err!(service.poll_ready());
        assert!(!error.is::<Rejected>(), "the inner error is passed on");
        assert_eq!(failures(&breaker), expected);
    }
    assert_eq!(breaker.state(), State::Open);
}

/// All services of a layer, and of every layer with the same handle, are one circuit.
#[tokio::test]
async fn layers_share_the_circuit_and_nothing_else() {
    let shared = breaker(1);
    let other = breaker(1);
    let down = service_fn(|_: Request<Empty<Bytes>>| async {
        Err::<Response<Full<Bytes>>, _>(errno(REFUSED))
    });
    let one = CircuitBreakerLayer::new(shared.clone());
    one.layer(down).oneshot(get()).await.unwrap_err();
    for layer in [one.clone(), CircuitBreakerLayer::new(shared)] {
        let error = layer.layer(down).oneshot(get()).await.unwrap_err();
        assert!(Rejected::find(&*error).is_some());
    }
    let error = CircuitBreakerLayer::new(other)
        .layer(down)
        .oneshot(get())
        .await
        .unwrap_err();
    assert!(Rejected::find(&*error).is_none());
}

/// A probe may well be lost: who may not run twice stands back, and so does who has lost an attempt already.
#[tokio::test(start_paused = true)]
async fn first_attempts_that_may_run_twice_are_the_probes() {
    let well = service_fn(|_: Request<Empty<Bytes>>| async { Ok::<_, BoxError>(empty(200)) });
    // The number of the request that is let through, of those that come when a probe is due.
    for (idempotent, number, expected) in [(true, 1, 16), (false, 1, 32), (true, 2, 32)] {
        let breaker = breaker(1);
        let permit = breaker.admit(clock::now()).unwrap();
        permit.record(
            clock::now(),
            Outcome::failure(Cause::DependencyConnectRefused),
        );
        tokio::time::advance(Duration::from_millis(100)).await;
        let service = CircuitBreakerLayer::new(breaker).layer(well);
        let mut sent = 0;
        loop {
            sent += 1;
            assert!(sent < 100, "{idempotent} {number}: nobody is let through");
            let mut context = RequestContext::new(clock::now(), idempotent);
            context.number = number;
            let mut request = get();
            request.extensions_mut().insert(context);
            if service.clone().oneshot(request).await.is_ok() {
                break;
            }
        }
        assert_eq!(sent, expected, "{idempotent} {number}");
    }
}
