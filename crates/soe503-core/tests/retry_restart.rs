//! Retries in a pool of one, whose backend may be restarting.

use std::time::Duration;

use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Fault, Phase, RetryVerdict, TimeoutKind};
use soe503_core::retry::{BudgetConfig, Decision, RetryBudget, RetryPolicy, Situation, decide};

/// The only backend is gone, and may be back: tried again, after a pause. One that hangs or answers is not.
#[test]
fn the_only_backend_may_be_back() {
    let policy = RetryPolicy::default();
    let decided = |fault: Fault, number: u8, only_backend: bool, accepted_before: bool| {
        let attempt = Attempt {
            number,
            fault: Some(fault),
            phase: Phase::Connect,
            accepted_before,
            ..Attempt::begin(number, Tick::ZERO)
        };
        let situation = Situation {
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
    let pause = |fault, number, only| decided(fault, number, only, true);
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
    let never_there = decided(refused(), 1, true, false);
    assert_eq!(never_there, Err(RetryVerdict::NoOtherBackend));
}
