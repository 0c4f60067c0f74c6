//! gRPC through the layers: deadlines, trailers-only answers, retries.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use soe503::{RequestContext, RetryLayer, Served, TimeoutLayer, clock, grpc};
use soe503_core::ledger::{Fault, RetryVerdict};
use support::request;
use support::retrying::{ledger, retry, send};
use support::upstream::{Reply, Upstream};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

const UNAVAILABLE: Reply = Reply::Grpc(&[("grpc-status", "14")]);
const FORBIDDEN: Reply = Reply::Grpc(&[("grpc-status", "14"), ("grpc-retry-pushback-ms", "-1")]);
const NOT_FOUND: Reply = Reply::Grpc(&[("grpc-status", "5")]);
const OK: Reply = Reply::Grpc(&[("grpc-status", "0")]);

/// The callers deadlines that a service below sees, in milliseconds from the request on.
async fn deadlines(timeout: Option<&str>, total: Duration) -> (u64, Option<u64>) {
    let begun = clock::now();
    let seen = service_fn(move |request: http::Request<Full<Bytes>>| async move {
        let context = request.extensions().get::<RequestContext>().unwrap();
        let ms = |at: soe503_core::Tick| u64::try_from(at.since(begun).as_millis()).unwrap();
        Ok::<_, std::io::Error>((
            ms(context.deadline.unwrap()),
            context.caller_deadline.map(ms),
        ))
    });
    let mut request = request("POST", Full::<Bytes>::default());
    request
        .headers_mut()
        .insert("content-type", "application/grpc".parse().unwrap());
    if let Some(timeout) = timeout {
        request
            .headers_mut()
            .insert("grpc-timeout", timeout.parse().unwrap());
    }
    TimeoutLayer::new(total)
        .layer(seen)
        .oneshot(request)
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_sooner_of_the_callers_time_and_ours() {
    let second = Duration::from_secs(1);
    assert_eq!(deadlines(None, second).await, (1000, None));
    assert_eq!(deadlines(Some("200m"), second).await, (200, Some(200)));
    assert_eq!(deadlines(Some("1H"), second).await, (1000, Some(3_600_000)));
    assert_eq!(deadlines(Some("soon"), second).await, (1000, None));
}

/// Each attempt says what is left of the caller's time, and nothing where the caller has said nothing.
#[tokio::test(start_paused = true)]
async fn a_service_below_is_told_how_long_it_is_waited_for() {
    let upstream = Upstream::new(&[UNAVAILABLE, OK, OK]);
    let service = ServiceBuilder::new()
        .layer(TimeoutLayer::new(Duration::from_secs(2)))
        .layer(retry())
        .map_request(grpc::tell_deadline)
        .service(upstream.service());
    let mut call = request("PUT", Full::<Bytes>::default());
    let fields = [
        ("content-type", "application/grpc"),
        ("grpc-timeout", "1500m"),
    ];
    for (name, value) in fields {
        call.headers_mut().insert(name, value.parse().unwrap());
    }
    service.clone().oneshot(call).await.unwrap();
    let mut silent = request("PUT", Full::<Bytes>::default());
    silent
        .headers_mut()
        .insert("content-type", "application/grpc".parse().unwrap());
    service.oneshot(silent).await.unwrap();
    let seen = upstream.seen();
    let told = |n: usize| grpc::timeout(&seen[n].headers);
    assert_eq!(told(0), Some(Duration::from_millis(1500)));
    let left = seen[1].context.caller_deadline.unwrap().since(seen[1].at);
    assert!(left < Duration::from_millis(1500), "there was a pause");
    let told_again = told(1).unwrap();
    assert!(told_again >= left && told_again - left < Duration::from_millis(1));
    let third = &seen[2].headers;
    assert!(
        !third.contains_key("grpc-timeout"),
        "a stream may last longer"
    );
}

#[tokio::test(start_paused = true)]
async fn unavailable_is_tried_again_where_that_is_safe() {
    let (got, upstream) = send(&retry(), "POST", &[UNAVAILABLE]).await;
    assert_eq!(upstream.tries(), 1, "it may have run");
    let told = ledger(&got).unwrap();
    let last = told.last().unwrap();
    assert_eq!(last.fault, Some(Fault::Grpc(14)));
    assert_eq!(last.retry, Some(RetryVerdict::UnsafeToReplay));
    assert_eq!(got.unwrap().headers()["grpc-status"], "14");

    let (got, upstream) = send(&retry(), "PUT", &[UNAVAILABLE, OK]).await;
    assert_eq!(upstream.tries(), 2);
    let response = got.unwrap();
    assert_eq!(response.headers()["grpc-status"], "0");
    assert_eq!(response.extensions().get::<Served>().unwrap().attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn an_idempotency_key_makes_a_call_repeatable() {
    let upstream = Upstream::new(&[UNAVAILABLE, OK]);
    let layer: RetryLayer = retry().trust_idempotency_key(true);
    let mut call = request("POST", Full::<Bytes>::from("message"));
    call.headers_mut()
        .insert("idempotency-key", "1".parse().unwrap());
    let response = layer.layer(upstream.service()).oneshot(call).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "0");
    assert_eq!(upstream.seen()[1].body, "message");
}

#[tokio::test(start_paused = true)]
async fn other_answers_stand() {
    for reply in [FORBIDDEN, NOT_FOUND, OK] {
        let (got, upstream) = send(&retry(), "GET", std::slice::from_ref(&reply)).await;
        assert_eq!(upstream.tries(), 1, "{reply:?}");
        assert!(got.is_ok());
    }
}

/// What a service above has read already stands: the field may have been written anew since.
#[tokio::test(start_paused = true)]
async fn a_callers_time_that_is_known_stays() {
    let begun = clock::now();
    let seen = service_fn(move |request: http::Request<Full<Bytes>>| async move {
        let context = request.extensions().get::<RequestContext>().unwrap();
        Ok::<_, std::io::Error>((context.deadline, context.caller_deadline))
    });
    let mut request = request("POST", Full::<Bytes>::default());
    let headers = request.headers_mut();
    headers.insert("content-type", "application/grpc".parse().unwrap());
    headers.insert("grpc-timeout", "800m".parse().unwrap());
    let known = begun.after(Duration::from_millis(300));
    RequestContext::of(&mut request).caller_deadline = Some(known);
    let service = TimeoutLayer::new(Duration::from_secs(1)).layer(seen);
    let told = service.oneshot(request).await.unwrap();
    assert_eq!(told, (Some(known), Some(known)));
}
