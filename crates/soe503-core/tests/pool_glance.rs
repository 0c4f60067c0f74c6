//! What failures see of a pool is what its snapshot shows, made once for each change.

mod common;

use std::sync::Arc;

use common::{REFUSED, TestPool, at, report};
use soe503_core::diagnosis::{BackendView, Condition};
use soe503_core::health::Health;
use soe503_core::pool::{BackendSnapshot, BackendState};
use soe503_core::{Cause, Outcome, Tick};

fn shown(backend: &BackendSnapshot) -> BackendView {
    BackendView {
        name: Arc::clone(&backend.name),
        address: Some(Arc::clone(&backend.address)),
        condition: match backend.state {
            BackendState::Up => Condition::Up,
            BackendState::Down => Condition::Down,
            BackendState::Ejected => Condition::Ejected,
            BackendState::Draining => Condition::Draining,
            BackendState::Disabled => Condition::Disabled,
            BackendState::Starting => Condition::Starting,
            BackendState::Warming => Condition::Warming,
            other => panic!("{other}"),
        },
        cause: backend.why.as_ref().and_then(|why| why.cause),
        since: Some(backend.since),
        hints: backend.health.hints.clone(),
    }
}

fn agree(pool: &TestPool, now: Tick) {
    let glance = pool.pool.glance(now);
    let snapshot = pool.pool.snapshot(now);
    let expected: Vec<_> = snapshot.backends.iter().map(shown).collect();
    assert_eq!(*glance.backends, expected);
    let ejections = snapshot.backends.iter().filter_map(|b| b.ejection.as_ref());
    assert_eq!(glance.due, ejections.map(|ejection| ejection.due).min());
}

fn conditions(pool: &TestPool, now: Tick) -> Vec<Condition> {
    let glance = pool.pool.glance(now);
    glance.backends.iter().map(|b| b.condition).collect()
}

#[test]
fn every_change_shows() {
    let mut pool = TestPool::of(4);
    agree(&pool, at(1));
    pool.pool.drain("b1", "moved", None, at(2)).unwrap();
    agree(&pool, at(2));
    pool.pool
        .disable("b2", "broken", Some(at(30)), at(3))
        .unwrap();
    agree(&pool, at(3));
    let down = report(
        Health::Down,
        Some(Cause::DependencyConnectTimeout),
        Some("no"),
    );
    pool.pool.set_health("b3", down, at(4)).unwrap();
    agree(&pool, at(4));
    assert_eq!(
        conditions(&pool, at(4)),
        [
            Condition::Up,
            Condition::Draining,
            Condition::Disabled,
            Condition::Down
        ]
    );
    pool.pool.enable("b1", at(5)).unwrap();
    agree(&pool, at(5));
    // By time alone.
    agree(&pool, at(31));
    assert_ne!(conditions(&pool, at(31))[2], Condition::Disabled);
    let now = at(32);
    pool.record("b0", now, REFUSED);
    agree(&pool, now);
    assert_eq!(conditions(&pool, now)[0], Condition::Ejected);
    let due = pool.pool.glance(now).due.unwrap();
    let probe = pool.try_lease("b0", due, true).unwrap();
    probe.record(due, Outcome::SUCCESS);
    agree(&pool, due);
    assert_eq!(pool.pool.glance(due).due, None, "it is back");
    pool.grow_to(2, at(40));
    agree(&pool, at(40));
}

#[test]
fn failures_share_it_while_nothing_changes() {
    let pool = TestPool::of(3);
    let first = pool.pool.glance(at(1));
    assert!(Arc::ptr_eq(&first, &pool.pool.glance(at(2))));
    pool.pool.drain("b1", "moved", None, at(3)).unwrap();
    let second = pool.pool.glance(at(3));
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&second, &pool.pool.glance(at(4))));
}
