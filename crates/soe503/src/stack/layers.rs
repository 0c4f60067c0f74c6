use tower_layer::{Layer, Stack as Pair};

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
}

impl<S, L: Layer<S>> Layer<S> for Layers<L> {
    type Service = L::Service;

    fn layer(&self, inner: S) -> L::Service {
        self.layers.layer(inner)
    }
}
