//! Priorities and zones.

mod common;

use std::collections::BTreeMap;

use common::{REFUSED, TestPool, at, report, specs};
use soe503_core::health::Health;
use soe503_core::pool::{BackendSpec, Balance, Hashing, LeaseKind, PoolConfig, Tried};
use soe503_core::{Cause, Tick};

/// Backends by their level and zone.
fn pool(levels: &[(u8, &str)], zone: Option<&str>, balance: Balance) -> TestPool {
    let config = PoolConfig {
        balance,
        zone: zone.map(Into::into),
        ..PoolConfig::default()
    };
    let pool = TestPool::with(0, config);
    let with_level = |(spec, &(priority, zone)): (BackendSpec<()>, &(u8, &str))| BackendSpec {
        priority,
        zone: (!zone.is_empty()).then(|| zone.into()),
        ..spec
    };
    let specs = specs(&vec![1; levels.len()]);
    let specs = specs.into_iter().zip(levels).map(with_level).collect();
    pool.pool.set_backends(specs, at(0));
    pool
}

fn shares(pool: &mut TestPool, now: Tick) -> BTreeMap<String, f64> {
    const PICKS: u64 = 10_000;
    let mut shares = BTreeMap::new();
    for key in 0..PICKS {
        let lease = pool.pick_key(key, now, &Tried::new());
        assert_eq!(lease.kind(), LeaseKind::Normal);
        *shares
            .entry(lease.backend().name.to_string())
            .or_insert(0.0) += 1.0 / PICKS as f64;
    }
    shares
}

fn sum(shares: &BTreeMap<String, f64>, names: &[&str]) -> f64 {
    names.iter().filter_map(|name| shares.get(*name)).sum()
}

fn take_down(pool: &TestPool, name: &str) {
    let down = report(Health::Down, Some(Cause::DependencyConnectTimeout), None);
    pool.pool.set_health(name, down, at(1)).unwrap();
}

fn policies() -> [Balance; 6] {
    [
        Balance::P2c,
        Balance::LeastRequest,
        Balance::RoundRobin,
        Balance::Random,
        Balance::RingHash(Hashing::DEFAULT),
        Balance::Maglev(Hashing::DEFAULT),
    ]
}

const LEVELS: [(u8, &str); 6] = [(0, ""), (0, ""), (0, ""), (0, ""), (1, ""), (1, "")];

#[test]
fn the_first_level_gets_all_as_long_as_it_carries_it() {
    for balance in policies() {
        let mut pool = pool(&LEVELS, None, balance);
        let all = shares(&mut pool, at(1));
        assert_eq!(sum(&all, &["b4", "b5"]), 0.0, "{balance}");
        // Three of four times 1.4 are 105 %.
        take_down(&pool, "b0");
        assert_eq!(
            sum(&shares(&mut pool, at(1)), &["b4", "b5"]),
            0.0,
            "{balance}"
        );
    }
}

/// The figures are those of Envoy's documentation of priority levels, for its factor of 1.4.
#[test]
fn what_a_level_does_not_carry_spills_over() {
    for balance in policies() {
        let mut pool = pool(&LEVELS, None, balance);
        take_down(&pool, "b0");
        take_down(&pool, "b1");
        let spilt = sum(&shares(&mut pool, at(1)), &["b4", "b5"]);
        assert!((spilt - 0.3).abs() < 0.03, "{balance}: {spilt}");
        take_down(&pool, "b2");
        let spilt = sum(&shares(&mut pool, at(1)), &["b4", "b5"]);
        assert!((spilt - 0.65).abs() < 0.03, "{balance}: {spilt}");
        take_down(&pool, "b3");
        let spilt = sum(&shares(&mut pool, at(1)), &["b4", "b5"]);
        assert!((spilt - 1.0).abs() < 1e-6, "{balance}: {spilt}");
        let snapshot = pool.snapshot(at(1));
        assert!(!snapshot.panic, "the second level carries all of it");
        let shown: Vec<_> = snapshot
            .tiers
            .iter()
            .map(|t| (t.priority, t.usable))
            .collect();
        assert_eq!(shown, [(0, 0), (1, 2)]);
        assert!((snapshot.tiers[1].share - 1.0).abs() < 1e-6);
    }
}

#[test]
fn too_little_in_all_levels_is_divided_in_proportion_or_is_panic() {
    let levels = [
        (0, ""),
        (0, ""),
        (0, ""),
        (0, ""),
        (1, ""),
        (1, ""),
        (1, ""),
        (1, ""),
    ];
    let mut pool = pool(&levels, None, Balance::P2c);
    // Ejected, so that nobody doubts the checks: 35 % and 35 % are left.
    for name in ["b0", "b1", "b2", "b4", "b5", "b6"] {
        pool.record(name, at(1), REFUSED);
    }
    let all = shares(&mut pool, at(1));
    assert!((sum(&all, &["b3"]) - 0.5).abs() < 0.03, "{all:?}");
    assert!((sum(&all, &["b7"]) - 0.5).abs() < 0.03, "{all:?}");
    // By checks alone, that is more than half: they are not believed, whatever the level.
    let mut pool = self::pool(&levels, None, Balance::P2c);
    for name in ["b0", "b1", "b2", "b4", "b5", "b6"] {
        take_down(&pool, name);
    }
    assert!(pool.snapshot(at(1)).panic);
    let picked: Vec<_> = (0..200).map(|_| pool.pick(at(1)).kind()).collect();
    assert!(picked.contains(&LeaseKind::Panic));
}

#[test]
fn the_own_zone_goes_first_while_it_is_healthy_enough() {
    let zones = [(0, "a"), (0, "a"), (0, "b"), (0, "b"), (0, ""), (1, "a")];
    for balance in policies() {
        let mut pool = pool(&zones, Some("a"), balance);
        let all = shares(&mut pool, at(1));
        assert!(
            (sum(&all, &["b0", "b1"]) - 1.0).abs() < 1e-6,
            "{balance}: {all:?}"
        );
        // Half of the zone times 1.4: 70 % stay.
        take_down(&pool, "b0");
        let all = shares(&mut pool, at(1));
        assert!(
            (sum(&all, &["b1"]) - 0.7).abs() < 0.03,
            "{balance}: {all:?}"
        );
        assert_eq!(
            sum(&all, &["b5"]),
            0.0,
            "{balance}: a level goes before a zone"
        );
        take_down(&pool, "b1");
        let all = shares(&mut pool, at(1));
        assert_eq!(sum(&all, &["b1", "b0"]), 0.0, "{balance}");
    }
}

#[test]
fn zones_do_not_matter_to_who_has_none_of_its_own() {
    let zones = [(0, "a"), (0, "a"), (0, "b")];
    let mut pool = pool(&zones, None, Balance::Random);
    let all = shares(&mut pool, at(1));
    assert!((sum(&all, &["b2"]) - 1.0 / 3.0).abs() < 0.03, "{all:?}");
    assert!(pool.snapshot(at(1)).tiers.is_empty());
}

#[test]
fn a_retry_leaves_the_level_when_all_of_it_was_tried() {
    for balance in policies() {
        let mut pool = pool(&[(0, ""), (0, ""), (1, "")], None, balance);
        let mut tried = Tried::new();
        let mut names = Vec::new();
        for _ in 0..3 {
            assert!(pool.pool.has_other(&tried));
            let lease = pool.pick_key(5, at(1), &tried);
            names.push(lease.backend().name.to_string());
            tried.insert(lease.backend().id);
        }
        assert_eq!(names[2], "b2", "{balance}");
        assert!(pool.pick_key(5, at(1), &tried).repeated());
    }
}

#[test]
fn a_level_that_is_back_gets_its_traffic_back() {
    let mut pool = pool(&[(0, ""), (1, "")], None, Balance::P2c);
    pool.pool.disable("b0", "test", None, at(1)).unwrap();
    assert_eq!(sum(&shares(&mut pool, at(1)), &["b0"]), 0.0);
    pool.pool.enable("b0", at(2)).unwrap();
    assert!((sum(&shares(&mut pool, at(10)), &["b0"]) - 1.0).abs() < 1e-6);
}

#[test]
fn weights_decide_how_much_of_a_level_is_left() {
    let config = PoolConfig::default();
    let pool = TestPool::with(0, config);
    let mut specs = specs(&[8, 1, 1, 5]);
    specs[3].priority = 1;
    pool.pool.set_backends(specs, at(0));
    let mut pool = pool;
    pool.pool.disable("b0", "test", None, at(1)).unwrap();
    // A fifth of the weight times 1.4.
    let kept = sum(&shares(&mut pool, at(1)), &["b1", "b2"]);
    assert!((kept - 0.28).abs() < 0.03, "{kept}");
}

/// Half of a level times 1.4 are 70 %, and of these half of the zone keeps 70 %.
#[test]
fn all_of_the_traffic_goes_somewhere() {
    let zones = [(0, "a"), (0, "a"), (0, "b"), (0, "b"), (1, "a"), (1, "a")];
    let pool = pool(&zones, Some("a"), Balance::P2c);
    take_down(&pool, "b0");
    take_down(&pool, "b2");
    let tiers = pool.snapshot(at(1)).tiers;
    let shown: Vec<_> = tiers.iter().map(|t| (t.priority, t.local)).collect();
    assert_eq!(shown, [(0, true), (0, false), (1, true)]);
    for (tier, share) in tiers.iter().zip([0.49, 0.21, 0.3]) {
        assert!((tier.share - share).abs() < 1e-5, "{tier:?}");
    }
}

#[test]
fn whom_checks_condemn_everywhere_is_picked_of_all_levels() {
    let mut pool = pool(&[(0, ""), (1, ""), (1, "")], None, Balance::P2c);
    for name in ["b0", "b1", "b2"] {
        take_down(&pool, name);
    }
    for name in ["b0", "b1", "b2"] {
        let picks = (0..900).filter(|_| &*pool.pick(at(1)).backend().name == name);
        let share = picks.count();
        assert!((200..400).contains(&share), "{name}: {share} of 900");
    }
}
