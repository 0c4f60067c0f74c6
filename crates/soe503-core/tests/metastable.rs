//! When an overload is found to keep itself going, what is done, and the way back.

use core::time::Duration;

use proptest::prelude::*;
use soe503_core::Tick;
use soe503_core::metastable::{Change, Counts, Metastable, Orders, Stage};
use soe503_core::retry::{BudgetConfig, Cut, RetryBudget};

/// A pool that is told one second after the other.
struct Told {
    watch: Metastable,
    now: Tick,
    counts: Counts,
    pending: u32,
    closed: bool,
}

/// What happens in a second: requests, retries, good ones, late ones, shed ones.
type Second = (u64, u64, u64, u64, u64);

const WELL: Second = (100, 1, 99, 0, 0);
/// As many come, hardly any is of use, and the rest is late.
const LOW: Second = (110, 30, 20, 85, 0);

impl Told {
    fn new() -> Self {
        let mut told = Self {
            watch: Metastable::new(),
            now: Tick::from_secs(3600),
            counts: Counts::default(),
            pending: 200,
            closed: true,
        };
        assert_eq!(told.seconds(60, WELL), [], "all is well");
        assert!(
            (90.0..=100.0).contains(&told.watch.usual()),
            "{}",
            told.watch.usual()
        );
        told
    }

    fn second(&mut self, (requests, retries, good, late, shed): Second) -> Option<Change> {
        self.now = self.now.after(Duration::from_secs(1));
        self.counts.requests += requests;
        self.counts.retries += retries;
        self.counts.good += good;
        self.counts.late += late;
        self.counts.shed += shed;
        self.watch
            .turn(self.now, self.counts, self.pending, self.closed)
    }

    /// The stages that it went to, and after how many seconds.
    fn seconds(&mut self, count: u32, second: Second) -> Vec<(u32, Stage)> {
        let all = (1..=count).filter_map(|n| Some((n, self.second(second)?.to)));
        all.collect()
    }
}

#[test]
fn it_cuts_retries_first_then_the_queue_then_new_work() {
    let mut told = Told::new();
    let stages = told.seconds(20, LOW);
    let names: Vec<_> = stages.iter().map(|(_, stage)| *stage).collect();
    assert_eq!(names, [Stage::RetriesCut, Stage::QueueCut, Stage::Shedding]);
    assert!(stages[0].0 <= 7 && stages[2].0 <= 14, "{stages:?}");
    let why = told.watch.why().unwrap();
    assert!(
        why.useful < 0.2 && why.retry_share > 0.2 && why.usual > 90.0,
        "{why}"
    );
}

#[test]
fn each_stage_has_its_orders() {
    let mut told = Told::new();
    assert_eq!(told.watch.orders(), Orders::USUAL);
    let mut orders = Vec::new();
    for _ in 0..20 {
        if told.second(LOW).is_some() {
            orders.push(told.watch.orders());
        }
    }
    let of = |order: &Orders| (order.no_retries, order.wait_divisor, order.room.is_some());
    let of: Vec<_> = orders.iter().map(of).collect();
    assert_eq!(of, [(true, 1, false), (true, 4, false), (true, 4, true)]);
    let room = orders[2].room.unwrap();
    assert!(
        (8..200).contains(&room),
        "fewer than the 200 that wait: {room}"
    );
    told.seconds(10, (20, 0, 4, 15, 90));
    assert_eq!(told.watch.orders().room, Some(8), "down to the least");
    told.seconds(3, (20, 0, 20, 0, 90));
    assert!(
        told.watch.orders().room > Some(20),
        "more once they are of use"
    );
}

#[test]
fn what_is_none_of_it_is_left_alone() {
    let rows: [(&str, Second, bool); 8] = [
        ("errors are no lateness", (110, 10, 20, 0, 0), true),
        ("dead: the circuit is open", (100, 0, 0, 100, 0), false),
        ("less work", (30, 0, 29, 1, 0), true),
        ("less work, and half of it late", (30, 0, 12, 18, 0), true),
        (
            "more than can be done, of which what can be is",
            (400, 0, 95, 305, 0),
            true,
        ),
        ("a few", (5, 0, 0, 5, 0), true),
        ("half of it is of use", (110, 0, 60, 50, 0), true),
        ("nothing", (0, 0, 0, 0, 0), true),
    ];
    for (what, second, closed) in rows {
        let mut told = Told::new();
        told.closed = closed;
        assert_eq!(told.seconds(60, second), [], "{what}");
    }
}

#[test]
fn a_moment_is_not_enough_and_silence_takes_longer() {
    let mut told = Told::new();
    assert_eq!(told.seconds(4, LOW), []);
    assert_eq!(told.seconds(20, WELL), []);
    let some = told.seconds(20, LOW)[0].0;
    let mut told = Told::new();
    let none = told.seconds(20, (110, 0, 0, 110, 0))[0].0;
    assert!(none > some, "a circuit may open: {none} and {some}");
}

#[test]
fn a_pool_that_was_never_well_is_not_judged() {
    let mut told = Told::new();
    told.watch = Metastable::new();
    assert_eq!(told.seconds(60, LOW), []);
}

#[test]
fn a_stage_that_helps_stays_and_the_next_does_not_come() {
    let mut told = Told::new();
    while told.watch.stage() == Stage::Normal {
        told.second(LOW);
    }
    for good in 10..30 {
        assert_eq!(
            told.second((110, 0, good * 2, 110 - good * 2, 0)),
            None,
            "{good}"
        );
    }
    assert_eq!(told.watch.stage(), Stage::RetriesCut);
}

#[test]
fn back_a_stage_at_a_time_and_slower_after_a_relapse() {
    let mut told = Told::new();
    told.seconds(20, LOW);
    let first = told.seconds(60, WELL);
    let names: Vec<_> = first.iter().map(|(_, stage)| *stage).collect();
    assert_eq!(names, [Stage::QueueCut, Stage::RetriesCut, Stage::Normal]);
    assert!(first[2].0 <= 12, "{first:?}");
    let mut told = Told::new();
    told.seconds(20, LOW);
    while told.watch.stage() != Stage::Normal {
        told.second(WELL);
    }
    while told.watch.stage() != Stage::Shedding {
        told.second(LOW);
    }
    let again = told.seconds(120, WELL);
    assert!(again[2].0 > first[2].0, "{again:?} after {first:?}");
}

#[test]
fn a_pause_of_the_clock_decides_nothing() {
    let mut told = Told::new();
    told.seconds(4, LOW);
    told.now = told.now.after(Duration::from_secs(100));
    assert_eq!(told.seconds(4, LOW), []);
}

#[test]
fn a_budget_that_is_cut_pays_for_nothing() {
    let budget = RetryBudget::new("app", BudgetConfig::default());
    let now = Tick::from_secs(10);
    (0..100).for_each(|_| budget.deposit(now));
    budget.set_cut(Cut::Overload, true);
    assert!(!budget.withdraw(now) && !budget.could_pay(now));
    let seen = budget.snapshot(now);
    assert_eq!((seen.available, seen.spent, seen.refused), (0, 0, 1));
    budget.set_cut(Cut::Overload, false);
    assert!(budget.could_pay(now) && budget.withdraw(now));
}

proptest! {
    /// Whatever came before, once all is answered well it is as if nothing had been.
    #[test]
    fn it_always_returns(seconds in prop::collection::vec((0_u64..300, 0_u64..100, 0_u64..300, 0_u64..300, 0_u64..300), 0..200)) {
        let mut told = Told::new();
        for (requests, retries, good, late, shed) in seconds {
            told.second((requests, retries, good.min(requests), late.min(requests), shed));
        }
        told.seconds(150, WELL);
        prop_assert_eq!(told.watch.stage(), Stage::Normal);
        prop_assert_eq!(told.watch.orders(), Orders::USUAL);
    }

    /// Idle, it returns as well: nothing keeps itself going where nothing is sent.
    #[test]
    fn idle_it_returns(low in 0_u32..60) {
        let mut told = Told::new();
        told.seconds(low, LOW);
        told.seconds(150, (0, 0, 0, 0, 0));
        prop_assert_eq!(told.watch.stage(), Stage::Normal);
    }
}
