//! What is measured: one request through a service that answers at once, with and without layers around it.
//!
//! Every subject is given the same request and polled the same way, so what a layer costs is the difference to
//! [`bare`]. All breakers are closed, have their default windows, and hear of successes only.

use std::convert::Infallible;

use http::{Request, Response};
use tower::{Layer, Service, service_fn};

mod ours;

pub use ours::{
    Answer, Body, FromServer, answer, bare, breaker, finish, from_server, request, send, soe503,
    stack, stack_hidden, stack_with_pool,
};

/// tower-resilience's circuit breaker.
pub fn tower_resilience() -> impl Service<Request<Body>> + Clone + Send {
    tower_resilience_circuitbreaker::CircuitBreakerLayer::builder()
        .build()
        .expect("its defaults")
        .layer(service_fn(answer::<Body>))
}

/// The same, told to count failures in a row, as ours does by default.
pub fn tower_resilience_run() -> impl Service<Request<Body>> + Clone + Send {
    tower_resilience_circuitbreaker::CircuitBreakerLayer::builder()
        .consecutive_failures(5)
        .build()
        .expect("its defaults")
        .layer(service_fn(answer::<Body>))
}

/// tower-circuitbreaker.
pub fn tower_circuitbreaker() -> impl Service<Request<Body>> {
    tower_circuitbreaker::CircuitBreakerConfig::<Response<Body>, Infallible>::builder()
        .build()
        .layer(service_fn(answer::<Body>))
}

/// failsafe around the service's future, with its default policies.
pub fn failsafe() -> impl FnMut(Request<Body>) {
    use failsafe::futures::CircuitBreaker;
    let breaker = failsafe::Config::new().build();
    move |request| finish(breaker.call(answer(request)))
}
