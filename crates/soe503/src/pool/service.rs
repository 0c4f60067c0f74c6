use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use soe503_core::limit::Class;
use soe503_core::pool::{Ask, Lease, Pool as Backends};
use tower_service::Service;

use super::attempt::OnBackend;
use super::body::ResponseBody;
use super::future::ResponseFuture;
use super::reports::LoadReports;
use super::waiting::Waiting;
use crate::classify::{Classify, HttpClassify};
use crate::clock;
use crate::context::RequestContext;
use crate::error::BoxError;
use crate::priority::Priority;
use crate::stack::{Describe, Part};

/// Sends each request to a backend of a pool. See the [module](super).
pub struct Pool<S, C = HttpClassify> {
    backends: Backends<S>,
    classify: C,
    quiet: bool,
    reports: LoadReports,
    /// Who goes first where requests wait for a backend with room. `None`: all are alike.
    priority: Option<Arc<Priority>>,
}

impl<S> Pool<S> {
    /// Picks among `backends`, counting by [`HttpClassify`].
    pub const fn new(backends: Backends<S>) -> Self {
        Self {
            backends,
            classify: HttpClassify,
            quiet: false,
            reports: LoadReports::Ignored,
            priority: None,
        }
    }
}

impl<S, C> Pool<S, C> {
    /// Counts by `classify` instead.
    #[must_use]
    pub fn classify<D>(self, classify: D) -> Pool<S, D> {
        Pool {
            backends: self.backends,
            classify,
            quiet: self.quiet,
            reports: self.reports,
            priority: self.priority,
        }
    }

    /// Leaves [`Served`](crate::Served) away where it says nothing that matters: a first attempt
    /// that is a success by its head. For whoever does not ask which backend that was.
    #[must_use]
    pub fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }

    /// What is done with what backends say about their load (ORCA). The pool has to listen as well:
    /// [`PoolConfig::load_reports`](soe503_core::pool::PoolConfig::load_reports). Default: ignored.
    #[must_use]
    pub fn load_reports(mut self, reports: LoadReports) -> Self {
        self.reports = reports;
        self
    }

    /// Who goes first where requests wait because all backends have as many in flight as they may.
    /// Default: all are [`Priority::NORMAL`].
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = (priority != Priority::NORMAL).then(|| Arc::new(priority));
        self
    }

    /// The backends.
    pub const fn backends(&self) -> &Backends<S> {
        &self.backends
    }
}

/// Of the handle: the backends' services need not be cloneable for this.
impl<S, C: Clone> Clone for Pool<S, C> {
    fn clone(&self) -> Self {
        Self {
            backends: self.backends.clone(),
            classify: self.classify.clone(),
            quiet: self.quiet,
            reports: self.reports,
            priority: self.priority.clone(),
        }
    }
}

impl<S, C> fmt::Debug for Pool<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", self.backends.name())
            .finish_non_exhaustive()
    }
}

impl<S, C> Describe for Pool<S, C> {
    fn describe(&self) -> Part {
        Part::Pool {
            name: self.backends.name().clone(),
        }
    }
}

impl<S, C, ReqB, ResB> Service<Request<ReqB>> for Pool<S, C>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone,
    S::Error: Into<BoxError>,
    C: Classify + Clone,
    ResB: Body,
{
    type Response = Response<ResponseBody<ResB, S, C>>;
    type Error = BoxError;
    type Future = ResponseFuture<S, S::Future, ReqB, C>;

    /// Always ready: which backend has to be is not known before the request is.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let made;
        let context = match request.extensions().get::<RequestContext>() {
            Some(context) => context,
            None => {
                made = RequestContext::new(clock::now(), request.method().is_idempotent());
                &made
            }
        };
        let mut rng = fastrand::Rng::new();
        let ask = Ask::new(context.now, &context.tried)
            .picker(picker())
            .probe_allowed(context.idempotent && !context.hedge)
            .once(!context.idempotent)
            .elsewhere(context.hedge)
            .affinity(context.affinity(&request));
        let picked = self.backends.pick_for(&ask, &mut rng);
        match picked {
            Ok(lease) => {
                let service = lease.service().clone();
                let attempt = self.attempt(lease, context);
                ResponseFuture::picked(service, request, attempt)
            }
            // Nobody waits for a second backend.
            Err(none) if none.full.is_some() && !context.hedge => {
                let context = context.clone();
                self.line_up(request, context)
            }
            Err(none) => ResponseFuture::refused(none, context.now),
        }
    }
}

impl<S, C: Clone> Pool<S, C> {
    /// All backends have as many requests in flight as they may: the request waits, if it can.
    #[cold]
    fn line_up<F, ReqB>(
        &self,
        request: Request<ReqB>,
        context: RequestContext,
    ) -> ResponseFuture<S, F, ReqB, C> {
        let headers = RequestContext::headers(&request);
        let class = self
            .priority
            .as_ref()
            .map_or(Class::Normal, |p| p.of(headers));
        let now = context.now;
        match self.backends.line_up(class, context.due(), now) {
            Ok(turn) => {
                let affinity = context.affinity(&request);
                let waiting = Waiting::new(turn, request, context, affinity);
                ResponseFuture::waiting(waiting, self.clone())
            }
            Err(none) => ResponseFuture::refused(none, now),
        }
    }

    /// The attempt of a request for which a backend was found.
    pub(super) fn attempt(&self, lease: Lease<S>, context: &RequestContext) -> OnBackend<S, C> {
        OnBackend::new(lease, self.backends.clone(), self.classify.clone(), context)
            .quiet(self.quiet)
            .load_reports(self.reports)
    }
}

/// The number of this thread among those that send requests to pools.
pub(super) fn picker() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    thread_local! {
        static MINE: u32 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    MINE.with(|mine| *mine)
}
