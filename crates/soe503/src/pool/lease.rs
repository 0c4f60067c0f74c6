//! How a lease counts.

use soe503_core::ledger::Attempt;
use soe503_core::pool::{FailureScope, Lease};
use soe503_core::{Outcome, Tick, Verdict};

use crate::events;
use crate::flight::{self, Who};
use crate::verdict::Count;

impl<S> Count for Lease<S> {
    fn started(&self) -> Tick {
        Self::started(self)
    }

    fn responded(&mut self, now: Tick, _slow: Option<bool>) {
        Self::responded(self, now);
    }

    fn record(
        self,
        now: Tick,
        outcome: Outcome,
        _heard: Option<FailureScope>,
    ) -> Option<FailureScope> {
        // A change of the backend's state is in the pool's snapshots for whoever watches.
        let recorded = Self::record(self, now, outcome);
        events::backend(recorded.transition.as_ref());
        (outcome.verdict == Verdict::Failure).then_some(recorded.scope)
    }

    fn abandon(self, now: Tick) {
        events::backend(Self::abandon(self, now).transition.as_ref());
    }

    fn outrun(self, now: Tick) {
        let backend = self.backend();
        flight::was_on(Who {
            name: backend.name.clone(),
            address: backend.address.clone(),
        });
        Self::outrun(self, now);
    }

    fn unhelpful(&mut self) {
        Self::unhelpful(self);
    }

    fn describe(&self, attempt: &mut Attempt) {
        let backend = self.backend();
        attempt.backend = Some(backend.name.clone());
        attempt.address = Some(backend.address.clone());
        // This attempt is among the requests. One that neither failed nor is in flight was answered.
        let unanswered = backend.failures() + u64::from(backend.in_flight());
        attempt.accepted_before |= backend.requests() > unanswered;
    }
}
