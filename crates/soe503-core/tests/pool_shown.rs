//! The set of backends, and what refusals, snapshots and configuration errors say about it.

mod common;

use common::{ERROR, REFUSED, TestPool, at, ms, report, secs, specs};
use soe503_core::health::Health;
use soe503_core::ledger::Refusal;
use soe503_core::pool::{
    Ask, BackendSpec, BackendState, By, NoBackend, Pool, PoolConfig, PoolState, Tried,
};
use soe503_core::{Cause, Outcome, Ratio, Tick, Verdict};

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

fn refusal(pool: &mut TestPool, now: Tick) -> NoBackend {
    pool.pick_with(now, &Tried::new(), true).unwrap_err()
}

#[test]
fn refusals_say_what_took_all_of_them() {
    let mut empty = TestPool::of(0);
    let refused = refusal(&mut empty, at(1));
    assert_eq!(
        (refused.cause, refused.root),
        (Cause::ConfigNoEndpoints, None)
    );
    assert_eq!(
        refused.to_string(),
        "pool `app` has no usable backend (misconfiguration/no_endpoints): no backends",
    );

    let mut pool = TestPool::of(2);
    pool.pool.disable("b0", "x", None, at(1)).unwrap();
    pool.pool.disable("b1", "x", Some(at(50)), at(1)).unwrap();
    let refused = refusal(&mut pool, at(1));
    assert_eq!(
        (refused.cause, refused.due_back),
        (Cause::MaintenanceAdminDisabled, Some(at(50)))
    );
    pool.pool.drain("b0", "x", Some(at(40)), at(1)).unwrap();
    let refused = refusal(&mut pool, at(1));
    assert_eq!(
        (refused.cause, refused.due_back),
        (Cause::MaintenanceDraining, Some(at(40)))
    );
    assert_eq!((refused.counts.draining, refused.counts.disabled), (1, 1));
    assert!(matches!(
        Refusal::from(&refused),
        Refusal::NoBackend {
            cause: Cause::MaintenanceDraining,
            root: None
        },
    ));

    // All ejected, and checks agree: strict, so nobody is used.
    let mut pool = TestPool::with(2, strict());
    pool.record("b0", at(1), REFUSED);
    down(&pool, "b0", at(1));
    pool.pool.disable("b1", "x", None, at(1)).unwrap();
    let refused = refusal(&mut pool, at(1));
    assert_eq!(
        (refused.cause, refused.root),
        (Cause::CircuitAllEjected, DEAD)
    );
    assert_eq!(
        refused.due_back, None,
        "checks object, whenever the ejection ends"
    );
    assert_eq!(refused.counts.to_string(), "1 ejected, 1 disabled");
    assert_eq!(refused.counts.total(), 2);
}

/// A request that has been everywhere and may not go back: others are in rotation, no operator took them out.
#[test]
fn a_refusal_to_go_back_tells_what_took_the_others() {
    let refused = |pool: &mut TestPool, name: &str| {
        let mut tried = Tried::new();
        tried.insert(pool.pool.backend(name).unwrap().id);
        let ask = Ask::new(at(1), &tried).elsewhere(true);
        pool.pool.pick_for(&ask, &mut pool.rng).unwrap_err()
    };
    let alone = refused(&mut TestPool::of(1), "b0");
    assert_eq!((alone.cause, alone.root), (Cause::Unclassified, None));
    assert_eq!((alone.counts.up, alone.due_back), (1, None));
    let mut pool = TestPool::of(2);
    pool.record("b0", at(1), REFUSED);
    let other = refused(&mut pool, "b1");
    assert_eq!((other.cause, other.root), (DEAD.unwrap(), DEAD));
    assert_eq!((other.counts.up, other.counts.ejected), (1, 1));
    assert_eq!(other.due_back, Some(pool.due("b0", at(1))));
}

#[test]
fn fm27_the_set_changes_and_names_keep_their_state() {
    let mut pool = TestPool::of(2);
    pool.record("b0", at(1), REFUSED);
    pool.pool.drain("b1", "deploy", None, at(1)).unwrap();
    let ids: Vec<_> = pool
        .pool
        .backends()
        .iter()
        .map(|backend| backend.id)
        .collect();
    let lease = pool.pick(at(1));

    pool.grow_to(3, at(2));
    let backends = pool.pool.backends();
    assert_eq!(
        backends[..2]
            .iter()
            .map(|backend| backend.id)
            .collect::<Vec<_>>(),
        ids
    );
    assert_eq!(pool.state("b0"), BackendState::Ejected);
    assert_eq!(pool.state("b1"), BackendState::Draining);
    assert_eq!(
        pool.state("b2"),
        BackendState::Warming,
        "who joins others starts slowly"
    );
    assert_eq!(
        backends[0].in_flight(),
        1,
        "the lease from before still counts"
    );
    drop(lease);
    assert_eq!(backends[0].in_flight(), 0);

    // The same names elsewhere: other machines, the same operator.
    let moved: Vec<_> = specs(&[1, 1])
        .into_iter()
        .map(|spec| BackendSpec {
            address: "10.9.9.9:80".into(),
            ..spec
        })
        .collect();
    pool.pool.set_backends(moved, at(3));
    assert_eq!(pool.state("b0"), BackendState::Warming);
    assert_eq!(pool.state("b1"), BackendState::Draining);
    assert_eq!(pool.pool.backend("b0").unwrap().id, ids[0]);
    assert!(pool.pool.backend("b2").is_none());
}

#[test]
fn fm27_a_removed_backend_finishes_and_is_not_ejected() {
    let mut pool = TestPool::of(2);
    let lease = pool.lease("b1", at(1));
    pool.grow_to(1, at(1));
    assert!(lease.record(at(2), REFUSED).transition.is_none());
    assert_eq!(pool.snapshot(at(2)).backends.len(), 1);
}

#[test]
fn odd_specs_are_made_sense_of() {
    let pool = Pool::new("app", PoolConfig::default(), 1);
    let spec = |address: &str, service| BackendSpec {
        weight: 0,
        ..BackendSpec::new(address, service)
    };
    pool.set_backends(
        vec![spec("a:1", 'x'), spec("a:1", 'y'), spec("b:1", 'z')],
        at(0),
    );
    let backends = pool.backends();
    assert_eq!(backends.len(), 2, "the first of each name");
    assert_eq!((backends[0].service, backends[0].weight), ('x', 1));
    let lease = pool
        .pick(
            at(1),
            &Tried::new(),
            false,
            &mut fastrand::Rng::with_seed(1),
        )
        .unwrap();
    assert_eq!(*lease.service(), lease.backend().service);
}

#[test]
fn a_snapshot_has_everything() {
    let mut pool = TestPool::weighted(&[2, 1]);
    for n in 1..=100 {
        pool.answer("b0", at(n), if n <= 98 { ms(10) } else { ms(400) });
    }
    pool.record("b1", at(100), ERROR);
    pool.record("b1", at(100), REFUSED);
    let lease = pool.pick(at(100));
    let seen = pool.snapshot(at(100));
    assert_eq!(
        (&*seen.name, seen.state, seen.panic),
        ("app", PoolState::Degraded, false)
    );
    assert_eq!((seen.counts.up, seen.counts.ejected), (1, 1));
    let [b0, b1] = &seen.backends[..] else {
        panic!("two backends")
    };
    assert_eq!(
        (&*b0.name, &*b0.address, b0.weight),
        ("b0", "10.0.0.0:80", 2)
    );
    assert_eq!(
        (b0.state, b0.why.as_ref(), b0.in_flight),
        (BackendState::Up, None, 1)
    );
    assert_eq!((b0.requests, b0.failures), (101, 0));
    assert!(
        b0.latency.p50.unwrap().abs_diff(ms(10)) < ms(1),
        "{:?}",
        b0.latency
    );
    assert!(
        b0.latency.p99.unwrap().abs_diff(ms(400)) < ms(20),
        "{:?}",
        b0.latency
    );
    assert_eq!(
        (b1.state, b1.since, b1.consecutive_failures),
        (BackendState::Ejected, at(100), 2)
    );
    let why = b1.why.as_ref().unwrap();
    assert_eq!((why.cause, why.failures, why.by), (DEAD, 2, By::Traffic));
    assert_eq!(b1.share, 1.0);
    drop(lease);
    // Warming: half of its weight after half of the time.
    let due = pool.due("b1", at(100));
    pool.try_lease("b1", due, true)
        .unwrap()
        .record(due, Outcome::SUCCESS);
    let half = pool.snapshot(due.after(ms(2_500)));
    assert_eq!((half.backends[1].share, half.state), (0.5, PoolState::Ok));
    assert!(half.backends[1].ejection.is_none());
}

#[test]
fn numbers_that_make_no_sense_are_named() {
    let fine = PoolConfig::default();
    assert!(fine.validate().is_ok());
    let mut bad = fine.clone();
    bad.ejection.base = secs(60);
    assert_eq!(
        bad.validate().unwrap_err().to_string(),
        "ejection.max must be at least ejection.base"
    );
    let mut always_alike = fine.clone();
    always_alike.ejection.max = always_alike.ejection.base;
    assert!(always_alike.validate().is_ok());
    let mut bad = fine.clone();
    bad.ejection.base = secs(0);
    assert!(
        bad.validate()
            .unwrap_err()
            .to_string()
            .contains("ejection.base")
    );
    let mut bad = fine.clone();
    bad.ejection.probe_timeout = secs(0);
    assert!(
        bad.validate()
            .unwrap_err()
            .to_string()
            .contains("ejection.probe_timeout")
    );
    let bad = PoolConfig {
        latency_decay: secs(0),
        ..fine
    };
    assert!(
        bad.validate()
            .unwrap_err()
            .to_string()
            .contains("latency_decay")
    );
}

#[test]
fn words_are_the_api_s() {
    let words: Vec<_> = [
        BackendState::Up,
        BackendState::Down,
        BackendState::Ejected,
        BackendState::Draining,
        BackendState::Disabled,
        BackendState::Starting,
        BackendState::Warming,
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    assert_eq!(
        words,
        [
            "up", "down", "ejected", "draining", "disabled", "starting", "warming"
        ]
    );
    let words =
        [PoolState::Ok, PoolState::Degraded, PoolState::Down].map(|state| state.to_string());
    assert_eq!(words, ["ok", "degraded", "down"]);
    let words = [By::Traffic, By::Checks, By::Operator].map(|by| by.to_string());
    assert_eq!(words, ["traffic", "checks", "operator"]);
}

#[test]
fn defaults_are_as_documented() {
    let config = PoolConfig::default();
    assert_eq!(config.panic_threshold, Some(Ratio::percent(50)));
    assert_eq!(
        (config.slow_start, config.latency_decay),
        (secs(5), secs(10))
    );
    assert_eq!(
        (config.initial_health, config.abandon_after),
        (Health::Up, None)
    );
    let ejection = config.ejection;
    assert_eq!(
        (ejection.consecutive_failures, ejection.refused_at_once),
        (5, true)
    );
    assert_eq!((ejection.base, ejection.max), (secs(1), secs(30)));
    assert_eq!(
        (ejection.jitter, ejection.max_ejected),
        (Ratio::percent(10), Ratio::percent(70))
    );
    assert_eq!(
        (ejection.probe_timeout, ejection.probe_any_after),
        (secs(10), Some(secs(10)))
    );
}

#[test]
fn attempts_are_counted_by_what_they_fail_of() {
    let mut pool = TestPool::of(2);
    let idle = Outcome {
        verdict: Verdict::Degraded,
        cause: Some(Cause::ConfigKeepaliveMismatch),
    };
    for outcome in [Outcome::SUCCESS, ERROR, ERROR, idle, Outcome::IGNORE] {
        pool.record("b0", at(1), outcome);
    }
    // One whose time is over counts once, however it ends.
    let mut late = pool.lease("b1", at(1));
    late.overdue(at(2), Some(Cause::DependencyResponseTimeout));
    late.record(at(3), ERROR);
    let counted = |cause: Cause| pool.pool.spoiled(cause);
    assert_eq!(counted(Cause::DependencyUpstreamError), 2);
    assert_eq!(counted(Cause::ConfigKeepaliveMismatch), 1);
    assert_eq!(counted(Cause::DependencyResponseTimeout), 1);
    let all: u64 = Cause::ALL.iter().copied().map(counted).sum();
    assert_eq!(all, 4);
    assert_eq!(
        TestPool::of(1).pool.spoiled(Cause::DependencyUpstreamError),
        0
    );
}
