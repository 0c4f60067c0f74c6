//! What is tried again, what is not, and what the client gets.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use soe503::retry::{Backoff, BudgetConfig, RetryBudget, RetryPolicy};
use soe503::{
    BoxError, Failure, Rejected, ReplayBody, RequestContext, RetryLayer, Served, StatusSet,
    TimeoutLayer, clock,
};
use soe503_core::ledger::{Fault, Ledger, RetryVerdict, TimeoutKind};
use support::upstream::{Reply, Upstream};
use support::{Mock, Script, Step, errno, get, request, status};
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::{Layer, ServiceExt};
use tower_test::mock;

use Reply::{After, Broken, Early, Hang, Lonely, Refuse, Slow, Status, Unconnected};
use RetryVerdict as V;

fn budget() -> RetryBudget {
    RetryBudget::new("app", BudgetConfig::default())
}

fn policy() -> RetryPolicy {
    RetryPolicy {
        backoff: Backoff {
            base: Duration::from_millis(10),
            max: Duration::from_millis(10),
        },
        ..RetryPolicy::default()
    }
}

fn retry() -> RetryLayer {
    RetryLayer::new(budget(), policy())
}

type Got = Result<Response<Full<Bytes>>, BoxError>;

/// Sends a request through `layer` to a backend that replies as told.
async fn send(layer: &RetryLayer, method: &str, replies: &[Reply]) -> (Got, Upstream) {
    let upstream = Upstream::new(replies);
    let service = TimeoutLayer::new(Duration::from_secs(15)).layer(layer.layer(upstream.service()));
    let got = service
        .oneshot(request(method, Full::<Bytes>::from("body")))
        .await;
    (got, upstream)
}

fn ledger(got: &Got) -> Option<Ledger> {
    match got {
        Ok(response) => {
            let served = response.extensions().get::<Served>()?;
            served.ledger.as_deref().cloned()
        }
        Err(error) => Failure::find(&**error).map(|failure| failure.ledger().clone()),
    }
}

/// The status that the client got; 0 for an error.
fn told(got: &Got) -> u16 {
    got.as_ref()
        .map_or(0, |response| response.status().as_u16())
}

/// Method, replies, status for the client or 0, attempts that reached the backend, last verdict.
type Row = (&'static str, &'static [Reply], u16, usize, Option<V>);

#[tokio::test(start_paused = true)]
async fn table() {
    let rows: &[Row] = &[
        ("GET", &[Status(200)], 200, 1, None),
        ("GET", &[Status(404)], 404, 1, None),
        ("GET", &[Status(500), Status(200)], 200, 2, None),
        ("GET", &[Status(502), Status(200)], 200, 2, None),
        (
            "GET",
            &[Status(503), Status(504), Status(200)],
            200,
            3,
            None,
        ),
        ("GET", &[Broken(104), Status(200)], 200, 2, None),
        ("GET", &[Unconnected, Status(200)], 200, 2, None),
        ("GET", &[Hang, Status(200)], 200, 2, None),
        ("PUT", &[Status(503), Status(200)], 200, 2, None),
        ("GET", &[Status(501)], 501, 1, None),
        ("GET", &[Status(429)], 429, 1, None),
        (
            "GET",
            &[Status(500), Status(500), Status(503)],
            503,
            3,
            Some(V::AttemptsSpent),
        ),
        (
            "GET",
            &[Broken(104), Broken(104), Broken(32)],
            0,
            3,
            Some(V::AttemptsSpent),
        ),
        // Never an unsafe method whose bytes went out.
        ("POST", &[Status(503)], 503, 1, Some(V::UnsafeToReplay)),
        ("POST", &[Broken(104)], 0, 1, Some(V::UnsafeToReplay)),
        ("PATCH", &[Early(503)], 503, 1, Some(V::UnsafeToReplay)),
        // Unsent is proof: any method.
        ("POST", &[Unconnected, Status(200)], 200, 2, None),
        (
            "POST",
            &[Unconnected, Unconnected, Status(201)],
            201,
            3,
            None,
        ),
        // A retry without another backend is of no use.
        ("GET", &[Lonely(503)], 503, 1, Some(V::NoOtherBackend)),
        // The backend's word on when to come back delays, or forbids if the deadline comes first.
        ("GET", &[After(503, "2"), Status(200)], 200, 2, None),
        ("GET", &[After(503, "60")], 503, 1, Some(V::NoTimeLeft)),
        // A refusal of our own is not tried again, and what the backend said stands.
        ("GET", &[Status(500), Refuse], 500, 2, Some(V::Pointless)),
        ("GET", &[Broken(104), Refuse], 0, 2, Some(V::Pointless)),
    ];
    for (method, replies, status, tries, verdict) in rows {
        let row = format!("{method} {replies:?}");
        let (got, upstream) = send(&retry(), method, replies).await;
        assert_eq!(told(&got), *status, "{row}");
        assert_eq!(upstream.tries(), *tries, "{row}");
        let ledger = ledger(&got);
        let last = ledger
            .as_ref()
            .and_then(|ledger| ledger.last().unwrap().retry);
        assert_eq!(last, *verdict, "{row}: {ledger:?}");
        let failed = *tries > 1 || verdict.is_some();
        assert_eq!(
            ledger.is_some(),
            failed,
            "a ledger is there if something failed: {row}"
        );
        for (n, seen) in upstream.seen().iter().enumerate() {
            assert_eq!(usize::from(seen.context.number), n + 1, "{row}");
            let unread = seen.body.is_empty() && !matches!(replies[n], Status(_) | Broken(_));
            assert!(
                unread || seen.body == "body",
                "each attempt sent all of it: {row}"
            );
        }
        if let Ok(response) = got {
            let attempts = response
                .extensions()
                .get::<Served>()
                .map_or(1, |served| served.attempts);
            let refused = usize::from(matches!(replies.last(), Some(Refuse)));
            assert_eq!(usize::from(attempts), tries - refused, "{row}");
            let expected = format!("{status} on attempt {attempts}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, expected, "untouched, body and all: {row}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_set_of_statuses_is_yours() {
    let layer = retry().statuses(StatusSet::EMPTY.with(429));
    let (got, _) = send(&layer, "GET", &[Status(429), Status(200)]).await;
    assert_eq!(told(&got), 200);
    let (got, upstream) = send(&layer, "GET", &[Status(503)]).await;
    assert_eq!((told(&got), upstream.tries()), (503, 1));
}

#[tokio::test(start_paused = true)]
async fn an_idempotency_key_counts_if_you_say_so() {
    for (trust, expected) in [(false, 503), (true, 200)] {
        let upstream = Upstream::new(&[Status(503), Status(200)]);
        let service = retry()
            .trust_idempotency_key(trust)
            .layer(upstream.service());
        let mut post = request("POST", Full::<Bytes>::from("order"));
        post.headers_mut()
            .insert("idempotency-key", "8e03978e".parse().unwrap());
        let response = service.oneshot(post).await.unwrap();
        assert_eq!(response.status(), expected);
        assert!(
            upstream
                .seen()
                .iter()
                .all(|seen| seen.headers.contains_key("idempotency-key"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_bounds_and_refusals_cost_nothing() {
    let config = BudgetConfig {
        min_per_second: 0,
        ..BudgetConfig::default()
    };
    let budget = RetryBudget::new("app", config);
    let layer = RetryLayer::new(budget.clone(), policy());
    let now = clock::now();
    // An open circuit: deposits, and no withdrawal.
    for _ in 0..5 {
        let (got, _) = send(&layer, "GET", &[Refuse]).await;
        assert!(Rejected::find(&*got.unwrap_err()).is_some());
    }
    assert_eq!(budget.snapshot(now).spent, 0);
    // Six requests at a fifth each pay for one retry.
    let (got, upstream) = send(&layer, "GET", &[Status(503), Status(503)]).await;
    assert_eq!((told(&got), upstream.tries()), (503, 2));
    assert_eq!(
        ledger(&got).unwrap().last().unwrap().retry,
        Some(V::BudgetEmpty)
    );
    let seen = budget.snapshot(now);
    assert_eq!((seen.spent, seen.refused), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_deposit_per_request() {
    let budget = budget();
    let before = budget.snapshot(clock::now()).available;
    let layer = RetryLayer::new(budget.clone(), policy());
    for _ in 0..10 {
        send(&layer, "GET", &[Status(200)]).await.0.unwrap();
    }
    let after = budget.snapshot(clock::now()).available;
    assert!(after > before, "{before} to {after}");
    let (_, upstream) = send(&layer, "GET", &[Status(503), Status(200)]).await;
    assert_eq!(upstream.tries(), 2);
    assert_eq!(budget.snapshot(clock::now()).spent, 1);
}

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

/// Over the cap: sent whole, not retried, and it says so. Untouched, it goes again.
#[tokio::test(start_paused = true)]
async fn bodies_above_the_cap() {
    for (replies, status, verdict) in [
        (&[Status(503)][..], 503, Some(V::BodyTooLarge)),
        (&[Unconnected, Status(200)], 200, None),
        (&[Early(503), Status(200)], 200, None),
    ] {
        let (got, _) = send(&retry().replay_cap(3), "PUT", replies).await;
        assert_eq!(told(&got), status, "{replies:?}");
        assert_eq!(
            ledger(&got).unwrap().last().unwrap().retry,
            verdict,
            "{replies:?}"
        );
    }
}

/// A client whose body breaks off is not retried, and nobody else is blamed.
#[tokio::test(start_paused = true)]
async fn a_broken_request_body_is_the_clients() {
    let upstream = Upstream::new(&[Status(200)]);
    let service = retry().layer(upstream.service());
    let body = Script::new([Step::Data("half"), Step::Error(104)]);
    let error = service.oneshot(request("PUT", body)).await.unwrap_err();
    let attempt = Failure::find(&*error).unwrap().last().unwrap();
    assert_eq!(attempt.fault, Some(Fault::Client));
    assert_eq!(attempt.retry, Some(V::ClientGone));
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
