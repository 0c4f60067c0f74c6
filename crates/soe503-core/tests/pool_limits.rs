//! Backends that may have so many requests in flight: who gets what does not fit, and who waits.

mod common;

use std::collections::BTreeMap;
use std::task::Waker;

use common::{REFUSED, TestPool, at, ms, specs};
use proptest::prelude::*;
use soe503_core::limit::Class;
use soe503_core::pool::{
    Affinity, Ask, BackendSpec, Balance, Hashing, Lease, NoBackend, PoolConfig, Tried, Turn,
};
use soe503_core::{Cause, Outcome, Tick};

const POLICIES: [Balance; 6] = [
    Balance::P2c,
    Balance::LeastRequest,
    Balance::RoundRobin,
    Balance::Random,
    Balance::RingHash(Hashing::DEFAULT),
    Balance::Maglev(Hashing::DEFAULT),
];

fn config(balance: Balance) -> PoolConfig {
    PoolConfig {
        balance,
        max_waiting: 4,
        ..PoolConfig::default()
    }
}

fn limited(limits: &[u32], config: PoolConfig) -> TestPool {
    let pool = TestPool::with(0, config);
    pool.pool.set_backends(specs_of(limits), at(0));
    pool
}

/// 0: no limit.
fn specs_of(limits: &[u32]) -> Vec<BackendSpec<()>> {
    let plain = specs(&vec![1; limits.len()]);
    let with_limit = |(spec, &limit): (BackendSpec<()>, &u32)| BackendSpec {
        max_in_flight: (limit > 0).then_some(limit),
        badge: Some(Affinity::badge(&spec.name, &[1; 16])),
        ..spec
    };
    plain.into_iter().zip(limits).map(with_limit).collect()
}

fn count(leases: &[Lease<()>]) -> BTreeMap<&str, usize> {
    let mut of = BTreeMap::new();
    for lease in leases {
        *of.entry(&*lease.backend().name).or_default() += 1;
    }
    of
}

fn full(pool: &mut TestPool, now: Tick) -> NoBackend {
    pool.pick_with(now, &Tried::new(), false).unwrap_err()
}

fn poll(
    pool: &mut TestPool,
    turn: &mut Turn<()>,
    now: Tick,
) -> Option<Result<Lease<()>, NoBackend>> {
    let tried = Tried::new();
    turn.poll(&Ask::new(now, &tried), &mut pool.rng, Waker::noop())
}

#[test]
fn each_policy_fills_each_backend_to_its_limit_and_no_further() {
    for balance in POLICIES {
        let mut pool = limited(&[2, 5, 1], config(balance));
        let leases: Vec<_> = (0..8)
            .map(|key| pool.pick_key(key, at(1), &Tried::new()))
            .collect();
        let expected = BTreeMap::from([("b0", 2), ("b1", 5), ("b2", 1)]);
        assert_eq!(count(&leases), expected, "{balance}");
        let refused = full(&mut pool, at(1));
        assert_eq!(refused.cause, Cause::OverloadConcurrencyLimit, "{balance}");
        let told = refused.full.unwrap();
        assert_eq!((told.backends, told.limit, told.in_flight), (3, 8, 8));
        drop(leases);
        assert!(
            pool.pick_with(at(1), &Tried::new(), false).is_ok(),
            "{balance}"
        );
    }
}

#[test]
fn many_backends_are_filled_as_well() {
    for balance in POLICIES {
        let mut pool = limited(&[3; 300], config(balance));
        let leases: Vec<_> = (0..900)
            .map(|key| pool.pick_key(key, at(1), &Tried::new()))
            .collect();
        assert!(count(&leases).values().all(|&n| n == 3), "{balance}");
        let told = full(&mut pool, at(1)).full.unwrap();
        assert_eq!((told.backends, told.limit, told.in_flight), (300, 900, 900));
    }
}

#[test]
fn one_without_a_limit_takes_what_does_not_fit() {
    let mut pool = limited(&[1, 0], config(Balance::P2c));
    let leases: Vec<_> = (0..50).map(|_| pool.pick(at(1))).collect();
    assert_eq!(count(&leases), BTreeMap::from([("b0", 1), ("b1", 49)]));
}

#[test]
fn a_key_goes_on_to_the_next_and_comes_back() {
    for balance in &POLICIES[4..] {
        let mut pool = limited(&[1, 1, 1], config(*balance));
        let first = pool.pick_key(7, at(1), &Tried::new());
        let second = pool.pick_key(7, at(1), &Tried::new());
        assert_ne!(first.backend().id, second.backend().id);
        let owner = first.backend().id;
        drop(first);
        assert_eq!(pool.pick_key(7, at(1), &Tried::new()).backend().id, owner);
        drop(second);
    }
}

#[test]
fn a_client_that_belongs_to_a_full_backend_is_served_by_another() {
    let mut pool = limited(&[1, 1], config(Balance::P2c));
    let badge = Affinity::badge("b0", &[1; 16]);
    let tried = Tried::new();
    let ask = Ask::new(at(1), &tried).affinity(Affinity::NONE.with_badge(badge));
    let mine = pool.pool.pick_for(&ask, &mut pool.rng).unwrap();
    assert_eq!(&*mine.backend().name, "b0");
    let other = pool.pool.pick_for(&ask, &mut pool.rng).unwrap();
    assert_eq!(&*other.backend().name, "b1");
}

#[test]
fn a_retry_returns_to_where_it_was_rather_than_fail() {
    let mut pool = limited(&[2, 1], config(Balance::P2c));
    let _other = pool.lease("b1", at(1));
    let mut tried = Tried::new();
    tried.insert(pool.pool.backend("b0").unwrap().id);
    let lease = pool.pick_with(at(1), &tried, false).unwrap();
    assert_eq!(&*lease.backend().name, "b0");
    assert!(lease.repeated());
}

#[test]
fn what_is_out_of_rotation_has_no_room() {
    let mut pool = limited(&[1, 1], config(Balance::P2c));
    pool.record("b0", at(1), REFUSED);
    let _only = pool.pick(at(1));
    let told = full(&mut pool, at(1)).full.unwrap();
    assert_eq!((told.backends, told.limit), (1, 1));
}

#[test]
fn a_slow_start_gets_its_part_of_the_limit() {
    let mut pool = limited(&[100, 100], config(Balance::RoundRobin));
    pool.pool.disable("b0", "test", None, at(1)).unwrap();
    pool.pool.enable("b0", at(10)).unwrap();
    // A second into five: a fifth, and b1 has its own limit.
    let leases: Vec<_> = (0..120).map(|_| pool.pick(at(11))).collect();
    assert_eq!(count(&leases), BTreeMap::from([("b0", 20), ("b1", 100)]));
    assert!(full(&mut pool, at(11)).full.is_some());
    let more: Vec<_> = (0..80).map(|_| pool.pick(at(15))).collect();
    assert_eq!(count(&more), BTreeMap::from([("b0", 80)]));
}

#[test]
fn where_all_warm_up_the_limits_hold_as_they_are() {
    let mut pool = limited(&[10, 10], config(Balance::P2c));
    for name in ["b0", "b1"] {
        pool.pool.disable(name, "test", None, at(1)).unwrap();
    }
    for name in ["b0", "b1"] {
        pool.pool.enable(name, at(10)).unwrap();
    }
    let leases: Vec<_> = (0..20).map(|_| pool.pick(at(10))).collect();
    assert_eq!(count(&leases), BTreeMap::from([("b0", 10), ("b1", 10)]));
}

/// Without a limit, a backend that comes back and hangs collects no more than its part.
#[test]
fn a_slow_start_bounds_what_is_in_flight() {
    for balance in [
        Balance::P2c,
        Balance::RoundRobin,
        Balance::Random,
        Balance::LeastRequest,
    ] {
        let mut pool = limited(&[0, 0, 0], config(balance));
        pool.pool.disable("b0", "test", None, at(1)).unwrap();
        let busy: Vec<_> = (0..40).map(|_| pool.pick(at(2))).collect();
        pool.pool.enable("b0", at(10)).unwrap();
        // The others have 20 each; after a second it may have a fifth of that, and no more.
        let mut hung = Vec::new();
        for _ in 0..2_000 {
            let lease = pool.pick(at(11));
            match &*lease.backend().name {
                "b0" => hung.push(lease),
                _ => drop(lease.record(at(11), Outcome::SUCCESS)),
            }
        }
        assert!((1..=5).contains(&hung.len()), "{balance}: {}", hung.len());
        drop(busy);
    }
}

#[test]
fn a_slow_start_gives_way_where_nobody_else_has_room() {
    let mut pool = limited(&[0, 1], config(Balance::P2c));
    pool.pool.disable("b0", "test", None, at(1)).unwrap();
    pool.pool.enable("b0", at(10)).unwrap();
    let leases: Vec<_> = (0..30).map(|_| pool.pick(at(10))).collect();
    assert_eq!(count(&leases), BTreeMap::from([("b0", 29), ("b1", 1)]));
}

#[test]
fn a_new_limit_evicts_nobody() {
    let mut pool = limited(&[3], config(Balance::P2c));
    let mut leases: Vec<_> = (0..3).map(|_| pool.pick(at(1))).collect();
    pool.pool.set_backends(specs_of(&[1]), at(2));
    assert!(full(&mut pool, at(2)).full.is_some());
    leases.truncate(1);
    assert!(full(&mut pool, at(2)).full.is_some());
    leases.clear();
    assert!(pool.pick_with(at(2), &Tried::new(), false).is_ok());
    assert_eq!(pool.pool.backend("b0").unwrap().in_flight(), 0);
}

proptest! {
    /// Whatever happens, no backend has more in flight than it may, a refusal is only given where nobody
    /// has room, and everything is given back.
    #[test]
    fn limits_hold(
        limits in prop::collection::vec(1_u32..4, 1..6),
        steps in prop::collection::vec((0_u8..6, any::<u16>()), 1..200),
        policy in 0_usize..6,
    ) {
        let mut pool = limited(&limits, PoolConfig {
            slow_start: core::time::Duration::ZERO,
            ..config(POLICIES[policy])
        });
        let mut held: Vec<Lease<()>> = Vec::new();
        let mut turns: Vec<Turn<()>> = Vec::new();
        let mut now = at(1);
        for (step, number) in steps {
            now = now.after(ms(u64::from(number % 40)));
            match step {
                0..=2 => {
                    let affinity = Affinity::NONE.with_hash(u64::from(number));
                    let tried = Tried::new();
                    let ask = Ask::new(now, &tried).affinity(affinity);
                    match pool.pool.pick_for(&ask, &mut pool.rng) {
                        Ok(lease) => held.push(lease),
                        Err(none) => {
                            prop_assert!(none.full.is_some());
                            let roomy = pool.pool.backends().iter().any(|b| {
                                b.state().in_rotation() && b.in_flight() < b.max_in_flight().unwrap()
                            });
                            prop_assert!(!roomy || !turns.is_empty());
                            turns.extend(pool.pool.line_up(Class::Normal, None, now));
                        }
                    }
                }
                3 if !held.is_empty() => {
                    let lease = held.swap_remove(usize::from(number) % held.len());
                    let outcome = if number % 7 == 0 { REFUSED } else { Outcome::SUCCESS };
                    drop(lease.record(now, outcome));
                }
                4 if !turns.is_empty() => {
                    drop(turns.swap_remove(usize::from(number) % turns.len()));
                }
                _ => {
                    let mut waiting = Vec::new();
                    for mut turn in std::mem::take(&mut turns) {
                        match poll(&mut pool, &mut turn, now) {
                            None => waiting.push(turn),
                            Some(Ok(lease)) => held.push(lease),
                            Some(Err(_)) => {}
                        }
                    }
                    turns = waiting;
                }
            }
            for backend in &*pool.pool.backends() {
                prop_assert!(backend.in_flight() <= backend.max_in_flight().unwrap());
            }
        }
        drop((held, turns));
        prop_assert_eq!(pool.pool.waiting(), 0);
        prop_assert!(pool.pool.backends().iter().all(|backend| backend.in_flight() == 0));
    }
}
