//! What a round makes of a limit, with figures worked out by hand.

use super::tests::{MS, limited, round, seen};
use super::*;

/// What a round of 100 ms makes of a limit, after rounds of half its load.
fn judged(limited: &mut Limited, load: f64, per_second: f64) -> f64 {
    limited.judge(round(load, per_second), &seen(100, 9, Answers::NONE));
    limited.limit
}

#[test]
fn a_limit_follows_from_the_best_rate_and_the_least_latency() {
    for (before, load, per_second, proven, limit) in [
        // Nothing to compare with: 100 at work, twice that.
        (None, 100.0, 1000.0, false, 210.0),
        // As much faster as there are more: four times.
        (Some(round(50.0, 500.0)), 100.0, 1000.0, false, 410.0),
        (
            Some(round(50.0, 500.0)),
            100.0,
            910.0,
            false,
            4.0 * 91.0 + 91_f64.sqrt(),
        ),
        (
            Some(round(50.0, 500.0)),
            100.0,
            890.0,
            false,
            2.0 * 89.0 + 89_f64.sqrt(),
        ),
        (
            Some(round(50.0, 500.0)),
            100.0,
            755.0,
            false,
            2.0 * 75.5 + 75.5_f64.sqrt(),
        ),
        // Four fifths of what they could bring, and half of it.
        (
            Some(round(50.0, 500.0)),
            100.0,
            900.0,
            false,
            2.0 * 90.0 + 90_f64.sqrt(),
        ),
        (
            Some(round(50.0, 500.0)),
            100.0,
            750.0,
            false,
            2.0 * 75.0 + 75_f64.sqrt(),
        ),
        // Less than half of what they could bring: proven. 500 × 100 ms are 50 at work.
        (
            Some(round(50.0, 500.0)),
            100.0,
            500.0,
            true,
            1.15 * 50.0 + 50_f64.sqrt(),
        ),
        (
            Some(round(50.0, 500.0)),
            100.0,
            745.0,
            true,
            1.15 * 74.5 + 74.5_f64.sqrt(),
        ),
    ] {
        let before: Vec<Round> = before.into_iter().collect();
        let mut limited = limited(&before);
        let got = judged(&mut limited, load, per_second);
        assert_eq!(limited.proven, proven, "{per_second}");
        assert!((got - limit).abs() < 1e-6, "{per_second}: {got}, {limit}");
    }
}

#[test]
fn another_time_begins_from_nothing() {
    let mut limited = Limited {
        proven: true,
        seed: Some(10.0 * MS),
        ..limited(&[round(50.0, 500.0), round(60.0, 500.0)])
    };
    judged(&mut limited, 100.0, 290.0);
    assert_eq!((limited.rounds.len(), limited.proven), (1, false));
    assert_eq!(limited.seed, None);
}

/// What was usual before is out of date after six rounds, or where answers take more than twice that and nothing
/// is proven.
#[test]
fn what_was_usual_before_is_given_up() {
    for (proven, seed, done, kept) in [
        (false, 50.0, 0, true),
        (false, 49.9, 0, false),
        (true, 49.9, 0, true),
        (true, 50.0, 5, true),
        (true, 50.0, 6, false),
    ] {
        let mut limited = Limited {
            proven,
            seed: Some(seed * MS),
            done,
            ..limited(&[])
        };
        judged(&mut limited, 100.0, 1000.0);
        assert_eq!(limited.seed.is_some(), kept, "{seed} ms, {done} rounds");
    }
}

/// In every sixth round a quarter fewer, once it is proven.
#[test]
fn a_dip_looks_what_an_answer_takes_without_a_crowd() {
    let usual = 1.15 * 100.0 + 10.0;
    for (proven, done, limit) in [
        (true, 4, 0.75 * usual),
        (true, 3, usual),
        (true, 5, usual),
        (true, 10, 0.75 * usual),
        (false, 4, 210.0),
    ] {
        let mut limited = Limited {
            proven,
            done,
            ..limited(&[])
        };
        let got = judged(&mut limited, 100.0, 1000.0);
        assert!((got - limit).abs() < 1e-6, "after {done}: {got}");
    }
}

#[test]
fn twelve_rounds_are_remembered() {
    let mut limited = limited(&[]);
    for n in 1..=14 {
        judged(&mut limited, 100.0, 1000.0 + f64::from(n));
        assert_eq!(limited.rounds.len(), n.min(12) as usize);
    }
    let oldest = limited.rounds.front().unwrap();
    assert!((oldest.rate * 1e9 - 1003.0).abs() < 1e-6, "{oldest:?}");
}
