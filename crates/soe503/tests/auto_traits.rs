//! Every type that crosses a thread can: axum keeps services in routers that are `Send + Sync`, and
//! servers spawn their futures and send their bodies.

use std::future::Ready;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use soe503::*;
use tower::util::BoxCloneSyncService;

type Body = Full<Bytes>;

/// A service that is what services in the field are: `Clone + Send + Sync`.
#[derive(Clone, Debug)]
struct Inner;

type Future = Ready<Result<Response<Body>, std::io::Error>>;

impl<B> tower::Service<Request<B>> for Inner {
    type Response = Response<Body>;
    type Error = std::io::Error;
    type Future = Future;

    fn poll_ready(
        &mut self,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), std::io::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<B>) -> Future {
        std::future::ready(Ok(Response::default()))
    }
}

const fn shared<T: Clone + Send + Sync + std::fmt::Debug>() {}
const fn sent<T: Send + Sync + std::fmt::Debug>() {}
const fn defaulted<T: Default + http_body::Body>() {}

const _: () = {
    shared::<ExplainLayer>();
    shared::<TimeoutLayer>();
    shared::<RetryLayer>();
    shared::<CircuitBreakerLayer>();
    shared::<ConcurrencyLimitLayer>();
    shared::<RateLimitLayer<rate_limit::KeyBy>>();
    shared::<ThrottleLayer>();
    shared::<failover::FailoverLayer<Inner>>();
    shared::<stack::Stack>();
    shared::<stack::Layers<TimeoutLayer>>();
    shared::<HideContextLayer>();
    shared::<HideContext<Inner>>();
    shared::<Explainer>();

    shared::<Explain<Inner>>();
    shared::<Timeout<Inner>>();
    shared::<Retry<Inner>>();
    shared::<soe503::Failover<Inner>>();
    shared::<CircuitBreaker<Inner>>();
    shared::<ConcurrencyLimit<Inner>>();
    shared::<RateLimit<Inner, rate_limit::KeyBy>>();
    shared::<Throttle<Inner>>();
    shared::<Pool<Inner>>();
    shared::<RequestContext>();
    shared::<Served>();

    shared::<circuit_breaker::Breaker>();
    shared::<concurrency_limit::Limit>();
    shared::<retry::RetryBudget>();
    shared::<pool::Backends<Inner>>();
    shared::<rate_limit::Limit>();
    shared::<throttle::ThrottleHandle>();
    shared::<stale::StaleCache>();

    sent::<explain::future::ResponseFuture<Future>>();
    sent::<timeout::future::ResponseFuture<Future>>();
    sent::<rate_limit::future::ResponseFuture<Future>>();
    sent::<throttle::future::ResponseFuture<Future>>();
    sent::<retry::future::ResponseFuture<Inner, Future, Body, Body>>();
    sent::<circuit_breaker::future::ResponseFuture<Future, HttpClassify>>();
    sent::<concurrency_limit::future::ResponseFuture<Inner, Future, Body>>();
    sent::<pool::future::ResponseFuture<Inner, Future, Body, HttpClassify>>();

    sent::<failover::future::ResponseFuture<Inner, Future, Body, Body>>();

    sent::<ReplayBody<Body>>();
    sent::<explain::ExplainBody<Body>>();
    sent::<circuit_breaker::ResponseBody<Body>>();
    sent::<concurrency_limit::ResponseBody<Body>>();
    sent::<pool::ResponseBody<Body, Inner>>();

    defaulted::<explain::ExplainBody<Body>>();
    defaulted::<circuit_breaker::ResponseBody<Body>>();
    defaulted::<concurrency_limit::ResponseBody<Body>>();
    defaulted::<pool::ResponseBody<Body, Inner>>();

    sent::<Failure>();
    sent::<Rejected>();
    sent::<RequestBodyError>();
};

/// The whole stack can be erased the way axum and tonic do it.
#[test]
fn the_stack_is_a_box_clone_sync_service() {
    let breaker = circuit_breaker::Breaker::new("app", Default::default(), 1);
    let limit = concurrency_limit::Limit::new("app", 8);
    let budget = retry::RetryBudget::new("app", Default::default());
    let backends = pool::Backends::<Inner>::new("app", Default::default(), 1);
    let stack = tower::ServiceBuilder::new()
        .layer(ExplainLayer::new(Explainer::builder("test").build()))
        .layer(TimeoutLayer::new(std::time::Duration::from_secs(1)))
        .layer(ConcurrencyLimitLayer::new(limit))
        .layer(RetryLayer::new(budget, Default::default()))
        .layer(CircuitBreakerLayer::new(breaker))
        .service(Pool::new(backends));
    let _: BoxCloneSyncService<Request<Body>, _, _> = BoxCloneSyncService::new(stack);
}
