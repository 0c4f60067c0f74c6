use soe503_core::breaker::Breaker;
use tower_layer::Layer;

use super::CircuitBreaker;
use crate::classify::HttpClassify;
use crate::stack::{Describe, Part};

/// Puts a [`Breaker`] around services. All services made by one layer, and by every other layer
/// with the same handle, share the one circuit. See the [module](super).
#[derive(Clone, Debug)]
pub struct CircuitBreakerLayer<C = HttpClassify> {
    breaker: Breaker,
    classify: C,
}

impl CircuitBreakerLayer {
    /// Guards with `breaker`, counting by [`HttpClassify`].
    #[must_use]
    pub const fn new(breaker: Breaker) -> Self {
        Self {
            breaker,
            classify: HttpClassify,
        }
    }
}

impl<C> CircuitBreakerLayer<C> {
    /// Counts by `classify` instead.
    #[must_use]
    pub fn classify<D>(self, classify: D) -> CircuitBreakerLayer<D> {
        CircuitBreakerLayer {
            breaker: self.breaker,
            classify,
        }
    }
}

impl<S, C: Clone> Layer<S> for CircuitBreakerLayer<C> {
    type Service = CircuitBreaker<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreaker::new(inner, self.breaker.clone()).classify(self.classify.clone())
    }
}

impl<C> Describe for CircuitBreakerLayer<C> {
    fn describe(&self) -> Part {
        Part::CircuitBreaker {
            name: self.breaker.name().into(),
            config: self.breaker.config().clone(),
        }
    }
}
