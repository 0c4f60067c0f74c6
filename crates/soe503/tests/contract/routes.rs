//! Routers call `layer()` for each route, some for each request: no state may be made there.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use soe503::concurrency_limit::Limit;
use soe503::rate_limit::{self, KeyBy, Quota, RateConfig};
use soe503::throttle::{ThrottleConfig, ThrottleHandle};
use soe503::{
    CircuitBreakerLayer, ConcurrencyLimitLayer, ExplainLayer, Explainer, RateLimitLayer,
    ReplayBody, RetryLayer, ThrottleLayer, clock,
};
use soe503_core::breaker::State;
use tokio_test::{assert_pending, task};
use tower::{ServiceBuilder, ServiceExt};

use super::rows;

/// Three routes with one handler. axum puts the layers on each of them.
macro_rules! router {
    ($handler:expr, $layers:expr) => {
        Router::new()
            .route("/0", get($handler))
            .route("/1", get($handler))
            .route("/2", get($handler))
            .layer($layers)
    };
}

fn explained()
-> ServiceBuilder<tower::layer::util::Stack<ExplainLayer, tower::layer::util::Identity>> {
    ServiceBuilder::new().layer(ExplainLayer::new(Explainer::builder("edge").build()))
}

fn to(n: usize) -> Request<Body> {
    let path = format!("/{}", n % 3);
    Request::get(path).body(Body::empty()).unwrap()
}

async fn send(router: &Router, n: usize) -> StatusCode {
    router.clone().oneshot(to(n)).await.unwrap().status()
}

#[tokio::test(start_paused = true)]
async fn routes_share_a_circuit() {
    let breaker = rows::breaker();
    let failing = || async { StatusCode::INTERNAL_SERVER_ERROR };
    let layers = explained().layer(CircuitBreakerLayer::new(breaker.clone()));
    let router = router!(failing, layers);
    // No route has more than two of the five failures that open it.
    for n in 0..5 {
        assert_eq!(breaker.state(), State::Closed);
        assert_eq!(send(&router, n).await, 500);
    }
    assert_eq!(breaker.state(), State::Open);
    for n in 0..3 {
        assert_eq!(send(&router, n).await, 503);
    }
}

#[tokio::test(start_paused = true)]
async fn routes_share_a_limit() {
    let limit = Limit::new("app", 1);
    let layers = explained().layer(ConcurrencyLimitLayer::new(limit.clone()));
    let router = router!(std::future::pending::<()>, layers);
    let mut first = task::spawn(router.clone().oneshot(to(0)));
    assert_pending!(first.poll());
    assert_eq!(limit.in_use(), 1);
    for n in 0..3 {
        assert_eq!(send(&router, n).await, 503);
    }
}

#[tokio::test(start_paused = true)]
async fn routes_share_a_rate() {
    let quota = Quota::new(NonZeroU32::new(2).unwrap(), Duration::from_secs(3600));
    let limit = rate_limit::Limit::new("api", RateConfig::new(quota));
    let layers = explained().layer(RateLimitLayer::new(limit, KeyBy::Everyone));
    let router = router!(|| async {}, layers);
    let mut told = Vec::new();
    for n in 0..3 {
        told.push(send(&router, n).await.as_u16());
    }
    assert_eq!(told, [200, 200, 429]);
}

#[tokio::test(start_paused = true)]
async fn routes_share_a_throttle() {
    let throttle = ThrottleHandle::new("app", ThrottleConfig::default());
    let busy = || async { StatusCode::TOO_MANY_REQUESTS };
    let layers = explained().layer(ThrottleLayer::new(throttle.clone()));
    let router = router!(busy, layers);
    let mut held_back = 0;
    for n in 0..300 {
        held_back += u64::from(send(&router, n).await == 503);
    }
    assert!(held_back > 100, "{held_back}");
    assert_eq!(throttle.snapshot(clock::now()).throttled, held_back);
}

#[tokio::test(start_paused = true)]
async fn routes_share_a_budget() {
    let budget = rows::budget();
    let reached = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&reached);
    let failing = move || {
        seen.fetch_add(1, Ordering::Relaxed);
        async { StatusCode::SERVICE_UNAVAILABLE }
    };
    let layers = explained()
        .layer(RetryLayer::new(budget.clone(), rows::policy()))
        .map_request(|request: Request<ReplayBody<Body>>| request.map(Body::new));
    let router = Router::new()
        .route("/0", get(failing.clone()))
        .route("/1", get(failing.clone()))
        .route("/2", get(failing))
        .layer(layers);
    for n in 0..60 {
        assert_eq!(send(&router, n).await, 503);
    }
    let retries = u64::from(reached.load(Ordering::Relaxed)) - 60;
    let snapshot = budget.snapshot(clock::now());
    assert_eq!(snapshot.spent, retries);
    assert!(snapshot.refused > 0, "the three had one budget");
}
