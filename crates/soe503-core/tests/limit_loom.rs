//! The counters of a concurrency limit under every schedule that loom can find.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p soe503-core --release --test limit_loom`
//!
//! Not its line. That nobody is left standing there while there is room rests on sequential consistency: who joins
//! writes `waiting` and then reads `load`, who leaves writes `load` and then reads `waiting`, and one of the two
//! has to see the other. loom takes `SeqCst` for `AcqRel`, under which both may miss, so it reports a fault that the
//! memory model forbids. What the line does is tested with threads in `src/limit/handle_tests.rs`.
#![cfg(loom)]

use loom::thread;
use soe503_core::Tick;
use soe503_core::limit::{Arrival, ConcurrencyLimit, Entry};

const NOW: Tick = Tick::from_secs(1);

/// Takes a slot the way requests do, and gives it back. `true`: there was one.
fn request(limit: &ConcurrencyLimit, most: u32) -> bool {
    match limit.enter(NOW, Arrival::default) {
        Entry::Admitted(mut slot) => {
            assert!(limit.in_use() <= most, "more than may be");
            slot.answered(NOW);
            true
        }
        Entry::Refused(_) => false,
        Entry::Waits(_) => panic!("nobody may wait"),
    }
}

/// Two whole requests at limits of one to three. Three of them in every order would take hours; three that only
/// take and hold are below.
#[test]
fn never_more_than_the_limit_and_nothing_lost() {
    for most in 1..=3 {
        loom::model(move || {
            let limit = ConcurrencyLimit::new("loom", most);
            let others = [thread::spawn({
                let limit = limit.clone();
                move || request(&limit, most)
            })];
            let mut let_in = u32::from(request(&limit, most));
            for thread in others {
                let_in += u32::from(thread.join().unwrap());
            }
            assert!(let_in >= 1, "nobody got in");
            assert_eq!((limit.in_use(), limit.pending()), (0, 0));
            let seen = limit.snapshot(NOW);
            assert_eq!(seen.admitted, u64::from(let_in));
            assert!(limit.try_acquire().is_ok(), "a slot is lost");
        });
    }
}

/// Two that hold their slots: the third is refused, whoever that is.
#[test]
fn one_slot_is_given_to_one() {
    for most in 1..=2 {
        loom::model(move || {
            let limit = ConcurrencyLimit::new("loom", most);
            let others: Vec<_> = (0..2)
                .map(|_| {
                    let limit = limit.clone();
                    thread::spawn(move || limit.try_acquire().ok())
                })
                .collect();
            let mine = limit.try_acquire().ok();
            let held: Vec<_> = others
                .into_iter()
                .filter_map(|thread| thread.join().unwrap())
                .chain(mine)
                .collect();
            assert_eq!(held.len(), most as usize);
            assert_eq!(limit.in_use(), most);
            drop(held);
            assert_eq!(limit.in_use(), 0);
        });
    }
}

/// Whoever tries again after a slot was given back gets it.
#[test]
fn what_is_given_back_can_be_had() {
    loom::model(|| {
        let limit = ConcurrencyLimit::new("loom", 1);
        let slot = limit.try_acquire().unwrap();
        let other = limit.clone();
        let thread = thread::spawn(move || drop(slot));
        let first = other.try_acquire().ok();
        thread.join().unwrap();
        assert_eq!(first.is_none(), other.try_acquire().is_ok());
    });
}
