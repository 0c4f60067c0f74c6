//! What the pool and its circuit look like when a request has failed.

use std::sync::Arc;

use soe503::circuit_breaker::Breaker;
use soe503::explain::Surroundings;
use soe503::pool::Backends;
use soe503_core::breaker::State;
use soe503_core::diagnosis::{CircuitView, Context};
use soe503_core::explain::RetryInputs;
use soe503_core::ledger::Ledger;

use crate::upstream::Upstream;

/// Tells the diagnosis about one pool. Costs nothing until something fails.
#[derive(Debug)]
pub(crate) struct Around {
    pub(crate) backends: Backends<Upstream>,
    pub(crate) breaker: Breaker,
}

impl Surroundings for Around {
    fn add(&self, _: &Ledger, context: &mut Context, inputs: &mut RetryInputs) {
        let now = context.now;
        let glance = self.backends.glance(now);
        let due = glance.due.map(|due| due.since(now));
        inputs.reopen_in = inputs.reopen_in.or(due);
        context.pool = Some(Arc::clone(self.backends.name()));
        context.backends = glance.backends.clone();
        if context.circuit.is_none() && self.breaker.state() != State::Closed {
            context.circuit = CircuitView::of(&self.breaker.snapshot(now));
        }
    }
}
