//! Changes of a circuit, counted.
//!
//! A breaker calls nobody; it keeps its last 32 changes for whoever asks. The control plane asks
//! on each tick and at each scrape.

use soe503_core::breaker::{Breaker, State, Transition};

/// How often a circuit went to each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CircuitCounts {
    /// To closed.
    pub closed: u64,
    /// To open.
    pub open: u64,
    /// To half-open.
    pub half_open: u64,
}

/// What has been seen of a breaker's changes.
#[derive(Debug, Default)]
pub(super) struct CircuitLog {
    generation: u64,
    counts: CircuitCounts,
    /// What incidents have not heard of yet.
    untold: Vec<Transition>,
}

/// As many changes as a breaker keeps.
const MOST_UNTOLD: usize = 32;

impl CircuitLog {
    /// Counts the changes of `breaker` since the last call and returns them, oldest first.
    pub(super) fn follow(&mut self, breaker: &Breaker) -> Vec<Transition> {
        let news = breaker.transitions_since(self.generation);
        for transition in &news {
            self.generation = self.generation.max(transition.generation);
            match transition.to {
                State::Closed => self.counts.closed += 1,
                State::Open => self.counts.open += 1,
                State::HalfOpen => self.counts.half_open += 1,
            }
            if self.untold.len() < MOST_UNTOLD {
                self.untold.push(transition.clone());
            }
        }
        news
    }

    /// What was followed since the last call, for timelines.
    pub(super) fn take_untold(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.untold)
    }

    /// The log of the next configuration: of the same breaker, or of one made anew, whose
    /// generations start over. The counts go on.
    pub(super) fn follow_on(&mut self, same_breaker: bool) -> Self {
        Self {
            generation: if same_breaker { self.generation } else { 0 },
            counts: self.counts,
            untold: self.take_untold(),
        }
    }

    pub(super) const fn counts(&self) -> CircuitCounts {
        self.counts
    }
}
