use soe503_core::limit::ConcurrencyLimit as Limit;
use tower_layer::Layer;

use super::ConcurrencyLimit;

/// Lets at most so many requests in at once. All services made by one layer, and by every other
/// layer with the same handle, count together. See the [module](super).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimitLayer {
    limit: Limit,
}

impl ConcurrencyLimitLayer {
    /// Counts with `limit`.
    #[must_use]
    pub const fn new(limit: Limit) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for ConcurrencyLimitLayer {
    type Service = ConcurrencyLimit<S>;

    fn layer(&self, inner: S) -> ConcurrencyLimit<S> {
        ConcurrencyLimit::new(inner, self.limit.clone())
    }
}
