//! What would be refused anyway is held back, and nothing else.

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use soe503::explain::Explained;
use soe503::throttle::{ThrottleConfig, ThrottleHandle};
use soe503::{BoxError, ExplainLayer, Explainer, Failure, Throttle, ThrottleLayer, clock};
use soe503_core::ledger::{Attempt, Fault, Http2Fault, Phase};
use soe503_core::{Cause, Tick};
use support::retrying::retry;
use support::upstream::{Reply, Upstream};
use support::{errno, get, status};
use tokio_test::{assert_pending, task};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

type Got = Result<Response<Full<Bytes>>, BoxError>;

fn throttle() -> ThrottleHandle {
    ThrottleHandle::new("app", ThrottleConfig::default())
}

/// Requests of the window that were accepted.
fn accepted(throttle: &ThrottleHandle) -> u64 {
    throttle.snapshot(clock::now()).accepted
}

/// A hundred requests a second for a minute to a backend that refuses all of them if it is `busy`:
/// those that reached it.
async fn a_minute(throttle: &ThrottleHandle, busy: bool) -> u64 {
    let reached = Arc::new(AtomicU64::new(0));
    let backend = {
        let reached = Arc::clone(&reached);
        service_fn(move |_: Request<Empty<Bytes>>| {
            reached.fetch_add(1, Ordering::Relaxed);
            let code = if busy { 429 } else { 200 };
            std::future::ready(Ok::<_, Infallible>(status(code)))
        })
    };
    let service = ThrottleLayer::new(throttle.clone()).layer(backend);
    for _ in 0..6_000 {
        let _answered_or_held_back = service.clone().oneshot(get()).await;
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    reached.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn most_is_held_back_until_it_is_accepted_again() {
    let throttle = throttle();
    assert_eq!(a_minute(&throttle, false).await, 6_000);
    // Two minutes on: nothing but refusals is remembered.
    for _ in 0..2 {
        a_minute(&throttle, true).await;
    }
    let reached = a_minute(&throttle, true).await;
    assert!((450..800).contains(&reached), "one in ten: {reached}");
    for _ in 0..5 {
        a_minute(&throttle, false).await;
    }
    assert_eq!(a_minute(&throttle, false).await, 6_000, "all of it again");
}

#[tokio::test(start_paused = true)]
async fn who_is_held_back_is_told_why() {
    let throttle = throttle();
    for _ in 0..100 {
        throttle.admit(clock::now(), 1.0).unwrap();
        throttle.refused(clock::now());
    }
    let backend = service_fn(|_: Request<Empty<Bytes>>| async { Ok::<_, Infallible>(status(200)) });
    let service = ServiceBuilder::new()
        .layer(ExplainLayer::new(Explainer::builder("edge").build()))
        .layer(ThrottleLayer::new(throttle.clone()))
        .service(backend);
    let mut told = None;
    // Nine in ten are held back.
    for _ in 0..200 {
        let answer = service.clone().oneshot(get()).await.unwrap();
        if answer.status() != 200 {
            told = Some(answer);
        }
    }
    let told = told.expect("some are held back");
    assert_eq!(told.status(), 503);
    let explained = told.extensions().get::<Explained>().unwrap();
    assert_eq!(explained.cause, Cause::OverloadThrottled);
    let wait: u32 = told.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert!(throttle.snapshot(clock::now()).throttled > 100);
}

fn head(code: u16, fields: &[(&'static str, &'static str)]) -> Got {
    let mut answer = status(code);
    for (name, value) in fields {
        answer.headers_mut().insert(*name, value.parse().unwrap());
    }
    Ok(answer)
}

fn stream_refused() -> Got {
    let fault = Fault::Http2(Http2Fault::Reset(Http2Fault::REFUSED_STREAM));
    Err(Failure::new(Attempt {
        phase: Phase::WaitHeaders,
        fault: Some(fault),
        ..Attempt::begin(1, Tick::ZERO)
    })
    .into())
}

#[tokio::test(start_paused = true)]
async fn refusals_for_overload_count_and_nothing_else() {
    type Row = (&'static str, fn() -> Got, u64, bool);
    let rows: [Row; 11] = [
        ("200", || head(200, &[]), 0, false),
        ("404", || head(404, &[]), 0, false),
        ("429", || head(429, &[]), 0, true),
        ("500", || head(500, &[]), 0, false),
        ("503", || head(503, &[]), 0, false),
        (
            "503 at once",
            || head(503, &[("retry-after", "1")]),
            5,
            true,
        ),
        (
            "503 late",
            || head(503, &[("retry-after", "1")]),
            500,
            false,
        ),
        (
            "503 marked",
            || head(503, &[("x-envoy-overloaded", "true")]),
            500,
            true,
        ),
        (
            "RESOURCE_EXHAUSTED",
            || {
                head(
                    200,
                    &[("content-type", "application/grpc"), ("grpc-status", "8")],
                )
            },
            0,
            true,
        ),
        ("REFUSED_STREAM", stream_refused, 0, true),
        ("a dead backend", || Err(errno(support::REFUSED)), 0, false),
    ];
    for (name, answer, after, refused) in rows {
        let throttle = throttle();
        let backend = service_fn(move |_: Request<Empty<Bytes>>| async move {
            tokio::time::sleep(Duration::from_millis(after)).await;
            answer()
        });
        let service = Throttle::new(backend, throttle.clone());
        let _either = service.oneshot(get()).await;
        assert_eq!(accepted(&throttle), u64::from(!refused), "{name}");
    }
}

/// What became of the request in the end is what counts, however often it was tried.
#[tokio::test(start_paused = true)]
async fn a_request_counts_once_and_by_its_end() {
    let shed = Reply::After(503, "1");
    for (replies, expected) in [
        (vec![shed.clone(), Reply::Status(200)], 1),
        (vec![shed.clone(), shed.clone(), shed], 0),
    ] {
        let throttle = throttle();
        let upstream = Upstream::new(&replies);
        let retried = retry().layer(upstream.service());
        let service = Throttle::new(retried, throttle.clone());
        let request = support::request("GET", Full::<Bytes>::from("body"));
        service.oneshot(request).await.unwrap();
        assert_eq!(upstream.tries(), replies.len());
        let seen = throttle.snapshot(clock::now());
        assert_eq!((seen.requests, seen.accepted), (1, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_says_nothing_about_the_backend() {
    let throttle = throttle();
    let hangs = service_fn(|_: Request<Empty<Bytes>>| std::future::pending::<Got>());
    let mut asked = task::spawn(Throttle::new(hangs, throttle.clone()).oneshot(get()));
    assert_pending!(asked.poll());
    drop(asked);
    assert_eq!(accepted(&throttle), 1);
}

/// Our own 503 looks like a refusal, with its `Retry-After`; what it was made for is known.
#[tokio::test(start_paused = true)]
async fn what_explain_has_found_goes_before_its_answer() {
    fn dead() -> Got {
        Err(errno(support::REFUSED))
    }
    for (fails, expected) in [(stream_refused as fn() -> Got, 0), (dead as fn() -> Got, 1)] {
        let throttle = throttle();
        let backend = service_fn(move |_: Request<Empty<Bytes>>| async move { fails() });
        let explained = ExplainLayer::new(Explainer::builder("edge").build()).layer(backend);
        let service = Throttle::new(explained, throttle.clone());
        let answer = service.oneshot(get()).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        assert_eq!(accepted(&throttle), expected, "{answer:?}");
    }
}
