use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use soe503_core::retry::RetryBudget;
use tower_service::Service;

use super::future::ResponseFuture;
use super::plan::{Plan, Rules};
use crate::context::RequestContext;
use crate::error::BoxError;
use crate::retry::{Head, ReplayBody, StatusSet};
use crate::stack::{Describe, Part};

/// Sends what one pool cannot serve to another. See the [module](super).
#[derive(Clone, Debug)]
pub struct Failover<S> {
    first: S,
    rules: Arc<Rules<S>>,
}

impl<S: Clone> Failover<S> {
    /// Requests go to `first`, and nowhere else yet. `attempts` may be made in all, by all pools, as its
    /// retry policy says; `budget` is the first pool's, and pays for what is sent again.
    ///
    /// # Defaults
    /// `statuses` 500, 502, 503, 504 · `replay_cap` 64 KiB · `proxies` off · `on_overload` off.
    pub fn new(first: S, attempts: u8, budget: RetryBudget) -> Self {
        let mut rules = Rules::new(attempts, budget);
        rules.pools.push(("".into(), first.clone()));
        Self::with_rules(first, rules)
    }

    pub(super) fn with_rules(first: S, rules: Rules<S>) -> Self {
        Self {
            first,
            rules: Arc::new(rules),
        }
    }

    /// The next pool, called `name`, after those before it.
    #[must_use]
    pub fn then(self, name: impl Into<Arc<str>>, service: S) -> Self {
        self.with(|rules| rules.pools.push((name.into(), service)))
    }

    /// The answers that count as failures of a pool.
    #[must_use]
    pub fn statuses(self, statuses: StatusSet) -> Self {
        self.with(|rules| rules.statuses = statuses)
    }

    /// How many bytes of a request's body are kept to be sent again.
    #[must_use]
    pub fn replay_cap(self, bytes: usize) -> Self {
        self.with(|rules| rules.replay_cap = bytes)
    }

    /// The backends of the first pool are proxies that try again themselves:
    /// [`RetryLayer::proxies`](crate::RetryLayer::proxies).
    #[must_use]
    pub fn proxies(self, proxies: bool) -> Self {
        self.with(|rules| rules.proxies = proxies)
    }

    /// Whether another pool gets what the limit of one turns away.
    #[must_use]
    pub fn on_overload(self, on_overload: bool) -> Self {
        self.with(|rules| rules.on_overload = on_overload)
    }

    fn with(self, change: impl FnOnce(&mut Rules<S>)) -> Self {
        let mut rules = Arc::unwrap_or_clone(self.rules);
        change(&mut rules);
        Self {
            first: self.first,
            rules: Arc::new(rules),
        }
    }
}

impl<S> Describe for Failover<S> {
    fn describe(&self) -> Part {
        Part::Failover {
            attempts: self.rules.attempts,
            pools: self.rules.pools.len(),
        }
    }
}

impl<S, B, ResB> Service<Request<B>> for Failover<S>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<ResB>> + Clone,
    S::Error: Into<BoxError>,
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResB>;
    type Error = BoxError;
    type Future = ResponseFuture<S, S::Future, B, ResB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.first.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let rules = &self.rules;
        let context = RequestContext::of(&mut request);
        let all = context.allowance.shared(rules.attempts, rules.proxies);
        context.elsewhere = rules.pools.len() > 1;
        context.allowance = match context.elsewhere {
            true => all.keeping_one(),
            false => all,
        };
        let context = context.clone();
        let head = Head::of(&request, &context);
        let (parts, body) = request.into_parts();
        let (body, replay) = ReplayBody::taped(body, rules.replay_cap);
        let plan = Plan::new(Arc::clone(rules), head, replay, context, all);
        let answering = self.first.call(Request::from_parts(parts, body));
        ResponseFuture::first(answering, Box::new(plan))
    }
}
