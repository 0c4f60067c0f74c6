//! Which backend a pick chooses: shares, costs, the tried set.

mod common;

use std::collections::BTreeMap;

use common::{TestPool, at, ms, secs};
use soe503_core::pool::{EjectionConfig, LeaseKind, PoolConfig, Tried};
use soe503_core::{Cause, Outcome, Tick};

fn shares(pool: &mut TestPool, now: Tick, picks: u32) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for _ in 0..picks {
        let lease = pool.pick(now);
        *counts
            .entry(lease.backend().name.to_string())
            .or_insert(0.0) += 1.0 / f64::from(picks);
    }
    counts
}

fn assert_share(shares: &BTreeMap<String, f64>, name: &str, expected: f64) {
    let got = shares.get(name).copied().unwrap_or(0.0);
    assert!(
        (got - expected).abs() < 0.03,
        "{name}: {got:.3}, expected {expected:.3} in {shares:?}"
    );
}

#[test]
fn equals_get_equal_shares() {
    for size in [1, 2, 3, 7] {
        let mut pool = TestPool::of(size);
        let shares = shares(&mut pool, at(1), 6_000);
        for name in pool.names() {
            assert_share(&shares, &name, 1.0 / f64::from(size));
        }
    }
}

#[test]
fn idle_shares_follow_the_weights_exactly() {
    let mut pool = TestPool::weighted(&[1, 2, 5]);
    let shares = shares(&mut pool, at(1), 12_000);
    assert_share(&shares, "b0", 0.125);
    assert_share(&shares, "b1", 0.25);
    assert_share(&shares, "b2", 0.625);
}

#[test]
fn loads_follow_the_weights_too() {
    // All requests stay in flight: what builds up is proportional to the weights.
    let mut pool = TestPool::weighted(&[1, 3]);
    let leases: Vec<_> = (0..400).map(|_| pool.pick(at(1))).collect();
    let heavy = leases
        .iter()
        .filter(|lease| &*lease.backend().name == "b1")
        .count();
    assert!((285..=315).contains(&heavy), "{heavy}");
}

#[test]
fn in_flight_requests_repel() {
    let mut pool = TestPool::of(3);
    let leases: Vec<_> = (0..300).map(|_| pool.pick(at(1))).collect();
    for backend in &*pool.pool.backends() {
        let n = backend.in_flight();
        assert!(
            (85..=115).contains(&n),
            "{n}: two choices keep loads close together"
        );
    }
    drop(leases);
    assert!(
        pool.pool
            .backends()
            .iter()
            .all(|backend| backend.in_flight() == 0)
    );
}

#[test]
fn the_slow_one_gets_less_and_is_tried_again_when_idle() {
    let mut pool = TestPool::of(2);
    for round in 0..20 {
        let now = at(1).after(ms(round * 50));
        pool.answer("b0", now, ms(2));
        pool.answer("b1", now, ms(80));
    }
    let busy = shares(&mut pool, at(2), 2_000);
    assert_share(&busy, "b0", 1.0);
    // Nothing was heard for minutes: both count as typical again, neither as infinitely fast.
    let idle = shares(&mut pool, at(300), 2_000);
    assert_share(&idle, "b0", 0.5);
}

#[test]
fn fm23_a_fast_failer_attracts_nothing() {
    let ejection = EjectionConfig {
        failure_rate: None,
        ..EjectionConfig::default()
    };
    let config = PoolConfig {
        ejection,
        ..PoolConfig::default()
    };
    let mut pool = TestPool::with(2, config);
    for round in 0..40 {
        let now = at(1).after(ms(round * 25));
        pool.answer("b0", now, ms(20));
        // Every second answer of b1 is a failure in no time: no run of them ejects it.
        pool.answer("b1", now, ms(20));
        let lease = pool.lease("b1", now);
        lease.record(now, Outcome::failure(Cause::DependencyUpstreamError));
    }
    assert_share(&shares(&mut pool, at(2), 2_000), "b0", 1.0);
    // Nor does one that turns requests away with 429.
    let mut pool = TestPool::of(2);
    pool.answer("b0", at(1), ms(20));
    pool.answer("b1", at(1), ms(20));
    let lease = pool.lease("b1", at(1));
    lease.record(at(1), Outcome::degraded(Cause::OverloadUpstreamShedding));
    assert_share(&shares(&mut pool, at(1), 2_000), "b0", 1.0);
    assert_share(&shares(&mut pool, at(60), 2_000), "b0", 0.5);
}

#[test]
fn small_differences_are_noise() {
    let mut pool = TestPool::of(2);
    pool.answer("b0", at(1), ms(100));
    pool.answer("b1", at(1), ms(110));
    assert_share(&shares(&mut pool, at(1), 4_000), "b0", 0.5);
}

#[test]
fn fm08_tried_backends_come_last_and_say_so() {
    let mut pool = TestPool::of(3);
    for _ in 0..200 {
        let mut tried = Tried::new();
        for _ in 0..3 {
            assert!(pool.pool.has_other(&tried));
            let lease = pool.pick_with(at(1), &tried, true).unwrap();
            assert!(!lease.repeated());
            assert!(!tried.contains(lease.backend().id));
            tried.insert(lease.backend().id);
        }
        assert!(!pool.pool.has_other(&tried));
        let again = pool.pick_with(at(1), &tried, true).unwrap();
        assert!(again.repeated());
        assert_eq!(again.kind(), LeaseKind::Normal);
    }
}

#[test]
fn tried_is_a_set_in_order() {
    let mut tried = Tried::new();
    assert!(tried.is_empty());
    for id in [4, 2, 4, 9, 1, 7] {
        tried.insert(id);
    }
    assert_eq!(tried.iter().collect::<Vec<_>>(), [4, 2, 9, 1, 7]);
    assert_eq!(tried.len(), 5);
}

#[test]
fn fm22_a_newcomer_starts_slowly_in_frequency() {
    let mut pool = TestPool::of(2);
    pool.grow_to(3, at(10));
    // At 0 % and up to 10 %: a tenth of a full share, 0.1 of 2.1.
    assert_share(&shares(&mut pool, at(10), 8_000), "b2", 0.1 / 2.1);
    assert_share(
        &shares(&mut pool, at(10).after(ms(2_500)), 8_000),
        "b2",
        0.5 / 2.5,
    );
    assert_share(&shares(&mut pool, at(15), 8_000), "b2", 1.0 / 3.0);
}

#[test]
fn fm22_a_newcomer_starts_slowly_in_concurrency() {
    let mut pool = TestPool::of(2);
    pool.grow_to(3, at(10));
    let leases: Vec<_> = (0..210).map(|_| pool.pick(at(10))).collect();
    let cold = leases
        .iter()
        .filter(|lease| &*lease.backend().name == "b2")
        .count();
    assert!(
        (5..=20).contains(&cold),
        "{cold} of 210 at a tenth of the share"
    );
}

#[test]
fn no_slow_start_without_time() {
    let mut pool = TestPool::with(
        2,
        PoolConfig {
            slow_start: secs(0),
            ..PoolConfig::default()
        },
    );
    pool.grow_to(3, at(10));
    assert_share(&shares(&mut pool, at(10), 6_000), "b2", 1.0 / 3.0);
}

#[test]
fn latency_ends_with_the_head_not_with_the_body() {
    let mut pool = TestPool::of(1);
    let mut lease = pool.pick(at(1));
    lease.responded(at(1).after(ms(8)));
    lease.responded(at(9));
    lease.record(at(20), Outcome::SUCCESS);
    let latency = pool.snapshot(at(20)).backends[0].latency;
    for got in [latency.p50, latency.p99, latency.estimate] {
        assert!(got.unwrap().abs_diff(ms(8)) < ms(1), "{got:?}");
    }
    drop(pool.pick(at(20)));
    assert!(pool.pool.typical_latency().unwrap().abs_diff(ms(8)) < ms(1));
}

#[test]
fn the_same_seed_makes_the_same_choices() {
    let run = || {
        let mut pool = TestPool::weighted(&[1, 2, 3]);
        (0..50)
            .map(|_| pool.pick(at(1)).backend().id)
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

// P2C's cost, each factor by itself; and an idle backend costs what is typical, never nothing.

#[test]
fn p2c_is_latency_times_in_flight() {
    // 10 ms with three in flight cost 40, with seven 80.
    let mut pool = TestPool::of(2);
    pool.answer("b0", at(1), ms(10));
    pool.answer("b1", at(1), ms(60));
    let held: Vec<_> = (0..3).map(|_| pool.lease("b0", at(1))).collect();
    assert_share(&shares(&mut pool, at(1), 1_000), "b0", 1.0);
    let more: Vec<_> = (0..4).map(|_| pool.lease("b0", at(1))).collect();
    assert_share(&shares(&mut pool, at(1), 1_000), "b0", 0.0);
    drop((held, more));
}

#[test]
fn p2c_penalises_failures_whatever_their_latency() {
    let mut pool = TestPool::of(2);
    pool.answer("b0", at(1), ms(40));
    pool.answer("b1", at(1), ms(10));
    assert_share(&shares(&mut pool, at(1), 1_000), "b1", 1.0);
    // One failure makes it five times as dear, for some seconds.
    let lease = pool.lease("b1", at(1));
    lease.record(at(1), Outcome::failure(Cause::DependencyUpstreamError));
    assert_share(&shares(&mut pool, at(1), 1_000), "b0", 1.0);
    assert_share(&shares(&mut pool, at(10), 1_000), "b0", 0.0);
}

#[test]
fn p2c_is_never_zero_when_idle() {
    // tower's peak EWMA decays to 0 without requests, and an idle backend takes everything.
    let mut pool = TestPool::of(3);
    for now in (1..600).map(at) {
        pool.answer("b0", now, ms(10));
        pool.answer("b1", now, ms(10));
    }
    let latency = pool.snapshot(at(600)).backends[2].latency.estimate;
    assert_eq!(latency, None, "nothing is known of it");
    assert_share(&shares(&mut pool, at(600), 6_000), "b2", 1.0 / 3.0);
    pool.answer("b2", at(600), ms(10));
    for now in (601..1_200).map(at) {
        pool.answer("b0", now, ms(10));
        pool.answer("b1", now, ms(10));
    }
    let latency = pool.snapshot(at(1_200)).backends[2].latency.estimate;
    assert!(latency.unwrap() >= ms(9), "{latency:?}");
    assert_share(&shares(&mut pool, at(1_200), 6_000), "b2", 1.0 / 3.0);
}
