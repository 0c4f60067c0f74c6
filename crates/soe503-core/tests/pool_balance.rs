//! What each policy does with its backends.

mod common;

use std::collections::BTreeMap;

use common::{ERROR, REFUSED, TestPool, at, ms, report, specs};
use proptest::prelude::*;
use soe503_core::health::Health;
use soe503_core::pool::{Affinity, Ask, Balance, Hashing, Lease, PoolConfig, Tried};
use soe503_core::{Cause, Tick};

const KEYED: [Balance; 2] = [
    Balance::RingHash(Hashing::DEFAULT),
    Balance::Maglev(Hashing::DEFAULT),
];

fn all() -> Vec<Balance> {
    let bounded = Hashing::DEFAULT.bounded(1.25);
    let mut all = vec![
        Balance::P2c,
        Balance::LeastRequest,
        Balance::RoundRobin,
        Balance::Random,
        Balance::RingHash(bounded),
        Balance::Maglev(bounded),
    ];
    all.extend(KEYED);
    all
}

/// Who gets `picks` requests with different keys that end at once.
fn counts(pool: &mut TestPool, now: Tick, picks: u64) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for key in 0..picks {
        let lease = pool.pick_key(key, now, &Tried::new());
        *counts.entry(lease.backend().name.to_string()).or_insert(0) += 1;
    }
    counts
}

fn share(counts: &BTreeMap<String, u64>, name: &str) -> f64 {
    let all: u64 = counts.values().sum();
    counts.get(name).copied().unwrap_or(0) as f64 / all as f64
}

#[test]
fn idle_shares_follow_the_weights_by_every_policy() {
    for balance in all() {
        let mut pool = TestPool::balanced(&[1, 2, 5], balance);
        let counts = counts(&mut pool, at(1), 24_000);
        for (name, weight) in [("b0", 1.0), ("b1", 2.0), ("b2", 5.0)] {
            let got = share(&counts, name);
            // A ring's shares are as even as its points: ±1/√160 of the share is usual.
            let bound = if matches!(balance, Balance::RingHash(_)) {
                0.08
            } else {
                0.02
            };
            assert!(
                (got - weight / 8.0).abs() < bound,
                "{balance}: {name} {got}"
            );
        }
    }
}

#[test]
fn a_round_is_exact() {
    let mut pool = TestPool::balanced(&[1, 2, 5], Balance::RoundRobin);
    let counts = counts(&mut pool, at(1), 8 * 100);
    assert_eq!(counts["b0"], 100);
    assert_eq!(counts["b1"], 200);
    assert_eq!(counts["b2"], 500);
}

#[test]
fn a_round_without_one_is_exact_for_the_others() {
    let mut pool = TestPool::balanced(&[1, 1, 1], Balance::RoundRobin);
    pool.pool.disable("b1", "test", None, at(1)).unwrap();
    let counts = counts(&mut pool, at(1), 100);
    assert_eq!((counts["b0"], counts["b2"]), (50, 50));
}

#[test]
fn a_round_of_many_is_exact_however_many_neighbours_are_out() {
    let mut pool = TestPool::balanced(&[1; 2_000], Balance::RoundRobin);
    for i in 0..500 {
        let name = format!("b{i}");
        pool.pool
            .disable(name.as_str(), "test", None, at(1))
            .unwrap();
    }
    let counts = counts(&mut pool, at(1), 1_500);
    assert_eq!(counts.len(), 1_500, "each of the others once");
}

#[test]
fn least_request_evens_out_loads_by_weight() {
    let mut pool = TestPool::balanced(&[1, 1, 2], Balance::LeastRequest);
    let held: Vec<_> = (0..400).map(|_| pool.pick(at(1))).collect();
    let of = |name: &str| {
        held.iter()
            .filter(|lease| &*lease.backend().name == name)
            .count()
    };
    assert!(of("b0").abs_diff(100) <= 1, "{}", of("b0"));
    assert!(of("b2").abs_diff(200) <= 2, "{}", of("b2"));
}

#[test]
fn least_request_does_not_look_at_latencies_and_flees_failures() {
    let mut pool = TestPool::balanced(&[1, 1], Balance::LeastRequest);
    for round in 0..20 {
        let now = at(1).after(ms(round * 50));
        pool.answer("b0", now, ms(2));
        pool.answer("b1", now, ms(80));
    }
    let slow = counts(&mut pool, at(2), 2_000);
    assert!((share(&slow, "b1") - 0.5).abs() < 0.05, "{slow:?}");
    pool.record("b1", at(2), ERROR);
    let failed = counts(&mut pool, at(2), 2_000);
    assert_eq!(share(&failed, "b0"), 1.0, "a fast failer attracts nothing");
    // Ten seconds later a hundredth of the penalty is left, and does not matter any more.
    let later = counts(&mut pool, at(12), 2_000);
    assert!((share(&later, "b1") - 0.5).abs() < 0.05, "{later:?}");
}

/// A backend that fails some of its requests has answered most of them well, and is the idlest: those that can go
/// elsewhere afterwards find out, and those that cannot go elsewhere at once.
#[test]
fn who_may_not_run_twice_avoids_who_failed_lately() {
    for balance in [Balance::P2c, Balance::LeastRequest] {
        let mut pool = TestPool::balanced(&[1, 1, 1], balance);
        for name in ["b0", "b1", "b2"] {
            pool.answer(name, at(1), ms(30));
        }
        let held: Vec<_> = (0..24).map(|_| pool.pick(at(1))).collect();
        let busy = |name: &str| {
            held.iter()
                .filter(|one| &*one.backend().name == name)
                .count()
        };
        assert!((5..=11).contains(&busy("b1")), "{balance}: {}", busy("b1"));
        pool.record("b1", at(1), ERROR);
        let held: Vec<_> = held
            .into_iter()
            .filter(|one| &*one.backend().name != "b1")
            .collect();
        let chosen = |pool: &mut TestPool, now: Tick, once: bool| {
            let tried = Tried::new();
            let ask = Ask::new(now, &tried).once(once);
            let picks = (0..1_000).filter(|_| {
                let lease = pool.pool.pick_for(&ask, &mut pool.rng).unwrap();
                &*lease.backend().name == "b1"
            });
            picks.count()
        };
        let soon = at(1).after(ms(300));
        assert!(
            chosen(&mut pool, soon, false) > 600,
            "{balance}: it is idle"
        );
        assert_eq!(chosen(&mut pool, soon, true), 0, "{balance}");
        drop(held);
        let later = chosen(&mut pool, at(12), true);
        assert!((250..420).contains(&later), "{balance}: {later} of 1,000");
    }
}

#[test]
fn least_request_among_many_is_two_choices() {
    let mut pool = TestPool::balanced(&[1; 200], Balance::LeastRequest);
    let held: Vec<_> = (0..2_000).map(|_| pool.pick(at(1))).collect();
    let most = pool.pool.backends().iter().map(|b| b.in_flight()).max();
    // A random choice would have it at 20 or more.
    assert!(most <= Some(15), "{most:?}");
    drop(held);
}

#[test]
fn the_tried_come_last_by_every_policy() {
    for balance in all() {
        let mut pool = TestPool::balanced(&[1, 7, 1, 3], balance);
        for key in 0..100 {
            let mut tried = Tried::new();
            for _ in 0..4 {
                let lease = pool.pick_key(key, at(1), &tried);
                assert!(
                    !lease.repeated() && !tried.contains(lease.backend().id),
                    "{balance}"
                );
                tried.insert(lease.backend().id);
            }
            assert!(pool.pick_key(key, at(1), &tried).repeated(), "{balance}");
        }
    }
}

#[test]
fn a_newcomer_starts_slowly_by_every_policy() {
    for (weight, balance) in all().into_iter().flat_map(|b| [(1, b), (5, b)]) {
        let mut pool = TestPool::balanced(&[weight; 2], balance);
        pool.pool.set_backends(specs(&[weight; 3]), at(10));
        let cold = share(&counts(&mut pool, at(10), 8_000), "b2");
        assert!((0.01..0.12).contains(&cold), "{balance}: {cold}");
        let warm = share(&counts(&mut pool, at(15), 8_000), "b2");
        assert!((warm - 1.0 / 3.0).abs() < 0.08, "{balance}: {warm}");
    }
}

#[test]
fn an_ejected_backend_is_probed_by_every_policy() {
    for balance in all() {
        let mut pool = TestPool::balanced(&[1, 1, 1], balance);
        pool.record("b1", at(1), REFUSED);
        assert!(
            !counts(&mut pool, at(1), 300).contains_key("b1"),
            "{balance}"
        );
        let due = pool.due("b1", at(1));
        let ask = |tried| Ask::new(due, tried).probe_allowed(true);
        let lease = pool
            .pool
            .pick_for(&ask(&Tried::new()), &mut pool.rng)
            .unwrap();
        assert_eq!(&*lease.backend().name, "b1", "{balance}");
    }
}

#[test]
fn a_change_of_policy_keeps_what_is_known() {
    let mut pool = TestPool::of(3);
    pool.record("b1", at(1), REFUSED);
    for balance in all() {
        let config = PoolConfig {
            balance,
            ..PoolConfig::default()
        };
        pool.pool.set_config(config);
        let counts = counts(&mut pool, at(1), 300);
        assert_eq!(counts.len(), 2, "{balance}: {counts:?}");
        assert_eq!(pool.snapshot(at(1)).balance, balance);
    }
}

#[test]
fn requests_without_a_key_go_by_p2c() {
    for balance in KEYED {
        let mut pool = TestPool::balanced(&[1, 1], balance);
        pool.answer("b0", at(1), ms(2));
        pool.answer("b1", at(1), ms(200));
        let picks = (0..200).filter(|_| &*pool.pick(at(1)).backend().name == "b0");
        assert_eq!(picks.count(), 200, "{balance}");
    }
}

#[test]
fn a_client_stays_with_its_backend_as_long_as_that_can_be_used() {
    let badged = |pool: &TestPool| {
        let mut specs = specs(&[1, 1, 1]);
        for (spec, badge) in specs.iter_mut().zip([10, 11, 12]) {
            spec.badge = Some(badge);
        }
        pool.pool.set_backends(specs, at(1));
    };
    for balance in all() {
        let mut pool = TestPool::balanced(&[1, 1, 1], balance);
        badged(&pool);
        let stay = |pool: &mut TestPool, now, tried: &Tried| {
            let affinity = Affinity::NONE.with_badge(11);
            let ask = Ask::new(now, tried).affinity(affinity).probe_allowed(true);
            pool.pool.pick_for(&ask, &mut pool.rng).unwrap()
        };
        let name = |lease: Lease<()>| lease.backend().name.to_string();
        for _ in 0..50 {
            assert_eq!(name(stay(&mut pool, at(1), &Tried::new())), "b1");
        }
        // It is not the probe of another one.
        pool.record("b0", at(2), REFUSED);
        let due = pool.due("b0", at(2));
        assert_eq!(name(stay(&mut pool, due, &Tried::new())), "b1");
        // A further attempt goes elsewhere.
        let mut tried = Tried::new();
        tried.insert(pool.pool.backend("b1").unwrap().id);
        assert_eq!(name(stay(&mut pool, at(2), &tried)), "b2");
        // So do requests that come while it cannot be used.
        pool.pool.drain("b1", "test", None, at(2)).unwrap();
        assert_ne!(name(stay(&mut pool, at(2), &Tried::new())), "b1");
        pool.pool.enable("b1", at(3)).unwrap();
        assert_eq!(name(stay(&mut pool, at(3), &Tried::new())), "b1");
        let unknown = Affinity::NONE.with_badge(99);
        let tried = Tried::new();
        let ask = Ask::new(at(3), &tried).affinity(unknown);
        assert!(pool.pool.pick_for(&ask, &mut pool.rng).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whoever is out by whatever reason is not picked while another one is left.
    #[test]
    fn nobody_unusable_is_picked_while_somebody_usable_is_left(
        weights in prop::collection::vec(1..=50_u32, 1..40),
        outs in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 0..60),
        balance in prop::sample::select(all()),
        levels in prop::collection::vec((0..3_u8, 0..3_u8), 40),
        tries in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        keys in prop::collection::vec(any::<u64>(), 20),
    ) {
        let zones = ["a", "b", "c"];
        let config = PoolConfig {
            balance,
            panic_threshold: None,
            zone: Some("a".into()),
            ..PoolConfig::default()
        };
        let mut pool = TestPool::with(0, config);
        let mut specs = specs(&weights);
        for (spec, (priority, zone)) in specs.iter_mut().zip(levels) {
            spec.priority = priority;
            spec.zone = Some(zones[usize::from(zone)].into());
        }
        pool.pool.set_backends(specs, at(1));
        for (which, how) in outs {
            let name = format!("b{}", which.index(weights.len()));
            let key = name.as_str();
            match how {
                0 => drop(pool.pool.disable(key, "test", None, at(1))),
                1 => drop(pool.pool.drain(key, "test", None, at(1))),
                2 => {
                    let down = report(Health::Down, Some(Cause::DependencyConnectTimeout), None);
                    drop(pool.pool.set_health(key, down, at(1)));
                }
                _ => {
                    if let Some(lease) = pool.try_lease(key, at(1), false) {
                        lease.record(at(1), REFUSED);
                    }
                }
            }
        }
        let mut tried = Tried::new();
        for which in tries {
            tried.insert(pool.pool.backends()[which.index(weights.len())].id);
        }
        let backends = pool.pool.backends();
        let usable = |id: u32| backends.iter().any(|b| b.id == id && b.state().in_rotation());
        let left = backends.iter().any(|b| usable(b.id) && !tried.contains(b.id));
        for key in keys {
            let affinity = Affinity::NONE.with_hash(key);
            let ask = Ask::new(at(1), &tried).affinity(affinity);
            if let Ok(lease) = pool.pool.pick_for(&ask, &mut pool.rng)
                && left
            {
                prop_assert!(usable(lease.backend().id), "{} {:?}", balance, lease);
                prop_assert!(!tried.contains(lease.backend().id), "{}", balance);
            }
        }
    }
}
