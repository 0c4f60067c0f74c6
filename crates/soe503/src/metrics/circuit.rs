//! Circuits, and the budgets of retries.

use ::metrics::{Counter, Gauge};
use soe503_core::Tick;
use soe503_core::breaker::{Breaker, State};
use soe503_core::metrics as table;
use soe503_core::retry::RetryBudget;

use super::publisher::Source;
use super::series::{counter, counters, float, gauge, gauges, one_of};

/// A breaker's numbers.
pub(super) struct Circuit {
    breaker: Breaker,
    /// The transitions up to this one are counted.
    generation: u64,
    transitions: [u64; STATES.len()],
    series: Option<CircuitSeries>,
}

struct CircuitSeries {
    state: [Gauge; STATES.len()],
    transitions: [Counter; STATES.len()],
    refused: Counter,
    waiting: Gauge,
    waited: [Counter; 3],
}

const STATES: [State; 3] = [State::Closed, State::Open, State::HalfOpen];

/// A budget's numbers.
pub(super) struct Budget {
    budget: RetryBudget,
    series: Option<BudgetSeries>,
}

struct BudgetSeries {
    available: Gauge,
    spent: Counter,
    refused: Counter,
}

// === impl Circuit ===

impl Circuit {
    pub(super) const fn new(breaker: Breaker) -> Self {
        Self {
            breaker,
            generation: 0,
            transitions: [0; STATES.len()],
            series: None,
        }
    }

    fn count_transitions(&mut self) {
        for transition in self.breaker.transitions_since(self.generation) {
            self.generation = transition.generation;
            if let Some(i) = STATES.iter().position(|state| *state == transition.to) {
                self.transitions[i] += 1;
            }
        }
    }
}

impl Source for Circuit {
    fn publish(&mut self, now: Tick) {
        self.count_transitions();
        let name = self.breaker.name();
        let series = self.series.get_or_insert_with(|| CircuitSeries::new(name));
        let snapshot = self.breaker.snapshot(now);
        let state = STATES.iter().position(|state| *state == snapshot.state);
        one_of(&series.state, state);
        for (counter, count) in series.transitions.iter().zip(self.transitions) {
            counter.absolute(count);
        }
        series.refused.absolute(snapshot.refused);
        let room = self.breaker.waiting_room().snapshot();
        series.waiting.set(f64::from(room.taken));
        let waited = [room.answered, room.in_vain(), room.turned_away];
        for (counter, count) in series.waited.iter().zip(waited) {
            counter.absolute(count);
        }
    }
}

impl CircuitSeries {
    fn new(name: &str) -> Self {
        let words = STATES.map(State::as_str);
        let waited = ["answered", "in_vain", "turned_away"];
        Self {
            state: gauges(&table::CIRCUIT_STATE, name, words),
            transitions: counters(&table::CIRCUIT_TRANSITIONS_TOTAL, name, words),
            refused: counter(&table::CIRCUIT_REFUSED_TOTAL, &[name]),
            waiting: gauge(&table::WAITING_REQUESTS, &[name]),
            waited: counters(&table::WAITED_TOTAL, name, waited),
        }
    }
}

// === impl Budget ===

impl Budget {
    pub(super) const fn new(budget: RetryBudget) -> Self {
        Self {
            budget,
            series: None,
        }
    }
}

impl Source for Budget {
    fn publish(&mut self, now: Tick) {
        let name = self.budget.name();
        let series = self.series.get_or_insert_with(|| BudgetSeries {
            available: gauge(&table::RETRY_BUDGET_AVAILABLE, &[name]),
            spent: counter(&table::RETRY_BUDGET_SPENT_TOTAL, &[name]),
            refused: counter(&table::RETRY_BUDGET_REFUSED_TOTAL, &[name]),
        });
        let snapshot = self.budget.snapshot(now);
        series.available.set(float(snapshot.available));
        series.spent.absolute(snapshot.spent);
        series.refused.absolute(snapshot.refused);
    }
}
