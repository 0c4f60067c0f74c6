//! Passive evidence: who is ejected, when a probe goes, and how a backend comes back.

mod common;

use common::{ERROR, REFUSED, TIMEOUT, TestPool, at, ms};
use soe503_core::pool::{
    BackendState, EjectionConfig, EjectionReason, FailureScope, LeaseKind, PoolConfig,
};
use soe503_core::{Cause, Outcome, Ratio, Tick};

/// No jitter, so that times are exact.
fn exact() -> PoolConfig {
    PoolConfig {
        ejection: EjectionConfig {
            jitter: Ratio::ZERO,
            ..EjectionConfig::default()
        },
        ..PoolConfig::default()
    }
}

fn pool(size: u32) -> TestPool {
    TestPool::with(size, exact())
}

/// Sends the probe of `name`, due `now`, with this result.
fn probe(pool: &mut TestPool, name: &str, now: Tick, outcome: Outcome) {
    let lease = pool.try_lease(name, now, true).expect("a probe is due");
    assert_eq!(lease.kind(), LeaseKind::Probe);
    lease.record(now, outcome);
}

#[test]
fn fm24_one_refused_connection_ejects() {
    let mut pool = pool(3);
    let recorded = pool.record("b1", at(5), REFUSED);
    assert_eq!(recorded.scope, FailureScope::Backend);
    let transition = recorded.transition.unwrap();
    assert_eq!(
        (transition.from, transition.to),
        (BackendState::Up, BackendState::Ejected)
    );
    assert_eq!((&*transition.backend, transition.at), ("b1", at(5)));
    let why = transition.why.unwrap();
    assert_eq!(why.cause, Some(Cause::DependencyConnectRefused));
    assert_eq!(
        (why.failures, why.since, why.until),
        (1, at(5), Some(at(6)))
    );
    assert_eq!(
        &*why.text,
        "failed: dependency_failure/connect_refused (ejection 1)"
    );
    assert!(
        pool.try_lease("b1", at(5), true).is_none(),
        "not even as a probe, so early"
    );
}

#[test]
fn anything_else_ejects_after_five_in_a_row() {
    let mut pool = pool(3);
    for n in 1..=4 {
        assert!(pool.record("b0", at(n), TIMEOUT).transition.is_none());
    }
    // A success starts the count anew: not five of six, five in a row.
    pool.answer("b0", at(5), ms(1));
    for n in 6..=9 {
        assert!(pool.record("b0", at(n), TIMEOUT).transition.is_none());
    }
    let why = pool
        .record("b0", at(10), ERROR)
        .transition
        .unwrap()
        .why
        .unwrap();
    assert_eq!(
        why.cause,
        Some(Cause::DependencyResponseTimeout),
        "the majority, not the last"
    );
    assert_eq!(why.failures, 5);
    assert!(
        why.text.contains("5 failures in a row within 4.0 s"),
        "{}",
        why.text
    );
    assert_eq!(pool.snapshot(at(10)).backends[0].failures, 9);
}

#[test]
fn after_a_return_it_takes_five_again() {
    // envoy#40697
    let mut pool = pool(2);
    (0..5).for_each(|_| drop(pool.record("b0", at(1), ERROR)));
    probe(&mut pool, "b0", at(2), Outcome::SUCCESS);
    for _ in 0..4 {
        assert!(pool.record("b0", at(3), ERROR).transition.is_none());
    }
    assert!(pool.record("b0", at(3), ERROR).transition.is_some());
}

#[test]
fn degraded_and_ignored_results_do_not_enter_the_run() {
    let mut pool = pool(2);
    for _ in 0..4 {
        pool.record("b0", at(1), ERROR);
    }
    for _ in 0..10 {
        pool.record(
            "b0",
            at(1),
            Outcome::degraded(Cause::OverloadUpstreamShedding),
        );
        pool.record("b0", at(1), Outcome::IGNORE);
    }
    assert_eq!(pool.state("b0"), BackendState::Up);
    assert_eq!(pool.snapshot(at(1)).backends[0].consecutive_failures, 4);
    assert!(pool.record("b0", at(1), ERROR).transition.is_some());
}

#[test]
fn fm15_a_pool_of_one_is_never_ejected() {
    let mut pool = pool(1);
    for n in 0..50 {
        let recorded = pool.record("b0", at(n), if n % 2 == 0 { REFUSED } else { ERROR });
        assert_eq!(recorded.scope, FailureScope::Pool);
        assert!(recorded.transition.is_none());
    }
    assert_eq!(pool.pick(at(50)).kind(), LeaseKind::Normal);
}

#[test]
fn the_last_in_rotation_is_never_ejected() {
    let mut pool = pool(3);
    assert!(pool.record("b0", at(1), REFUSED).transition.is_some());
    assert!(pool.record("b1", at(1), REFUSED).transition.is_some());
    for _ in 0..10 {
        let recorded = pool.record("b2", at(1), REFUSED);
        assert!(recorded.transition.is_none());
        assert_eq!(recorded.scope, FailureScope::Pool, "now it is the pool");
    }
    assert_eq!(pool.state("b2"), BackendState::Up);
}

#[test]
fn who_cannot_serve_is_no_backend_left() {
    let mut pool = pool(2);
    pool.pool.drain("b1", "deploy", None, at(1)).unwrap();
    assert!(pool.record("b0", at(1), REFUSED).transition.is_none());
    pool.pool.enable("b1", at(2)).unwrap();
    assert!(pool.record("b0", at(2), REFUSED).transition.is_some());
}

#[test]
fn fm17_when_all_fail_alike_nobody_is_ejected() {
    // Failure modes 16 and 17: a poison request or a shared dependency fails everywhere.
    let mut pool = pool(3);
    for n in 0..30 {
        for name in ["b0", "b1", "b2"] {
            let recorded = pool.record(name, at(n), ERROR);
            assert!(recorded.transition.is_none(), "{name} {n}");
        }
    }
    assert_eq!(pool.snapshot(at(30)).counts.up, 3);
    // One recovers: that is the sound sibling, and the next failure of another one ejects.
    pool.answer("b2", at(31), ms(1));
    assert!(pool.record("b0", at(31), ERROR).transition.is_some());
}

#[test]
fn failure_scope_needs_a_sound_sibling_in_rotation() {
    let mut pool = pool(2);
    assert_eq!(pool.record("b0", at(1), ERROR).scope, FailureScope::Backend);
    assert_eq!(pool.record("b1", at(1), ERROR).scope, FailureScope::Pool);
    pool.answer("b1", at(1), ms(1));
    assert_eq!(pool.record("b0", at(1), ERROR).scope, FailureScope::Backend);
    pool.pool.disable("b1", "broken disk", None, at(1)).unwrap();
    assert_eq!(pool.record("b0", at(1), ERROR).scope, FailureScope::Pool);
    assert_eq!(
        pool.record("b0", at(1), Outcome::SUCCESS).scope,
        FailureScope::Pool
    );
}

#[test]
fn errors_eject_only_a_part_of_the_pool_refusals_all_but_one() {
    let mut pool = pool(10);
    for name in pool.names() {
        for _ in 0..5 {
            if pool.state(&name) == BackendState::Up {
                pool.record(&name, at(1), ERROR);
            }
        }
    }
    assert_eq!(pool.snapshot(at(1)).counts.ejected, 7, "max_ejected is 0.7");
    for name in pool.names() {
        if pool.state(&name) == BackendState::Up {
            pool.record(&name, at(1), REFUSED);
        }
    }
    assert_eq!(pool.snapshot(at(1)).counts.ejected, 9);
}

#[test]
fn a_tight_cap_still_allows_one() {
    let ejection = EjectionConfig {
        max_ejected: Ratio::percent(10),
        ..EjectionConfig::default()
    };
    let mut pool = TestPool::with(
        3,
        PoolConfig {
            ejection,
            ..PoolConfig::default()
        },
    );
    (0..5).for_each(|_| drop(pool.record("b0", at(1), ERROR)));
    (0..5).for_each(|_| drop(pool.record("b1", at(1), ERROR)));
    assert_eq!(pool.state("b0"), BackendState::Ejected);
    assert_eq!(pool.state("b1"), BackendState::Up);
}

#[test]
fn rules_can_be_turned_off() {
    let ejection = EjectionConfig {
        consecutive_failures: 0,
        refused_at_once: false,
        ..EjectionConfig::default()
    };
    let mut pool = TestPool::with(
        2,
        PoolConfig {
            ejection,
            ..PoolConfig::default()
        },
    );
    for _ in 0..20 {
        assert!(pool.record("b0", at(1), REFUSED).transition.is_none());
    }
}

#[test]
fn ejections_are_counted_by_their_reason() {
    let mut pool = pool(4);
    let counted = |pool: &TestPool| {
        let snapshot = pool.snapshot(at(9));
        let by_reason: Vec<u64> = snapshot.ejections.iter().map(|(_, count)| count).collect();
        let by_backend: Vec<u32> = snapshot.backends.iter().map(|b| b.ejections).collect();
        (by_reason, by_backend)
    };
    assert_eq!(counted(&pool), (vec![0; 5], vec![0; 4]));
    pool.record("b1", at(5), REFUSED);
    for _ in 0..5 {
        pool.record("b2", at(5), ERROR);
    }
    probe(&mut pool, "b1", at(6), REFUSED);
    assert_eq!(
        counted(&pool),
        (vec![1, 1, 0, 0, 1], vec![0, 2, 1, 0]),
        "{:?}",
        EjectionReason::ALL
    );
}
