//! What is fixed before the first attempt.

use std::sync::Arc;

use http::HeaderName;
use soe503_core::Tick;
use soe503_core::breaker::Breaker;
use soe503_core::retry::{RetryBudget, RetryPolicy};

use super::StatusSet;
use super::body::Replay;
use super::head::Head;
use super::hedging::Hedging;
use super::spare::Spare;
use crate::context::RequestContext;

/// `draft-ietf-httpapi-idempotency-key-header`.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const DEFAULT_CAP: usize = 64 * 1024;

/// How a layer retries; shared by all its requests.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) budget: RetryBudget,
    pub(super) policy: RetryPolicy,
    pub(super) statuses: StatusSet,
    pub(super) replay_cap: usize,
    pub(super) trust_idempotency_key: bool,
    /// The backends are proxies that try again themselves.
    pub(super) proxies: bool,
    /// Whose refusals, and those of the pool behind it, are waited for.
    pub(super) ride_out: Option<Breaker>,
    /// By what requests that are late are sent to a second backend.
    pub(super) hedging: Option<Hedging>,
}

/// Everything that another attempt of one request is made from.
#[derive(Debug)]
pub(super) struct Plan<S, B> {
    pub(super) spare: Arc<Spare<S>>,
    /// What the attempts after the first are made with: each drives it to readiness. `None` before them.
    pub(super) service: Option<S>,
    pub(super) head: Head,
    pub(super) replay: Replay<B>,
    pub(super) context: RequestContext,
}

// === impl Plan ===

impl<S, B> Plan<S, B> {
    pub(super) fn rules(&self) -> &Rules {
        &self.spare.rules
    }
}

impl<S: Clone, B> Plan<S, B> {
    /// The service for another attempt.
    pub(super) fn service(&mut self) -> &mut S {
        self.service.get_or_insert_with(|| self.spare.service())
    }
}

// === impl Rules ===

impl Rules {
    pub(super) const fn new(budget: RetryBudget, policy: RetryPolicy) -> Self {
        Self {
            budget,
            policy,
            statuses: StatusSet::SERVER_FAILURES,
            replay_cap: DEFAULT_CAP,
            trust_idempotency_key: false,
            proxies: false,
            ride_out: None,
            hedging: None,
        }
    }

    /// The pool has one backend, and requests may wait for it.
    pub(super) fn rides_out_alone(&self) -> bool {
        self.ride_out
            .as_ref()
            .is_some_and(|breaker| !breaker.config().ride_out.is_zero() && breaker.is_alone())
    }

    /// When the attempt that begins with `context` has had its time, unless the deadline comes first: it
    /// is cut then if another can follow, and counts as failed in any case.
    pub(super) fn attempt_deadline(&self, context: &RequestContext) -> Option<Tick> {
        let at = context.now.after(self.policy.attempt_timeout?);
        context
            .deadline
            .is_none_or(|deadline| at < deadline)
            .then_some(at)
    }
}
