//! A classifier that knows better than the clock whether an answer is slow.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::{Empty, Full};
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::classify::{Classify, Head, HttpClassify};
use soe503::{CircuitBreakerLayer, clock};
use soe503_core::Ratio;
use soe503_core::breaker::State;
use support::get;
use tower::{Layer, ServiceExt, service_fn};

/// The service says so itself: `slow: yes` or `slow: no`.
#[derive(Clone)]
struct Told;

impl Classify for Told {
    fn head<B>(&self, response: &Response<B>) -> Head {
        HttpClassify.head(response)
    }

    fn slow<B>(&self, response: &Response<B>) -> Option<bool> {
        let told = response.headers().get("slow")?;
        Some(told == "yes")
    }
}

/// Opens when two of two were slow.
fn breaker() -> Breaker {
    let config = BreakerConfig {
        consecutive_failures: None,
        failure_rate: None,
        slow_rate: Some(Ratio::ONE),
        minimum_requests: 2,
        ..BreakerConfig::default()
    };
    Breaker::try_new("app", config, 1).unwrap()
}

/// The state after two answers with this status, this field and this body, each after so long.
async fn after_two(
    classify: impl Classify + Clone,
    (status, told): (u16, Option<&'static str>),
    body: &'static str,
    seconds: u64,
) -> State {
    let breaker = breaker();
    let service = service_fn(move |_: http::Request<Empty<Bytes>>| async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let response = Response::builder().status(status);
        let response = told
            .into_iter()
            .fold(response, |response, told| response.header("slow", told));
        response.body(Full::new(Bytes::from_static(body.as_bytes())))
    });
    for _ in 0..2 {
        let layer = CircuitBreakerLayer::new(breaker.clone()).classify(classify.clone());
        let answer = layer.layer(service).oneshot(get()).await.unwrap();
        http_body_util::BodyExt::collect(answer.into_body())
            .await
            .unwrap();
    }
    breaker.snapshot(clock::now()).state
}

#[tokio::test(start_paused = true)]
async fn what_the_answer_says_goes_before_its_time() {
    // (status, `slow`, seconds to the head, state)
    let rows = [
        (200, None, 0, State::Closed),
        (200, None, 2, State::Open),
        (200, Some("yes"), 0, State::Open),
        (200, Some("no"), 2, State::Closed),
        // Whatever the verdict.
        (404, Some("yes"), 0, State::Open),
        (500, Some("yes"), 0, State::Open),
        (500, Some("no"), 2, State::Closed),
    ];
    for (status, told, seconds, state) in rows {
        for body in ["", "a"] {
            let found = after_two(Told, (status, told), body, seconds).await;
            assert_eq!(
                found, state,
                "{status}, {told:?}, {seconds} s, body {body:?}"
            );
        }
    }
}

/// By default nothing but time counts.
#[tokio::test(start_paused = true)]
async fn the_default_goes_by_time() {
    let told = (200, Some("yes"));
    assert_eq!(after_two(HttpClassify, told, "a", 0).await, State::Closed);
    assert_eq!(after_two(HttpClassify, told, "a", 2).await, State::Open);
}
