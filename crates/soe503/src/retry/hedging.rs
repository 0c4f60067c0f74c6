//! Which requests may be sent to a second backend, and when that is due.

use http::Request;
use http::header::UPGRADE;
use http_body::Body;
use soe503_core::Tick;
use soe503_core::breaker::{Breaker, State};
use soe503_core::hedge::{Hedge, Situation, is_safe};

use super::attempts::Attempts;
use super::plan::Plan;
use crate::clock;
use crate::context::RequestContext;
use crate::flight::UnderWay;

/// By what a layer hedges.
#[derive(Clone, Debug)]
pub(super) struct Hedging {
    pub(super) hedge: Hedge,
    /// While it is not closed nothing is sent twice.
    pub(super) circuit: Option<Breaker>,
}

/// Where a request stands between being sent and being sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// It may not be hedged, for all that is known now.
    Never,
    /// It is late from then on.
    From(Tick),
    /// It is, and the pool is asked with the next poll.
    Ask,
    /// A hedge is paid for, and the service below not ready yet.
    Paid,
}

// === impl Hedging ===

impl Hedging {
    /// Whether `request` may be under way twice. A body would have to be read twice at the same time; an
    /// upgrade is a conversation; and a client that stays with its backend would meet another.
    pub(super) fn takes<B: Body>(&self, request: &Request<B>) -> bool {
        self.hedge.delay().is_some()
            && is_safe(request.method().as_str())
            && request.body().is_end_stream()
            && !RequestContext::headers(request).contains_key(UPGRADE)
            && !RequestContext::is_bound(request)
    }

    /// When an attempt that begins with `context` is late; [`Late::Never`] if its own time is over sooner.
    pub(super) fn late(&self, context: &RequestContext) -> Late {
        let Some(delay) = self.hedge.delay() else {
            return Late::Never;
        };
        let at = context.now.after(delay);
        match context.due() {
            Some(due) if due <= at => Late::Never,
            _ => Late::From(at),
        }
    }
}

impl Late {
    /// The moment for which somebody has to be woken.
    pub(super) const fn at(self) -> Option<Tick> {
        match self {
            Self::From(at) => Some(at),
            Self::Never | Self::Ask | Self::Paid => None,
        }
    }
}

// === impl Attempts ===

impl<S, F, ReqB, ResB> Attempts<S, F, ReqB, ResB> {
    /// The attempt in flight is late, and the next poll of it has to ask about it.
    pub(super) fn asks(&self) -> bool {
        self.late == Late::Ask
    }

    /// The request may be hedged, and is not without interest in this.
    pub(super) fn is_hedging(&self) -> bool {
        self.late != Late::Never || self.hedged.is_some()
    }

    /// Decides about a hedge for the attempt in flight, of which the pool says this.
    pub(super) fn decide_hedge(&mut self, told: Option<UnderWay>) {
        self.late = Late::Never;
        let (made, attempts) = (self.made(), self.plan.rules().policy.attempts);
        // With other pools behind this one, the last attempt is theirs.
        let kept = u8::from(self.plan.context.elsewhere);
        let attempt_left = made.saturating_add(kept) < attempts && self.allows_another();
        let Plan { context, spare, .. } = &mut self.plan;
        let rules = &spare.rules;
        // Without a pool there is nobody to say that the second backend would be another.
        let (Some(told), Some(hedging)) = (told, &rules.hedging) else {
            return;
        };
        let now = clock::now();
        let not_closed = |breaker: &Breaker| breaker.state() != State::Closed;
        let situation = Situation {
            panic: told.panic,
            circuit_not_closed: hedging.circuit.as_ref().is_some_and(not_closed),
            probe: told.probe,
            other_backend: told.other_backend,
            attempt_left,
            remaining: context.deadline.map(|deadline| deadline.since(now)),
            expected: told.typical_latency.unwrap_or_default(),
        };
        let decided = hedging.hedge.decide(&situation, &rules.budget, now);
        if decided.is_ok() {
            context.tried.insert(told.backend);
            self.late = Late::Paid;
        }
    }

    /// Another attempt may be made besides those that are under way, as far as the proxies before this one
    /// go.
    pub(super) fn allows_another(&self) -> bool {
        let allowance = &self.plan.context.allowance;
        match &self.hedged {
            Some(hedged) if hedged.charged => !allowance.is_spent(),
            _ => !allowance.is_last(),
        }
    }

    /// How many attempts were made, those under way included.
    pub(super) fn made(&self) -> u8 {
        let number = self.plan.context.number;
        self.hedged
            .as_ref()
            .map_or(number, |hedged| hedged.made.max(number))
    }

    /// Another attempt has begun, or one of two has ended: when it would be late.
    pub(super) fn begin_late(&mut self) {
        let sent = self.hedged.as_ref().map_or(0, |hedged| hedged.sent);
        let hedging = self.plan.rules().hedging.as_ref();
        self.late = match hedging.filter(|_| self.may_hedge && self.wait.is_none()) {
            Some(hedging) if sent < hedging.hedge.config().map_or(0, |config| config.max) => {
                hedging.late(&self.plan.context)
            }
            _ => Late::Never,
        };
    }
}
