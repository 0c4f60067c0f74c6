use std::time::Duration;

use tower_layer::Layer;

use super::Timeout;
use crate::stack::{Describe, Part};

/// Gives every request at most this much time. See the [module](super).
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    total: Duration,
}

impl TimeoutLayer {
    /// At most `total` until the response's head, retries included.
    #[must_use]
    pub const fn new(total: Duration) -> Self {
        Self { total }
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout::new(inner, self.total)
    }
}

impl Describe for TimeoutLayer {
    fn describe(&self) -> Part {
        Part::Timeout { total: self.total }
    }
}
