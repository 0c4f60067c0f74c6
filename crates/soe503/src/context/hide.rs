//! Where a context ends.

use std::mem;
use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::RequestContext;

/// Keeps the [`RequestContext`] from the service below.
///
/// For what takes no part in a stack, and that is most services: it gets the request as if no layer had been there. A
/// request that has no other extension takes three allocations less then, as that of the request before is used again.
///
/// Stands innermost: below it nobody knows the deadline, the attempt and the backends that were tried. Not above a
/// [`Pool`](crate::Pool), which needs them, but around each of its backends. A head that is
/// [shared](RequestContext::with_head) is in the context alone, and stays there.
#[derive(Clone, Debug)]
pub struct HideContext<S> {
    inner: S,
}

/// Keeps the [`RequestContext`] from the service below. See [`HideContext`].
#[derive(Clone, Copy, Debug, Default)]
pub struct HideContextLayer(());

// === impl HideContextLayer ===

impl HideContextLayer {
    /// The layer; there is nothing to set.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for HideContextLayer {
    type Service = HideContext<S>;

    fn layer(&self, inner: S) -> HideContext<S> {
        HideContext::new(inner)
    }
}

// === impl HideContext ===

impl<S> HideContext<S> {
    /// Keeps the context from `inner`.
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }

    crate::macros::accessors!(S);
}

impl<S, B> Service<Request<B>> for HideContext<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let extensions = request.extensions_mut();
        let context = extensions.get::<RequestContext>();
        if context.is_some_and(|context| context.head.is_none()) {
            if extensions.len() == 1 {
                RequestContext::give_back(mem::take(extensions));
            } else {
                extensions.remove::<RequestContext>();
            }
        }
        self.inner.call(request)
    }
}
