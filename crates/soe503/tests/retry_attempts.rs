//! The attempts of one request: when they begin, when they are cut, what they are made of.

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use soe503::retry::RetryPolicy;
use soe503::{
    BoxError, Component, Failure, Rejected, ReplayBody, RequestContext, RetryLayer, Timeout,
    TimeoutLayer, clock,
};
use soe503_core::Cause;
use soe503_core::ledger::{Fault, Refusal, RetryVerdict, TimeoutKind};
use support::retrying::{budget, ledger, policy, retry, send, told};
use support::upstream::{Reply, Upstream};
use support::{Mock, errno, get, request, status};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, ServiceExt, service_fn};
use tower_test::mock;

use Reply::{After, Broken, Hang, Refuse, Slow, Status, Unconnected};
use RetryVerdict as V;

/// An attempt is cut if another can follow; the last has all the time that is left.
#[tokio::test(start_paused = true)]
async fn attempt_deadlines() {
    let upstream = Upstream::new(&[Hang, Hang, Hang]);
    let begun = clock::now();
    let service =
        TimeoutLayer::new(Duration::from_secs(15)).layer(retry().layer(upstream.service()));
    let error = service.oneshot(get()).await.unwrap_err();
    let took = clock::now().since(begun);
    assert!(
        took >= Duration::from_secs(15) && took < Duration::from_millis(15_010),
        "{took:?}"
    );
    let ledger = Failure::find(&*error).unwrap().ledger();
    let faults: Vec<_> = ledger
        .attempts
        .iter()
        .map(|a| a.fault.clone().unwrap())
        .collect();
    let attempt = Fault::Timeout(TimeoutKind::Attempt);
    assert_eq!(
        faults,
        [attempt.clone(), attempt, Fault::Timeout(TimeoutKind::Total)]
    );
    assert_eq!(ledger.last().unwrap().retry, Some(V::AttemptsSpent));
    let deadlines = upstream.seen().into_iter().map(|seen| {
        let at = seen.context.attempt_deadline;
        at.map(|at| at.since(seen.context.now))
    });
    let five = Some(Duration::from_secs(5));
    assert_eq!(deadlines.collect::<Vec<_>>(), [five, five, None]);
}

/// Attempts and the pauses between them all have to fit into the request's time.
#[tokio::test(start_paused = true)]
async fn fm12_the_deadline_bounds_all_attempts_with_their_pauses() {
    let ms = Duration::from_millis;
    let policy = RetryPolicy {
        attempts: 50,
        attempt_timeout: Some(ms(100)),
        ..policy()
    };
    let upstream = Upstream::new(&vec![Hang; 50]);
    let begun = clock::now();
    let retry = RetryLayer::new(budget(), policy).layer(upstream.service());
    let service = TimeoutLayer::new(ms(350)).layer(retry);
    let ended = tokio::time::timeout(ms(1_000), service.oneshot(get())).await;
    ended.expect("in time").unwrap_err();
    let took = clock::now().since(begun);
    assert!(took <= ms(352), "{took:?}");
    // Three of 100 ms, and one in what is left.
    assert_eq!(upstream.tries(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_retried_is_not_cut() {
    let (got, upstream) = send(&retry(), "POST", &[Slow(Duration::from_secs(9))]).await;
    assert_eq!(
        (told(&got), upstream.tries()),
        (200, 1),
        "a POST has the whole time"
    );
    let once = RetryLayer::new(
        budget(),
        RetryPolicy {
            attempts: 1,
            ..policy()
        },
    );
    let (got, upstream) = send(&once, "GET", &[Slow(Duration::from_secs(9))]).await;
    assert_eq!(
        (told(&got), upstream.tries()),
        (200, 1),
        "so has a request with one attempt"
    );
    let (got, upstream) = send(&once, "GET", &[Status(503)]).await;
    assert_eq!((told(&got), upstream.tries()), (503, 1));
    let (got, _) = send(&retry(), "GET", &[Slow(Duration::from_secs(4))]).await;
    assert_eq!(told(&got), 200, "below the attempt's time nothing happens");
}

#[tokio::test(start_paused = true)]
async fn retries_wait_but_a_failover_of_the_unsent_does_not() {
    let gap = |upstream: &Upstream| {
        let seen = upstream.seen();
        seen[1].at.since(seen[0].at)
    };
    let (_, upstream) = send(&retry(), "GET", &[Unconnected, Status(200)]).await;
    assert_eq!(gap(&upstream), Duration::ZERO);
    let (_, upstream) = send(&retry(), "GET", &[After(503, "2"), Status(200)]).await;
    assert!(gap(&upstream) >= Duration::from_secs(2));
    let (_, upstream) = send(&retry(), "GET", &[Status(500), Status(200)]).await;
    assert!(
        gap(&upstream) <= Duration::from_millis(12),
        "full jitter, at most the bound"
    );
}

/// The clone for the next attempt is asked whether it is ready, and waited for.
#[tokio::test(start_paused = true)]
async fn further_attempts_wait_for_readiness() {
    type Inner = Mock<ReplayBody<Empty<Bytes>>, Full<Bytes>>;
    let (mut service, mut handle) = mock::spawn_with(|inner: Inner| retry().layer(inner));
    handle.allow(1);
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    assert_pending!(future.poll());
    let (first, reply) = handle.next_request().await.unwrap();
    assert_eq!(
        first.extensions().get::<RequestContext>().unwrap().number,
        1
    );
    reply.send_response(status(503));
    assert_pending!(future.poll());
    tokio::time::advance(Duration::from_millis(20)).await;
    assert_pending!(future.poll(), "paused, and now not ready");
    assert_pending!(handle.poll_request(), "so it was not called");
    handle.allow(1);
    assert!(future.is_woken(), "the waker was registered");
    assert_pending!(future.poll());
    let (second, reply) = handle.next_request().await.unwrap();
    assert_eq!(
        second.extensions().get::<RequestContext>().unwrap().number,
        2
    );
    assert_eq!(second.uri(), "/path?q=1");
    reply.send_response(status(200));
    assert_eq!(assert_ready_ok!(future.poll()).status(), 200);
}

/// An error of that readiness is the attempt's: it is in the ledger.
#[tokio::test(start_paused = true)]
async fn errors_of_readiness_end_an_attempt() {
    type Inner = Mock<ReplayBody<Empty<Bytes>>, Full<Bytes>>;
    let (mut service, mut handle) = mock::spawn_with(|inner: Inner| retry().layer(inner));
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    assert_pending!(future.poll());
    let (_, reply) = handle.next_request().await.unwrap();
    handle.send_error(errno(104));
    reply.send_response(status(503));
    assert_pending!(future.poll());
    tokio::time::advance(Duration::from_millis(20)).await;
    let _ = future.poll();
    tokio::time::advance(Duration::from_millis(20)).await;
    assert_pending!(future.poll());
    let (third, reply) = handle.next_request().await.unwrap();
    assert_eq!(
        third.extensions().get::<RequestContext>().unwrap().number,
        3
    );
    reply.send_response(status(200));
    let got = Ok(assert_ready_ok!(future.poll()));
    let faults: Vec<_> = ledger(&got)
        .unwrap()
        .attempts
        .into_iter()
        .map(|a| a.fault)
        .collect();
    assert_eq!(
        faults,
        [Some(Fault::Status(503)), Some(Fault::Errno(104)), None]
    );
}

/// A refusal after an attempt that a backend has seen does not pass for one that reached nobody.
#[tokio::test(start_paused = true)]
async fn a_refusal_tells_whether_a_backend_has_seen_the_request() {
    let rows = [
        ([Broken(104), Refuse], true),
        ([Unconnected, Refuse], false),
    ];
    for (replies, touched) in rows {
        let upstream = Upstream::new(&replies);
        let error = retry().layer(upstream.service()).oneshot(get()).await;
        let error = error.unwrap_err();
        let refusal = Rejected::find(&*error).expect("the refusal is in the chain");
        assert_eq!(refusal.upstream_touched(), touched, "{replies:?}");
        assert_eq!(refusal.component(), Component::CircuitBreaker);
        assert_eq!(Failure::find(&*error).unwrap().ledger().attempts.len(), 2);
    }
}

/// An answer that is to be replaced is kept until the next attempt is under way, and no longer: its
/// body holds a connection.
#[tokio::test(start_paused = true)]
async fn the_earlier_answer_is_let_go() {
    type Inner = Mock<ReplayBody<Empty<Bytes>>, Arc<()>>;
    let (mut service, mut handle) = mock::spawn_with(|inner: Inner| retry().layer(inner));
    assert_ready_ok!(service.poll_ready());
    let mut future = task::spawn(service.call(get()));
    assert_pending!(future.poll());
    let body = Arc::new(());
    let mut response = Response::new(body.clone());
    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_response(response);
    assert_pending!(future.poll());
    assert_eq!(
        Arc::strong_count(&body),
        2,
        "the next attempt could be refused"
    );
    tokio::time::advance(Duration::from_millis(20)).await;
    assert_pending!(future.poll());
    assert_eq!(Arc::strong_count(&body), 1, "it was not");
}

/// Application extensions travel with every attempt.
#[tokio::test(start_paused = true)]
async fn extensions_are_sent_again() {
    #[derive(Clone, PartialEq, Debug)]
    struct Theirs(u8);
    let service = tower::service_fn(|request: Request<ReplayBody<Empty<Bytes>>>| async move {
        assert_eq!(request.extensions().get(), Some(&Theirs(7)));
        let number = request.extensions().get::<RequestContext>().unwrap().number;
        Ok::<_, BoxError>(status(if number == 1 { 503 } else { 200 }))
    });
    let mut request = get();
    request.extensions_mut().insert(Theirs(7));
    let response = retry().layer(service).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
}

/// A refusal that came when a backend had seen the request is an attempt like any other.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_touched_a_backend_is_an_attempt() {
    for touched in [false, true] {
        let refuses = service_fn(move |_: Request<_>| async move {
            let refusal = Refusal::CircuitOpen {
                rule: Cause::CircuitConsecutiveFailures,
                root: None,
            };
            let refused = Rejected::new(Component::CircuitBreaker, "app", refusal);
            let refused = match touched {
                true => refused.with_upstream_touched(),
                false => refused,
            };
            Err::<Response<Full<Bytes>>, BoxError>(refused.into())
        });
        let asked = request("POST", Full::<Bytes>::from("body"));
        let error = retry().layer(refuses).oneshot(asked).await.unwrap_err();
        let tried = Failure::find(&*error).map_or(0, |failure| failure.ledger().attempts.len());
        assert_eq!(tried, usize::from(touched));
    }
}

/// Also while the service is not ready for the next attempt: whoever keeps the deadline here has no other timer.
#[tokio::test(start_paused = true)]
async fn the_deadline_bounds_the_wait_for_readiness() {
    type Inner = Mock<ReplayBody<Empty<Bytes>>, Full<Bytes>>;
    for unsent in [false, true] {
        let (mut service, mut handle) = mock::spawn_with(|inner: Inner| {
            Timeout::new(retry().layer(inner), Duration::from_secs(3)).kept_below()
        });
        handle.allow(1);
        assert_ready_ok!(service.poll_ready());
        let mut future = task::spawn(service.call(get()));
        assert_pending!(future.poll());
        let (_, reply) = handle.next_request().await.unwrap();
        match unsent {
            true => reply.send_error(errno(support::REFUSED)),
            false => reply.send_response(status(503)),
        }
        assert_pending!(future.poll());
        // The pause before another, where there is one.
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_pending!(future.poll());
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(future.is_woken(), "unsent: {unsent}");
        let error = assert_ready_err!(future.poll());
        let all = Failure::find(&*error).unwrap().ledger();
        assert_eq!(all.attempts.len(), 2, "unsent: {unsent}");
        let total = Fault::Timeout(TimeoutKind::Total);
        assert_eq!(all.last().unwrap().fault, Some(total));
    }
}
