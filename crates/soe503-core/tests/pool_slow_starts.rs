//! How many requests a backend gets while its share grows.

mod common;

use common::{TestPool, at, ms, specs};
use soe503_core::pool::{Affinity, Ask, BackendSpec, Balance, Hashing, PoolConfig, Tried};
use soe503_core::{Outcome, Tick};

const SECRET: [u8; 16] = [1; 16];

fn config(balance: Balance) -> PoolConfig {
    PoolConfig {
        balance,
        ..PoolConfig::default()
    }
}

/// Backends of weight 1 that may have so many in flight; 0: as many as come.
fn limited(limits: &[u32]) -> TestPool {
    let pool = TestPool::with(0, config(Balance::P2c));
    let with_limit = |(spec, &limit): (BackendSpec<()>, &u32)| BackendSpec {
        max_in_flight: (limit > 0).then_some(limit),
        badge: Some(Affinity::badge(&spec.name, &SECRET)),
        ..spec
    };
    let specs = specs(&vec![1; limits.len()]);
    let specs = specs.into_iter().zip(limits).map(with_limit).collect();
    pool.pool.set_backends(specs, at(0));
    pool
}

fn restart(pool: &TestPool, name: &str, back: Tick) {
    pool.pool.disable(name, "deploy", None, at(0)).unwrap();
    pool.pool.enable(name, back).unwrap();
}

/// How many requests that belong to `name` come to it, until one of twenty does not.
fn at_home(pool: &mut TestPool, name: &str, now: Tick) -> usize {
    let tried = Tried::new();
    let affinity = Affinity::NONE.with_badge(Affinity::badge(name, &SECRET));
    let ask = Ask::new(now, &tried).affinity(affinity);
    let leases: Vec<_> = (0..20)
        .map_while(|_| pool.pool.pick_for(&ask, &mut pool.rng).ok())
        .take_while(|lease| &*lease.backend().name == name)
        .collect();
    leases.len()
}

/// A second into five it may have a fifth of its limit; the others have theirs, and so has it where all warm up.
#[test]
fn who_belongs_to_a_backend_that_warms_up_goes_elsewhere_beyond_its_part() {
    let mut pool = limited(&[10, 10, 0]);
    restart(&pool, "b0", at(1));
    assert_eq!(at_home(&mut pool, "b0", at(2)), 2);
    assert_eq!(at_home(&mut pool, "b1", at(2)), 10);
    assert_eq!(at_home(&mut pool, "b2", at(2)), 20, "it has no limit");
    assert_eq!(at_home(&mut pool, "b0", at(6)), 10);
    let mut pool = limited(&[10, 10]);
    restart(&pool, "b0", at(1));
    restart(&pool, "b1", at(1));
    assert_eq!(at_home(&mut pool, "b0", at(2)), 10);
}

/// The others have 20 each at a weight of 1; at a weight of 3 that would be 60, of which it may have a fifth.
#[test]
fn its_part_is_measured_by_weight() {
    let mut pool = TestPool::build(&[3, 1, 1], config(Balance::RoundRobin));
    pool.pool.disable("b0", "deploy", None, at(0)).unwrap();
    let busy: Vec<_> = (0..40).map(|_| pool.pick(at(1))).collect();
    pool.pool.enable("b0", at(10)).unwrap();
    let mut hung = Vec::new();
    for _ in 0..2_000 {
        let lease = pool.pick(at(11));
        match &*lease.backend().name {
            "b0" => hung.push(lease),
            _ => drop(lease.record(at(11), Outcome::SUCCESS)),
        }
    }
    assert_eq!(hung.len(), 12);
    drop(busy);
}

/// Nobody to measure it by in its level: it gets what comes.
#[test]
fn the_only_one_of_its_level_gets_all_of_it() {
    let mut pool = TestPool::with(0, config(Balance::P2c));
    let mut specs = specs(&[1, 1]);
    specs[1].priority = 1;
    pool.pool.set_backends(specs, at(0));
    restart(&pool, "b0", at(10));
    let held: Vec<_> = (0..20).map(|_| pool.pick(at(10))).collect();
    assert!(held.iter().all(|lease| &*lease.backend().name == "b0"));
}

#[test]
fn where_all_warm_up_each_has_its_share() {
    for balance in [
        Balance::P2c,
        Balance::LeastRequest,
        Balance::RoundRobin,
        Balance::Random,
        Balance::Maglev(Hashing::DEFAULT),
    ] {
        let mut pool = TestPool::with(2, config(balance));
        restart(&pool, "b0", at(10));
        restart(&pool, "b1", at(14));
        // Nine tenths of the one and a tenth of the other.
        let now = at(14).after(ms(500));
        let picks = (0..4_000).filter(|_| &*pool.pick(now).backend().name == "b1");
        let share = picks.count();
        assert!((250..600).contains(&share), "{balance}: {share} of 4,000");
    }
}
