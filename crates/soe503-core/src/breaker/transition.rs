//! A change of state, as a value.

use std::sync::Arc;

use super::state::State;
use super::trip::Trip;
use crate::Tick;

/// A change of a circuit's state.
///
/// Made under the breaker's lock and handed out after it, so that no observer can block or
/// re-enter the breaker (row S18). What nobody could return, such as the change that an admission or
/// a panic made, is in [`Breaker::transitions_since`](super::Breaker::transitions_since).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state after; the same as before when an operator's override begins or ends in it.
    pub to: State,
    /// When.
    pub at: Tick,
    /// The generation that began: one more with each transition.
    pub generation: u64,
    /// Why.
    pub why: TransitionReason,
}

/// Why a circuit changed its state.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TransitionReason {
    /// Closed to open: a rule was met.
    Tripped(Arc<Trip>),
    /// Open to half-open: the open time is over, and a request came.
    OpenTimeOver,
    /// Open to half-open: a probe that was let through before the open time was over succeeded.
    EarlyProbeSucceeded,
    /// Half-open to open: too many probes failed.
    ProbesFailed(Arc<Trip>),
    /// Half-open to open: the probes did not come back in time.
    ProbesHung(Arc<Trip>),
    /// Half-open to closed: enough probes succeeded.
    Recovered,
    /// An operator opened the circuit.
    ForcedOpen(Arc<Trip>),
    /// An operator closed the circuit and suspended its rules, with these words.
    ForcedClosed(Arc<str>),
    /// An operator put the circuit back to closed, with nothing counted.
    Reset,
}

// === impl Transition ===

impl Transition {
    /// Why the circuit is open, if it is now.
    pub const fn trip(&self) -> Option<&Arc<Trip>> {
        match &self.why {
            TransitionReason::Tripped(trip)
            | TransitionReason::ProbesFailed(trip)
            | TransitionReason::ProbesHung(trip)
            | TransitionReason::ForcedOpen(trip) => Some(trip),
            _ => None,
        }
    }
}
