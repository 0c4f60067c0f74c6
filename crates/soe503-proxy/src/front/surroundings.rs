//! What the pool and its circuit look like when a request has failed.

use std::sync::Arc;

use soe503::explain::Surroundings;
use soe503_core::breaker::State;
use soe503_core::diagnosis::{BackendView, CircuitView, Condition, Context};
use soe503_core::explain::RetryInputs;
use soe503_core::ledger::{Fault, Ledger, Refusal};
use soe503_core::limit::{LimitSnapshot, LimitWhy};
use soe503_core::pool::{BackendSnapshot, BackendState};
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
            return;
        }
        let now = context.now;
        self.0.openings.notice(&self.0.breaker);
        let snapshot = self.0.pool.snapshot(now);
        let due = snapshot
            .backends
            .iter()
            .filter_map(|backend| Some(backend.ejection.as_ref()?.due.since(now)))
            .min();
        inputs.reopen_in = inputs.reopen_in.or(due);
        let limit = self.0.limit.snapshot(now);
        inputs.queue = inputs.queue.or_else(|| queue(&limit));
        if limit.why == LimitWhy::Saturated {
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
        context.pool = Some(snapshot.name);
        context.backends = snapshot.backends.iter().map(view).collect();
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
        let circuit = self.0.breaker.snapshot(now);
        if circuit.state == State::Closed {
            return None;
        }
        let trip = circuit.trip?;
        Some(CircuitView {
            rule: trip.cause,
            root: trip.root,
            causes: trip.causes.iter().copied().collect(),
            opened_at: circuit.opened_at.unwrap_or(trip.at),
            retry_at: circuit.retry_at,
            last_probe: trip
                .last_probe
                .and_then(|probe| Some((probe.at, probe.cause?))),
            knocked: trip.knocked.map(|knocked| (knocked.at, knocked.cause)),
        })
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

/// How many requests are before one that comes back, and how many are served per second.
fn queue(limit: &LimitSnapshot) -> Option<(u64, f64)> {
    let typical = limit.typical?.as_secs_f64();
    let waiting: u64 = limit.waiting.into_iter().map(u64::from).sum();
    let before = waiting + u64::from(limit.pending);
    // As many as are worked on at once, each in the usual time.
    (typical > 0.0).then(|| (before, f64::from(limit.limit.min(limit.pending)) / typical))
}

fn view(backend: &BackendSnapshot) -> BackendView {
    BackendView {
        name: Arc::clone(&backend.name),
        address: Some(Arc::clone(&backend.address)),
        condition: condition(backend.state),
        cause: backend.why.as_ref().and_then(|why| why.cause),
        since: Some(backend.since),
        hints: backend.health.hints.clone(),
    }
}

fn condition(state: BackendState) -> Condition {
    match state {
        BackendState::Down => Condition::Down,
        BackendState::Ejected => Condition::Ejected,
        BackendState::Draining => Condition::Draining,
        BackendState::Disabled => Condition::Disabled,
        BackendState::Starting => Condition::Starting,
        BackendState::Warming => Condition::Warming,
        _ => Condition::Up,
    }
}
