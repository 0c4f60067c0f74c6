//! Rate limits: many keys, many threads, and callers that invent keys.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::rate::{Quota, RateConfig, RateLimit};

fn config(requests: u32, per: Duration, burst: u32, keys: usize) -> RateConfig {
    let n = |n| NonZeroU32::new(n).unwrap();
    let mut config = RateConfig::new(Quota::new(n(requests), per).with_burst(n(burst)));
    config.max_keys = NonZeroUsize::new(keys).unwrap();
    config
}

/// How many of `tries` requests of `caller` pass at `now`.
fn passes(limit: &RateLimit, caller: &str, tries: u32, now: Tick) -> u32 {
    let key = limit.key(caller);
    (0..tries)
        .map(|_| u32::from(limit.take(key, now).is_ok()))
        .sum()
}

#[test]
fn a_burst_then_the_rate() {
    let limit = RateLimit::new("search", config(10, Duration::from_secs(1), 3, 64));
    assert_eq!(passes(&limit, "a", 10, Tick::ZERO), 3);
    assert_eq!(passes(&limit, "b", 10, Tick::ZERO), 3, "nobody else pays");
    let mut passed = 0;
    for millis in 0..2_000 {
        passed += passes(&limit, "a", 1, Tick::from_millis(millis));
    }
    assert_eq!(passed, 19, "10 per second, and the burst is spent");
    let seen = limit.snapshot(Tick::from_millis(2_000));
    assert_eq!((seen.allowed, seen.limited), (25, 2_000 - 19 + 14));
    assert_eq!((seen.keys, seen.displaced), (1, 0));
}

#[test]
fn what_is_left_counts_down_and_the_wait_is_exact() {
    let limit = RateLimit::new("search", config(2, Duration::from_secs(1), 3, 64));
    let key = limit.key("a");
    let left: Vec<u64> = (0..3)
        .map(|_| limit.take(key, Tick::ZERO).unwrap().requests)
        .collect();
    assert_eq!(left, [2, 1, 0]);
    let other = limit.key("b");
    let seen = [0, 0, 0].map(|_| limit.take(other, Tick::ZERO).unwrap());
    let ms = Duration::from_millis;
    assert_eq!(seen.map(|left| left.reset), [ms(500), ms(1_000), ms(1_500)]);
    assert_eq!(seen.map(|left| left.next), [ms(0), ms(0), ms(500)]);
    let refused = limit.take(key, Tick::from_millis(100)).unwrap_err();
    assert_eq!(refused.wait, Duration::from_millis(400));
    assert_eq!((&*refused.name, refused.status), ("search", 429));
    assert!(limit.take(key, Tick::from_millis(499)).is_err());
    assert!(limit.take(key, Tick::from_millis(500)).is_ok());
}

#[test]
fn a_shadow_refuses_nobody_and_says_what_it_would_do() {
    let mut shadow = config(1, Duration::from_secs(1), 1, 64);
    shadow.shadow = true;
    let limit = RateLimit::new("search", shadow);
    let key = limit.key("a");
    assert!(!limit.take(key, Tick::ZERO).unwrap().exceeded);
    for _ in 0..5 {
        assert!(limit.take(key, Tick::ZERO).unwrap().exceeded);
    }
    let seen = limit.snapshot(Tick::ZERO);
    assert_eq!((seen.allowed, seen.shadowed, seen.limited), (1, 5, 0));
    // What it lets through on sufferance costs nothing: it would not have been let through.
    assert!(!limit.take(key, Tick::from_millis(1_000)).unwrap().exceeded);
}

#[test]
fn a_request_that_another_limit_refused_costs_nothing() {
    let limit = RateLimit::new("search", config(1, Duration::from_secs(1), 2, 64));
    let key = limit.key("a");
    for _ in 0..10 {
        let left = limit.take(key, Tick::ZERO).unwrap();
        limit.give_back(key, &left);
    }
    assert_eq!(passes(&limit, "a", 5, Tick::ZERO), 2);
    assert_eq!(limit.snapshot(Tick::ZERO).allowed, 2);
}

#[test]
fn another_quota_keeps_the_debts_and_the_counts() {
    let limit = RateLimit::new("search", config(1, Duration::from_secs(10), 1, 64));
    assert_eq!(passes(&limit, "a", 3, Tick::ZERO), 1);
    let changed = limit.reconfigured(config(1, Duration::from_secs(5), 1, 64));
    assert_eq!(passes(&changed, "a", 1, Tick::from_secs(9)), 0);
    assert_eq!(passes(&changed, "a", 1, Tick::from_secs(10)), 1);
    assert_eq!(changed.snapshot(Tick::ZERO).limited, 3);
    let larger = changed.reconfigured(config(1, Duration::from_secs(5), 1, 128));
    assert_eq!(passes(&larger, "a", 1, Tick::from_secs(10)), 1, "anew");
}

#[test]
fn many_threads_take_exactly_the_burst() {
    let limit = RateLimit::new("search", config(1, Duration::from_secs(3600), 1_000, 64));
    let passed: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| passes(&limit, "a", 5_000, Tick::ZERO)))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(passed, 1_000);
}

/// Whoever is limited comes back under a hundred thousand invented names, and under its own in between.
#[test]
fn invented_keys_do_not_wash_off_a_debt() {
    let limit = RateLimit::new("search", config(1, Duration::from_secs(3600), 5, 256));
    let now = Tick::from_secs(1);
    assert_eq!(passes(&limit, "hostile", 100, now), 5);
    let (mut invented, mut own) = (0, 0);
    for round in 0..1_000 {
        for name in 0..100 {
            invented += passes(&limit, &format!("{round}/{name}"), 1, now);
        }
        own += passes(&limit, "hostile", 1, now);
    }
    assert_eq!(own, 0, "a debt is never forgotten before it is paid");
    // 256 places with 5 requests each, less what was used before: the bound holds for all names together.
    assert_eq!(invented, 256 * 5 - 5);
    assert_eq!(limit.snapshot(now).keys, 256);
    assert!(limit.snapshot(now).displaced > 0);
}

/// The flood is over as soon as its debts are paid: no key is locked out for good.
#[test]
fn a_full_table_recovers_by_itself() {
    let limit = RateLimit::new("search", config(1, Duration::from_secs(1), 1, 8));
    for name in 0..1_000 {
        passes(&limit, &format!("{name}"), 1, Tick::ZERO);
    }
    assert_eq!(passes(&limit, "newcomer", 1, Tick::ZERO), 0);
    assert_eq!(passes(&limit, "newcomer", 1, Tick::from_secs(1)), 1);
    assert_eq!(limit.snapshot(Tick::from_secs(1)).keys, 1);
}

/// Who takes the place of somebody without a debt takes nothing from anybody.
#[test]
fn only_who_pushes_out_a_debt_is_said_to() {
    let limit = RateLimit::new("search", config(1, Duration::from_secs(1), 1, 8));
    let displaced = |names: std::ops::Range<u32>, now: u64| {
        for name in names {
            passes(&limit, &format!("{name}"), 1, Tick::from_secs(now));
        }
        limit.snapshot(Tick::from_secs(now)).displaced
    };
    assert_eq!(displaced(0..8, 1), 0, "there was room");
    assert_eq!(displaced(8..9, 1), 1, "all of the eight owe");
    assert_eq!(displaced(9..12, 10), 1, "all debts are paid");
}

#[test]
fn a_refusal_says_what_is_allowed_and_when_there_is_room_again() {
    let limit = RateLimit::new("search", config(10, Duration::from_secs(5), 2, 64));
    assert_eq!(passes(&limit, "a", 2, Tick::ZERO), 2);
    let refused = limit.take(limit.key("a"), Tick::ZERO).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "rate limit `search`: 10 in 5s (2 at once), room again in 500ms"
    );
}
