//! A circuit breaker around a mock.

use bytes::Bytes;
use http_body_util::Empty;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::{CircuitBreaker, CircuitBreakerLayer, clock};
use tower::Layer;
use tower_test::mock;

use super::{Handle, Mock};

pub fn breaker(failures: u32) -> Breaker {
    let config = BreakerConfig {
        consecutive_failures: Some(failures),
        ..BreakerConfig::default()
    };
    Breaker::try_new("app", config, 1).unwrap()
}

pub fn failures(breaker: &Breaker) -> u32 {
    breaker.snapshot(clock::now()).consecutive_failures
}

pub type Guarded<B> = mock::Spawn<CircuitBreaker<Mock<Empty<Bytes>, B>>>;

pub fn guarded<B: http_body::Body>(breaker: &Breaker) -> (Guarded<B>, Handle<Empty<Bytes>, B>) {
    let layer = CircuitBreakerLayer::new(breaker.clone());
    mock::spawn_with(move |inner| layer.layer(inner))
}
