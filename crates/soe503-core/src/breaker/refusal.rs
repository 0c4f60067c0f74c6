//! A request that the circuit did not let through.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::state::State;
use super::trip::Trip;
use crate::Tick;
use crate::cause::Cause;

/// The circuit refused a request. Nothing behind it was touched, and the refusal itself counts
/// nowhere: not in the window, not in a retry budget.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CircuitOpen {
    /// The breaker's name.
    pub name: Arc<str>,
    /// Open, or half-open with every probe out.
    pub state: State,
    /// The rule that opened it: `circuit_open/*`, or `maintenance/admin_disabled` for an operator.
    pub rule: Cause,
    /// What is wrong behind it, by majority.
    pub root: Option<Cause>,
    /// When it opened first, before any probe.
    pub opened_at: Tick,
    /// The earliest time at which a request can get through. Half-open: the time of the refusal,
    /// because a probe may decide at any moment. `None`: not before an operator says so.
    pub retry_at: Option<Tick>,
    /// Until when it is worth while to wait for the circuit, deadlines aside: for as long as blips are
    /// [ridden out](super::BreakerConfig::ride_out), or while its probes succeed. `None`: what is behind is
    /// plainly dead.
    pub wait_until: Option<Tick>,
    /// How long after it came a request may wait nevertheless, for the next probes: 200 ms where probes come
    /// back quickly with a 503, else zero.
    pub linger: Duration,
    /// The circuit's generation. Whoever is about to wait looks whether that has changed.
    pub generation: u64,
    /// Everything about the opening.
    pub trip: Arc<Trip>,
}

// === impl CircuitOpen ===

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::HalfOpen => "half-open and waiting for its probes",
            _ => "open",
        };
        write!(
            f,
            "the circuit {:?} is {state}: {}",
            self.name, self.trip.rule
        )?;
        match self.root {
            Some(root) => write!(f, ", mostly {root}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for CircuitOpen {}
