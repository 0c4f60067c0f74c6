//! What the circuit breaker layer tells its breaker, and when.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::{
    BoxError, CircuitBreaker, CircuitBreakerLayer, Component, Failure, Rejected, RequestBodyError,
    TimeoutLayer, clock,
};
use soe503_core::breaker::State;
use soe503_core::ledger::Attempt;
use soe503_core::pool::FailureScope;
use soe503_core::{Cause, Tick};
use support::{Handle, Mock, REFUSED, RESET, Script, Step, empty, errno, get};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, ServiceExt, service_fn};
use tower_test::mock;

fn breaker(failures: u32) -> Breaker {
    let config = BreakerConfig {
        consecutive_failures: Some(failures),
        ..BreakerConfig::default()
    };
    Breaker::try_new("app", config, 1).unwrap()
}

fn failures(breaker: &Breaker) -> u32 {
    breaker.snapshot(clock::now()).consecutive_failures
}

type Guarded<B> = mock::Spawn<CircuitBreaker<Mock<Empty<Bytes>, B>>>;

fn guarded<B: http_body::Body>(breaker: &Breaker) -> (Guarded<B>, Handle<Empty<Bytes>, B>) {
    let layer = CircuitBreakerLayer::new(breaker.clone());
    mock::spawn_with(move |inner| layer.layer(inner))
}

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

async fn half_open(breaker: &Breaker) {
    breaker.force_open(clock::now(), "a test");
    breaker.reset(clock::now());
    let permit = breaker.admit(clock::now()).unwrap();
    permit.record(
        clock::now(),
        soe503_core::Outcome::failure(Cause::DependencyConnectRefused),
    );
    assert_eq!(breaker.state(), State::Open);
    tokio::time::advance(Duration::from_secs(2)).await;
}

/// Failure mode 19: a probe whose client leaves gives its place back.
#[tokio::test(start_paused = true)]
async fn a_dropped_probe_frees_its_place() {
    let breaker = breaker(1);
    half_open(&breaker).await;
    let (mut service, mut handle) = guarded::<Script>(&breaker);
    for round in 0..8 {
        assert_ready_ok!(service.poll_ready());
        let mut probe = task::spawn(service.call(get()));
        assert_pending!(probe.poll());
        assert_eq!(
            breaker.snapshot(clock::now()).probes_in_flight,
            1,
            "round {round}"
        );
        let (_, reply) = handle.next_request().await.unwrap();
        // Dropped before the head; dropped with the head there and nobody looking.
        if round % 2 == 1 {
            reply.send_response(Response::new(Script::default()));
        }
        drop(probe);
        assert_eq!(
            breaker.snapshot(clock::now()).probes_in_flight,
            0,
            "round {round}"
        );
        assert_eq!(breaker.state(), State::HalfOpen);
    }
}

/// Row S2: the client drops the body after a good head, and the probe has succeeded.
#[tokio::test(start_paused = true)]
async fn a_dropped_body_is_a_success() {
    let breaker = breaker(1);
    half_open(&breaker).await;
    let (mut service, mut handle) = guarded::<Script>(&breaker);
    for _ in 0..breaker.config().probes {
        assert_ne!(breaker.state(), State::Closed);
        assert_ready_ok!(service.poll_ready());
        let mut probe = task::spawn(service.call(get()));
        let (_, reply) = handle.next_request().await.unwrap();
        reply.send_response(Response::new(Script::new([Step::Data("a")])));
        let mut body = assert_ready_ok!(probe.poll()).into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);
    }
    assert_eq!(breaker.state(), State::Closed);
}

/// Row S3: a result from before the trip neither closes nor reopens anything.
#[tokio::test(start_paused = true)]
async fn late_results_change_nothing() {
    let breaker = breaker(1);
    let (mut service, mut handle) = guarded::<Empty<Bytes>>(&breaker);
    assert_ready_ok!(service.poll_ready());
    let mut straggler = task::spawn(service.call(get()));
    let (_, late) = handle.next_request().await.unwrap();
    half_open(&breaker).await;
    assert_ready_ok!(service.poll_ready());
    let mut probe = task::spawn(service.call(get()));
    assert_eq!(breaker.state(), State::HalfOpen);
    late.send_error(errno(REFUSED));
    assert_ready_err!(straggler.poll());
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(breaker.snapshot(clock::now()).stale, 1);
    handle
        .next_request()
        .await
        .unwrap()
        .1
        .send_error(errno(REFUSED));
    assert_ready_err!(probe.poll());
    assert_eq!(
        breaker.snapshot(clock::now()).probes_failed,
        1,
        "the probe's own result does"
    );
}

/// Row S5: an impatient client is nobody's failure; a deadline that passed is the service's.
#[tokio::test(start_paused = true)]
async fn a_cut_at_the_deadline_counts_and_an_abandoned_request_does_not() {
    let hung = service_fn(|_: Request<Empty<Bytes>>| {
        std::future::pending::<Result<Response<Empty<Bytes>>, BoxError>>()
    });
    let breaker = breaker(9);
    let guarded = CircuitBreakerLayer::new(breaker.clone()).layer(hung);
    let service = TimeoutLayer::new(Duration::from_secs(1)).layer(guarded);

    let mut abandoned = task::spawn(service.clone().oneshot(get()));
    assert_pending!(abandoned.poll());
    tokio::time::advance(Duration::from_millis(900)).await;
    drop(abandoned);
    assert_eq!(failures(&breaker), 0);

    service.oneshot(get()).await.unwrap_err();
    assert_eq!(failures(&breaker), 1);
}

/// Row S7, with the panic caught around the task as tokio and hyper do it.
#[tokio::test]
async fn panics_are_failures() {
    let breaker = breaker(9);
    let panics = service_fn(|_: Request<Empty<Bytes>>| async {
        if true {
            panic!("a bug");
        }
        Ok::<Response<Empty<Bytes>>, BoxError>(empty(200))
    });
    let service = CircuitBreakerLayer::new(breaker.clone()).layer(panics);
    tokio::spawn(service.oneshot(get())).await.unwrap_err();
    assert_eq!(failures(&breaker), 1);

    let (mut service, mut handle) = guarded::<Script>(&breaker);
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    let body = Script::new([Step::Data("a"), Step::Panic]);
    handle
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(Response::new(body));
    let body = assert_ready_ok!(future.poll()).into_body();
    tokio::spawn(body.collect()).await.unwrap_err();
    assert_eq!(failures(&breaker), 2);
}

/// And with the panic caught below whoever drops the future, as `Explain` does it: nothing is
/// unwinding any more by then.
#[tokio::test]
async fn panics_that_somebody_caught_are_failures() {
    let breaker = breaker(9);
    let panics = service_fn(|_: Request<Empty<Bytes>>| async {
        if true {
            panic!("a bug");
        }
        Ok::<Response<Empty<Bytes>>, BoxError>(empty(200))
    });
    let service = CircuitBreakerLayer::new(breaker.clone()).layer(panics);
    let mut future = task::spawn(service.oneshot(get()));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| future.poll())).unwrap_err();
    assert_eq!(failures(&breaker), 0, "the future is still there");
    drop(future);
    assert_eq!(failures(&breaker), 1);
}

/// Whoever has read the trailers need not read on.
#[tokio::test]
async fn trailers_are_the_end() {
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "14".parse().unwrap())]);
    let breaker = breaker(9);
    let (mut service, mut handle) = guarded::<Script>(&breaker);
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    let response = Response::builder()
        .header("content-type", "application/grpc")
        .body(Script::new([Step::Trailers(trailers)]))
        .unwrap();
    handle
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(response);
    let mut body = assert_ready_ok!(future.poll()).into_body();
    body.frame().await.unwrap().unwrap();
    assert_eq!(failures(&breaker), 1);
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
