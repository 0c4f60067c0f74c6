//! Breakers, budgets, ejection.

use std::num::NonZeroU32;

use super::at_least;
use crate::config::{
    Cache, CircuitBreaker, Ejection, Queue, RetryBudget, Throttle, Window,
    keys::{BreakerKeys, CacheKeys, EjectionKeys, QueueKeys, RetryBudgetKeys, ThrottleKeys},
    problem::{Problem, Problems},
    wire::At,
};

/// The pool's breaker; `None` if it is switched off, or after a problem was added.
pub(super) fn circuit_breaker(
    At { value: keys, at }: At<BreakerKeys>,
    problems: &mut Problems,
) -> Option<CircuitBreaker> {
    if !keys.enabled.value {
        return None;
    }
    let consecutive_failures = NonZeroU32::new(keys.consecutive_failures.value);
    let failure_rate = keys.failure_rate.given.map(|rate| rate.value);
    let slow_rate = keys.slow_rate.given.map(|rate| rate.value);
    if keys.failure_rate.wrong || keys.slow_rate.wrong {
        return None;
    }
    if consecutive_failures.is_none() && failure_rate.is_none() && slow_rate.is_none() {
        let at = keys.consecutive_failures.at.unwrap_or(at);
        problems.push(
            Problem::new(
                at,
                "the circuit breaker has no rule",
                "this rule is off, and there is no other",
            )
            .help("add `failure_rate` or `slow_rate`, or write `enabled = false`"),
        );
        return None;
    }
    if let Window::Count(count) = keys.window.value
        && (failure_rate.is_some() || slow_rate.is_some())
        && keys.minimum_requests.value > count
        && let Some(window) = &keys.window.at
    {
        let minimum = keys.minimum_requests.value;
        let problem = Problem::new(
            window.clone(),
            "the rates of the circuit breaker would never be looked at",
            format!("the window never has {minimum} requests"),
        );
        problems.push(match keys.minimum_requests.at {
            Some(at) => problem.also(at, "so many are needed"),
            None => problem.help(format!("`minimum_requests` is {minimum} unless you set it")),
        });
    }
    let max_open_for = at_least(
        ("open_for", &keys.open_for),
        ("max_open_for", &keys.max_open_for),
        problems,
    );
    let max_consecutive_failures = at_least(
        ("consecutive_failures", &keys.consecutive_failures),
        ("max_consecutive_failures", &keys.max_consecutive_failures),
        problems,
    );
    let interval = keys.probe_interval.value;
    Some(CircuitBreaker {
        consecutive_failures,
        max_consecutive_failures,
        failure_rate,
        slow_rate,
        slow_request: keys.slow_request.value,
        window: keys.window.value,
        minimum_requests: keys.minimum_requests.value,
        probe_interval: (!interval.is_zero()).then_some(interval),
        open_for: keys.open_for.value,
        max_open_for,
        probes: keys.probes.value,
        shadow: keys.shadow.value,
    })
}

pub(super) fn retry_budget(keys: &RetryBudgetKeys) -> RetryBudget {
    RetryBudget {
        ratio: keys.ratio.value,
        window: keys.window.value,
        min_per_second: keys.min_per_second.value,
        cut_below: keys.cut_below.value,
    }
}

pub(super) fn queue(keys: &QueueKeys) -> Queue {
    Queue {
        max_waiting: keys.max_waiting.value,
        max_wait: keys.max_wait.value,
    }
}

/// When to eject; `None` if that is switched off.
pub(super) fn ejection(keys: &EjectionKeys, problems: &mut Problems) -> Option<Ejection> {
    let max = at_least(("base", &keys.base), ("max", &keys.max), problems);
    keys.enabled.value.then_some(Ejection {
        consecutive_failures: keys.consecutive_failures.value,
        failure_rate: keys.failure_rate.value,
        minimum_requests: keys.minimum_requests.value,
        slow_ratio: keys.slow_ratio.value,
        slow_by: keys.slow_by.value,
        base: keys.base.value,
        max,
    })
}

/// What is held back; `None` if nothing is.
pub(super) fn throttle(keys: &ThrottleKeys) -> Option<Throttle> {
    keys.enabled.value.then_some(Throttle {
        accept_rate: keys.accept_rate.value,
        max_reject: keys.max_reject.value,
        window: keys.window.value,
        minimum_requests: keys.minimum_requests.value,
    })
}

/// What is kept of answers.
pub(super) const fn cache(keys: &CacheKeys) -> Cache {
    Cache::new(
        keys.stale_if_error.value,
        keys.max_size.value.0,
        keys.max_object.value.0,
        keys.stale_while_revalidate.value,
    )
}
