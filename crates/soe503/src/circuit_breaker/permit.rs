//! How a permit counts.

use soe503_core::breaker::Permit;
use soe503_core::pool::FailureScope;
use soe503_core::{Outcome, Tick, Verdict};

use crate::events;
use crate::verdict::Count;

impl Count for Permit {
    fn started(&self) -> Tick {
        self.admitted_at()
    }

    #[inline]
    fn responded(&mut self, now: Tick, slow: Option<bool>) {
        match slow {
            None => Self::responded(self, now),
            Some(slow) => self.responded_as(now, slow),
        }
    }

    /// The failure of one backend whose siblings are fine is none of the whole pool: it must not
    /// add to a run of failures, or one bad backend would open the circuit for all.
    #[inline]
    fn record(
        self,
        now: Tick,
        outcome: Outcome,
        heard: Option<FailureScope>,
    ) -> Option<FailureScope> {
        let of_one = heard == Some(FailureScope::Backend);
        let verdict = match outcome.verdict {
            Verdict::Failure if of_one => Verdict::Degraded,
            verdict => verdict,
        };
        // The transition, if this made one, is in the breaker's own list for whoever watches.
        events::ending(self, |permit| {
            permit.record(now, Outcome { verdict, ..outcome });
        });
        None
    }

    #[inline]
    fn succeed(&mut self) -> bool {
        Self::succeed(self)
    }

    fn abandon(self, now: Tick) {
        events::ending(self, |permit| {
            permit.abandon(now);
        });
    }
}
