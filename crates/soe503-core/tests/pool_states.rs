//! What operators and checks do to a pool, and when checks are not believed.

mod common;

use common::{REFUSED, TestPool, at, ms, report};
use soe503_core::health::Health;
use soe503_core::pool::{BackendState, By, LeaseKind, NoBackend, PoolConfig, PoolState, Tried};
use soe503_core::{Cause, Ratio, Tick};

const DEAD: Option<Cause> = Some(Cause::DependencyConnectRefused);

fn strict() -> PoolConfig {
    PoolConfig {
        panic_threshold: None,
        ..PoolConfig::default()
    }
}

fn down(pool: &TestPool, name: &str, now: Tick) {
    let down = report(
        Health::Down,
        DEAD,
        Some("connect: connection refused (111)"),
    );
    pool.pool.set_health(name, down, now).unwrap();
}

fn up(pool: &TestPool, name: &str, now: Tick) {
    pool.pool
        .set_health(name, report(Health::Up, None, None), now)
        .unwrap();
}

fn refusal(pool: &mut TestPool, now: Tick) -> NoBackend {
    pool.pick_with(now, &Tried::new(), true).unwrap_err()
}

#[test]
fn an_operator_drains_and_enables() {
    let mut pool = TestPool::of(2);
    let before = pool.lease("b0", at(1));
    let change = pool
        .pool
        .drain("b0", "deploy 42", None, at(1))
        .unwrap()
        .unwrap();
    assert_eq!(
        (change.from, change.to),
        (BackendState::Up, BackendState::Draining)
    );
    let why = change.why.unwrap();
    assert_eq!(
        (&*why.text, why.by, why.since),
        ("deploy 42", By::Operator, at(1))
    );
    for _ in 0..50 {
        assert_eq!(&*pool.pick(at(2)).backend().name, "b1");
    }
    assert!(
        before.record(at(3), REFUSED).transition.is_none(),
        "leaving is no crime"
    );
    let change = pool.pool.enable("b0", at(4)).unwrap().unwrap();
    assert_eq!(
        (change.from, change.to),
        (BackendState::Draining, BackendState::Warming)
    );
    assert!(
        pool.pool.enable("b0", at(4)).unwrap().is_none(),
        "nothing to do"
    );
}

#[test]
fn a_decision_with_an_end_ends() {
    let mut pool = TestPool::of(1);
    pool.pool
        .disable("b0", "reboot", Some(at(60)), at(1))
        .unwrap();
    assert_eq!(
        refusal(&mut pool, at(60).before(ms(1))).due_back,
        Some(at(60))
    );
    assert_eq!(pool.pick(at(60)).kind(), LeaseKind::Normal);
    let changes = pool.pool.tend(at(60));
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (changes[0].from, changes[0].to),
        (BackendState::Disabled, BackendState::Warming)
    );
    assert!(pool.pool.tend(at(60)).is_empty(), "told once");
}

#[test]
fn draining_and_disabling_replace_each_other() {
    let pool = TestPool::of(2);
    pool.pool.drain("b0", "a", Some(at(9)), at(1)).unwrap();
    let change = pool.pool.disable("b0", "b", None, at(2)).unwrap().unwrap();
    assert_eq!(
        (change.from, change.to),
        (BackendState::Draining, BackendState::Disabled)
    );
    assert!(
        pool.pool.tend(at(10)).is_empty(),
        "the first decision's end is gone with it"
    );
    let change = pool.pool.drain("b0", "c", None, at(11)).unwrap().unwrap();
    assert_eq!(
        (change.from, change.to),
        (BackendState::Disabled, BackendState::Draining)
    );
}

#[test]
fn unknown_backends_are_an_error() {
    let pool = TestPool::of(1);
    let error = pool.pool.drain("b7", "x", None, at(1)).unwrap_err();
    assert_eq!(error.to_string(), "pool `app` has no backend `b7`");
    assert_eq!(error.backend(), "b7");
    assert!(pool.pool.enable(99_u32, at(1)).is_err());
    assert!(pool.pool.disable("b7", "x", None, at(1)).is_err());
    assert!(
        pool.pool
            .set_health(99_u32, report(Health::Up, None, None), at(1))
            .is_err()
    );
}

#[test]
fn checks_take_out_and_bring_back_slowly() {
    let mut pool = TestPool::of(3);
    let dead = report(
        Health::Down,
        DEAD,
        Some("connect: connection refused (111)"),
    );
    let id = pool.pool.backend("b0").unwrap().id;
    let change = pool.pool.set_health(id, dead, at(1)).unwrap().unwrap();
    assert_eq!(
        (change.from, change.to),
        (BackendState::Up, BackendState::Down)
    );
    let why = change.why.unwrap();
    assert_eq!((why.cause, why.by), (DEAD, By::Checks));
    assert_eq!(&*why.text, "connect: connection refused (111)");
    for _ in 0..50 {
        assert_ne!(&*pool.pick(at(1)).backend().name, "b0");
    }
    // The same verdict again: fresher evidence, no change.
    let again = report(Health::Down, DEAD, Some("timeout"));
    assert!(pool.pool.set_health(id, again, at(3)).unwrap().is_none());
    let seen = &pool.snapshot(at(3)).backends[0];
    assert_eq!(seen.health.last_error.as_deref(), Some("timeout"));
    assert_eq!(seen.why.as_ref().unwrap().since, at(1));
    let change = pool
        .pool
        .set_health(id, report(Health::Up, None, None), at(5))
        .unwrap()
        .unwrap();
    assert_eq!(change.to, BackendState::Warming);
}

#[test]
fn checks_that_condemn_more_than_half_are_not_believed() {
    let mut pool = TestPool::of(4);
    down(&pool, "b0", at(1));
    down(&pool, "b1", at(1));
    let snapshot = pool.snapshot(at(1));
    assert!(!snapshot.panic, "half is not more than half");
    assert_eq!(snapshot.state, PoolState::Degraded);
    for _ in 0..100 {
        assert_eq!(pool.pick(at(1)).kind(), LeaseKind::Normal);
    }
    down(&pool, "b2", at(2));
    assert!(pool.snapshot(at(2)).panic);
    let kinds: Vec<_> = (0..200).map(|_| pool.pick(at(2)).kind()).collect();
    assert!(kinds.contains(&LeaseKind::Panic), "visible");
    assert!(kinds.contains(&LeaseKind::Normal));
    assert!(pool.snapshot(at(2)).panic_picks > 0);
    down(&pool, "b3", at(3));
    assert_eq!(
        pool.pick(at(3)).kind(),
        LeaseKind::Panic,
        "not even when it is all of them"
    );
    assert_eq!(pool.snapshot(at(3)).state, PoolState::Down);
}

#[test]
fn traffic_that_fails_confirms_the_checks_and_ends_the_panic() {
    let mut pool = TestPool::of(3);
    down(&pool, "b0", at(1));
    down(&pool, "b1", at(1));
    assert!(pool.snapshot(at(1)).panic);
    assert!(pool.record("b0", at(1), REFUSED).transition.is_some());
    assert!(
        !pool.snapshot(at(1)).panic,
        "one of two condemned, and the other's fate is its own"
    );
    for _ in 0..100 {
        let lease = pool.pick(at(1));
        assert_eq!(
            (lease.kind(), &*lease.backend().name),
            (LeaseKind::Normal, "b2")
        );
    }
}

#[test]
fn panic_can_be_turned_off_and_tuned() {
    let mut pool = TestPool::with(3, strict());
    for name in ["b0", "b1", "b2"] {
        down(&pool, name, at(1));
    }
    let refused = refusal(&mut pool, at(1));
    assert_eq!(
        (refused.cause, refused.root),
        (Cause::DependencyConnectRefused, DEAD)
    );
    assert_eq!((refused.counts.down, refused.due_back), (3, None));
    assert!(!pool.snapshot(at(1)).panic);
    up(&pool, "b0", at(2));
    pool.pool.set_config(PoolConfig {
        panic_threshold: Some(Ratio::percent(70)),
        ..strict()
    });
    assert!(!pool.snapshot(at(2)).panic);
    pool.pool.set_config(PoolConfig {
        panic_threshold: Some(Ratio::percent(60)),
        ..strict()
    });
    assert!(pool.snapshot(at(2)).panic);
}

#[test]
fn starting_backends_wait_unless_nothing_else_is_left() {
    let config = PoolConfig {
        initial_health: Health::Starting,
        ..PoolConfig::default()
    };
    let mut pool = TestPool::with(2, config.clone());
    assert_eq!(pool.state("b0"), BackendState::Starting);
    assert_eq!(pool.pick(at(1)).kind(), LeaseKind::Panic);
    up(&pool, "b1", at(1));
    for _ in 0..50 {
        assert_eq!(&*pool.pick(at(1)).backend().name, "b1");
    }
    let mut strict = TestPool::with(
        2,
        PoolConfig {
            panic_threshold: None,
            ..config
        },
    );
    let refused = refusal(&mut strict, at(1));
    assert_eq!(
        (refused.cause, refused.counts.starting),
        (Cause::MaintenanceStarting, 2)
    );
}

/// What checks say now is all that counts of what they have said.
#[test]
fn of_what_checks_say_the_last_word_counts() {
    let states = [Health::Up, Health::Starting, Health::Down];
    for before in states {
        for after in states {
            let mut pool = TestPool::of(1);
            let told = |health, second| {
                let cause = DEAD.filter(|_| health == Health::Down);
                pool.pool
                    .set_health("b0", report(health, cause, None), at(second))
                    .unwrap();
            };
            told(before, 1);
            told(after, 2);
            let picked = pool.pick_with(at(3), &Tried::new(), true);
            assert!(
                picked.is_ok(),
                "{before:?}, {after:?}: nothing else is left"
            );
            drop(picked);
            let state = pool.pool.snapshot(at(3)).backends[0].state;
            let as_told = match state {
                BackendState::Up | BackendState::Warming => Health::Up,
                BackendState::Starting => Health::Starting,
                _ => Health::Down,
            };
            assert_eq!(as_told, after, "{before:?}: {state:?}");
        }
    }
}
