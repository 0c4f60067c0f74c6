//! The ends of a request that nobody reports: dropped, late, cut off, panicked.

mod support;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use soe503::circuit_breaker::Breaker;
use soe503::{BoxError, CircuitBreakerLayer, TimeoutLayer, clock};
use soe503_core::Cause;
use soe503_core::breaker::State;
use support::circuit::{breaker, failures, guarded};
use support::{REFUSED, Script, Step, empty, errno, get};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, ServiceExt, service_fn};

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
async fn fm19_a_dropped_probe_frees_its_place() {
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

/// And with the panic caught below whoever drops the future, as `Explain` does it: at once, as nothing is unwinding any more when
/// that happens.
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
    assert_eq!(failures(&breaker), 1, "though the future is still there");
    drop(future);
    assert_eq!(failures(&breaker), 1, "and not twice");
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

/// A body that breaks off, with an error that tells nothing about itself.
struct BreaksOff;

#[derive(Debug)]
struct Nothing;

impl std::fmt::Display for Nothing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing")
    }
}

impl std::error::Error for Nothing {}

impl Body for BreaksOff {
    type Data = Bytes;
    type Error = Nothing;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Nothing>>> {
        Poll::Ready(Some(Err(Nothing)))
    }
}

/// Whatever the error says: that the answer broke off is proven, and is what the circuit opens for.
#[tokio::test]
async fn a_body_that_breaks_off_is_the_root() {
    let breaker = breaker(1);
    let (mut service, mut handle) = guarded::<BreaksOff>(&breaker);
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_response(Response::new(BreaksOff));
    let body = assert_ready_ok!(future.poll()).into_body();
    assert!(body.collect().await.is_err());
    let refused = breaker.admit(clock::now()).unwrap_err();
    assert_eq!(refused.root, Some(Cause::DependencyResponseTruncated));
}

/// The deadline is the head's: who leaves a body after it blames nobody.
#[tokio::test(start_paused = true)]
async fn a_body_may_last_beyond_the_deadline_of_its_head() {
    let breaker = breaker(9);
    let streams = service_fn(|_: Request<Empty<Bytes>>| async {
        Ok::<_, BoxError>(Response::new(Script::new([Step::Data("a")])))
    });
    let guarded = CircuitBreakerLayer::new(breaker.clone()).layer(streams);
    let service = TimeoutLayer::new(Duration::from_secs(1)).layer(guarded);
    let mut body = service.oneshot(get()).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    drop(body);
    assert_eq!(failures(&breaker), 0);
}
