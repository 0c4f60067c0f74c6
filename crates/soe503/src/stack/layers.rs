use tower_layer::{Layer, Stack as Pair};

use crate::HideContextLayer;

/// The layers of a [`Stack`](super::Stack) as one, in their order. A [`Layer`] like any other.
#[derive(Clone, Debug)]
pub struct Layers<L> {
    layers: L,
}

/// What a stack's layers are in their order: from left to right as the type parameters stand, innermost first.
pub type InOrder<Ci, Re, Co, Fa, Ti, Th, Ra, Ex> =
    Pair<Pair<Pair<Pair<Pair<Pair<Pair<Ci, Re>, Co>, Fa>, Ti>, Th>, Ra>, Ex>;

// === impl Layers ===

impl<L> Layers<L> {
    pub(super) const fn new(layers: L) -> Self {
        Self { layers }
    }

    /// Puts them around `inner`.
    pub fn service<S>(&self, inner: S) -> L::Service
    where
        L: Layer<S>,
    {
        self.layers.layer(inner)
    }

    /// Keeps what the layers tell each other to themselves: [`HideContext`](crate::HideContext) stands innermost, and the
    /// service at the bottom gets its request without a [`RequestContext`](crate::RequestContext). Not for a
    /// [`Pool`](crate::Pool), which asks what it says. Default: it is shown.
    pub fn hide_context(self) -> Layers<Pair<HideContextLayer, L>> {
        Layers::new(Pair::new(HideContextLayer::new(), self.layers))
    }
}

impl<S, L: Layer<S>> Layer<S> for Layers<L> {
    type Service = L::Service;

    fn layer(&self, inner: S) -> L::Service {
        self.layers.layer(inner)
    }
}
