//! The retry budget against a naive ledger of every event.

use std::time::Duration;

use proptest::prelude::*;
use soe503_core::retry::{BudgetConfig, RetryBudget};
use soe503_core::{Ratio, Tick};

fn budget(percent: u32, window_secs: u64, min_per_second: u32) -> RetryBudget {
    let config = BudgetConfig {
        ratio: Ratio::percent(percent),
        window: Duration::from_secs(window_secs),
        min_per_second,
    };
    assert!(config.validate().is_ok());
    RetryBudget::new("app", config)
}

fn deposit(budget: &RetryBudget, now: Tick, times: u32) {
    (0..times).for_each(|_| budget.deposit(now));
}

fn withdraw_all(budget: &RetryBudget, now: Tick) -> u32 {
    (0..).take_while(|_| budget.withdraw(now)).count() as u32
}

#[test]
fn fm10_a_share_of_the_requests_and_no_more() {
    let budget = budget(20, 10, 0);
    let now = Tick::from_secs(50);
    assert!(!budget.withdraw(now), "no requests, no retries");
    deposit(&budget, now, 4);
    assert!(!budget.withdraw(now), "four fifths of a retry");
    deposit(&budget, now, 1);
    assert_eq!(withdraw_all(&budget, now), 1);
    deposit(&budget, now, 995);
    assert_eq!(budget.snapshot(now).available, 199);
    assert_eq!(withdraw_all(&budget, now), 199);
}

/// Facts of Finagle's `RetryBudgetTest.scala`: of 10,000 requests at one moment so many may be tried again, each asked for
/// right after its request, give or take one. Shares of requests ("apply minRetriesPerSec=0"), a reserve alone ("apply with minRetries
/// and maxPercentOver=0"), both ("apply with minRetries and maxPercentOver"), neither ("Empty").
///
/// Not taken: more retries than requests ("maxPercentOver greater than 1.0"), which a [`Ratio`] cannot say; and a reserve of a whole
/// window at once. Ours is for each second (S20): where Finagle lets ten go with five per second of two, it is five.
#[test]
fn as_many_as_finagle_lets_go() {
    const REQUESTS: u32 = 10_000;
    let rows = [
        // (share, reserve per second, retries)
        (0.0, 0, 0),
        (0.1, 0, 1_000),
        (0.5, 0, 5_000),
        (0.25, 0, 2_500),
        (0.75, 0, 7_500),
        (0.99, 0, 9_900),
        (0.999, 0, 9_990),
        (0.9999, 0, 9_999),
        (0.01, 0, 100),
        (0.001, 0, 10),
        (0.0001, 0, 1),
        (0.0, 10, 10),
        (0.0, 5, 5),
        (0.1, 10, 1_010),
        (0.5, 5, 5_005),
    ];
    for (share, min_per_second, expected) in rows {
        let config = BudgetConfig {
            ratio: Ratio::new(share).unwrap(),
            window: Duration::from_secs(60),
            min_per_second,
        };
        let budget = RetryBudget::new("app", config);
        let now = Tick::from_secs(100);
        assert_eq!(
            budget.could_pay(now),
            min_per_second > 0,
            "{share}: at first"
        );
        let paid = (0..REQUESTS).filter(|_| {
            budget.deposit(now);
            budget.withdraw(now)
        });
        let paid = u32::try_from(paid.count()).unwrap();
        assert!(
            paid.abs_diff(expected) <= 1,
            "{share}, {min_per_second}: {paid}"
        );
        assert!(
            !budget.could_pay(now) || share > 0.99,
            "{share}: nothing is left"
        );
    }
}

#[test]
fn fractions_are_not_truncated() {
    // tower's TpsBudget turns 30 % into 33 %.
    let budget = budget(30, 10, 0);
    let now = Tick::from_secs(50);
    deposit(&budget, now, 1_000);
    assert_eq!(withdraw_all(&budget, now), 300);
}

#[test]
fn idle_time_is_not_saved_up() {
    // tower's TpsBudget allows a burst of a hundred from an idle start.
    let budget = budget(20, 10, 3);
    for second in [1_000, 1_001, 5_000] {
        assert_eq!(
            withdraw_all(&budget, Tick::from_secs(second)),
            3,
            "{second}"
        );
    }
    assert_eq!(
        withdraw_all(&budget, Tick::from_secs(5_000)),
        0,
        "once per second"
    );
}

#[test]
fn requests_pay_once_and_for_one_window() {
    let budget = budget(20, 10, 0);
    deposit(&budget, Tick::from_secs(100), 100);
    assert_eq!(withdraw_all(&budget, Tick::from_secs(109)), 20);
    // The requests left the window; their retries are still in it and count against new requests.
    deposit(&budget, Tick::from_secs(110), 100);
    assert_eq!(withdraw_all(&budget, Tick::from_secs(110)), 0);
    assert_eq!(budget.snapshot(Tick::from_secs(110)).window_retries, 20);
    assert_eq!(withdraw_all(&budget, Tick::from_secs(119)), 20);
    // A week later nothing is left, and nothing had to be caught up with.
    let later = Tick::from_secs(700_000);
    let seen = budget.snapshot(later);
    assert_eq!(
        (seen.available, seen.window_requests, seen.window_retries),
        (0, 0, 0)
    );
    assert_eq!((seen.spent, &*seen.name), (40, "app"));
}

#[test]
fn handles_share_and_late_clocks_do_no_harm() {
    let budget = budget(50, 10, 1);
    let clone = budget.clone();
    clone.deposit(Tick::from_secs(100));
    clone.deposit(Tick::from_secs(100));
    // Another thread's older `now` neither wipes a bucket nor opens an old second's reserve again.
    budget.deposit(Tick::from_secs(90));
    budget.deposit(Tick::from_secs(90));
    assert_eq!(budget.snapshot(Tick::from_secs(100)).window_requests, 4);
    assert_eq!(withdraw_all(&budget, Tick::from_secs(100)), 3);
    assert_eq!(withdraw_all(&budget, Tick::from_secs(99)), 0);
    assert_eq!(clone.snapshot(Tick::from_secs(100)).spent, 3);
}

/// A thread that is a window late counts its retries where those of now are, and forgets none.
#[test]
fn a_late_withdrawal_forgets_no_retry() {
    let (now, late) = (Tick::from_secs(100), Tick::from_secs(90));
    let budget = budget(50, 10, 2);
    deposit(&budget, now, 20);
    // Ten are paid by requests, and two of a second by the reserve.
    (0..11).for_each(|_| assert!(budget.withdraw(now)));
    assert!(budget.withdraw(late));
    assert_eq!(budget.snapshot(now).window_retries, 12);
    assert_eq!(withdraw_all(&budget, now), 0);
}

/// A request that is sent twice to save time is paid for as a retry is, by half of what there is.
#[test]
fn what_saves_time_is_counted_as_well() {
    let budget = budget(50, 10, 0);
    let now = Tick::from_secs(50);
    deposit(&budget, now, 8);
    let paid = (0..5).filter(|_| budget.withdraw_spare(now)).count();
    let seen = budget.snapshot(now);
    assert_eq!((paid, seen.spent, seen.refused), (2, 2, 3));
    assert_eq!((seen.window_retries, seen.available), (2, 2));
}

/// Epochs are 32 bits of buckets. Found by the simulation of whole stacks (seed 1413 of its first
/// version): a budget that was new, or had been idle, that late counted into buckets of no window.
#[test]
fn a_budget_is_kept_however_late_it_is() {
    let bucket = Duration::from_millis(100);
    // Buckets since the epoch: seven years of these, and around where the circle begins anew.
    for buckets in [
        10_u32,
        1 << 31,
        (1 << 31) + 7,
        u32::MAX - 60_000,
        u32::MAX - 3,
    ] {
        let at = |more: u32| {
            let since = bucket * buckets + bucket * more;
            Tick::ZERO.after(since)
        };
        let budget = budget(50, 1, 1);
        deposit(&budget, at(0), 2);
        assert_eq!(budget.snapshot(at(0)).window_requests, 2, "{buckets}");
        assert_eq!(withdraw_all(&budget, at(0)), 2, "{buckets}");
        assert_eq!(withdraw_all(&budget, at(1)), 0, "{buckets}");
        assert_eq!(budget.snapshot(at(9)).window_retries, 2, "{buckets}");
        // Half a circle later nothing of it is left, and nothing is in the way.
        let later = at(1 << 31);
        deposit(&budget, later, 2);
        assert_eq!(withdraw_all(&budget, later), 2, "{buckets}");
    }
}

#[test]
fn odd_configurations() {
    let window = Duration::ZERO;
    let config = BudgetConfig {
        window,
        ..BudgetConfig::default()
    };
    assert_eq!(
        config.validate().unwrap_err().to_string(),
        "retry_budget.window must be at least 100ms"
    );
    let shortest = BudgetConfig {
        window: Duration::from_millis(100),
        ..config
    };
    assert!(shortest.validate().is_ok());
    let budget = RetryBudget::new("app", config);
    budget.deposit(Tick::ZERO);
    assert_eq!(withdraw_all(&budget, Tick::MAX), 3);
    assert_eq!(budget.config().window, window);
}

#[test]
fn no_deposit_is_lost_between_threads() {
    let budget = budget(50, 10, 0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..5_000_u64 {
                    budget.deposit(Tick::from_millis(100_000 + n));
                    budget.withdraw(Tick::from_millis(100_000 + n));
                }
            });
        }
    });
    let seen = budget.snapshot(Tick::from_secs(105));
    assert_eq!(seen.window_requests, 20_000);
    assert_eq!(seen.spent + seen.refused, 20_000);
    assert!(seen.spent <= 10_000);
}

/// Every event with its bucket, kept for ever and counted anew for each question.
struct Naive {
    ratio_percent: u64,
    bucket: u64,
    min_per_second: usize,
    requests: Vec<u64>,
    covered: Vec<u64>,
    reserved: Vec<u64>,
}

impl Naive {
    fn in_window(&self, times: &[u64], now: u64) -> u64 {
        let newest = now / self.bucket;
        let recent = times.iter().filter(|t| *t / self.bucket + 10 > newest);
        recent.count() as u64
    }

    fn retried(&self, now: u64) -> u64 {
        self.in_window(&self.covered, now) + self.in_window(&self.reserved, now)
    }

    /// The promise: ratio × requests + reserve, of this very window.
    fn most(&self, now: u64) -> u64 {
        let earned = self.in_window(&self.requests, now) * self.ratio_percent / 100;
        earned + self.bucket / 100 * self.min_per_second as u64
    }

    fn withdraw(&mut self, now: u64) -> bool {
        let earned = self.in_window(&self.requests, now) * self.ratio_percent;
        if (self.in_window(&self.covered, now) + 1) * 100 <= earned {
            self.covered.push(now);
            return true;
        }
        let this_second = self.reserved.iter().filter(|t| *t / 1_000 == now / 1_000);
        if this_second.count() < self.min_per_second && self.retried(now) < self.most(now) {
            self.reserved.push(now);
            return true;
        }
        false
    }
}

proptest! {
    #[test]
    fn agrees_with_the_naive_ledger(
        percent in 0..=100_u32,
        window_secs in 1..20_u64,
        min_per_second in 0..4_u32,
        steps in prop::collection::vec((0..3_000_u64, 0..30_u32, 0..12_u32), 1..60),
    ) {
        let budget = budget(percent, window_secs, min_per_second);
        let mut naive = Naive {
            ratio_percent: u64::from(percent),
            bucket: window_secs * 100,
            min_per_second: min_per_second as usize,
            requests: Vec::new(),
            covered: Vec::new(),
            reserved: Vec::new(),
        };
        let mut millis = 1_000_000;
        for (pause, requests, retries) in steps {
            millis += pause;
            let now = Tick::from_millis(millis);
            for _ in 0..requests {
                budget.deposit(now);
                naive.requests.push(millis);
            }
            for _ in 0..retries {
                let allowed = naive.withdraw(millis);
                prop_assert_eq!(budget.withdraw(now), allowed);
                if allowed {
                    prop_assert!(naive.retried(millis) <= naive.most(millis));
                }
            }
        }
        let seen = budget.snapshot(Tick::from_millis(millis));
        prop_assert_eq!(seen.spent, (naive.covered.len() + naive.reserved.len()) as u64);
        // Over all of time too, no request paid twice.
        let paid = naive.requests.len() as u64 * u64::from(percent) / 100;
        prop_assert!(naive.covered.len() as u64 <= paid);
    }
}

/// Nothing is charged, and it is the answer that a retry would get.
#[test]
fn whether_a_retry_could_be_paid_for() {
    let now = Tick::from_secs(50);
    let none = budget(20, 10, 0);
    assert!(!none.could_pay(now), "no requests, no reserve");
    deposit(&none, now, 5);
    assert!(
        none.could_pay(now) && none.could_pay(now),
        "a fifth of five"
    );
    assert!(none.withdraw(now));
    assert!(!none.could_pay(now));
    let reserve = budget(20, 10, 1);
    assert!(reserve.could_pay(now), "the reserve alone");
    while reserve.withdraw(now) {}
    assert!(!reserve.could_pay(now));
}
