//! What a pool and its backends answer to single questions, without a snapshot of everything.

mod common;

use std::task::Waker;

use common::{ERROR, REFUSED, TestPool, at, ms, report, secs};
use soe503_core::health::{Health, HealthReport};
use soe503_core::limit::{Class, Turned};
use soe503_core::pool::{Ask, BackendSpec, BackendState, PoolConfig, Tried};
use soe503_core::{Cause, Outcome};

#[test]
fn a_backend_says_how_it_is() {
    let mut pool = TestPool::of(2);
    let backend = pool.pool.backend("b0").unwrap();
    assert_eq!(backend.health(), Health::Up);
    assert_eq!(backend.latency(0.5), None, "nobody has asked it yet");
    assert_eq!(backend.release(), None);
    let lease = pool.lease("b0", at(1));
    assert_eq!((backend.in_flight(), backend.requests()), (1, 1));
    lease.record(at(1).after(ms(100)), Outcome::SUCCESS);
    assert_eq!((backend.in_flight(), backend.failures()), (0, 0));
    // A bucket is off by 3.2 % at most.
    let took = backend.latency(0.5).unwrap();
    assert!(ms(96) < took && took < ms(104), "{took:?}");
    let checked = HealthReport {
        release: Some("v2.8.0".into()),
        ..report(Health::Down, Some(Cause::DependencyUpstream503), None)
    };
    pool.pool.set_health("b0", checked, at(2)).unwrap();
    assert_eq!(backend.health(), Health::Down);
    assert_eq!(backend.release().as_deref(), Some("v2.8.0"));
}

#[test]
fn late_answers_are_counted_and_the_good_ones_apart() {
    let mut pool = TestPool::of(2);
    let backend = pool.pool.backend("b0").unwrap();
    assert_eq!(backend.late(), (0, 0));
    for outcome in [Outcome::SUCCESS, ERROR, Outcome::SUCCESS] {
        let mut lease = pool.lease("b0", at(1));
        lease.overdue(at(2), Some(Cause::DependencyResponseTimeout));
        lease.overdue(at(3), Some(Cause::DependencyResponseTimeout));
        lease.record(at(4), outcome);
    }
    pool.answer("b0", at(5), ms(1));
    assert_eq!(backend.late(), (3, 2));
}

#[test]
fn a_pool_is_well_while_all_that_nobody_took_out_are_in_rotation() {
    let mut pool = TestPool::of(3);
    assert!(pool.pool.is_well());
    pool.pool.disable("b2", "deploy", None, at(1)).unwrap();
    assert!(pool.pool.is_well(), "an operator took it out");
    pool.record("b0", at(1), REFUSED);
    assert!(!pool.pool.is_well());
}

#[test]
fn a_pool_says_whether_anybody_is_ejected() {
    let mut pool = TestPool::of(3);
    assert!(!pool.pool.any_ejected());
    pool.record("b0", at(1), REFUSED);
    assert!(pool.pool.any_ejected());
    // Be it that a check agrees.
    let down = report(Health::Down, Some(Cause::DependencyConnectRefused), None);
    pool.pool.set_health("b0", down, at(1)).unwrap();
    assert!(pool.pool.any_ejected());
    pool.record("b1", at(1), REFUSED);
    assert!(pool.pool.any_ejected());
    for name in ["b0", "b1"] {
        pool.pool.disable(name, "broken", None, at(1)).unwrap();
    }
    assert!(!pool.pool.any_ejected(), "an operator took them out");
}

#[test]
fn one_backend_is_shown_alone() {
    let mut pool = TestPool::of(2);
    pool.record("b1", at(1), REFUSED);
    let shown = pool.pool.backend_snapshot("b1", at(2)).unwrap();
    assert_eq!((&*shown.name, shown.state), ("b1", BackendState::Ejected));
    assert_eq!((shown.requests, shown.failures), (1, 1));
    assert_eq!(pool.pool.backend_snapshot("b7", at(2)), None);
}

#[test]
fn the_configuration_is_the_one_in_force() {
    let pool = TestPool::of(1);
    assert_eq!(*pool.pool.config(), PoolConfig::default());
    let config = PoolConfig {
        max_waiting: 3,
        max_wait: secs(7),
        ..PoolConfig::default()
    };
    pool.pool.set_config(config.clone());
    assert_eq!(*pool.pool.config(), config);
}

#[test]
fn who_waited_for_a_backend_is_counted_by_what_came_of_it() {
    let config = PoolConfig {
        max_waiting: 1,
        max_wait: secs(1),
        ..PoolConfig::default()
    };
    let mut pool = TestPool::with(0, config);
    let one = BackendSpec {
        max_in_flight: Some(1),
        ..BackendSpec::new("10.0.0.1:80", ())
    };
    pool.pool.set_backends(vec![one], at(0));
    assert_eq!(pool.pool.waited(), (0, 0));
    let busy = pool.pick(at(1));
    let mut turn = pool.pool.line_up(Class::Normal, None, at(1)).unwrap();
    let refused = pool.pool.line_up(Class::Normal, None, at(1)).unwrap_err();
    assert_eq!(refused.full.unwrap().why, Turned::LineFull);
    drop(busy);
    let tried = Tried::new();
    let ask = Ask::new(at(1), &tried);
    let lease = turn.poll(&ask, &mut pool.rng, Waker::noop()).unwrap();
    assert!(lease.is_ok());
    assert_eq!(pool.pool.waited(), (1, 1));
}

#[test]
fn logs_name_what_they_show() {
    let mut pool = TestPool::of(2);
    let lease = pool.lease("b1", at(1));
    for (shown, parts) in [
        (format!("{:?}", pool.pool), ["Pool", "\"app\"", "\"b0\""]),
        (
            format!("{:?}", pool.pool.backend("b0").unwrap()),
            ["Backend", "\"b0\"", "10.0.0.0:80"],
        ),
        (format!("{lease:?}"), ["Lease", "\"b1\"", "Normal"]),
    ] {
        for part in parts {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
    lease.record(at(1), ERROR);
    let config = PoolConfig {
        max_waiting: 1,
        ..PoolConfig::default()
    };
    let pool = TestPool::with(1, config);
    let turn = pool.pool.line_up(Class::Normal, None, at(1)).unwrap();
    let shown = format!("{turn:?}");
    assert!(
        shown.starts_with("Turn") && shown.contains("\"app\""),
        "{shown}"
    );
}

#[test]
fn full_backends_are_told_with_their_numbers() {
    let full = |why, waited| {
        let mut pool = TestPool::of(1);
        let one = BackendSpec {
            max_in_flight: Some(1),
            ..BackendSpec::new("10.0.0.1:80", ())
        };
        pool.pool.set_backends(vec![one], at(0));
        let _busy = pool.pick(at(1));
        let mut full = pool.pick_with(at(1), &Tried::new(), false).unwrap_err();
        let full = full.full.as_mut().unwrap();
        (full.why, full.waiting, full.waited) = (why, 7, waited);
        full.to_string()
    };
    let numbers = "1 in flight at 1 backends, 1 allowed";
    assert_eq!(full(Turned::AtOnce, ms(0)), numbers);
    assert_eq!(
        full(Turned::LineFull, ms(0)),
        format!("{numbers}, 7 waiting")
    );
    assert_eq!(
        full(Turned::TooLate, ms(250)),
        format!("{numbers}, 7 waiting, waited 250ms")
    );
}
