//! Our layers around a service that answers at once. Also what `soe503-layers` in `tests` is made of.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::Limit;
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::stack::Stack;
use soe503::{
    CircuitBreakerLayer, ConcurrencyLimitLayer, ExplainLayer, Explainer, Pool, RetryLayer,
    TimeoutLayer, clock,
};
use tower::{Layer, Service, ServiceBuilder, service_fn};

/// The body of all messages.
pub type Body = Empty<Bytes>;
/// The answer of the service at the bottom.
pub type Answer = Result<Response<Body>, Infallible>;

/// A request without fields.
pub fn request() -> Request<Body> {
    Request::new(Empty::new())
}

/// What a server hands to its handlers: a request with something in its extensions, as those of axum have.
pub fn from_server() -> Request<Body> {
    let mut request = request();
    request.extensions_mut().insert(FromServer);
    request
}

/// Some server's extension.
#[derive(Clone, Copy, Debug)]
pub struct FromServer;

/// The service at the bottom.
pub fn answer<B>(request: Request<B>) -> Ready<Answer> {
    drop(request);
    ready(Ok(Response::new(Empty::new())))
}

/// Sends `request` through `service`, which has to answer at once.
pub fn send<S, B>(service: &mut S, request: Request<B>)
where
    S: Service<Request<B>>,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(service.poll_ready(&mut cx), Poll::Ready(Ok(()))));
    finish(service.call(request));
}

/// Polls what has to be ready.
pub fn finish<T, E>(future: impl Future<Output = Result<T, E>>) {
    let mut future = pin!(future);
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(_))));
}

/// The service without any layer.
pub fn bare() -> impl Service<Request<Body>, Error = Infallible> + Clone {
    service_fn(answer::<Body>)
}

/// soe503's circuit breaker.
pub fn soe503() -> impl Service<Request<Body>> + Clone + Send {
    CircuitBreakerLayer::new(breaker()).layer(service_fn(answer::<Body>))
}

/// A breaker as it is by default.
pub fn breaker() -> Breaker {
    Breaker::new("app", BreakerConfig::default(), 1)
}

/// The layers that the crate's page shows first, and retries.
pub fn stack() -> impl Service<Request<Body>, Error = Infallible> + Clone {
    ServiceBuilder::new()
        .layer(ExplainLayer::new(Explainer::builder("bench").build()))
        .layer(TimeoutLayer::new(Duration::from_secs(15)))
        .layer(ConcurrencyLimitLayer::new(Limit::new("app", 100)))
        .layer(retry())
        .layer(CircuitBreakerLayer::new(breaker()))
        .service(service_fn(answer))
}

/// The same, and the service at the bottom is not shown what the layers tell each other.
pub fn stack_hidden() -> impl Service<Request<Body>, Error = Infallible> + Clone {
    let layers = Stack::new()
        .explain(ExplainLayer::new(Explainer::builder("bench").build()))
        .timeout(TimeoutLayer::new(Duration::from_secs(15)))
        .concurrency_limit(ConcurrencyLimitLayer::new(Limit::new("app", 100)))
        .retry(retry())
        .circuit_breaker(CircuitBreakerLayer::new(breaker()))
        .build();
    let layers = layers.expect("in order").hide_context();
    layers.service(service_fn(answer))
}

/// The first over a pool of three backends.
pub fn stack_with_pool() -> impl Service<Request<Body>, Error = Infallible> + Clone {
    let backends = Backends::new("app", PoolConfig::default(), 1);
    let specs = (0..3).map(|n| BackendSpec::new(n.to_string(), service_fn(answer)));
    backends.set_backends(specs.collect(), clock::now());
    ServiceBuilder::new()
        .layer(ExplainLayer::new(Explainer::builder("bench").build()))
        .layer(TimeoutLayer::new(Duration::from_secs(15)))
        .layer(ConcurrencyLimitLayer::new(Limit::new("app", 100)))
        .layer(retry())
        .layer(CircuitBreakerLayer::new(breaker()))
        .service(Pool::new(backends).quiet(true))
}

fn retry() -> RetryLayer {
    let budget = RetryBudget::new("app", BudgetConfig::default());
    RetryLayer::new(budget, RetryPolicy::default())
}
