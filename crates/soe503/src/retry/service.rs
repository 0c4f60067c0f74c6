use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use soe503_core::retry::{RetryBudget, RetryPolicy};
use tower_service::Service;

use super::attempts::Attempts;
use super::body::ReplayBody;
use super::future::ResponseFuture;
use super::head::Head;
use super::hedging::Late;
use super::plan::{IDEMPOTENCY_KEY, Plan, Rules};
use super::spare::Spare;
use crate::context::RequestContext;
use crate::error::BoxError;

/// Retries what can be saved. See the [module](super).
#[derive(Clone, Debug)]
pub struct Retry<S> {
    inner: S,
    spare: Arc<Spare<S>>,
    /// Somebody may have changed `inner`, of which the spare one was made.
    touched: bool,
}

impl<S: Clone> Retry<S> {
    /// Retries by `policy`, on the account of `budget`, with the defaults of
    /// [`RetryLayer`](super::RetryLayer).
    pub fn new(inner: S, budget: RetryBudget, policy: RetryPolicy) -> Self {
        Self::with_rules(inner, Arc::new(Rules::new(budget, policy)))
    }

    pub(super) fn with_rules(inner: S, rules: Arc<Rules>) -> Self {
        Self {
            spare: Arc::new(Spare::new(rules, inner.clone())),
            inner,
            touched: false,
        }
    }
}

impl<S> Retry<S> {
    /// The account that pays for retries.
    pub fn budget(&self) -> &RetryBudget {
        &self.spare.rules.budget
    }

    crate::macros::accessors!(S, shared);

    /// The inner service. Calling it past this layer is possible and rarely meant. What is changed about it holds for
    /// all attempts of later requests.
    pub const fn get_mut(&mut self) -> &mut S {
        self.touched = true;
        &mut self.inner
    }
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Retry<S>
where
    S: Service<Request<ReplayBody<ReqB>>, Response = Response<ResB>> + Clone,
    S::Error: Into<BoxError>,
    ReqB: Body + Unpin,
    ReqB::Error: Into<BoxError>,
{
    type Response = Response<ResB>;
    type Error = BoxError;
    type Future = ResponseFuture<S, S::Future, ReqB, ResB>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    #[inline]
    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        if self.touched {
            let rules = Arc::clone(&self.spare.rules);
            self.spare = Arc::new(Spare::new(rules, self.inner.clone()));
            self.touched = false;
        }
        let rules = &self.spare.rules;
        let keyed = rules.trust_idempotency_key
            && RequestContext::headers(&request).contains_key(IDEMPOTENCY_KEY);
        let context = RequestContext::of(&mut request);
        context.idempotent |= keyed;
        rules.budget.deposit(context.now);
        if rules.policy.attempts <= 1 {
            context.allowance.begin(1, rules.proxies);
            let request = request.map(ReplayBody::once);
            return ResponseFuture::once(self.inner.call(request));
        }
        context
            .allowance
            .begin(rules.policy.attempts, rules.proxies);
        context.attempt_deadline = rules.attempt_deadline(context);
        let (context, due) = (context.clone(), context.due());
        let hedging = rules.hedging.as_ref();
        let hedging = hedging.filter(|hedging| hedging.takes(&request));
        let late = hedging.map_or(Late::Never, |hedging| hedging.late(&context));
        let wake = late.at().or(due);
        let head = Head::of(&request, &context);
        let (parts, body) = request.into_parts();
        let (body, replay) = ReplayBody::taped(body, rules.replay_cap);
        let plan = Plan {
            spare: Arc::clone(&self.spare),
            service: None,
            head,
            replay,
            context,
        };
        let attempts = Attempts::new(plan, hedging.is_some(), late);
        ResponseFuture::first(wake, attempts, || {
            self.inner.call(Request::from_parts(parts, body))
        })
    }
}
