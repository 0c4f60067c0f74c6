//! Retries in a pool of one, whose backend may be restarting.

use std::time::Duration;

use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Fault, Phase, RetryVerdict, TimeoutKind};
use soe503_core::retry::{BudgetConfig, Decision, RetryBudget, RetryPolicy, Situation, decide};

/// The only backend is gone, and may be back: tried again, after a pause. One that hangs or answers is not.
#[test]
fn the_only_backend_may_be_back() {
    let policy = RetryPolicy::default();
    let attempted = |attempt: Attempt, only_backend: bool| {
        let situation = Situation {
            idempotent: true,
            other_backend: false,
            only_backend,
            ..Situation::after(&attempt, Tick::ZERO)
        };
        let budget = RetryBudget::new("app", BudgetConfig::default());
        match decide(
            &policy,
            &situation,
            &budget,
            &mut fastrand::Rng::with_seed(1),
        ) {
            Decision::Retry { after } => Ok(after),
            Decision::Stop(verdict) => Err(verdict),
        }
    };
    let failed = |fault: Fault, number: u8| Attempt {
        fault: Some(fault),
        phase: Phase::Connect,
        ..Attempt::begin(number, Tick::ZERO)
    };
    let pause = |fault: Fault, number: u8, only_backend: bool| {
        let attempt = Attempt {
            accepted_before: true,
            ..failed(fault, number)
        };
        attempted(attempt, only_backend)
    };
    let refused = || Fault::Errno(111);
    let least = Duration::from_millis(100);
    assert_eq!(pause(refused(), 1, true), Ok(least));
    assert_eq!(pause(refused(), 2, true), Ok(2 * least));
    assert_eq!(pause(refused(), 3, true), Err(RetryVerdict::AttemptsSpent));
    assert_eq!(
        pause(refused(), 1, false),
        Err(RetryVerdict::NoOtherBackend)
    );
    let hung = Fault::Timeout(TimeoutKind::Attempt);
    assert_eq!(pause(hung, 1, true), Err(RetryVerdict::NoOtherBackend));
    let never_there = attempted(failed(refused(), 1), true);
    assert_eq!(never_there, Err(RetryVerdict::NoOtherBackend));
    // It was there: this very attempt has reached it, or came by a connection from before, and was being answered.
    let reached = Attempt {
        connect: Some(Duration::from_millis(1)),
        ..failed(Fault::Closed, 1)
    };
    let reused = Attempt {
        reused: true,
        phase: Phase::WaitHeaders,
        bytes_received: Some(7),
        ..failed(Fault::Closed, 1)
    };
    for attempt in [reached, reused] {
        assert_eq!(attempted(attempt, true), Ok(least));
    }
}
