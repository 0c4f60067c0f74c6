use tower_layer::Layer;

use super::{Explain, Explainer};
use crate::stack::{Describe, Part};

/// Turns every failure into one tagged answer. See the [module](super).
#[derive(Clone, Debug)]
pub struct ExplainLayer {
    explainer: Explainer,
}

impl ExplainLayer {
    /// Explains with `explainer`.
    #[must_use]
    pub const fn new(explainer: Explainer) -> Self {
        Self { explainer }
    }
}

impl<S> Layer<S> for ExplainLayer {
    type Service = Explain<S>;

    fn layer(&self, inner: S) -> Explain<S> {
        Explain::new(inner, self.explainer.clone())
    }
}

impl Describe for ExplainLayer {
    fn describe(&self) -> Part {
        Part::Explain
    }
}
