use tower_layer::Layer;

use super::{Throttle, ThrottleHandle};
use crate::stack::{Describe, Part};

/// Holds back what would be refused anyway. All services made by one layer, and by every other layer
/// with the same handle, count together. See the [module](super).
#[derive(Clone, Debug)]
pub struct ThrottleLayer {
    throttle: ThrottleHandle,
}

impl ThrottleLayer {
    /// Counts with `throttle`.
    #[must_use]
    pub const fn new(throttle: ThrottleHandle) -> Self {
        Self { throttle }
    }
}

impl<S> Layer<S> for ThrottleLayer {
    type Service = Throttle<S>;

    fn layer(&self, inner: S) -> Throttle<S> {
        Throttle::new(inner, self.throttle.clone())
    }
}

impl Describe for ThrottleLayer {
    fn describe(&self) -> Part {
        Part::Throttle {
            name: self.throttle.name().clone(),
        }
    }
}
