//! tower-circuitbreaker.

use tower_circuitbreaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError, CircuitState, SlidingWindowType,
};
use tower_service::Service;

use super::tower_resilience::Served;
use super::{Admitted, Answer, Request, Rival, Why, scaled};
use crate::rows::{Rules, State, Window};

/// Its service. Its documentation calls it without `poll_ready`, which only asks the service behind.
pub struct TowerCircuitBreaker {
    service: CircuitBreaker<Served, Request, (), Why>,
}

impl TowerCircuitBreaker {
    /// With these rules, at this scale.
    ///
    /// # Errors
    /// What of them it cannot be told.
    pub fn new(rules: &Rules, scale: f64) -> Result<Self, &'static str> {
        if rules.max_open_ms != rules.open_ms {
            return Err("the open time does not grow");
        }
        // One failure "in a row" is a window of one.
        let (window, minimum, failed) = match (rules.consecutive, rules.slow) {
            (None, _) => (rules.window, rules.minimum, rules.failed.unwrap_or(100)),
            (Some(1), None) => (Window::Count(1), 1, 100),
            _ => return Err("no rule for failures in a row"),
        };
        let builder = CircuitBreakerConfig::<(), Why>::builder()
            .failure_rate_threshold(f64::from(failed) / 100.0)
            .minimum_number_of_calls(minimum as usize)
            .wait_duration_in_open(scaled(rules.open_ms, scale))
            .permitted_calls_in_half_open(rules.probes as usize)
            .failure_classifier(|result| *result == Err(Why::Failure));
        let builder = match window {
            Window::Count(size) => builder.sliding_window_size(size as usize),
            Window::Time(time) => builder
                .sliding_window_type(SlidingWindowType::TimeBased)
                .sliding_window_duration(scaled(time, scale)),
        };
        let builder = match rules.slow {
            None => builder,
            Some(slow) => builder
                .slow_call_duration_threshold(scaled(rules.slow_ms, scale))
                .slow_call_rate_threshold(f64::from(slow) / 100.0),
        };
        let service = builder.build().layer(Served);
        Ok(Self { service })
    }
}

impl Rival for TowerCircuitBreaker {
    fn call(&mut self, end: Request) -> Answer {
        let answer = self.service.call(end);
        Box::pin(async {
            Admitted(!matches!(
                answer.await,
                Err(CircuitBreakerError::OpenCircuit)
            ))
        })
    }

    fn state(&self) -> State {
        match self.service.state_sync() {
            CircuitState::Closed => State::Closed,
            CircuitState::Open => State::Open,
            CircuitState::HalfOpen => State::HalfOpen,
        }
    }

    fn holds(&self) -> Option<(u32, u32)> {
        None
    }
}

impl std::fmt::Debug for TowerCircuitBreaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TowerCircuitBreaker")
            .finish_non_exhaustive()
    }
}
