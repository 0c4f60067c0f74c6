//! Backends and their arrangement are exchanged while others pick, as reloads do it under load.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{TestPool, at, specs};
use soe503_core::pool::{Balance, Pool, PoolConfig, Tried};

/// So often everything is exchanged. Too early by a moment, and one of ten is met by a pick.
const EXCHANGES: u32 = 3_000;

/// Picks until `exchange` has been called so often, and returns why a pick was refused, if one was.
fn refused(pool: &Pool<()>, mut exchange: impl FnMut(u32)) -> Option<String> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let picking = scope.spawn(|| {
            let (tried, mut rng) = (Tried::new(), fastrand::Rng::with_seed(7));
            let mut refused = None;
            while !over.load(Ordering::Relaxed) && refused.is_none() {
                let picked = pool.pick(at(2), &tried, true, &mut rng);
                refused = picked
                    .err()
                    .map(|none| format!("{}: {none}", none.cause.id()));
            }
            refused
        });
        for number in 0..EXCHANGES {
            exchange(number);
        }
        over.store(true, Ordering::Relaxed);
        picking.join().unwrap()
    })
}

#[test]
fn nobody_is_refused_while_backends_are_exchanged() {
    let pool = TestPool::of(3).pool;
    let found = refused(&pool, |number| {
        let weights = vec![1 + number % 2; 2 + (number % 3) as usize];
        pool.set_backends(specs(&weights), at(2));
    });
    assert_eq!(found, None);
}

#[test]
fn nobody_is_refused_while_they_are_arranged_anew() {
    let pool = TestPool::of(3).pool;
    let found = refused(&pool, |number| {
        let balance = match number % 2 {
            0 => Balance::P2c,
            _ => Balance::RoundRobin,
        };
        pool.set_config(PoolConfig {
            balance,
            ..PoolConfig::default()
        });
    });
    assert_eq!(found, None);
}
