//! How often a request that succeeds at once allocates on its way through the layers, over the bare call.
//!
//! The figures are exact: an allocation more, or less, is news either way.

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
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::stack::Stack;
use soe503::{
    CircuitBreakerLayer, ConcurrencyLimitLayer, ExplainLayer, Explainer, RetryLayer, TimeoutLayer,
};
use soe503_core::Ratio;
use tower::{Layer, Service, ServiceBuilder, service_fn};

type Body = Empty<Bytes>;

/// Some server's extension: what it hands to handlers has one, as a rule.
#[derive(Clone)]
struct FromServer;

fn request() -> Request<Body> {
    Request::new(Empty::new())
}

fn from_server() -> Request<Body> {
    let mut request = request();
    request.extensions_mut().insert(FromServer);
    request
}

fn answer<B>(request: Request<B>) -> Ready<Result<Response<Body>, Infallible>> {
    drop(request);
    ready(Ok(Response::new(Empty::new())))
}

fn send<S: Service<Request<Body>>>(service: &mut S, request: Request<Body>) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(service.poll_ready(&mut cx), Poll::Ready(Ok(()))));
    let mut future = pin!(service.call(request));
    assert!(matches!(future.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));
}

/// Of the hundredth request, over the bare call.
fn allocations<S: Service<Request<Body>>>(mut service: S, request: fn() -> Request<Body>) -> u64 {
    let count = |send: &mut dyn FnMut(Request<Body>)| {
        (0..99).for_each(|_| send(request()));
        allocation_counter::measure(|| send(request())).count_total
    };
    let mut bare = service_fn(answer);
    let without = count(&mut |request| send(&mut bare, request));
    count(&mut |request| send(&mut service, request)) - without
}

fn breaker(config: BreakerConfig) -> CircuitBreakerLayer {
    CircuitBreakerLayer::new(Breaker::new("app", config, 1))
}

#[test]
fn a_closed_breaker_does_not_allocate() {
    let rated = BreakerConfig {
        failure_rate: Some(Ratio::percent(50)),
        slow_rate: Some(Ratio::percent(50)),
        ..BreakerConfig::default()
    };
    for config in [BreakerConfig::default(), rated] {
        let layer = breaker(config);
        assert_eq!(allocations(layer.layer(service_fn(answer)), request), 0);
    }
}

#[tokio::test]
async fn what_the_other_layers_allocate() {
    let explain = ExplainLayer::new(Explainer::builder("test").build());
    let timeout = TimeoutLayer::new(Duration::from_secs(15));
    let limit = ConcurrencyLimitLayer::new(Limit::new("app", 100));
    let budget = RetryBudget::new("app", BudgetConfig::default());
    let retry = RetryLayer::new(budget, RetryPolicy::default());
    let bottom = || service_fn(answer);
    // Without and with an extension of the server's: ours is put beside that.
    let both = |count: &dyn Fn(fn() -> Request<Body>) -> u64| [count(request), count(from_server)];
    let without_retries = |r| {
        let stack = ServiceBuilder::new()
            .layer(explain.clone())
            .layer(timeout)
            .layer(limit.clone())
            .layer(breaker(BreakerConfig::default()))
            .service(bottom());
        allocations(stack, r)
    };
    let stack = |r| {
        let stack = ServiceBuilder::new()
            .layer(explain.clone())
            .layer(timeout)
            .layer(limit.clone())
            .layer(retry.clone())
            .layer(breaker(BreakerConfig::default()))
            .service(service_fn(answer));
        allocations(stack, r)
    };
    let hidden = |r| {
        let stack = Stack::new()
            .explain(explain.clone())
            .timeout(timeout)
            .concurrency_limit(limit.clone())
            .retry(retry.clone())
            .circuit_breaker(breaker(BreakerConfig::default()));
        let layers = stack.build().expect("in order").hide_context();
        allocations(layers.service(service_fn(answer)), r)
    };
    let counted = [
        both(&|r| allocations(explain.layer(bottom()), r)),
        both(&|r| allocations(timeout.layer(bottom()), r)),
        both(&|r| allocations(limit.layer(bottom()), r)),
        both(&without_retries),
        both(&stack),
        both(&hidden),
    ];
    // Our extension: three, of which a server's has brought two. `Retry` keeps what another attempt is made from, with
    // a copy of the server's extensions, which is three more. A hidden extension is that of the request before, unless
    // there is a server's.
    assert_eq!(counted, [[3, 1], [3, 1], [3, 1], [3, 1], [4, 5], [1, 5]]);
}
