//! What stacks are refused for, and in which words.

use std::time::Duration;

use soe503_core::Ratio;
use soe503_core::breaker::BreakerConfig;
use soe503_core::hedge::HedgeConfig;
use soe503_core::limit::LimitConfig;
use soe503_core::retry::{BudgetConfig, RetryPolicy};
use soe503_core::stack::{Kind, Part, StackError, check};

const SECOND: Duration = Duration::from_secs(1);

fn timeout(seconds: u64) -> Part {
    Part::Timeout {
        total: SECOND * u32::try_from(seconds).unwrap(),
    }
}

fn circuit(name: &str) -> Part {
    Part::CircuitBreaker {
        name: name.into(),
        config: BreakerConfig::default(),
    }
}

fn limit(config: LimitConfig) -> Part {
    Part::ConcurrencyLimit {
        name: "shop".into(),
        config,
    }
}

fn budget() -> Option<(std::sync::Arc<str>, BudgetConfig)> {
    Some(("shop".into(), BudgetConfig::default()))
}

fn retry() -> Part {
    let attempt_timeout = Some(SECOND);
    Part::retry(
        RetryPolicy {
            attempt_timeout,
            ..RetryPolicy::default()
        },
        budget(),
    )
}

fn hedged(hedge: HedgeConfig, policy: RetryPolicy) -> Part {
    Part::Retry {
        policy,
        budget: budget(),
        hedge: Some(hedge),
        circuits: Vec::new(),
    }
}

fn rate(name: &str) -> Part {
    Part::RateLimit { name: name.into() }
}

fn everything() -> Vec<Part> {
    vec![
        Part::Explain,
        rate("by key"),
        rate("by address"),
        Part::Throttle {
            name: "shop".into(),
        },
        timeout(15),
        Part::Failover {
            attempts: 3,
            pools: 2,
        },
        limit(LimitConfig {
            max_waiting: 100,
            ..LimitConfig::fixed(50)
        }),
        retry(),
        circuit("shop"),
        Part::Pool {
            name: "shop".into(),
        },
    ]
}

fn refused(parts: &[Part]) -> StackError {
    check(parts).expect_err("this must be refused")
}

#[test]
fn everything_in_order_is_right_and_so_is_any_part_of_it() {
    let all = everything();
    assert_eq!(check(&all), Ok(()));
    for without in 0..all.len() {
        let mut some = all.clone();
        some.remove(without);
        assert_eq!(check(&some), Ok(()), "without {:?}", all[without]);
    }
    assert_eq!(check(&[]), Ok(()));
}

#[test]
fn any_two_that_change_places_are_refused_for_it() {
    let all = everything();
    for i in 0..all.len() {
        for j in i + 1..all.len() {
            let (outer, inner) = (all[i].kind(), all[j].kind());
            if outer == inner {
                continue;
            }
            let error = refused(&[all[j].clone(), all[i].clone()]);
            let [problem] = error.problems() else {
                panic!("{outer} and {inner}: {error}");
            };
            assert_eq!(problem.setting, outer.as_str());
            assert_eq!(problem.found, format!("stands inside of {inner}"));
            assert_eq!(problem.nearest, format!("the order {outer} > {inner}"));
        }
    }
}

#[test]
fn a_stack_in_the_wrong_order_is_told_the_right_one() {
    let error = refused(&[Part::Explain, circuit("shop"), retry(), timeout(15)]);
    let told: Vec<_> = error.problems().iter().map(|p| p.setting).collect();
    assert_eq!(told, ["retry", "timeout", "timeout"]);
    for problem in error.problems() {
        assert_eq!(
            problem.nearest,
            "the order explain > timeout > retry > circuit_breaker"
        );
    }
}

/// A row for each rule: what is built, and what is said.
#[test]
fn the_sentences() {
    let slow = BreakerConfig {
        slow_rate: Some(Ratio::percent(50)),
        slow_request: SECOND * 3,
        ..BreakerConfig::default()
    };
    let line = |max_waiting, max_wait| {
        limit(LimitConfig {
            max_waiting,
            max_wait,
            ..LimitConfig::fixed(10)
        })
    };
    let poor = BudgetConfig {
        ratio: Ratio::ZERO,
        min_per_second: 0,
        ..BudgetConfig::default()
    };
    let policy = RetryPolicy::default();
    let brief = RetryPolicy {
        attempt_timeout: Some(Duration::from_millis(30)),
        ..policy
    };
    let once = RetryPolicy {
        attempts: 1,
        ..policy
    };
    let eager = HedgeConfig {
        percentile: Ratio::percent(40),
        ..HedgeConfig::default()
    };
    let late = HedgeConfig {
        min_delay: SECOND * 2,
        ..HedgeConfig::default()
    };
    let stranger = Part::Retry {
        policy,
        budget: budget(),
        hedge: None,
        circuits: vec![("retry.ride_out", "billing".into())],
    };
    let failover = |attempts, pools| Part::Failover { attempts, pools };
    let rows: Vec<(Vec<Part>, &str)> = vec![
        (
            vec![timeout(2), Part::retry(policy, budget())],
            "retry.attempt_timeout is 5s, expected less than 2s, the timeout.total: an attempt that may take as long \
             as its request leaves no time for another; use 666ms",
        ),
        (
            vec![timeout(5), Part::retry(policy, budget())],
            "retry.attempt_timeout is 5s, expected less than 5s, the timeout.total: an attempt that may take as long \
             as its request leaves no time for another; use 1.6s",
        ),
        (
            vec![Part::retry(policy, None)],
            "retry.budget is missing, with retry.attempts 3, expected a budget: retries that nothing pays for \
             multiply the load of an outage; use BudgetConfig::default(), or retry.attempts 1",
        ),
        (
            vec![Part::retry(policy, Some(("shop".into(), poor)))],
            "retry.budget `shop` has ratio 0 and min_per_second 0, with retry.attempts 3, expected a budget that can \
             pay: not one retry would be made; use ratio 0.2, or retry.attempts 1",
        ),
        (
            vec![timeout(1), hedged(late, brief)],
            "hedge.min_delay is 2s, expected less than 30ms, the retry.attempt_timeout: the attempt is over before \
             its hedge would be sent; use 15ms",
        ),
        (
            vec![
                timeout(2),
                hedged(
                    late,
                    RetryPolicy {
                        attempt_timeout: None,
                        ..policy
                    },
                ),
            ],
            "hedge.min_delay is 2s, expected less than 2s, the timeout.total: the attempt is over before its hedge \
             would be sent; use 1s",
        ),
        (
            vec![hedged(HedgeConfig::default(), once)],
            "retry.attempts is 1, with hedging, expected at least 2: a hedge is an attempt, and none is left for it; \
             use 2",
        ),
        (
            vec![hedged(eager, policy)],
            "hedge.percentile is 0.4, expected at least 0.5: more requests would be sent twice than not; use 0.95",
        ),
        (
            vec![timeout(1), line(100, SECOND)],
            "concurrency_limit.max_wait is 1s, expected less than 1s, the timeout.total: who waits that long for a \
             turn has no time left for the answer; use 500ms",
        ),
        (
            vec![limit(LimitConfig::fixed(0))],
            "concurrency_limit.fixed is 0, expected at least 1: every request would be refused; use 1",
        ),
        (
            vec![timeout(0)],
            "timeout.total is 0, expected more than 0: every request would be late before it is sent; use what your \
             callers wait for, 15s if you do not know",
        ),
        (
            vec![
                timeout(2),
                Part::CircuitBreaker {
                    name: "shop".into(),
                    config: slow,
                },
            ],
            "circuit_breaker.slow_request is 3s, expected less than 2s, the timeout.total: no answer is ever that \
             slow, so slow_rate never opens the circuit; use 1s",
        ),
        (
            vec![stranger, circuit("shop")],
            "retry.ride_out looks at the circuit `billing`, expected `shop`, that of the circuit_breaker below: it \
             would wait for a circuit that none of its requests goes through; use the handle `shop`",
        ),
        (
            vec![failover(3, 1)],
            "failover.pools is 1, expected at least 2: there is no other pool to ask; use then(name, service) for \
             each other pool, or no failover",
        ),
        (
            vec![failover(2, 2), Part::retry(policy, budget())],
            "failover.attempts is 2, expected at least 3, the retry.attempts: all pools together could not make the \
             attempts that one of them may; use 3",
        ),
        (
            vec![circuit("shop"), retry()],
            "retry stands inside of circuit_breaker, expected outside of circuit_breaker: the circuit would see what \
             retries could not save and not the attempts, open late, and refuse whole requests where another \
             attempt could have waited; use the order retry > circuit_breaker",
        ),
        (
            vec![retry(), timeout(15)],
            "timeout stands inside of retry, expected outside of retry: inside of retry each attempt would have the \
             whole time again; what one attempt may take is retry.attempt_timeout; use the order timeout > retry",
        ),
        (
            vec![retry(), retry()],
            "retry is there twice, expected one: retries of retries multiply; use one retry, the outer one",
        ),
        (
            vec![rate("api"), rate("api")],
            "rate_limit is there twice, expected one: each request would take two from the same quota; use one of \
             them, or a limit with a name of its own",
        ),
    ];
    for (parts, sentence) in rows {
        assert_eq!(refused(&parts).to_string(), sentence);
    }
}

#[test]
fn what_nobody_asked_for_is_no_problem() {
    let idle = limit(LimitConfig {
        max_wait: SECOND * 60,
        ..LimitConfig::fixed(10)
    });
    // Nobody waits in this line.
    assert_eq!(check(&[timeout(1), idle]), Ok(()));
    // There are no retries to be paid for or to be in time.
    let once = RetryPolicy {
        attempts: 1,
        ..RetryPolicy::default()
    };
    assert_eq!(check(&[timeout(1), Part::retry(once, None)]), Ok(()));
    // Either pays for some.
    for (ratio, min_per_second) in [(Ratio::ZERO, 10), (Ratio::percent(20), 0)] {
        let budget = BudgetConfig {
            ratio,
            min_per_second,
            ..BudgetConfig::default()
        };
        let paid = Part::retry(RetryPolicy::default(), Some(("shop".into(), budget)));
        assert_eq!(check(&[paid]), Ok(()));
    }
    // No rule asks what is slow.
    let circuit = Part::CircuitBreaker {
        name: "shop".into(),
        config: BreakerConfig {
            slow_request: SECOND * 3,
            ..BreakerConfig::default()
        },
    };
    assert_eq!(check(&[timeout(1), circuit]), Ok(()));
}

/// Whichever ends the attempt first.
#[test]
fn a_hedge_has_to_be_sent_before_its_attempt_is_over() {
    for (attempt, total, bound) in [
        (1, 5, "less than 1s, the retry.attempt_timeout"),
        (3, 3, "less than 3s, the timeout.total"),
        (5, 3, "less than 3s, the timeout.total"),
    ] {
        let policy = RetryPolicy {
            attempt_timeout: Some(SECOND * attempt),
            ..RetryPolicy::default()
        };
        let hedge = HedgeConfig {
            min_delay: SECOND * 9,
            ..HedgeConfig::default()
        };
        let error = refused(&[timeout(total), hedged(hedge, policy)]);
        let problem = error.problems().iter();
        let problem = problem.filter(|p| p.setting == "hedge.min_delay");
        let told: Vec<_> = problem.map(|problem| &*problem.expected).collect();
        assert_eq!(told, [bound], "{attempt} of {total}");
    }
}

#[test]
fn each_kind_is_told_once_when_it_is_there_twice() {
    for part in everything() {
        let twice = [part.clone(), part.clone(), part.clone()];
        let error = refused(&twice);
        let told = error.problems().iter();
        let told = told.filter(|p| p.found == "is there twice");
        assert_eq!(told.count(), 1, "{part:?}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let idle = limit(LimitConfig::fixed(0));
    let error = refused(&[circuit("shop"), idle, timeout(2), retry(), retry()]);
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), error.problems().len());
    assert!(lines.len() >= 4, "{text}");
    assert!(lines.iter().all(|line| line.contains("; use ")), "{text}");
    assert!(Kind::Explain < Kind::Pool, "the order is that of the kinds");
}
