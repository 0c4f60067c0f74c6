//! An axum service that sheds, has deadlines, fails fast and explains every failure.
//! Run it, then: `curl -i 127.0.0.1:3000/`, `curl -i 127.0.0.1:3000/slow`, six times `…/down`.

use std::time::Duration;

use axum::{Router, http::StatusCode, routing::get};
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::Limit;
use soe503::{CircuitBreakerLayer, ConcurrencyLimitLayer, ExplainLayer, Explainer, TimeoutLayer};
use tower::ServiceBuilder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let breaker = Breaker::new("shop", BreakerConfig::default(), fastrand::u64(..));
    let stack = ServiceBuilder::new()
        .layer(ExplainLayer::new(Explainer::builder("shop").build()))
        .layer(TimeoutLayer::new(Duration::from_secs(2)))
        .layer(ConcurrencyLimitLayer::new(Limit::new("shop", 100)))
        .layer(CircuitBreakerLayer::new(breaker));
    let app = Router::new()
        .route("/", get(|| async { "hello\n" }))
        .route("/slow", get(|| tokio::time::sleep(Duration::from_secs(60))))
        .route("/down", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .layer(stack);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await
}
