use soe503_core::limit::ConcurrencyLimit as Limit;
use tower_layer::Layer;

use super::{ConcurrencyLimit, Priority};
use crate::stack::{Describe, Part};

/// Lets at most so many requests in at once. All services made by one layer, and by every other
/// layer with the same handle, count together. See the [module](super).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimitLayer {
    limit: Limit,
    priority: Priority,
}

impl ConcurrencyLimitLayer {
    /// Counts with `limit`.
    #[must_use]
    pub const fn new(limit: Limit) -> Self {
        Self {
            limit,
            priority: Priority::NORMAL,
        }
    }

    /// Tells who goes first by `priority`. Default: all are [`Priority::NORMAL`].
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }
}

impl<S> Layer<S> for ConcurrencyLimitLayer {
    type Service = ConcurrencyLimit<S>;

    fn layer(&self, inner: S) -> ConcurrencyLimit<S> {
        ConcurrencyLimit::new(inner, self.limit.clone()).priority(self.priority.clone())
    }
}

impl Describe for ConcurrencyLimitLayer {
    fn describe(&self) -> Part {
        Part::ConcurrencyLimit {
            name: self.limit.name().clone(),
            config: self.limit.config(),
        }
    }
}
