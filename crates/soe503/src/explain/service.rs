use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::Explainer;
use super::asked::Asked;
use super::body::ExplainBody;
use super::future::ResponseFuture;
use super::panicked::Panicked;
use crate::context::RequestContext;
use crate::error::BoxError;

/// Turns every failure into one tagged answer; never fails itself. See the [module](super).
#[derive(Debug)]
pub struct Explain<S> {
    inner: S,
    explainer: Explainer,
    /// What `poll_ready` failed with: told to the next request.
    unready: Option<BoxError>,
}

impl<S> Explain<S> {
    /// Explains the failures of `inner` with `explainer`.
    pub const fn new(inner: S, explainer: Explainer) -> Self {
        Self {
            inner,
            explainer,
            unready: None,
        }
    }

    /// The explainer.
    pub const fn explainer(&self) -> &Explainer {
        &self.explainer
    }

    crate::macros::accessors!(S);
}

/// A clone has not been polled: what its original failed with is not its own.
impl<S: Clone> Clone for Explain<S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.explainer.clone())
    }
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Explain<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    S::Error: Into<BoxError>,
    ResB: Body,
{
    type Response = Response<ExplainBody<ResB>>;
    type Error = Infallible;
    type Future = ResponseFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.unready.is_none() {
            self.unready = ready!(self.inner.poll_ready(cx)).err().map(Into::into);
        }
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        let context = RequestContext::of(&mut request);
        let (started, head) = (context.now, context.head.clone());
        let explainer = self.explainer.clone();
        let asked = match head {
            Some(head) => Asked::Shared(head),
            None => Asked::copied(&request, explainer.shared.keep.is_some()),
        };
        if let Some(error) = self.unready.take() {
            return ResponseFuture::failed(error, asked, explainer, started);
        }
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(inner) => ResponseFuture::new(inner, asked, explainer, started),
            Err(_) => ResponseFuture::failed(Panicked.into(), asked, explainer, started),
        }
    }
}
