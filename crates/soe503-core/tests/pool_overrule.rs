//! Checks against requests: neither condemns what the other proves.

mod common;

use std::time::Duration;

use common::{ERROR, REFUSED, TestPool, at, ms};
use soe503_core::health::{CheckConfig, CheckResult, Checker, Health};
use soe503_core::ledger::{Attempt, Fault, Phase, TimeoutKind};
use soe503_core::pool::{BackendState, By, LeaseKind, PoolConfig, PoolState, Tried};
use soe503_core::{Cause, Outcome, Tick};

/// A pool whose backends have checkers, as in a proxy.
struct Checked {
    pool: TestPool,
    checkers: Vec<Checker>,
}

impl Checked {
    fn of(size: u32) -> Self {
        Self::with(size, PoolConfig::default())
    }

    fn with(size: u32, config: PoolConfig) -> Self {
        let check = CheckConfig {
            fall: 2,
            ..CheckConfig::default()
        };
        Self {
            pool: TestPool::with(size, config),
            checkers: (0..size)
                .map(|seed| Checker::new(check.clone(), u64::from(seed), at(0)))
                .collect(),
        }
    }

    fn check(&mut self, number: usize, result: &CheckResult, now: Tick) {
        let checker = &mut self.checkers[number];
        checker.record(now, result.clone());
        let report = checker.report().clone();
        self.pool
            .pool
            .set_health(&*format!("b{number}"), report, now)
            .unwrap();
    }

    /// As often as it takes.
    fn condemn(&mut self, number: usize, result: &CheckResult, now: Tick) {
        self.check(number, result, now);
        self.check(number, result, now);
    }

    fn state(&self, name: &str) -> BackendState {
        self.pool.state(name)
    }

    fn overruled(&self, name: &str) -> bool {
        self.pool.pool.backend(name).unwrap().is_check_overruled()
    }
}

fn failed(phase: Phase, fault: Fault, said: &str) -> CheckResult {
    let mut attempt = Attempt::begin(1, Tick::ZERO);
    attempt.phase = phase;
    if let Fault::Status(status) = fault {
        attempt.status = Some(status);
    }
    attempt.fault = Some(fault);
    attempt.accepted_before = true;
    CheckResult::failed(&attempt, Duration::from_secs(1), said.into(), None)
}

fn gone() -> CheckResult {
    failed(Phase::Done, Fault::Status(404), "GET /healthz answered 404")
}

fn sick() -> CheckResult {
    failed(Phase::Done, Fault::Status(503), "GET /healthz answered 503")
}

fn late() -> CheckResult {
    failed(
        Phase::WaitHeaders,
        Fault::Timeout(TimeoutKind::Attempt),
        "no answer within 1s",
    )
}

const GOOD: CheckResult = CheckResult::passed(Some(200));

#[test]
fn fm13_a_path_that_is_gone_condemns_nobody_who_answers() {
    let mut checked = Checked::of(3);
    checked.check(0, &gone(), at(1));
    checked.pool.answer("b0", at(2), ms(5));
    checked.check(0, &gone(), at(3));
    assert_eq!(checked.state("b0"), BackendState::Up);
    let seen = checked.pool.snapshot(at(3));
    assert_eq!(seen.state, PoolState::Degraded, "and somebody should look");
    let backend = &seen.backends[0];
    assert!(backend.check_overruled);
    let why = backend.why.as_ref().unwrap();
    assert_eq!(why.cause, Some(Cause::ConfigHealthCheckPath));
    assert_eq!((why.by, why.since), (By::Checks, at(3)));
    assert_eq!(
        &*why.text,
        "the health check is broken: GET /healthz answered 404, and requests are answered"
    );
    assert_eq!(
        backend.health.health,
        Health::Down,
        "what the check says is still told"
    );
    // It goes on for as long as requests are answered …
    for second in [30, 60, 90] {
        checked.pool.answer("b0", at(second), ms(5));
        checked.check(0, &gone(), at(second + 1));
        assert_eq!(checked.state("b0"), BackendState::Up, "{second}");
    }
    // … and not for ever.
    checked.check(0, &gone(), at(149));
    assert_eq!(checked.state("b0"), BackendState::Up);
    checked.check(0, &gone(), at(151));
    assert_eq!(checked.state("b0"), BackendState::Down);
    let why = checked.pool.snapshot(at(151)).backends[0].why.clone();
    assert_eq!(&*why.unwrap().text, "GET /healthz answered 404");
}

#[test]
fn an_answer_from_before_the_failure_is_no_proof() {
    let mut checked = Checked::of(3);
    checked.pool.answer("b0", at(1), ms(5));
    checked.condemn(0, &gone(), at(2));
    assert_eq!(checked.state("b0"), BackendState::Down);
}

#[test]
fn an_answer_that_says_no_is_no_proof() {
    let mut checked = Checked::of(3);
    checked.check(0, &gone(), at(1));
    let mut lease = checked.pool.lease("b0", at(1));
    lease.unhelpful();
    lease.record(at(2), Outcome::SUCCESS);
    checked.check(0, &gone(), at(3));
    assert_eq!(checked.state("b0"), BackendState::Down, "404 for everybody");
}

#[test]
fn the_backends_own_word_counts_whatever_requests_say() {
    let refused = failed(
        Phase::Connect,
        Fault::Errno(111),
        "connect: connection refused",
    );
    for verdict in [sick(), refused] {
        let mut checked = Checked::of(3);
        checked.check(0, &verdict, at(1));
        checked.pool.answer("b0", at(2), ms(5));
        checked.check(0, &verdict, at(3));
        assert_eq!(checked.state("b0"), BackendState::Down, "{verdict:?}");
    }
    // Also after a time in which it was the check.
    let mut checked = Checked::of(3);
    checked.check(0, &gone(), at(1));
    checked.pool.answer("b0", at(2), ms(5));
    checked.check(0, &gone(), at(3));
    checked.check(0, &sick(), at(4));
    assert_eq!(checked.state("b0"), BackendState::Down);
    assert!(!checked.overruled("b0"));
}

#[test]
fn a_check_that_gives_up_early_is_overruled_by_fast_answers_only() {
    for (latency, state) in [(40, BackendState::Up), (800, BackendState::Down)] {
        let mut checked = Checked::of(3);
        checked.check(0, &late(), at(1));
        checked.pool.answer("b0", at(2), ms(latency));
        checked.check(0, &late(), at(3));
        assert_eq!(checked.state("b0"), state, "{latency} ms");
    }
}

#[test]
fn checks_that_pass_again_settle_it() {
    let mut checked = Checked::of(3);
    checked.check(0, &gone(), at(1));
    checked.pool.answer("b0", at(2), ms(5));
    checked.check(0, &gone(), at(3));
    checked.check(0, &GOOD, at(4));
    assert!(checked.overruled("b0"), "one of two");
    assert_eq!(checked.state("b0"), BackendState::Up);
    checked.check(0, &GOOD, at(5));
    assert!(!checked.overruled("b0"));
    let backend = &checked.pool.snapshot(at(5)).backends[0];
    assert_eq!(
        (backend.state, backend.why.clone()),
        (BackendState::Up, None)
    );
    assert_eq!(checked.pool.snapshot(at(5)).state, PoolState::Ok);
}

#[test]
fn a_condemned_backend_comes_back_when_requests_prove_it() {
    // One of one: checks that condemn everybody are not believed, so requests go there.
    let mut checked = Checked::of(1);
    checked.condemn(0, &gone(), at(1));
    assert_eq!(checked.state("b0"), BackendState::Down);
    let lease = checked.pool.pick(at(2));
    assert_eq!(lease.kind(), LeaseKind::Panic);
    lease.record(at(2), Outcome::SUCCESS);
    checked.check(0, &gone(), at(3));
    assert_eq!(
        checked.state("b0"),
        BackendState::Warming,
        "back in rotation"
    );
    assert!(checked.overruled("b0"));
    assert!(!checked.pool.snapshot(at(3)).panic);
}

#[test]
fn who_is_not_proved_yet_gets_requests_where_the_check_is_known_to_be_broken() {
    let mut checked = Checked::of(3);
    for number in 0..3 {
        checked.check(number, &gone(), at(1));
    }
    checked.pool.answer("b0", at(2), ms(5));
    checked.pool.answer("b1", at(2), ms(5));
    for number in 0..3 {
        checked.check(number, &gone(), at(3));
    }
    assert_eq!(
        checked.state("b2"),
        BackendState::Down,
        "no request went there"
    );
    assert!(checked.pool.snapshot(at(3)).panic, "visibly");
    let kinds: Vec<_> = (0..100)
        .map(|_| checked.pool.pick(at(3)))
        .map(|lease| (lease.backend().name.to_string(), lease.kind()))
        .collect();
    assert!(kinds.contains(&("b2".into(), LeaseKind::Panic)));
    assert!(kinds.contains(&("b0".into(), LeaseKind::Normal)));
    checked.pool.answer("b2", at(4), ms(5));
    checked.check(2, &gone(), at(5));
    assert!(checked.state("b2").in_rotation());
    assert!(!checked.pool.snapshot(at(5)).panic);
}

#[test]
fn who_says_himself_that_he_is_sick_gets_none() {
    let mut checked = Checked::of(3);
    checked.check(0, &gone(), at(1));
    checked.check(1, &gone(), at(1));
    checked.pool.answer("b0", at(2), ms(5));
    checked.pool.answer("b1", at(2), ms(5));
    checked.check(0, &gone(), at(3));
    checked.check(1, &gone(), at(3));
    checked.condemn(2, &sick(), at(3));
    for _ in 0..100 {
        assert_ne!(&*checked.pool.pick(at(3)).backend().name, "b2");
    }
}

#[test]
fn good_checks_never_return_what_requests_ejected() {
    let mut checked = Checked::of(3);
    assert!(
        checked
            .pool
            .record("b0", at(1), REFUSED)
            .transition
            .is_some()
    );
    for second in 2..=20 {
        checked.check(0, &GOOD, at(second));
        assert_eq!(checked.state("b0"), BackendState::Ejected, "{second}");
    }
    // Nor does a check that was bad in between.
    checked.condemn(0, &sick(), at(21));
    checked.check(0, &GOOD, at(23));
    checked.check(0, &GOOD, at(24));
    assert_eq!(checked.state("b0"), BackendState::Ejected);
    let probe = checked.pool.try_lease("b0", at(25), true).unwrap();
    assert_eq!(probe.kind(), LeaseKind::Probe);
    probe.record(at(25), Outcome::SUCCESS);
    assert_eq!(checked.state("b0"), BackendState::Warming, "requests do");
}

#[test]
fn a_broken_check_does_not_keep_the_ejected_from_their_probe() {
    let mut checked = Checked::of(3);
    for number in 0..3 {
        checked.check(number, &gone(), at(1));
    }
    for name in ["b0", "b1"] {
        checked.pool.answer(name, at(2), ms(5));
    }
    // b1 is known to be checked wrongly when it is ejected, b2 never was.
    for number in 0..2 {
        checked.check(number, &gone(), at(3));
    }
    assert!(
        checked
            .pool
            .record("b1", at(4), REFUSED)
            .transition
            .is_some()
    );
    assert!(
        checked
            .pool
            .record("b2", at(4), REFUSED)
            .transition
            .is_some()
    );
    checked.check(1, &gone(), at(5));
    checked.check(2, &gone(), at(5));
    for name in ["b1", "b2"] {
        assert_eq!(checked.state(name), BackendState::Ejected);
        let probe = checked.pool.try_lease(name, at(30), true).expect(name);
        assert_eq!(probe.kind(), LeaseKind::Probe, "{name}");
        probe.record(at(30), Outcome::SUCCESS);
        assert!(checked.state(name).in_rotation(), "{name}");
    }
    // Where the backend itself says no, there is none.
    assert!(
        checked
            .pool
            .record("b2", at(31), REFUSED)
            .transition
            .is_some()
    );
    checked.condemn(2, &sick(), at(32));
    assert!(checked.pool.try_lease("b2", at(99), true).is_none());
}

#[test]
fn failing_requests_are_for_ejection_and_do_not_prove_the_check_right() {
    let mut checked = Checked::of(1);
    checked.check(0, &gone(), at(1));
    checked.pool.answer("b0", at(2), ms(5));
    checked.check(0, &gone(), at(3));
    for second in 4..=6 {
        checked.pool.record("b0", at(second), ERROR);
        checked.check(0, &gone(), at(second));
        assert!(checked.overruled("b0"), "{second}");
    }
}

#[test]
fn it_holds_without_panic_too() {
    let strict = PoolConfig {
        panic_threshold: None,
        ..PoolConfig::default()
    };
    let mut checked = Checked::with(1, strict);
    checked.check(0, &gone(), at(1));
    checked.pool.answer("b0", at(2), ms(5));
    checked.check(0, &gone(), at(3));
    let lease = checked.pool.pick_with(at(3), &Tried::new(), false).unwrap();
    assert_eq!(lease.kind(), LeaseKind::Normal);
}

/// Ejected, nobody can prove it by a request: it goes by what they have shown of another one's check.
#[test]
fn the_check_of_an_ejected_backend_is_overruled_where_another_ones_is() {
    let mut checked = Checked::of(3);
    checked.pool.record("b0", at(1), REFUSED);
    checked.condemn(0, &gone(), at(1));
    assert!(!checked.overruled("b0"), "nobody's is");
    checked.check(1, &gone(), at(2));
    checked.pool.answer("b1", at(3), ms(1));
    checked.check(1, &gone(), at(4));
    assert!(checked.overruled("b1"));
    checked.check(0, &gone(), at(5));
    assert!(checked.overruled("b0"));
}
