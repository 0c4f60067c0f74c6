use super::*;
use crate::Cause;
use crate::ledger::{Phase, TimeoutKind};
use crate::limit::Class;
use crate::retry::{BudgetConfig, Cut};

const NOW: Tick = Tick::from_secs(100);

fn attempt(phase: Phase, fault: Fault, bytes_sent: Option<u64>) -> Attempt {
    let mut attempt = Attempt::begin(1, NOW);
    attempt.phase = phase;
    attempt.fault = Some(fault);
    attempt.bytes_sent = bytes_sent;
    attempt
}

fn refusal(refusal: Refusal) -> Attempt {
    attempt(Phase::Queue, Fault::Refused(refusal), None)
}

fn circuit() -> Attempt {
    refusal(Refusal::CircuitOpen {
        rule: Cause::CircuitConsecutiveFailures,
        root: None,
    })
}

fn nobody() -> Attempt {
    let cause = Cause::CircuitAllEjected;
    refusal(Refusal::NoBackend { cause, root: None })
}

fn queue() -> Attempt {
    refusal(Refusal::Queue {
        cause: Cause::OverloadQueueFull,
        limit: 1,
        in_use: 1,
        waiting: 1,
        waited: Duration::ZERO,
        class: Class::Normal,
    })
}

fn unreachable() -> Attempt {
    attempt(Phase::Connect, Fault::Errno(111), None)
}

fn answered(status: u16) -> Attempt {
    attempt(Phase::Done, Fault::Status(status), Some(100))
}

fn late() -> Attempt {
    let fault = Fault::Timeout(TimeoutKind::Attempt);
    attempt(Phase::WaitHeaders, fault, Some(100))
}

fn of(attempts: &[Attempt]) -> Situation<'_> {
    Situation {
        attempts,
        now: NOW,
        idempotent: true,
        client_gone: false,
        body_replayable: true,
        most: 3,
        allowance_spent: false,
        remaining: Some(Duration::from_secs(1)),
        on_overload: false,
    }
}

fn budget() -> RetryBudget {
    RetryBudget::new("app", BudgetConfig::default())
}

#[test]
fn by_what_the_pool_came_to() {
    use RetryVerdict::{AttemptsSpent, ClientGone, Pointless, UnsafeToReplay};
    let policy = Refusal::Policy(Cause::ConfigLoopDetected);
    let client = attempt(Phase::Write, Fault::Client, Some(9));
    // (attempts, a request that may run twice, one that must not)
    let rows: [(&[Attempt], _, _); 13] = [
        (&[circuit()], Ok(()), Ok(())),
        (&[nobody()], Ok(()), Ok(())),
        (&[unreachable()], Ok(()), Ok(())),
        (&[unreachable(), circuit()], Ok(()), Ok(())),
        (&[answered(503)], Ok(()), Err(UnsafeToReplay)),
        (&[late()], Ok(()), Err(UnsafeToReplay)),
        // What was sent before the last attempt counts as well.
        (&[late(), nobody()], Ok(()), Err(UnsafeToReplay)),
        (
            &[unreachable(), late(), late()],
            Err(AttemptsSpent),
            Err(UnsafeToReplay),
        ),
        (&[queue()], Err(Pointless), Err(Pointless)),
        (&[refusal(policy)], Err(Pointless), Err(Pointless)),
        (
            &[attempt(Phase::WaitHeaders, Fault::Internal, Some(9))],
            Err(Pointless),
            Err(Pointless),
        ),
        (&[client], Err(ClientGone), Err(ClientGone)),
        (&[], Err(Pointless), Err(Pointless)),
    ];
    for (attempts, twice, once) in rows {
        let situation = of(attempts);
        assert_eq!(leave(&situation, &budget()), twice, "{attempts:?}");
        let situation = Situation {
            idempotent: false,
            ..situation
        };
        assert_eq!(leave(&situation, &budget()), once, "{attempts:?}");
    }
}

#[test]
fn by_what_is_around_it() {
    use RetryVerdict::{AttemptsSpent, BodyTooLarge, ClientGone, Disabled, NoTimeLeft};
    let (sent, unsent) = ([answered(503)], [circuit()]);
    let (sent, unsent) = (of(&sent), of(&unsent));
    let rows = [
        (
            Situation {
                client_gone: true,
                ..unsent.clone()
            },
            Err(ClientGone),
        ),
        (
            Situation {
                body_replayable: false,
                ..unsent.clone()
            },
            Err(BodyTooLarge),
        ),
        (
            Situation {
                allowance_spent: true,
                ..sent.clone()
            },
            Err(AttemptsSpent),
        ),
        (
            Situation {
                remaining: Some(Duration::ZERO),
                ..unsent.clone()
            },
            Err(NoTimeLeft),
        ),
        (
            Situation {
                remaining: None,
                ..unsent.clone()
            },
            Ok(()),
        ),
        // Retries are off: what was sent is not sent again, and what was not has lost nothing.
        (
            Situation {
                most: 1,
                ..sent.clone()
            },
            Err(Disabled),
        ),
        (
            Situation {
                most: 1,
                ..unsent.clone()
            },
            Ok(()),
        ),
        (
            Situation {
                most: 0,
                ..unsent.clone()
            },
            Ok(()),
        ),
    ];
    for (situation, expected) in rows {
        assert_eq!(leave(&situation, &budget()), expected, "{situation:?}");
    }
}

#[test]
fn a_full_pool_only_if_that_is_wanted() {
    let attempts = [queue()];
    let wanted = Situation {
        on_overload: true,
        ..of(&attempts)
    };
    assert_eq!(leave(&wanted, &budget()), Ok(()));
}

#[test]
fn what_was_sent_is_paid_for_and_what_was_not_is_free() {
    let (sent, unsent) = ([answered(503)], [circuit()]);
    let budget = budget();
    let paid = (0..10_000).take_while(|_| leave(&of(&sent), &budget).is_ok());
    assert!(paid.count() < 10_000);
    assert_eq!(leave(&of(&sent), &budget), Err(RetryVerdict::BudgetEmpty));
    assert_eq!(leave(&of(&unsent), &budget), Ok(()));
}

#[test]
fn that_most_attempts_fail_here_is_no_reason_to_stay() {
    let sent = [answered(503)];
    let budget = budget();
    budget.set_cut(Cut::MostFail, true);
    assert_eq!(leave(&of(&sent), &budget), Ok(()));
    budget.set_cut(Cut::Overload, true);
    assert_eq!(leave(&of(&sent), &budget), Err(RetryVerdict::BudgetEmpty));
}

#[test]
fn untouched_is_what_was_never_sent() {
    assert!(untouched(&[circuit(), nobody(), unreachable()]));
    assert!(!untouched(&[circuit(), answered(503)]));
}

/// Whatever is wanted of a full pool.
#[test]
fn one_full_backend_is_a_reason_to_go_and_a_full_limit_is_none() {
    let full = |backend: Option<&str>| {
        let mut full = refusal(Refusal::Limit {
            cause: Cause::OverloadConcurrencyLimit,
            limit: 1,
            in_use: 1,
        });
        full.backend = backend.map(Into::into);
        full
    };
    assert_eq!(leave(&of(&[full(Some("a"))]), &budget()), Ok(()));
    let stays = Err(RetryVerdict::Pointless);
    assert_eq!(leave(&of(&[full(None)]), &budget()), stays);
}
