//! Requests with a key: who gets them, and how few move when backends come and go.

mod common;

use std::collections::BTreeMap;

use common::{REFUSED, TestPool, at, report, specs};
use soe503_core::health::Health;
use soe503_core::pool::{Balance, Hashing, PoolConfig, Tried};
use soe503_core::{Outcome, Tick};

const KEYS: u64 = 20_000;
const KEYED: [Balance; 2] = [
    Balance::RingHash(Hashing::DEFAULT),
    Balance::Maglev(Hashing::DEFAULT),
];

fn instant(balance: Balance) -> PoolConfig {
    PoolConfig {
        balance,
        slow_start: core::time::Duration::ZERO,
        ..PoolConfig::default()
    }
}

fn owners(pool: &mut TestPool, now: Tick) -> Vec<String> {
    (0..KEYS)
        .map(|key| {
            pool.pick_key(key, now, &Tried::new())
                .backend()
                .name
                .to_string()
        })
        .collect()
}

/// How many keys have another owner, of those that `name` owned neither before nor after.
fn moved(before: &[String], after: &[String], name: &str) -> usize {
    let pairs = before.iter().zip(after);
    pairs
        .filter(|(b, a)| b != a && *b != name && *a != name)
        .count()
}

#[test]
fn a_key_has_one_owner_in_every_process() {
    for balance in KEYED {
        let mut pool = TestPool::with(7, instant(balance));
        let owners_here = owners(&mut pool, at(1));
        assert_eq!(owners_here, owners(&mut pool, at(2)), "{balance}");
        // The same backends, given in another order, in another process.
        let mut other = TestPool::with(0, instant(balance));
        let mut turned = specs(&[1; 7]);
        turned.reverse();
        other.pool.set_backends(turned, at(1));
        assert_eq!(owners_here, owners(&mut other, at(1)), "{balance}");
    }
}

#[test]
fn a_backend_that_is_out_moves_its_keys_only_and_gets_them_back() {
    for balance in KEYED {
        let mut pool = TestPool::with(10, instant(balance));
        let before = owners(&mut pool, at(1));
        pool.record("b3", at(1), REFUSED);
        let without = owners(&mut pool, at(1));
        assert!(!without.contains(&"b3".to_owned()), "{balance}");
        assert_eq!(moved(&before, &without, "b3"), 0, "{balance}");
        // What was its own is spread over all others.
        let mut heirs: BTreeMap<&str, u32> = BTreeMap::new();
        for (b, a) in before.iter().zip(&without) {
            if b == "b3" {
                *heirs.entry(a).or_default() += 1;
            }
        }
        assert_eq!(heirs.len(), 9, "{balance}");
        let due = pool.due("b3", at(1));
        let probe = pool.pick_with(due, &Tried::new(), true).unwrap();
        probe.record(due, Outcome::SUCCESS);
        assert_eq!(before, owners(&mut pool, due), "{balance}");
    }
}

#[test]
fn a_backend_that_joins_or_leaves_moves_hardly_more_than_its_share() {
    for balance in KEYED {
        let mut pool = TestPool::with(10, instant(balance));
        let before = owners(&mut pool, at(1));
        pool.grow_to(11, at(2));
        let after = owners(&mut pool, at(2));
        let gained = after.iter().filter(|owner| *owner == "b10").count() as f64;
        let share = gained / KEYS as f64;
        assert!((0.06..0.13).contains(&share), "{balance}: {share}");
        // A ring moves nobody else's keys; Maglev's table a few (§5.3 of the paper).
        let others = moved(&before, &after, "b10") as f64 / KEYS as f64;
        let most = if matches!(balance, Balance::Maglev(_)) {
            0.04
        } else {
            0.0
        };
        assert!(others <= most, "{balance}: {others}");
        pool.grow_to(10, at(3));
        assert_eq!(before, owners(&mut pool, at(3)), "{balance}");
    }
}

#[test]
fn a_backend_that_warms_up_is_given_its_keys_one_after_the_other() {
    for balance in KEYED {
        let config = PoolConfig {
            balance,
            ..PoolConfig::default()
        };
        let mut pool = TestPool::with(4, config);
        pool.grow_to(5, at(10));
        let times = [at(10), at(11), at(13), at(15)];
        let all = times.map(|now| owners(&mut pool, now));
        let owned = all
            .each_ref()
            .map(|o| o.iter().filter(|o| *o == "b4").count());
        assert!(
            owned.is_sorted() && owned[0] * 5 < owned[3],
            "{balance}: {owned:?}"
        );
        for pair in all.windows(2) {
            // Nobody moves back, and nobody else moves.
            let moves = pair[0].iter().zip(&pair[1]).filter(|(b, a)| b != a);
            assert!(moves.into_iter().all(|(_, a)| a == "b4"), "{balance}");
        }
    }
}

#[test]
fn a_retry_goes_on_along_the_ring() {
    for balance in KEYED {
        let mut pool = TestPool::with(5, instant(balance));
        for key in 0..200 {
            let path = |pool: &mut TestPool| {
                let mut tried = Tried::new();
                for _ in 0..5 {
                    let id = pool.pick_key(key, at(1), &tried).backend().id;
                    tried.insert(id);
                }
                tried
            };
            let first = path(&mut pool);
            assert_eq!(first.len(), 5);
            assert_eq!(first, path(&mut pool), "{balance}: the same way each time");
        }
    }
}

#[test]
fn the_last_usable_one_is_found_however_light_it_is() {
    for balance in KEYED {
        let mut weights = vec![1_000; 500];
        weights[77] = 1;
        let mut pool = TestPool::build(&weights, instant(balance));
        for i in (0..500).filter(|i| *i != 77) {
            let name = format!("b{i}");
            pool.pool
                .disable(name.as_str(), "test", None, at(1))
                .unwrap();
        }
        for key in 0..50 {
            let lease = pool.pick_key(key, at(1), &Tried::new());
            assert_eq!(&*lease.backend().name, "b77", "{balance}");
        }
    }
}

/// Hardly anybody stands in the table who can be used: a key has an owner all the same, and not all have one.
#[test]
fn a_key_has_one_owner_among_the_last_usable_ones() {
    for balance in KEYED {
        let config = PoolConfig {
            panic_threshold: None,
            ..instant(balance)
        };
        let mut weights = vec![1_000; 500];
        weights[77..80].fill(1);
        let mut pool = TestPool::build(&weights, config);
        for i in (0..500).filter(|i| !(77..80).contains(i)) {
            let down = report(Health::Down, None, None);
            pool.pool.set_health(i, down, at(1)).unwrap();
        }
        let mut owners = |key| pool.pick_key(key, at(1), &Tried::new()).backend().id;
        let first: Vec<_> = (0..60).map(&mut owners).collect();
        let again: Vec<_> = (0..60).map(&mut owners).collect();
        assert_eq!(first, again, "{balance}");
        for id in 77..80 {
            let owned = first.iter().filter(|owner| **owner == id).count();
            assert!(owned >= 5, "{balance}: {id} owns {owned} of 60");
        }
    }
}

#[test]
fn what_all_weights_have_in_common_does_not_matter() {
    for balance in KEYED {
        let mut small = TestPool::build(&[1, 2, 5], instant(balance));
        let mut large = TestPool::build(&[100, 200, 500], instant(balance));
        assert_eq!(
            owners(&mut small, at(1)),
            owners(&mut large, at(1)),
            "{balance}"
        );
    }
}

#[test]
fn keys_have_owners_from_when_they_are_asked_for() {
    for balance in KEYED {
        let mut pool = TestPool::with(5, PoolConfig::default());
        pool.pool.set_config(instant(balance));
        let mut known = TestPool::with(5, instant(balance));
        assert_eq!(
            owners(&mut pool, at(1)),
            owners(&mut known, at(1)),
            "{balance}"
        );
    }
}

/// Mirrokni, Thorup and Zadimoghaddam: nobody has more than ⌈c·m·w/W⌉ of m requests.
#[test]
fn no_load_exceeds_its_bound() {
    for factor in [1.01, 1.25, 2.0] {
        let bounded = Hashing::DEFAULT.bounded(factor);
        for balance in [Balance::RingHash(bounded), Balance::Maglev(bounded)] {
            let weights = [1, 1, 2, 4];
            let mut pool = TestPool::build(&weights, instant(balance));
            let mut held = Vec::new();
            // All want the same backend, or one of two; and again, once all have ended.
            for m in (1..=400_u64).chain(1..=400) {
                if m == 1 {
                    held.clear();
                }
                held.push(pool.pick_key(m % 2, at(1), &Tried::new()));
                for (backend, weight) in pool.pool.backends().iter().zip(weights) {
                    let bound = (f64::from(factor) * m as f64 * f64::from(weight) / 8.0).ceil();
                    let load = f64::from(backend.in_flight());
                    // The bound grows with the total only: what was within it stays within it.
                    assert!(
                        load <= bound + 1e-6,
                        "{balance} {factor}: {load} of {bound} at {m}"
                    );
                }
            }
            held.clear();
            // Idle again, each key is with its owner again.
            let owner = pool.pick_key(1, at(1), &Tried::new()).backend().id;
            assert_eq!(owner, pool.pick_key(1, at(1), &Tried::new()).backend().id);
        }
    }
}

#[test]
fn without_a_bound_a_hot_key_stays_where_it_is() {
    for balance in KEYED {
        let mut pool = TestPool::with(4, instant(balance));
        let held: Vec<_> = (0..100)
            .map(|_| pool.pick_key(1, at(1), &Tried::new()))
            .collect();
        assert_eq!(held[0].backend().in_flight(), 100, "{balance}");
    }
}

#[test]
fn a_table_of_10_000_backends_gives_each_its_share() {
    for balance in KEYED {
        let mut pool = TestPool::with(10_000, instant(balance));
        let owners = owners(&mut pool, at(1));
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for owner in &owners {
            *counts.entry(owner).or_default() += 1;
        }
        // Two keys each, thrown at random: all but e^-2 of the backends have one, nobody has many.
        assert!(counts.len() > 8_000, "{balance}: {}", counts.len());
        assert!(counts.values().max() < Some(&16), "{balance}");
    }
}
