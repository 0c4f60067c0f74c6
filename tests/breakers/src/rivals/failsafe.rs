//! failsafe.

use std::iter;
use std::time::Duration;

use failsafe::failure_policy::{
    self, ConsecutiveFailures, FailurePolicy, SuccessRateOverTimeWindow,
};
use failsafe::futures::CircuitBreaker;
use failsafe::{Config, Error, StateMachine};

use super::{Admitted, Answer, Request, Rival, Why, scaled, serve};
use crate::rows::{Rules, State, Window};

/// Its state machine.
#[derive(Debug)]
pub struct Failsafe {
    breaker: StateMachine<Policy, ()>,
}

type Backoff = Doubling;

/// Whichever policy the rules ask for.
#[derive(Debug)]
enum Policy {
    Run(ConsecutiveFailures<Backoff>),
    Rate(SuccessRateOverTimeWindow<Backoff>),
}

/// An open time that doubles; its own `exponential` counts whole seconds.
#[derive(Clone, Debug)]
struct Doubling {
    next: Duration,
    max: Duration,
}

impl Failsafe {
    /// With these rules, at this scale.
    ///
    /// # Errors
    /// What of them it cannot be told.
    pub fn new(rules: &Rules, scale: f64) -> Result<Self, &'static str> {
        if rules.slow.is_some() {
            return Err("no rule for slow requests");
        }
        if rules.probes != 1 {
            return Err("the number of probes cannot be set");
        }
        let backoff = Doubling {
            next: scaled(rules.open_ms, scale),
            max: scaled(rules.max_open_ms, scale),
        };
        let policy = match (rules.consecutive, rules.failed, rules.window) {
            (Some(failures), None, _) => {
                Policy::Run(failure_policy::consecutive_failures(failures, backoff))
            }
            // A window of one result is a run of one failure.
            (None, Some(_), Window::Count(1)) => {
                Policy::Run(failure_policy::consecutive_failures(1, backoff))
            }
            (None, Some(failed), Window::Time(time)) => {
                Policy::Rate(failure_policy::success_rate_over_time_window(
                    1.0 - f64::from(failed) / 100.0,
                    rules.minimum,
                    scaled(time, scale),
                    backoff,
                ))
            }
            _ => return Err("no window of the last results"),
        };
        let breaker = Config::new().failure_policy(policy).build();
        Ok(Self { breaker })
    }

    /// The least scale from `scale` on at which a window is whole seconds; it knows no others.
    pub fn scale(rules: &Rules, scale: f64) -> f64 {
        match rules.window {
            Window::Time(time) => {
                let seconds = time as f64 / 1000.0;
                (seconds * scale).ceil().max(1.0) / seconds
            }
            Window::Count(_) => scale,
        }
    }
}

impl Rival for Failsafe {
    fn call(&mut self, end: Request) -> Answer {
        let failed = |why: &Why| *why == Why::Failure;
        let answer = self.breaker.call_with(failed, Box::pin(serve(end)));
        Box::pin(async { Admitted(!matches!(answer.await, Err(Error::Rejected))) })
    }

    /// It tells in its `Debug` form alone.
    fn state(&self) -> State {
        match format!("{:?}", self.breaker).as_str() {
            "StateMachine { state: \"closed\" }" => State::Closed,
            "StateMachine { state: \"open\" }" => State::Open,
            "StateMachine { state: \"half_open\" }" => State::HalfOpen,
            other => panic!("an unknown state: {other}"),
        }
    }

    fn holds(&self) -> Option<(u32, u32)> {
        None
    }
}

impl FailurePolicy for Policy {
    fn record_success(&mut self) {
        match self {
            Self::Run(policy) => policy.record_success(),
            Self::Rate(policy) => policy.record_success(),
        }
    }

    fn mark_dead_on_failure(&mut self) -> Option<Duration> {
        match self {
            Self::Run(policy) => policy.mark_dead_on_failure(),
            Self::Rate(policy) => policy.mark_dead_on_failure(),
        }
    }

    fn revived(&mut self) {
        match self {
            Self::Run(policy) => policy.revived(),
            Self::Rate(policy) => policy.revived(),
        }
    }
}

impl iter::Iterator for Doubling {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let now = self.next;
        self.next = (now * 2).min(self.max);
        Some(now)
    }
}
