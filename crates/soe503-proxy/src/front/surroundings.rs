//! What the pool and its circuit look like when a request has failed.

use std::sync::Arc;

use soe503::explain::Surroundings;
use soe503_core::breaker::State;
use soe503_core::diagnosis::rules::Finding;
use soe503_core::diagnosis::{CircuitView, Context};
use soe503_core::explain::RetryInputs;
use soe503_core::ledger::{Fault, Ledger, Refusal};
use soe503_core::{Cause, Tick};

use crate::state::PoolState;

/// Tells the diagnosis about one pool, and the control plane about an opening of its circuit. Costs
/// nothing until something fails.
#[derive(Debug)]
pub(super) struct PoolSurroundings(pub(super) Arc<PoolState>);

impl Surroundings for PoolSurroundings {
    fn add(&self, ledger: &Ledger, context: &mut Context, inputs: &mut RetryInputs) {
        // Decided before the pool was asked, so its backends say nothing about it. Whoever floods us
        // shall not make us look at all of them.
        if ledger
            .last()
            .is_some_and(|last| last.pool.is_none() && in_front(last.fault.as_ref()))
        {
            context.pool = Some(Arc::clone(&self.0.name));
            let findings = self.0.trends.findings();
            let spike = |found: &Finding| found.cause == Cause::OverloadTrafficSpike;
            context.findings = Some(findings).filter(|all| all.list.iter().any(spike));
            return;
        }
        let now = context.now;
        self.0.openings.notice(&self.0.breaker);
        let glance = self.0.pool.glance(now);
        let due = glance.due.map(|due| due.since(now));
        inputs.reopen_in = inputs.reopen_in.or(due);
        inputs.queue = inputs.queue.or_else(|| self.0.limit.ahead());
        if self.0.limit.is_saturated() {
            context.root = context.root.or(Some(Cause::OverloadPoolSaturated));
        }
        context.metastable = self.0.metastable.shown().cut();
        if let Some((_, why)) = context.metastable {
            // More retries than half the first attempts: those are what keeps it going.
            let behind = match why.retry_share > 1.0 / 3.0 {
                true => Cause::OverloadRetryStorm,
                false => Cause::OverloadPoolSaturated,
            };
            context.root = context.root.or(Some(behind));
        }
        context.pool = Some(Arc::clone(&self.0.name));
        context.backends = glance.backends.clone();
        context.unresolved = self.0.unresolved();
        let findings = self.0.trends.findings();
        context.usual_p99 = context.usual_p99.or(findings.usual_p99);
        context.findings = Some(findings);
        if context.circuit.is_none() {
            context.circuit = self.circuit(now);
        }
    }
}

impl PoolSurroundings {
    /// The circuit, unless all is well with it.
    fn circuit(&self, now: Tick) -> Option<CircuitView> {
        if self.0.breaker.state() == State::Closed {
            return None;
        }
        CircuitView::of(&self.0.breaker.snapshot(now))
    }
}

/// What ended the request stands in front of the pool.
pub(super) fn in_front(fault: Option<&Fault>) -> bool {
    matches!(
        fault,
        Some(Fault::Refused(
            Refusal::RateLimited(_) | Refusal::Throttled(_) | Refusal::Maintenance(_)
        ))
    )
}
