//! An event for each change of a state, for the `tracing` crate.
//!
//! Never one per request: while nothing changes, a circuit costs a reference and four loads for each request, and a
//! backend nothing. Without the feature all of this is nothing.

#[cfg(feature = "tracing")]
use soe503_core::breaker::TransitionReason;
use soe503_core::breaker::{Breaker, Permit};
use soe503_core::pool::BackendTransition;

/// Ends a permit, and tells what that has changed about its circuit.
pub(crate) fn ending(permit: Permit, end: impl FnOnce(Permit)) {
    #[cfg(feature = "tracing")]
    let breaker = permit.breaker();
    end(permit);
    #[cfg(feature = "tracing")]
    circuit(&breaker);
}

/// Tells what has changed about a circuit since this was last asked.
#[cfg(feature = "tracing")]
pub(crate) fn circuit(breaker: &Breaker) {
    for transition in breaker.untold() {
        let (from, to) = (transition.from.as_str(), transition.to.as_str());
        let name = breaker.name();
        match &transition.why {
            TransitionReason::Tripped(trip)
            | TransitionReason::ProbesFailed(trip)
            | TransitionReason::ProbesHung(trip)
            | TransitionReason::ForcedOpen(trip) => tracing::warn!(
                target: "soe503::circuit_breaker",
                pool = name,
                from,
                to,
                rule = %trip.rule,
                root = trip.root.map(soe503_core::Cause::id),
                "the circuit is open",
            ),
            TransitionReason::OpenTimeOver | TransitionReason::EarlyProbeSucceeded => {
                tracing::info!(
                    target: "soe503::circuit_breaker",
                    pool = name,
                    from,
                    to,
                    "the circuit is tried",
                );
            }
            TransitionReason::ForcedClosed(why) => tracing::warn!(
                target: "soe503::circuit_breaker",
                pool = name,
                from,
                to,
                why = &**why,
                "the circuit was closed, and its rules suspended",
            ),
            // What is told of a circuit that has closed by itself, and of one that was put back.
            _ => tracing::info!(
                target: "soe503::circuit_breaker",
                pool = name,
                from,
                to,
                "the circuit is closed",
            ),
        }
    }
}

/// Tells that a backend is in another state.
#[cfg(feature = "tracing")]
pub(crate) fn backend(transition: Option<&BackendTransition>) {
    let Some(transition) = transition else {
        return;
    };
    let (from, to) = (transition.from.as_str(), transition.to.as_str());
    let (pool, backend) = (&*transition.pool, &*transition.backend);
    let why = transition.why.as_ref();
    let cause = why.and_then(|why| why.cause).map(soe503_core::Cause::id);
    if transition.to.in_rotation() {
        tracing::info!(
            target: "soe503::pool",
            pool,
            backend,
            from,
            to,
            "the backend is in rotation",
        );
    } else {
        tracing::warn!(
            target: "soe503::pool",
            pool,
            backend,
            from,
            to,
            cause,
            why = why.map(|why| &*why.text),
            "the backend is out of rotation",
        );
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn circuit(_breaker: &Breaker) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn backend(_transition: Option<&BackendTransition>) {}
