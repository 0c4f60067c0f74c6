//! Every verdict of the retry decision, and the price of each.

use std::sync::Arc;
use std::time::Duration;

use soe503_core::ledger::{Attempt, Fault, Phase, Refusal, RetryVerdict, TimeoutKind};
use soe503_core::retry::{
    Backoff, BudgetConfig, Cut, Decision, ReplayClass, RetryBudget, RetryPolicy, Situation,
    classify, decide,
};
use soe503_core::{Cause, Ratio, Tick};

const NOW: Tick = Tick::from_secs(100);

fn attempt(phase: Phase, fault: Fault, sent: u64) -> Attempt {
    let mut attempt = Attempt::begin(1, NOW);
    attempt.phase = phase;
    attempt.fault = Some(fault);
    attempt.bytes_sent = Some(sent);
    attempt.backend = Some(Arc::from("b0"));
    attempt
}

fn refused_connection() -> Attempt {
    attempt(Phase::Connect, Fault::Errno(111), 0)
}

fn timeout() -> Attempt {
    attempt(Phase::WaitHeaders, Fault::Timeout(TimeoutKind::Attempt), 80)
}

fn own_refusal(refusal: Refusal) -> Attempt {
    Attempt {
        backend: None,
        ..attempt(Phase::Queue, Fault::Refused(refusal), 0)
    }
}

fn budget(min_per_second: u32) -> RetryBudget {
    let config = BudgetConfig {
        ratio: Ratio::ZERO,
        min_per_second,
        ..BudgetConfig::default()
    };
    RetryBudget::new("app", config)
}

fn run(policy: &RetryPolicy, situation: &Situation<'_>, budget: &RetryBudget) -> Decision {
    decide(policy, situation, budget, &mut fastrand::Rng::with_seed(1))
}

/// The verdict, and that nothing was paid for it.
fn verdict(situation: &Situation<'_>) -> RetryVerdict {
    let budget = budget(100);
    let decision = run(&RetryPolicy::default(), situation, &budget);
    let seen = budget.snapshot(NOW);
    match decision {
        Decision::Stop(verdict) => {
            assert_eq!((seen.spent, seen.refused), (0, 0), "{verdict:?} is free");
            verdict
        }
        Decision::Retry { .. } => {
            assert_eq!(seen.spent, 1);
            RetryVerdict::Retried
        }
    }
}

#[test]
fn every_door() {
    use RetryVerdict as V;
    let connect = refused_connection();
    let hung = timeout();
    let last = Attempt {
        number: 3,
        ..refused_connection()
    };
    let client = attempt(Phase::Write, Fault::Client, 20);
    let bug = attempt(Phase::WaitHeaders, Fault::Internal, 20);
    let race = Attempt {
        reused: true,
        bytes_received: Some(0),
        ..attempt(Phase::WaitHeaders, Fault::Closed, 80)
    };
    let open = own_refusal(Refusal::CircuitOpen {
        rule: Cause::CircuitConsecutiveFailures,
        root: None,
    });
    let none = own_refusal(Refusal::NoBackend {
        cause: Cause::CircuitAllEjected,
        root: None,
    });
    let limit = own_refusal(Refusal::Limit {
        cause: Cause::OverloadConcurrencyLimit,
        limit: 1,
        in_use: 1,
    });
    let policy = own_refusal(Refusal::Policy(Cause::MaintenanceWindow));
    let base = |attempt| Situation::after(attempt, NOW);
    let rows = [
        ("unsent, any method", base(&connect), V::Retried),
        (
            "sent, may run twice",
            Situation {
                idempotent: true,
                ..base(&hung)
            },
            V::Retried,
        ),
        ("sent, must not run twice", base(&hung), V::UnsafeToReplay),
        (
            "client left",
            Situation {
                client_gone: true,
                ..base(&connect)
            },
            V::ClientGone,
        ),
        ("client broke its own request", base(&client), V::ClientGone),
        (
            "response begun",
            Situation {
                response_started: true,
                idempotent: true,
                ..base(&hung)
            },
            V::ResponseStarted,
        ),
        (
            "client left an answered request",
            Situation {
                response_started: true,
                client_gone: true,
                ..base(&hung)
            },
            V::ClientGone,
        ),
        ("circuit open", base(&open), V::Pointless),
        ("limit", base(&limit), V::Pointless),
        ("maintenance", base(&policy), V::Pointless),
        (
            "our bug",
            Situation {
                idempotent: true,
                ..base(&bug)
            },
            V::Pointless,
        ),
        ("no backend at all", base(&none), V::NoOtherBackend),
        (
            "tried out by the next balancer",
            Situation {
                upstream_final: true,
                ..base(&connect)
            },
            V::Pointless,
        ),
        (
            "body gone",
            Situation {
                body_replayable: false,
                ..base(&connect)
            },
            V::BodyTooLarge,
        ),
        (
            "body gone, but unsafe anyway",
            Situation {
                body_replayable: false,
                ..base(&hung)
            },
            V::UnsafeToReplay,
        ),
        ("third of three", base(&last), V::AttemptsSpent),
        (
            "nobody else",
            Situation {
                other_backend: false,
                ..base(&connect)
            },
            V::NoOtherBackend,
        ),
        (
            "nobody else, but a keep-alive race: the same again",
            Situation {
                other_backend: false,
                idempotent: true,
                ..base(&race)
            },
            V::Retried,
        ),
        (
            "a keep-alive race proves nothing about an unsafe request whose bytes went out",
            Situation {
                other_backend: false,
                ..base(&race)
            },
            V::UnsafeToReplay,
        ),
    ];
    for (name, situation, expected) in rows {
        assert_eq!(verdict(&situation), expected, "{name}");
    }
}

/// Whatever is tried again has to be over by the request's deadline, the pause before it included.
#[test]
fn fm12_what_would_come_too_late_is_not_tried() {
    let (connect, hung) = (refused_connection(), timeout());
    let ms = Duration::from_millis;
    let left = |remaining: u64, expected: u64| Situation {
        remaining: Some(ms(remaining)),
        expected: ms(expected),
        ..Situation::after(&connect, NOW)
    };
    // What was sent waits for up to 25 ms before it is sent again.
    let paused = |remaining: u64| Situation {
        idempotent: true,
        attempt: &hung,
        ..left(remaining, 50)
    };
    let asked = |remaining: u64| Situation {
        retry_after: Some(ms(2_000)),
        ..left(remaining, 50)
    };
    for (name, situation, expected) in [
        ("no time left", left(0, 0), RetryVerdict::NoTimeLeft),
        (
            "less than an attempt takes",
            left(50, 50),
            RetryVerdict::NoTimeLeft,
        ),
        ("just enough", left(51, 50), RetryVerdict::Retried),
        (
            "enough without the pause",
            paused(51),
            RetryVerdict::NoTimeLeft,
        ),
        ("enough with it", paused(76), RetryVerdict::Retried),
        (
            "asked to come back too late",
            asked(2_050),
            RetryVerdict::NoTimeLeft,
        ),
        (
            "asked to come back in time",
            asked(2_051),
            RetryVerdict::Retried,
        ),
    ] {
        assert_eq!(verdict(&situation), expected, "{name}");
    }
}

#[test]
fn turned_off() {
    let connect = refused_connection();
    for attempts in [0, 1] {
        let policy = RetryPolicy {
            attempts,
            ..RetryPolicy::default()
        };
        let decision = run(&policy, &Situation::after(&connect, NOW), &budget(100));
        assert_eq!(decision, Decision::Stop(RetryVerdict::Disabled));
    }
}

#[test]
fn an_empty_budget_stops_and_says_so() {
    let connect = refused_connection();
    let budget = budget(2);
    let situation = Situation::after(&connect, NOW);
    for _ in 0..2 {
        assert!(matches!(
            run(&RetryPolicy::default(), &situation, &budget),
            Decision::Retry { .. }
        ));
    }
    let decision = run(&RetryPolicy::default(), &situation, &budget);
    assert_eq!(decision, Decision::Stop(RetryVerdict::BudgetEmpty));
    let seen = budget.snapshot(NOW);
    assert_eq!((seen.spent, seen.refused, seen.available), (2, 1, 0));
}

#[test]
fn a_budget_that_is_cut_stops_and_says_so() {
    let connect = refused_connection();
    let budget = budget(100);
    for why in [Cut::MostFail, Cut::Overload] {
        budget.set_cut(why, true);
        let decision = run(
            &RetryPolicy::default(),
            &Situation::after(&connect, NOW),
            &budget,
        );
        assert_eq!(decision, Decision::Stop(RetryVerdict::RetriesCut));
        budget.set_cut(why, false);
    }
}

#[test]
fn how_long_to_wait() {
    let policy = RetryPolicy {
        attempts: 9,
        backoff: Backoff {
            base: Duration::from_millis(25),
            max: Duration::from_millis(250),
        },
        ..RetryPolicy::default()
    };
    let longest = |situation: &Situation<'_>| {
        let mut rng = fastrand::Rng::with_seed(3);
        let budget = budget(u32::MAX);
        let wait = |_| match decide(&policy, situation, &budget, &mut rng) {
            Decision::Retry { after } => after.as_millis(),
            Decision::Stop(verdict) => panic!("{verdict:?}"),
        };
        (0..500).map(wait).max().unwrap()
    };
    let connect = refused_connection();
    assert_eq!(
        longest(&Situation::after(&connect, NOW)),
        0,
        "a first failover is immediate"
    );
    let second = Attempt {
        number: 2,
        ..refused_connection()
    };
    assert!((45..=50).contains(&longest(&Situation::after(&second, NOW))));
    let hung = timeout();
    let idempotent = Situation {
        idempotent: true,
        ..Situation::after(&hung, NOW)
    };
    assert!(
        (20..=25).contains(&longest(&idempotent)),
        "what was sent waits from the first"
    );
    let asked = Situation {
        retry_after: Some(Duration::from_secs(2)),
        ..Situation::after(&connect, NOW)
    };
    assert_eq!(longest(&asked), 2_000);
}

#[test]
fn the_last_attempt_gets_what_is_left() {
    let policy = RetryPolicy::default();
    let secs = Duration::from_secs;
    for (number, remaining, expected) in [
        (1, Some(secs(15)), Some(secs(5))),
        (2, Some(secs(9)), Some(secs(5))),
        (2, Some(secs(3)), Some(secs(3))),
        (3, Some(secs(9)), Some(secs(9))),
        (1, None, Some(secs(5))),
        (3, None, None),
    ] {
        assert_eq!(
            policy.timeout_of(number, remaining),
            expected,
            "{number} {remaining:?}"
        );
    }
    let endless = RetryPolicy {
        attempt_timeout: None,
        ..policy
    };
    assert_eq!(endless.timeout_of(1, Some(secs(9))), Some(secs(9)));
    assert_eq!(endless.timeout_of(1, None), None);
}

#[test]
fn defaults_are_as_documented() {
    let policy = RetryPolicy::default();
    assert_eq!(
        (policy.attempts, policy.attempt_timeout),
        (3, Some(Duration::from_secs(5)))
    );
    assert_eq!(policy.backoff.base, Duration::from_millis(25));
    assert_eq!(policy.backoff.max, Duration::from_millis(250));
    let budget = BudgetConfig::default();
    assert_eq!(
        (budget.ratio, budget.min_per_second),
        (Ratio::percent(20), 3)
    );
    assert_eq!(budget.window, Duration::from_secs(10));
    assert_eq!(classify(&refused_connection(), false), ReplayClass::Unsent);
    assert!(!ReplayClass::Unsafe.replayable());
}
