//! Settings that make each other pointless.

use core::time::Duration;
use std::sync::Arc;

use super::part::Part;
use super::problem::Problem;
use crate::Ratio;
use crate::hedge::HedgeConfig;
use crate::retry::{BudgetConfig, RetryPolicy};

pub(super) fn check(parts: &[Part], problems: &mut Vec<Problem>) {
    let total = parts.iter().find_map(|part| match part {
        Part::Timeout { total } => Some(*total),
        _ => None,
    });
    let circuits: Vec<&Arc<str>> = parts.iter().filter_map(circuit).collect();
    for part in parts {
        match part {
            Part::Timeout { total } if total.is_zero() => problems.push(no_time()),
            Part::ConcurrencyLimit { config, .. } => {
                if config.fixed == 0 {
                    problems.push(no_place());
                }
                let wait = (config.max_waiting > 0).then_some(config.max_wait);
                problems.extend(long(
                    ("concurrency_limit.max_wait", wait),
                    ("timeout.total", total),
                    "who waits that long for a turn has no time left for the answer",
                    2,
                ));
            }
            Part::Retry {
                policy,
                budget,
                hedge,
                circuits: used,
            } => {
                let paid = budget.as_ref().map(|(name, config)| (&**name, config));
                retry(policy, paid, total, problems);
                if let Some(hedge) = hedge {
                    hedging(hedge, policy, total, problems);
                }
                if let [own] = circuits[..] {
                    let others = used.iter().filter(|(_, name)| name != own);
                    problems.extend(others.map(|(setting, name)| stranger(setting, name, own)));
                }
            }
            Part::CircuitBreaker { config, .. } => {
                let slow = config.slow_rate.map(|_| config.slow_request);
                problems.extend(long(
                    ("circuit_breaker.slow_request", slow),
                    ("timeout.total", total),
                    "no answer is ever that slow, so slow_rate never opens the circuit",
                    2,
                ));
            }
            Part::Failover { attempts, pools } => failover(*attempts, *pools, parts, problems),
            _ => {}
        }
    }
}

fn circuit(part: &Part) -> Option<&Arc<str>> {
    match part {
        Part::CircuitBreaker { name, .. } => Some(name),
        _ => None,
    }
}

fn retry(
    policy: &RetryPolicy,
    budget: Option<(&str, &BudgetConfig)>,
    total: Option<Duration>,
    problems: &mut Vec<Problem>,
) {
    if policy.attempts <= 1 {
        return;
    }
    problems.extend(long(
        ("retry.attempt_timeout", policy.attempt_timeout),
        ("timeout.total", total),
        "an attempt that may take as long as its request leaves no time for another",
        u32::from(policy.attempts),
    ));
    let why = "retries that nothing pays for multiply the load of an outage";
    match budget {
        None => problems.push(Problem {
            setting: "retry.budget",
            found: format!("is missing, with retry.attempts {}", policy.attempts).into(),
            expected: "a budget".into(),
            why: why.into(),
            nearest: "BudgetConfig::default(), or retry.attempts 1".into(),
        }),
        Some((name, config)) if config.ratio == Ratio::ZERO && config.min_per_second == 0 => {
            problems.push(Problem {
                setting: "retry.budget",
                found: format!(
                    "`{name}` has ratio 0 and min_per_second 0, with retry.attempts {}",
                    policy.attempts
                )
                .into(),
                expected: "a budget that can pay".into(),
                why: "not one retry would be made".into(),
                nearest: "ratio 0.2, or retry.attempts 1".into(),
            });
        }
        Some(_) => {}
    }
}

fn hedging(
    hedge: &HedgeConfig,
    policy: &RetryPolicy,
    total: Option<Duration>,
    problems: &mut Vec<Problem>,
) {
    if policy.attempts <= 1 {
        problems.push(Problem {
            setting: "retry.attempts",
            found: format!("is {}, with hedging", policy.attempts).into(),
            expected: "at least 2".into(),
            why: "a hedge is an attempt, and none is left for it".into(),
            nearest: "2".into(),
        });
    }
    let (name, sooner) = match (policy.attempt_timeout, total) {
        (Some(attempt), total) if total.is_none_or(|total| attempt < total) => {
            ("retry.attempt_timeout", Some(attempt))
        }
        (_, total) => ("timeout.total", total),
    };
    problems.extend(long(
        ("hedge.min_delay", Some(hedge.min_delay)),
        (name, sooner),
        "the attempt is over before its hedge would be sent",
        2,
    ));
    if hedge.validate().is_err() {
        problems.push(Problem {
            setting: "hedge.percentile",
            found: format!("is {}", hedge.percentile.as_f64()).into(),
            expected: "at least 0.5".into(),
            why: "more requests would be sent twice than not".into(),
            nearest: "0.95".into(),
        });
    }
}

fn failover(attempts: u8, pools: usize, parts: &[Part], problems: &mut Vec<Problem>) {
    if pools < 2 {
        problems.push(Problem {
            setting: "failover.pools",
            found: format!("is {pools}").into(),
            expected: "at least 2".into(),
            why: "there is no other pool to ask".into(),
            nearest: "then(name, service) for each other pool, or no failover".into(),
        });
    }
    for part in parts {
        if let Part::Retry { policy, .. } = part
            && attempts < policy.attempts
        {
            problems.push(Problem {
                setting: "failover.attempts",
                found: format!("is {attempts}").into(),
                expected: format!("at least {}, the retry.attempts", policy.attempts).into(),
                why: "all pools together could not make the attempts that one of them may".into(),
                nearest: policy.attempts.to_string().into(),
            });
        }
    }
}

/// `setting` has to be less than `bound`; a part of the bound is proposed.
fn long(
    (setting, is): (&'static str, Option<Duration>),
    (bound, limit): (&str, Option<Duration>),
    why: &'static str,
    part: u32,
) -> Option<Problem> {
    let (is, limit) = (is?, limit?);
    // No time at all is told by itself.
    if is < limit || limit.is_zero() {
        return None;
    }
    Some(Problem {
        setting,
        found: format!("is {is:?}").into(),
        expected: format!("less than {limit:?}, the {bound}").into(),
        why: why.into(),
        nearest: format!("{:?}", rounded(limit / part)).into(),
    })
}

/// Down to a number that people would choose.
fn rounded(duration: Duration) -> Duration {
    let unit = match duration.as_micros() {
        0..1_000 => return duration,
        1_000..1_000_000 => Duration::from_millis(1),
        _ => Duration::from_millis(100),
    };
    let nanos = duration.as_nanos() / unit.as_nanos() * unit.as_nanos();
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn no_time() -> Problem {
    Problem {
        setting: "timeout.total",
        found: "is 0".into(),
        expected: "more than 0".into(),
        why: "every request would be late before it is sent".into(),
        nearest: "what your callers wait for, 15s if you do not know".into(),
    }
}

fn no_place() -> Problem {
    Problem {
        setting: "concurrency_limit.fixed",
        found: "is 0".into(),
        expected: "at least 1".into(),
        why: "every request would be refused".into(),
        nearest: "1".into(),
    }
}

fn stranger(setting: &'static str, name: &str, own: &str) -> Problem {
    Problem {
        setting,
        found: format!("looks at the circuit `{name}`").into(),
        expected: format!("`{own}`, that of the circuit_breaker below").into(),
        why: "it would wait for a circuit that none of its requests goes through".into(),
        nearest: format!("the handle `{own}`").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_values_are_round() {
        let micros = Duration::from_micros;
        for (exact, round) in [
            (999, 999),
            (1_000, 1_000),
            (1_999, 1_000),
            (7_500, 7_000),
            (999_999, 999_000),
            (1_000_000, 1_000_000),
            (1_999_999, 1_900_000),
            (7_500_000, 7_500_000),
        ] {
            assert_eq!(rounded(micros(exact)), micros(round), "{exact}");
        }
    }
}
