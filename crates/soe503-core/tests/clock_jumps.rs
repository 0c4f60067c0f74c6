//! A machine that was suspended for a month: time has passed for everything at once.

mod common;

use std::num::NonZeroU32;
use std::time::Duration;

use common::{ERROR, REFUSED, TestPool, at, ms};
use soe503_core::breaker::{Breaker, BreakerConfig, State};
use soe503_core::pool::{BackendState, LeaseKind};
use soe503_core::rate::{Quota, RateConfig, RateLimit};
use soe503_core::retry::{BudgetConfig, MAX_RETRY_AFTER, RetryBudget, parse_retry_after};
use soe503_core::throttle::{Throttle, ThrottleConfig};
use soe503_core::{Cause, Outcome, Tick};

const BEFORE: Tick = Tick::from_secs(100);
const AFTER: Tick = Tick::from_secs(100 + 30 * 24 * 3600);

#[test]
fn fm45_an_open_circuit_is_probed_after_a_suspend_and_not_closed_by_it() {
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    let failure = Outcome::failure(Cause::DependencyResponseTimeout);
    let fail = |now| {
        if let Ok(permit) = breaker.admit(now) {
            permit.record(now, failure);
        }
    };
    for _ in 0..50 {
        fail(BEFORE);
    }
    assert_eq!(breaker.state(), State::Open);
    assert!(breaker.admit(BEFORE).is_err());
    // Two of three decide.
    for _ in 0..2 {
        let probe = breaker.admit(AFTER).expect("a probe is due");
        assert_eq!(breaker.state(), State::HalfOpen);
        probe.record(AFTER, failure);
    }
    assert_eq!(breaker.state(), State::Open);
    let soon = AFTER.after(Duration::from_secs(10));
    assert!(
        breaker.admit(soon).is_ok(),
        "it does not wait for another month"
    );
}

#[test]
fn fm45_a_suspended_pool_probes_before_it_believes() {
    let mut pool = TestPool::of(3);
    pool.record("b0", BEFORE, REFUSED);
    for _ in 0..4 {
        pool.record("b1", BEFORE, ERROR);
    }
    let probe = pool.try_lease("b0", AFTER, true).expect("a probe is due");
    assert_eq!(probe.kind(), LeaseKind::Probe);
    assert_eq!(
        pool.state("b0"),
        BackendState::Ejected,
        "time proves nothing"
    );
    probe.record(AFTER, Outcome::SUCCESS);
    assert_eq!(pool.state("b0"), BackendState::Warming);
    // A request from before the suspend ends now: what it took is no latency that anybody should fear.
    pool.answer("b1", AFTER, ms(5));
    let picked = (0..200).filter(|_| &*pool.pick(AFTER).backend().name == "b1");
    assert!(picked.count() > 0, "b1 is still used");
}

#[test]
fn fm45_nothing_is_saved_up_and_nothing_is_owed_for_ever() {
    let budget = RetryBudget::new("app", BudgetConfig::default());
    (0..1000).for_each(|_| budget.deposit(BEFORE));
    let fresh = RetryBudget::new("app", BudgetConfig::default());
    let (old, new) = (budget.snapshot(AFTER), fresh.snapshot(AFTER));
    assert_eq!(old.available, new.available, "a month saves no retries");

    let burst = NonZeroU32::new(5).unwrap();
    let quota = Quota::new(NonZeroU32::new(10).unwrap(), Duration::from_secs(60)).with_burst(burst);
    let limit = RateLimit::new("api", RateConfig::new(quota));
    let key = limit.key("caller");
    let taken = |now| (0..100).filter(|_| limit.take(key, now).is_ok()).count();
    assert_eq!(taken(BEFORE), 5);
    assert_eq!(taken(AFTER), 5, "a burst again, not a month's worth");

    let throttle = Throttle::new("app", ThrottleConfig::default());
    for _ in 0..100 {
        let _ = throttle.admit(BEFORE, 1.0);
        throttle.refused(BEFORE);
    }
    assert!(throttle.admit(BEFORE, 0.0).is_err());
    assert!(throttle.admit(AFTER, 0.0).is_ok(), "nobody remembers");
}

/// Dates are the only thing that the wall clock decides, and they are bounded: a clock that was set wrong
/// holds up nobody for longer.
#[test]
fn fm45_a_date_is_bounded_whatever_the_clock_says() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for now in [0, 784_111_777 - 10, 784_111_777, i64::MAX, i64::MIN] {
        let wait = parse_retry_after(date, now);
        assert!(
            wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER),
            "{now}: {wait:?}"
        );
    }
    let soon = parse_retry_after(date, 784_111_777 - 10);
    assert_eq!(soon, Some(Duration::from_secs(10)));
    assert!(at(1) < AFTER);
}
