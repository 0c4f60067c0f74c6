use soe503_core::rate::RateLimit as Limit;
use tower_layer::Layer;

use super::RateLimit;
use crate::stack::{Describe, Part};

/// Lets each caller send so much and no more. All services made by one layer, and by every other layer
/// with the same handle, count together. See the [module](super).
#[derive(Clone, Debug)]
pub struct RateLimitLayer<K> {
    limit: Limit,
    key: K,
}

impl<K> RateLimitLayer<K> {
    /// Counts with `limit` for each caller that `key` tells apart.
    #[must_use]
    pub const fn new(limit: Limit, key: K) -> Self {
        Self { limit, key }
    }
}

impl<S, K: Clone> Layer<S> for RateLimitLayer<K> {
    type Service = RateLimit<S, K>;

    fn layer(&self, inner: S) -> RateLimit<S, K> {
        RateLimit::new(inner, self.limit.clone(), self.key.clone())
    }
}

impl<K> Describe for RateLimitLayer<K> {
    fn describe(&self) -> Part {
        Part::RateLimit {
            name: self.limit.name().clone(),
        }
    }
}
