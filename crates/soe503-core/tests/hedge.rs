//! When a request is sent to a second backend, and when not.

mod common;

use std::time::Duration;

use common::{TestPool, at, ms, report};
use proptest::prelude::*;
use soe503_core::health::Health;
use soe503_core::hedge::{Hedge, HedgeConfig, Situation, Withheld, is_safe};
use soe503_core::pool::{Ask, PoolConfig, Tried};
use soe503_core::retry::{BudgetConfig, RetryBudget};
use soe503_core::{Ratio, Tick};

fn hedging(config: HedgeConfig) -> PoolConfig {
    PoolConfig {
        hedge: Some(config),
        ..PoolConfig::default()
    }
}

fn pool(size: u32) -> TestPool {
    TestPool::with(size, hedging(HedgeConfig::default()))
}

/// `count` requests on backend `name`, answered at `now` after `latency`.
fn answer(pool: &mut TestPool, name: &str, count: u32, latency: Duration, now: Tick) {
    (0..count).for_each(|_| pool.answer(name, now, latency));
}

/// The delay after the pool has looked at its backends.
fn delay(pool: &mut TestPool, now: Tick) -> Option<Duration> {
    drop(pool.pick(now));
    pool.pool.hedge().delay()
}

fn near(delay: Option<Duration>, expected: Duration) -> bool {
    delay.is_some_and(|delay| delay.abs_diff(expected) * 20 <= expected)
}

fn budget(requests: u32, now: Tick) -> RetryBudget {
    let budget = RetryBudget::new("app", BudgetConfig::default());
    (0..requests).for_each(|_| budget.deposit(now));
    budget
}

#[test]
fn switched_off_there_is_never_one_due() {
    let mut pool = TestPool::of(3);
    answer(&mut pool, "b0", 500, ms(30), at(10));
    assert_eq!(delay(&mut pool, at(11)), None);
    assert_eq!(pool.pool.hedge().config(), None);
}

#[test]
fn it_is_due_after_the_percentile_of_enough_answers() {
    let mut pool = pool(1);
    answer(&mut pool, "b0", 90, ms(30), at(10));
    assert_eq!(delay(&mut pool, at(11)), None, "90 of 100");
    answer(&mut pool, "b0", 10, ms(200), at(11));
    assert!(near(delay(&mut pool, at(12)), ms(200)), "95 %");
    answer(&mut pool, "b0", 200, ms(30), at(12));
    assert!(
        near(delay(&mut pool, at(13)), ms(30)),
        "now 3 % take 200 ms"
    );
    let snapshot = pool.pool.hedge().snapshot();
    assert_eq!((snapshot.samples, &*snapshot.name), (300, "app"));
}

#[test]
fn not_before_the_shortest_delay() {
    let mut pool = pool(1);
    answer(&mut pool, "b0", 100, ms(1), at(10));
    assert_eq!(delay(&mut pool, at(11)), Some(ms(10)));
}

#[test]
fn it_follows_the_latencies() {
    let mut pool = pool(1);
    answer(&mut pool, "b0", 1_000, ms(30), at(10));
    assert!(near(delay(&mut pool, at(11)), ms(30)));
    // Five minutes later hardly a trace of that is left.
    answer(&mut pool, "b0", 200, ms(80), at(310));
    assert!(near(delay(&mut pool, at(311)), ms(80)));
}

#[test]
fn one_slow_backend_does_not_move_it() {
    let mut pool = pool(3);
    for (name, latency) in [("b0", 30), ("b1", 2_000), ("b2", 40)] {
        answer(&mut pool, name, 100, ms(latency), at(10));
    }
    assert!(near(delay(&mut pool, at(13)), ms(40)), "the median");
    let mut two = self::pool(2);
    for (name, latency) in [("b0", 2_000), ("b1", 30)] {
        answer(&mut two, name, 100, ms(latency), at(10));
    }
    assert!(near(delay(&mut two, at(13)), ms(30)), "of two, the lower");
}

/// Twenty answers say how long a backend takes. Where any has so many, those with fewer are not asked.
#[test]
fn a_few_answers_of_a_backend_do_not_move_it() {
    for (few, latency) in [(19, 80), (20, 30)] {
        let mut pool = pool(2);
        answer(&mut pool, "b0", 100, ms(80), at(10));
        answer(&mut pool, "b1", few, ms(30), at(10));
        let learned = delay(&mut pool, at(11));
        assert!(near(learned, ms(latency)), "{few}: {learned:?}");
    }
}

#[test]
fn a_reload_keeps_the_counts_and_learns_anew() {
    let mut pool = pool(1);
    answer(&mut pool, "b0", 100, ms(30), at(10));
    assert!(delay(&mut pool, at(11)).is_some());
    let hedge = pool.pool.hedge().clone();
    hedge
        .decide(&Situation::usual(), &budget(100, at(11)), at(11))
        .unwrap();
    pool.pool.set_config(hedging(HedgeConfig::default()));
    assert!(hedge.delay().is_some(), "the same");
    pool.pool.set_config(hedging(HedgeConfig {
        min_delay: ms(500),
        ..HedgeConfig::default()
    }));
    assert_eq!(hedge.delay(), None);
    assert_eq!(delay(&mut pool, at(12)), Some(ms(500)));
    assert_eq!(hedge.snapshot().sent, 1);
    pool.pool.set_config(PoolConfig::default());
    assert_eq!(delay(&mut pool, at(13)), None, "switched off");
}

/// Those that were cut short are not missing from what they are cut by.
#[test]
fn what_was_outrun_is_heard_of() {
    let mut pool = pool(2);
    for name in ["b0", "b1"] {
        answer(&mut pool, name, 100, ms(30), at(10));
    }
    assert!(near(delay(&mut pool, at(11)), ms(30)));
    let before = pool.pool.snapshot(at(11));
    for n in 0..20 {
        let lease = pool.lease("b0", at(11 + n));
        lease.outrun(at(11 + n).after(ms(90)));
    }
    let (was, is) = (&before.backends[0], &pool.pool.snapshot(at(32)).backends[0]);
    assert_eq!((is.failures, is.consecutive_failures), (0, 0));
    assert_eq!(is.in_flight, 0);
    assert_eq!(is.state, was.state);
    assert!(is.latency.p99 > was.latency.p99, "{:?}", is.latency);
    // And it gets less: 90 ms are dearer than 30.
    let picks = (0..300).filter(|_| &*pool.pick(at(32)).backend().name == "b0");
    assert!(picks.count() < 100);
}

/// It may be hung: then it must not go on getting a part of the requests, to be hedged.
#[test]
fn who_answers_nothing_in_between_is_hardly_asked_any_more() {
    let share = |answers: bool| {
        let mut pool = pool(2);
        for name in ["b0", "b1"] {
            answer(&mut pool, name, 100, ms(30), at(10));
        }
        for n in 0..20 {
            let now = at(11).after(ms(60 * n));
            pool.lease("b0", now).outrun(now.after(ms(60)));
            if answers {
                pool.answer("b0", now.after(ms(60)), ms(30));
            }
        }
        // Both have as much to do as they can: five requests.
        let now = at(13);
        let mut busy: Vec<_> = (0..5).map(|_| pool.lease("b1", now)).collect();
        busy.extend((0..100).map(|_| pool.pick(now)));
        busy.iter()
            .filter(|lease| &*lease.backend().name == "b0")
            .count()
    };
    let (hung, late) = (share(false), share(true));
    assert!(hung <= 6, "{hung}");
    assert!(late >= 30, "{late}");
}

#[test]
fn a_short_time_says_nothing() {
    let mut pool = pool(1);
    answer(&mut pool, "b0", 100, ms(30), at(10));
    drop(pool.pick(at(11)));
    let samples = pool.pool.hedge().snapshot().samples;
    pool.pick(at(11)).outrun(at(11).after(ms(2)));
    drop(pool.pick(at(12)));
    assert_eq!(pool.pool.hedge().snapshot().samples, samples);
}

#[test]
fn why_not() {
    let usual = Situation::usual();
    let rows = [
        (
            Situation {
                panic: true,
                ..usual
            },
            Withheld::Panic,
        ),
        (
            Situation {
                circuit_not_closed: true,
                ..usual
            },
            Withheld::Circuit,
        ),
        (
            Situation {
                probe: true,
                ..usual
            },
            Withheld::Probe,
        ),
        (
            Situation {
                other_backend: false,
                ..usual
            },
            Withheld::NoOtherBackend,
        ),
        (
            Situation {
                attempt_left: false,
                ..usual
            },
            Withheld::AttemptsSpent,
        ),
        (
            Situation {
                remaining: Some(ms(30)),
                expected: ms(30),
                ..usual
            },
            Withheld::NoTimeLeft,
        ),
    ];
    let (pool, now) = (pool(2), at(10));
    let (hedge, budget) = (pool.pool.hedge(), budget(100, now));
    for (situation, why) in rows {
        assert_eq!(hedge.decide(&situation, &budget, now), Err(why));
        assert_eq!(hedge.snapshot().withheld[why as usize], 1, "{}", why.id());
    }
    assert_eq!(
        budget.snapshot(now).spent,
        0,
        "only a hedge that is sent costs"
    );
    let in_time = Situation {
        remaining: Some(ms(31)),
        expected: ms(30),
        ..usual
    };
    assert_eq!(hedge.decide(&in_time, &budget, now), Ok(()));
    assert_eq!(budget.snapshot(now).spent, 1);
    assert_eq!(hedge.snapshot().sent, 1);
}

#[test]
fn half_of_the_budget_is_kept_for_retries() {
    let (mut pool, now) = (pool(2), at(10));
    answer(&mut pool, "b0", 100, ms(30), now);
    assert!(delay(&mut pool, at(11)).is_some());
    // 20 % of 100 requests; the reserve of three is not touched.
    let (hedge, budget) = (pool.pool.hedge(), budget(100, now));
    let send = |hedge: &Hedge| {
        hedge.answered(ms(5));
        hedge.decide(&Situation::usual(), &budget, now)
    };
    let sent = (0..50).filter(|_| send(hedge).is_ok()).count();
    assert_eq!(sent, 10);
    assert_eq!(send(hedge), Err(Withheld::BudgetEmpty));
    assert_eq!((0..50).filter(|_| budget.withdraw(now)).count(), 13);
    let few = self::budget(9, now);
    assert!(!few.withdraw_spare(now), "a tenth of nine");
}

#[test]
fn not_while_nobody_is_answered_in_time() {
    let (mut pool, now) = (pool(2), at(10));
    answer(&mut pool, "b0", 100, ms(30), now);
    let due = delay(&mut pool, at(11)).unwrap();
    let (hedge, budget) = (pool.pool.hedge(), budget(1_000, now));
    let send = || hedge.decide(&Situation::usual(), &budget, now);
    let sent_of_20 = || (0..20).filter(|_| send().is_ok()).count();
    assert_eq!(sent_of_20(), 8, "then it is all of them");
    assert_eq!(send(), Err(Withheld::Crowd));
    for late in [due + ms(1), due] {
        hedge.answered(late);
        assert_eq!(send(), Err(Withheld::Crowd), "a late answer is no news");
    }
    hedge.answered(due - ms(1));
    assert_eq!(sent_of_20(), 8, "somebody is as fast as ever");
    // One backend of three is slow: what the others answer comes between.
    let one_of_three = (0..200).filter(|_| {
        (0..2).for_each(|_| hedge.answered(ms(20)));
        send().is_ok()
    });
    assert_eq!(one_of_three.count(), 84, "as many as the budget pays");
}

#[test]
fn safe_is_less_than_idempotent() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert!(is_safe(method), "{method}");
    }
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "",
    ] {
        assert!(!is_safe(method), "{method}");
    }
}

#[test]
fn rather_nobody_than_one_that_was_tried() {
    let mut pool = pool(2);
    let mut tried = Tried::new();
    tried.insert(0);
    let pick = |pool: &mut TestPool, tried: &Tried, elsewhere| {
        let ask = Ask::new(at(1), tried).elsewhere(elsewhere);
        pool.pool.pick_for(&ask, &mut pool.rng)
    };
    let lease = pick(&mut pool, &tried, true).unwrap();
    assert_eq!(lease.backend().id, 1);
    tried.insert(1);
    assert!(pick(&mut pool, &tried, true).is_err());
    assert!(pick(&mut pool, &tried, false).unwrap().repeated());
}

#[test]
fn percentiles_below_a_half_are_no_hedging() {
    let config = HedgeConfig {
        percentile: Ratio::percent(49),
        ..HedgeConfig::default()
    };
    let error = config.validate().unwrap_err();
    assert_eq!(error.to_string(), "hedge.percentile must be at least 0.5");
    assert!(HedgeConfig::default().validate().is_ok());
    let half = HedgeConfig {
        percentile: Ratio::percent(50),
        ..HedgeConfig::default()
    };
    assert!(half.validate().is_ok());
}

#[test]
fn a_pool_panics_when_it_uses_what_is_out() {
    let pool = pool(2);
    assert!(!pool.pool.is_panicking());
    for name in ["b0", "b1"] {
        let down = report(Health::Down, None, None);
        pool.pool.set_health(name, down, at(2)).unwrap();
    }
    assert!(pool.pool.is_panicking());
}

proptest! {
    /// Hedges never take more than half of what requests have paid in, whatever else is paid from it.
    #[test]
    fn never_more_than_their_share(
        steps in prop::collection::vec((0..500_u64, 0..40_u32, 0..20_u32, 0..5_u32), 1..60),
        percent in 0..=100_u32,
    ) {
        let config = BudgetConfig { ratio: Ratio::percent(percent), ..BudgetConfig::default() };
        let budget = RetryBudget::new("app", config);
        let (mut millis, mut requests, mut hedges) = (100_000, 0_u64, 0_u64);
        for (pause, arrived, late, failed) in steps {
            millis += pause;
            let now = Tick::from_millis(millis);
            (0..arrived).for_each(|_| budget.deposit(now));
            requests += u64::from(arrived);
            for _ in 0..late {
                let earned = budget.snapshot(now).window_requests * u64::from(percent) / 100;
                if budget.withdraw_spare(now) {
                    hedges += 1;
                    prop_assert!(earned >= 2);
                }
            }
            (0..failed).for_each(|_| { budget.withdraw(now); });
        }
        prop_assert!(hedges <= requests * u64::from(percent) / 200, "{hedges} of {requests}");
    }
}

#[test]
fn what_came_of_hedges_is_counted() {
    let pool = pool(1);
    let hedge = pool.pool.hedge();
    (0..3).for_each(|_| hedge.won());
    (0..2).for_each(|_| hedge.lost());
    hedge.failed();
    let seen = hedge.snapshot();
    assert_eq!((seen.won, seen.lost, seen.failed, seen.sent), (3, 2, 1, 0));
}
