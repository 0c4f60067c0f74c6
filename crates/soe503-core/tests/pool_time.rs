//! What time alone does to a pool's backends.

mod common;

use common::{REFUSED, TestPool, at};
use soe503_core::Outcome;
use soe503_core::pool::{BackendState, EjectionConfig, LeaseKind, PoolConfig, Tried};

#[test]
fn a_slow_start_that_begins_anew_lasts_as_long_as_the_first() {
    let pool = TestPool::of(2);
    for (out, back) in [(1, 10), (11, 12)] {
        pool.pool.disable("b0", "deploy", None, at(out)).unwrap();
        pool.pool.enable("b0", at(back)).unwrap();
    }
    // The first would have been over at 15.
    for (second, state) in [
        (15, BackendState::Warming),
        (16, BackendState::Warming),
        (17, BackendState::Up),
    ] {
        pool.pool.tend(at(second));
        assert_eq!(pool.state("b0"), state, "{second} s");
    }
}

/// Results are late where an ejection or a return lies between, not for anything else.
#[test]
fn the_end_of_a_slow_start_makes_no_result_late() {
    let mut pool = TestPool::of(2);
    pool.pool.disable("b0", "deploy", None, at(1)).unwrap();
    pool.pool.enable("b0", at(10)).unwrap();
    let lease = pool.lease("b0", at(14));
    assert_eq!(pool.pool.tend(at(15)).len(), 1);
    lease.record(at(16), Outcome::SUCCESS);
    assert_eq!(pool.snapshot(at(16)).backends[0].stale, 0);
}

#[test]
fn who_has_waited_longest_is_probed_first() {
    let ejection = EjectionConfig {
        jitter: soe503_core::Ratio::ZERO,
        ..EjectionConfig::default()
    };
    let config = PoolConfig {
        ejection,
        ..PoolConfig::default()
    };
    let mut pool = TestPool::with(4, config);
    for (name, second) in [("b2", 1), ("b0", 2), ("b1", 3)] {
        pool.record(name, at(second), REFUSED);
    }
    let mut probed = Vec::new();
    for _ in 0..3 {
        let lease = pool.pick_with(at(5), &Tried::new(), true).unwrap();
        assert_eq!(lease.kind(), LeaseKind::Probe);
        probed.push(lease.backend().name.to_string());
        lease.record(at(5), Outcome::SUCCESS);
    }
    assert_eq!(probed, ["b2", "b0", "b1"]);
}
