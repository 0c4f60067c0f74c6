//! Requests that wait for a backend with room.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Wake, Waker};

use common::{TestPool, at, ms, secs, specs};
use soe503_core::limit::{Class, Turned};
use soe503_core::pool::{Ask, BackendSpec, Balance, Lease, NoBackend, PoolConfig, Tried, Turn};
use soe503_core::{Cause, Outcome, Tick};

fn config(balance: Balance) -> PoolConfig {
    PoolConfig {
        balance,
        max_waiting: 4,
        ..PoolConfig::default()
    }
}

fn limited(limits: &[u32], config: PoolConfig) -> TestPool {
    let pool = TestPool::with(0, config);
    let plain = specs(&vec![1; limits.len()]);
    let with_limit = |(spec, &limit): (BackendSpec<()>, &u32)| BackendSpec {
        max_in_flight: Some(limit),
        ..spec
    };
    let specs = plain.into_iter().zip(limits).map(with_limit).collect();
    pool.pool.set_backends(specs, at(0));
    pool
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
fn who_waits_gets_the_place_that_becomes_free_and_nobody_passes_by() {
    let mut pool = limited(&[1], config(Balance::P2c));
    let held = pool.pick(at(1));
    let mut first = pool.pool.line_up(Class::Normal, None, at(1)).unwrap();
    let mut second = pool.pool.line_up(Class::Normal, None, at(1)).unwrap();
    assert!(poll(&mut pool, &mut first, at(1)).is_none());
    assert!(poll(&mut pool, &mut second, at(1)).is_none());
    assert_eq!(pool.pool.waiting(), 2);
    drop(held);
    assert!(full(&mut pool, at(1)).full.is_some(), "nobody passes by");
    assert!(
        poll(&mut pool, &mut second, at(1)).is_none(),
        "not its turn"
    );
    let held = poll(&mut pool, &mut first, at(1)).unwrap().unwrap();
    assert!(poll(&mut pool, &mut second, at(1)).is_none());
    drop(held);
    drop(poll(&mut pool, &mut second, at(1)).unwrap().unwrap());
    drop((first, second));
    assert_eq!(pool.pool.waiting(), 0);
    assert!(pool.pick_with(at(1), &Tried::new(), false).is_ok());
}

#[test]
fn who_leaves_passes_the_call_on() {
    let mut pool = limited(&[1], config(Balance::P2c));
    let held = pool.pick(at(1));
    let mut turns: Vec<_> = (0..3)
        .map(|_| pool.pool.line_up(Class::Normal, None, at(1)).unwrap())
        .collect();
    for turn in &mut turns {
        assert!(poll(&mut pool, turn, at(1)).is_none());
    }
    drop(held);
    // The first was called and leaves without having looked.
    drop(turns.remove(0));
    assert!(poll(&mut pool, &mut turns[0], at(1)).unwrap().is_ok());
}

#[test]
fn the_line_is_bounded_and_the_important_go_first() {
    let mut pool = limited(&[1], config(Balance::P2c));
    let held = pool.pick(at(1));
    let mut low: Vec<_> = (0..4)
        .map(|_| pool.pool.line_up(Class::Low, None, at(1)).unwrap())
        .collect();
    for turn in &mut low {
        assert!(poll(&mut pool, turn, at(1)).is_none());
    }
    let refused = pool.pool.line_up(Class::Low, None, at(1)).unwrap_err();
    assert_eq!(refused.full.unwrap().why, Turned::LineFull);
    assert_eq!(refused.cause, Cause::OverloadQueueFull);
    let mut high = pool.pool.line_up(Class::High, None, at(1)).unwrap();
    let evicted = low
        .iter_mut()
        .filter_map(|turn| poll(&mut pool, turn, at(1)));
    let evicted: Vec<_> = evicted.map(|gone| gone.unwrap_err().cause).collect();
    assert_eq!(evicted, [Cause::OverloadQueueFull]);
    assert!(poll(&mut pool, &mut high, at(1)).is_none());
    drop(held);
    assert!(poll(&mut pool, &mut high, at(1)).unwrap().is_ok());
}

#[test]
fn the_wait_ends_in_time() {
    let mut pool = limited(&[1], config(Balance::P2c));
    let _held = pool.pick(at(1));
    let mut patient = pool.pool.line_up(Class::Normal, None, at(1)).unwrap();
    let soon = at(1).after(ms(100));
    let mut hasty = pool.pool.line_up(Class::Normal, Some(soon), at(1)).unwrap();
    assert!(poll(&mut pool, &mut hasty, at(1)).is_none());
    assert!(hasty.ask_again() <= soon);
    let late = poll(&mut pool, &mut hasty, soon).unwrap().unwrap_err();
    assert_eq!(late.cause, Cause::OverloadQueueTimeout);
    assert_eq!(late.full.unwrap().waited, ms(100));
    let end = at(1).after(ms(250));
    assert!(poll(&mut pool, &mut patient, end.before(ms(1))).is_none());
    assert!(poll(&mut pool, &mut patient, end).unwrap().is_err());
    let past = pool
        .pool
        .line_up(Class::Normal, Some(at(1)), at(1))
        .unwrap_err();
    assert_eq!(past.full.unwrap().why, Turned::TooLate);
}

#[test]
fn a_backend_that_returns_is_found_by_those_who_wait() {
    let mut pool = limited(&[1, 2], config(Balance::P2c));
    pool.pool.disable("b1", "test", None, at(1)).unwrap();
    let _held = pool.pick(at(1));
    let mut turns = [(), ()].map(|()| pool.pool.line_up(Class::Normal, None, at(1)).unwrap());
    for turn in &mut turns {
        assert!(poll(&mut pool, turn, at(1)).is_none());
    }
    pool.pool.enable("b1", at(1)).unwrap();
    let [first, second] = &mut turns;
    let then = first.ask_again();
    assert!(then < at(1).after(ms(100)), "it looks soon");
    let one = poll(&mut pool, first, then).unwrap().unwrap();
    assert_eq!(&*one.backend().name, "b1");
    // One of two places, as it has just come back: none for the second yet.
    assert!(poll(&mut pool, second, then).is_none());
    drop(one);
    assert!(
        poll(&mut pool, second, then).unwrap().is_ok(),
        "called by what became free"
    );
}

#[test]
fn nobody_waits_where_nobody_may() {
    let mut pool = limited(
        &[1],
        PoolConfig {
            max_waiting: 0,
            ..PoolConfig::default()
        },
    );
    let _held = pool.pick(at(1));
    let refused = pool.pool.line_up(Class::Normal, None, at(1)).unwrap_err();
    assert_eq!(refused.full.unwrap().why, Turned::AtOnce);
}

struct Counts(AtomicU32);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Eight threads and three places: never more in flight than that, everybody is served, nothing is lost.
#[test]
fn threads_share_the_places_exactly() {
    let pool = Arc::new(limited(
        &[1, 2],
        PoolConfig {
            max_waiting: 100,
            max_wait: secs(600),
            ..PoolConfig::default()
        },
    ));
    std::thread::scope(|scope| {
        for seed in 0..8 {
            let pool = Arc::clone(&pool);
            scope.spawn(move || {
                let mut rng = fastrand::Rng::with_seed(seed);
                let (tried, called) = (Tried::new(), Arc::new(Counts(AtomicU32::new(0))));
                let waker = Waker::from(Arc::clone(&called));
                for _ in 0..300 {
                    let ask = Ask::new(at(1), &tried);
                    let lease = match pool.pool.pick_for(&ask, &mut rng) {
                        Ok(lease) => lease,
                        Err(none) => {
                            assert!(none.full.is_some());
                            let mut turn = pool.pool.line_up(Class::Normal, None, at(1)).unwrap();
                            // Time stands still, so nobody looks unless called.
                            loop {
                                let seen = called.0.load(Ordering::Relaxed);
                                match turn.poll(&ask, &mut rng, &waker) {
                                    Some(lease) => break lease.unwrap(),
                                    None => {
                                        while called.0.load(Ordering::Relaxed) == seen {
                                            std::thread::yield_now();
                                        }
                                    }
                                }
                            }
                        }
                    };
                    let backend = lease.backend();
                    assert!(backend.in_flight() <= backend.max_in_flight().unwrap());
                    std::thread::yield_now();
                    drop(lease.record(at(1), Outcome::SUCCESS));
                }
            });
        }
    });
    assert_eq!(pool.pool.waiting(), 0);
    assert!(
        pool.pool
            .backends()
            .iter()
            .all(|backend| backend.in_flight() == 0)
    );
}

/// Whoever looks for itself hears of it at the next look, and does not wait for its time to pass.
#[test]
fn who_waits_is_told_when_nobody_can_be_used_any_more() {
    let mut pool = limited(&[1], config(Balance::P2c));
    let _held = pool.pick(at(1));
    let mut turn = pool.pool.line_up(Class::Normal, None, at(1)).unwrap();
    pool.pool.disable("b0", "broken", None, at(1)).unwrap();
    let look = turn.ask_again();
    assert!(look < turn.due());
    let none = poll(&mut pool, &mut turn, look).unwrap().unwrap_err();
    assert_eq!(none.cause, Cause::MaintenanceAdminDisabled);
    assert!(none.full.is_none());
}
