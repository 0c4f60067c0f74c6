//! The retry budget under every schedule that loom can find.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p soe503-core --release --test budget_loom`
#![cfg(loom)]

use std::time::Duration;

use loom::thread;
use soe503_core::retry::{BudgetConfig, RetryBudget};
use soe503_core::{Ratio, Tick};

const NOW: Tick = Tick::from_secs(100);

fn budget(percent: u32, min_per_second: u32) -> RetryBudget {
    let config = BudgetConfig {
        ratio: Ratio::percent(percent),
        window: Duration::from_secs(10),
        min_per_second,
    };
    RetryBudget::new("loom", config)
}

/// One, two and three threads want the one retry that is there.
#[test]
fn nothing_is_paid_twice() {
    for threads in 1..=3 {
        loom::model(move || {
            let budget = budget(100, 0);
            budget.deposit(NOW);
            let wants: Vec<_> = (1..threads)
                .map(|_| {
                    let budget = budget.clone();
                    thread::spawn(move || budget.withdraw(NOW))
                })
                .collect();
            let mut paid = u32::from(budget.withdraw(NOW));
            for thread in wants {
                paid += u32::from(thread.join().unwrap());
            }
            assert_eq!(paid, 1);
            let seen = budget.snapshot(NOW);
            assert_eq!((seen.spent, seen.refused), (1, threads - 1));
        });
    }
}

/// Two reserves are not two budgets.
#[test]
fn the_reserve_is_given_once() {
    loom::model(|| {
        let budget = budget(0, 1);
        let other = budget.clone();
        let thread = thread::spawn(move || other.withdraw(NOW));
        let paid = [budget.withdraw(NOW), thread.join().unwrap()];
        assert_eq!(paid.iter().filter(|paid| **paid).count(), 1);
    });
}

/// Deposits of several threads, into a bucket that one of them has to begin anew.
#[test]
fn no_deposit_is_lost() {
    // Ten buckets of a second: the same place in the ring.
    let earlier = Tick::from_secs(90);
    for threads in 1..=2 {
        loom::model(move || {
            let budget = budget(100, 0);
            budget.deposit(earlier);
            let others: Vec<_> = (0..threads)
                .map(|_| {
                    let budget = budget.clone();
                    thread::spawn(move || budget.deposit(NOW))
                })
                .collect();
            budget.deposit(NOW);
            for thread in others {
                thread.join().unwrap();
            }
            assert_eq!(budget.snapshot(NOW).window_requests, threads + 1);
        });
    }
}

/// A retry is paid by requests that have come, whoever brought them.
#[test]
fn a_withdrawal_sees_no_deposit_twice() {
    loom::model(|| {
        let budget = budget(50, 0);
        let other = budget.clone();
        let thread = thread::spawn(move || {
            other.deposit(NOW);
            other.withdraw(NOW)
        });
        budget.deposit(NOW);
        let paid = [budget.withdraw(NOW), thread.join().unwrap()];
        // Two requests pay for one retry: whoever asks last finds both.
        assert_eq!(paid.iter().filter(|paid| **paid).count(), 1);
    });
}
