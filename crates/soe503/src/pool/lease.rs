//! How a lease counts.

use soe503_core::ledger::Attempt;
use soe503_core::pool::{FailureScope, Lease};
use soe503_core::{Outcome, Tick, Verdict};

use crate::flight::{self, Who};
use crate::verdict::Count;

impl<S> Count for Lease<S> {
    fn started(&self) -> Tick {
        Self::started(self)
    }

    fn responded(&mut self, now: Tick) {
        Self::responded(self, now);
    }

    fn record(
        self,
        now: Tick,
        outcome: Outcome,
        _heard: Option<FailureScope>,
    ) -> Option<FailureScope> {
        // A change of the backend's state is in the pool's snapshots for whoever watches.
        let scope = Self::record(self, now, outcome).scope;
        (outcome.verdict == Verdict::Failure).then_some(scope)
    }

    fn abandon(self, now: Tick) {
        Self::abandon(self, now);
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
