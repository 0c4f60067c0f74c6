//! What is chosen once all have been tried, and by a look at all.

mod common;

use common::{ERROR, TestPool, at, ms};
use soe503_core::pool::{Ask, Balance, Hashing, PoolConfig, Tried};

/// How many of a thousand requests that have been everywhere go to each backend.
fn again(pool: &mut TestPool) -> Vec<u32> {
    let backends = pool.pool.backends();
    let mut tried = Tried::new();
    backends.iter().for_each(|backend| tried.insert(backend.id));
    let mut counts = vec![0; backends.len()];
    for _ in 0..1_000 {
        let lease = pool.pick_with(at(2), &tried, false).unwrap();
        assert!(lease.repeated());
        let chosen = backends.iter().position(|b| b.id == lease.backend().id);
        counts[chosen.unwrap()] += 1;
    }
    counts
}

/// The first is slow, and the last fast.
fn different(size: u32, balance: Balance) -> TestPool {
    let config = PoolConfig {
        balance,
        ..PoolConfig::default()
    };
    let mut pool = TestPool::with(size, config);
    for (n, latency) in (0..size).zip([200, 20, 2]) {
        pool.answer(&format!("b{n}"), at(1), ms(latency));
    }
    pool
}

#[test]
fn the_cheaper_of_two_is_tried_again_where_costs_are_compared() {
    assert_eq!(again(&mut different(2, Balance::P2c)), [0, 1_000]);
    // The fastest is in two of three pairs, and the slowest never cheaper.
    let counts = again(&mut different(3, Balance::P2c));
    assert_eq!(counts[0], 0, "{counts:?}");
    assert!((600..730).contains(&counts[2]), "{counts:?}");
}

#[test]
fn all_are_tried_again_where_they_take_turns() {
    for balance in [Balance::RoundRobin, Balance::Random] {
        let counts = again(&mut different(2, balance));
        assert!((440..560).contains(&counts[0]), "{balance}: {counts:?}");
    }
}

/// A key goes back to its backend, unless that is out or has no room.
#[test]
fn a_key_does_not_go_back_to_who_cannot_be_used() {
    let hashing = Hashing::DEFAULT;
    for balance in [Balance::RingHash(hashing), Balance::Maglev(hashing)] {
        let mut pool = different(3, balance);
        let mut tried = Tried::new();
        (0..3).for_each(|id| tried.insert(id));
        let back = |pool: &mut TestPool| {
            let lease = pool.pick_key(7, at(2), &tried);
            assert!(lease.repeated());
            lease.backend().id
        };
        let owner = back(&mut pool);
        assert_eq!(owner, back(&mut pool), "{balance}");
        pool.pool.disable(owner, "deploy", None, at(2)).unwrap();
        let other = back(&mut pool);
        assert_ne!(owner, other, "{balance}");
        pool.pool.enable(owner, at(3)).unwrap();
        pool.pool.disable(other, "deploy", None, at(3)).unwrap();
        assert_ne!(other, back(&mut pool), "{balance}");
    }
}

/// Of up to sixteen the one with the fewest requests; of more, the better of two.
#[test]
fn the_fewest_requests_of_few_backends_are_found() {
    for (size, even) in [(2, true), (16, true), (17, false)] {
        let mut pool = TestPool::balanced(&vec![1; size], Balance::LeastRequest);
        let held: Vec<_> = (0..4 * size).map(|_| pool.pick(at(1))).collect();
        let loads = pool.pool.backends();
        let mut loads = loads.iter().map(|backend| backend.in_flight());
        assert_eq!(loads.all(|load| load == 4), even, "{size}");
        drop(held);
    }
}

/// A failure just now is 23 times as dear to a request that may not run twice: so many in flight elsewhere are cheaper.
#[test]
fn who_may_not_run_twice_weighs_a_failure_by_the_load() {
    let mut pool = TestPool::balanced(&[1, 1], Balance::LeastRequest);
    let held: Vec<_> = (0..40).map(|_| pool.lease("b0", at(1))).collect();
    pool.record("b1", at(1), ERROR);
    let tried = Tried::new();
    let mut to = |once| {
        let ask = Ask::new(at(1), &tried).once(once);
        let lease = pool.pool.pick_for(&ask, &mut pool.rng).unwrap();
        lease.backend().name.to_string()
    };
    assert_eq!((to(true), to(false)), ("b0".to_owned(), "b1".to_owned()));
    drop(held);
}
