//! Pools too large to look at: the same choices, by drawing.

mod common;

use std::collections::HashMap;

use common::{ERROR, REFUSED, TestPool, at, ms, report, secs, specs};
use soe503_core::health::Health;
use soe503_core::pool::{BackendState, FailureScope, LeaseKind, PoolConfig, Tried};
use soe503_core::{Cause, Outcome};

fn counts(pool: &mut TestPool, picks: u32) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    for _ in 0..picks {
        let lease = pool.pick(at(100));
        assert_eq!(lease.kind(), LeaseKind::Normal);
        *counts.entry(lease.backend().name.to_string()).or_insert(0) += 1;
    }
    counts
}

fn disable(pool: &TestPool, numbers: impl Iterator<Item = usize>) {
    for i in numbers {
        pool.pool
            .disable(&*format!("b{i}"), "test", None, at(1))
            .unwrap();
    }
}

#[test]
fn few_of_many_share_the_requests_evenly() {
    let mut pool = TestPool::of(2_000);
    // Left: b0, b100, b200, …
    disable(&pool, (0..2_000).filter(|i| i % 100 != 0));
    let counts = counts(&mut pool, 20_000);
    assert_eq!(counts.len(), 20);
    for (name, count) in counts {
        assert!((850..=1_150).contains(&count), "{name}: {count}");
    }
}

#[test]
fn weights_hold_in_a_large_pool() {
    // Forty of weight 1 and forty of weight 3.
    let weights: Vec<u32> = (0..80).map(|i| 1 + 2 * (i % 2)).collect();
    let mut pool = TestPool::weighted(&weights);
    let counts = counts(&mut pool, 40_000);
    let heavy: u32 = (0..80)
        .filter(|i| i % 2 == 1)
        .map(|i| counts[&format!("b{i}")])
        .sum();
    assert!((29_200..=30_800).contains(&heavy), "{heavy}");
}

#[test]
fn a_weight_that_dwarfs_the_rest_is_no_trap_when_it_is_out() {
    let mut weights = vec![1; 1_000];
    weights[0] = 1_000_000;
    let mut pool = TestPool::weighted(&weights);
    disable(&pool, 0..1);
    let counts = counts(&mut pool, 2_000);
    assert!(counts.len() > 700, "{}", counts.len());
}

#[test]
fn a_slow_start_gets_its_share_in_a_large_pool() {
    let config = PoolConfig {
        slow_start: secs(10),
        ..PoolConfig::default()
    };
    let mut pool = TestPool::with(60, config);
    // The second half joins at 95 s: at 100 s their share is a half.
    pool.grow_to(120, at(95));
    let counts = counts(&mut pool, 60_000);
    let young: u32 = (60..120).map(|i| counts[&format!("b{i}")]).sum();
    assert!((19_000..=21_000).contains(&young), "{young}");
}

#[test]
fn what_was_tried_is_not_tried_again() {
    let mut pool = TestPool::of(50);
    let mut tried = Tried::new();
    for i in 0..50 {
        let lease = pool.pick_with(at(1), &tried, false).unwrap();
        assert!(
            !lease.repeated() && !tried.contains(lease.backend().id),
            "{i}"
        );
        tried.insert(lease.backend().id);
        assert_eq!(pool.pool.has_other(&tried), i < 49);
    }
    assert!(pool.pick_with(at(1), &tried, false).unwrap().repeated());
}

#[test]
fn the_dearer_of_two_loses_in_a_large_pool() {
    let mut pool = TestPool::of(40);
    for i in 0..40 {
        let latency = if i == 7 { ms(500) } else { ms(5) };
        pool.answer(&format!("b{i}"), at(99), latency);
    }
    let counts = counts(&mut pool, 10_000);
    assert_eq!(counts.get("b7"), None);
}

#[test]
fn panic_reaches_all_that_only_checks_condemn() {
    let mut pool = TestPool::of(100);
    for i in 0..60 {
        let down = report(Health::Down, Some(Cause::ConfigHealthCheckPath), None);
        pool.pool
            .set_health(&*format!("b{i}"), down, at(1))
            .unwrap();
    }
    let picks = 10_000;
    let panicked = (0..picks)
        .filter(|_| pool.pick(at(2)).kind() == LeaseKind::Panic)
        .count();
    assert!((5_700..=6_300).contains(&panicked), "{panicked}");
}

#[test]
fn every_probe_is_sent_when_its_time_comes_and_no_sooner() {
    let config = PoolConfig {
        slow_start: secs(1),
        ..PoolConfig::default()
    };
    let mut pool = TestPool::with(200, config);
    for i in 0..100 {
        let recorded = pool.record(&format!("b{i}"), at(1), REFUSED);
        assert_eq!(recorded.scope, FailureScope::Backend);
    }
    assert_eq!(pool.snapshot(at(1)).counts.ejected, 100);
    let none = pool
        .pick_with(at(1).after(ms(999)), &Tried::new(), true)
        .unwrap();
    assert_eq!(none.kind(), LeaseKind::Normal);
    // Ejections last 1 s and up to 10 % more.
    let now = at(1).after(ms(1_101));
    let mut probed = Tried::new();
    for _ in 0..100 {
        let lease = pool.pick_with(now, &Tried::new(), true).unwrap();
        assert_eq!(lease.kind(), LeaseKind::Probe);
        assert!(!probed.contains(lease.backend().id));
        probed.insert(lease.backend().id);
        lease.record(now, Outcome::SUCCESS);
    }
    assert_eq!(pool.snapshot(now).counts.warming, 100);
    let later = now.after(secs(1));
    assert_eq!(pool.pool.tend(later).len(), 100);
    assert_eq!(pool.snapshot(later).counts.up, 200);
    assert_eq!(pool.pool.tend(later.after(secs(60))).len(), 0);
}

#[test]
fn failures_are_the_pools_once_all_have_failed() {
    let mut pool = TestPool::of(30);
    for i in 0..29 {
        let recorded = pool.record(&format!("b{i}"), at(1), ERROR);
        assert_eq!(recorded.scope, FailureScope::Backend, "b{i}");
    }
    assert_eq!(pool.record("b29", at(1), ERROR).scope, FailureScope::Pool);
    pool.record("b3", at(1), Outcome::SUCCESS);
    assert_eq!(
        pool.record("b29", at(1), ERROR).scope,
        FailureScope::Backend
    );
    // It is its own only proof.
    assert_eq!(pool.record("b3", at(1), ERROR).scope, FailureScope::Pool);
    // Whoever leaves proves nothing any more.
    pool.record("b3", at(1), Outcome::SUCCESS);
    let others = specs(&[1; 30])
        .into_iter()
        .filter(|spec| &*spec.name != "b3");
    pool.pool.set_backends(others.collect(), at(1));
    assert_eq!(pool.record("b29", at(1), ERROR).scope, FailureScope::Pool);
}

#[test]
fn backends_are_found_by_name_and_id_whatever_their_order() {
    let pool = TestPool::of(300);
    let mut reversed = specs(&vec![1; 300]);
    reversed.reverse();
    pool.pool.set_backends(reversed, at(2));
    for backend in &*pool.pool.backends() {
        let by_name = pool.pool.backend(&*backend.name).unwrap();
        let by_id = pool.pool.backend(backend.id).unwrap();
        assert_eq!((by_name.id, &by_id.name), (backend.id, &backend.name));
    }
    assert!(pool.pool.backend("b300").is_none());
    assert!(pool.pool.backend(300).is_none());
}

#[test]
fn a_refusal_is_told_anew_after_each_change() {
    let mut pool = TestPool::of(40);
    disable(&pool, 0..40);
    let refused = |pool: &mut TestPool| pool.pick_with(at(2), &Tried::new(), true).unwrap_err();
    assert_eq!(refused(&mut pool).counts.disabled, 40);
    pool.pool.drain("b0", "test", None, at(2)).unwrap();
    assert_eq!(refused(&mut pool).counts.draining, 1);
    pool.pool.enable("b0", at(2)).unwrap();
    assert_eq!(pool.pick(at(2)).backend().state(), BackendState::Warming);
}

#[test]
fn the_version_grows_with_what_changes_and_not_with_traffic() {
    let mut pool = TestPool::of(3);
    let before = pool.pool.version();
    pool.record("b0", at(1), Outcome::SUCCESS);
    pool.record("b1", at(1), ERROR);
    assert_eq!(pool.pool.version(), before);
    pool.record("b1", at(1), REFUSED);
    assert!(pool.pool.version() > before);
    assert!(pool.pool.any_ejected());
}
