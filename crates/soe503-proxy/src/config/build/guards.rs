//! Health checks, breakers, budgets, ejection.

use std::{num::NonZeroU32, ops::Range, sync::Arc};

use super::{at_least, not_here};
use crate::config::{
    BackendProtocol, CircuitBreaker, Ejection, HealthCheck, Host, Probe, RetryBudget, Window,
    keys::{BreakerKeys, CheckKeys, CheckKind, EjectionKeys, HttpPath, RetryBudgetKeys},
    problem::{Problem, Problems},
    wire::{At, Optional},
};

pub(super) fn health_check(
    At { value: keys, at }: At<CheckKeys>,
    protocol: BackendProtocol,
    problems: &mut Problems,
) -> Option<HealthCheck> {
    if let (Some(timeout), Some(interval)) = (&keys.timeout.at, &keys.interval.at)
        && keys.timeout.value > keys.interval.value
    {
        problems.push(
            Problem::new(
                timeout.clone(),
                "`timeout` is longer than `interval`",
                "checks of one backend would overlap",
            )
            .also(interval.clone(), "from one check to the next"),
        );
    }
    let probe = match keys.kind.value {
        CheckKind::Tcp => {
            let why = "a check of type \"tcp\" sends nothing";
            not_here(keys.path.given.map(|key| key.at), "path", why, problems);
            not_here(keys.host.given.map(|key| key.at), "host", why, problems);
            not_here(keys.expect.at, "expect", why, problems);
            Probe::Tcp
        }
        CheckKind::Http => {
            let (path, host) = http(keys.path, keys.host.given, at, problems)?;
            Probe::Http {
                path,
                host,
                expect: keys.expect.value,
                protocol,
            }
        }
    };
    Some(HealthCheck {
        probe,
        interval: keys.interval.value,
        timeout: keys.timeout.value.min(keys.interval.value),
        rise: keys.rise.value,
        fall: keys.fall.value,
    })
}

fn http(
    path: Optional<HttpPath>,
    host: Option<At<Host>>,
    at: Range<usize>,
    problems: &mut Problems,
) -> Option<(Arc<str>, Option<Arc<str>>)> {
    let host = match host {
        None => None,
        Some(At {
            value: Host::Exact(host),
            ..
        }) => Some(host),
        Some(At { at, .. }) => {
            problems.push(Problem::new(
                at,
                "`host`: expected one host",
                "a pattern cannot be sent in a request",
            ));
            return None;
        }
    };
    let Some(path) = path.given else {
        if path.wrong {
            return None;
        }
        problems.push(
            Problem::new(at, "the health check has no `path`", "nothing to `GET`").help(
                "add `path = \"/healthz\"`, or `type = \"tcp\"` to check the connection alone",
            ),
        );
        return None;
    };
    Some((path.value.0, host))
}

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
    Some(CircuitBreaker {
        consecutive_failures,
        failure_rate,
        slow_rate,
        slow_request: keys.slow_request.value,
        window: keys.window.value,
        minimum_requests: keys.minimum_requests.value,
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
    }
}

/// When to eject; `None` if that is switched off.
pub(super) fn ejection(keys: &EjectionKeys, problems: &mut Problems) -> Option<Ejection> {
    let max = at_least(("base", &keys.base), ("max", &keys.max), problems);
    keys.enabled.value.then_some(Ejection {
        consecutive_failures: keys.consecutive_failures.value,
        base: keys.base.value,
        max,
    })
}
