//! What is tried again, what is not, and what the client gets.

mod support;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use soe503::retry::{BudgetConfig, RetryBudget};
use soe503::{Failure, Rejected, RetryLayer, Served, StatusSet, clock};
use soe503_core::ledger::{Fault, RetryVerdict};
use support::retrying::{budget, ledger, policy, retry, send, told};
use support::upstream::{Reply, Upstream};
use support::{Script, Step, request};
use tower::{Layer, ServiceExt};

use Reply::{After, Broken, Early, Hang, Lonely, Refuse, Status, Unconnected};
use RetryVerdict as V;

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
async fn fm10_the_budget_bounds_and_refusals_cost_nothing() {
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
        let error = got.unwrap_err();
        assert!(Rejected::find(&*error).is_some());
        assert!(Failure::find(&*error).is_none(), "nothing was tried");
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

/// Over the cap: sent whole, not retried, and it says so. Untouched, it goes again.
#[tokio::test(start_paused = true)]
async fn fm07_bodies_above_the_cap() {
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
