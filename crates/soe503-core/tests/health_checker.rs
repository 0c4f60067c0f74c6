//! The rise/fall state machine and its timetable.

use std::time::Duration;

use proptest::prelude::*;
use soe503_core::health::{CheckConfig, CheckResult, Checker, Health};
use soe503_core::ledger::{Attempt, Fault, Phase, TimeoutKind};
use soe503_core::{Cause, Ratio, Tick};

const PASS: CheckResult = CheckResult::passed(Some(200));

fn fail() -> CheckResult {
    CheckResult::Failed {
        cause: Some(Cause::DependencyConnectRefused),
        doubt: None,
        status: None,
        error: "connect: connection refused (111)".into(),
        hints: None,
    }
}

fn result(passed: bool) -> CheckResult {
    if passed { PASS } else { fail() }
}

fn at(secs: u64) -> Tick {
    Tick::from_secs(secs)
}

fn checker(initial: Health) -> Checker {
    Checker::new(
        CheckConfig {
            initial,
            ..CheckConfig::default()
        },
        5,
        at(0),
    )
}

#[test]
fn runs_decide() {
    use Health::{Down, Starting, Up};
    // (initial, results: + passed, - failed, state after each)
    let rows: &[(Health, &str, &[Health])] = &[
        (Up, "---", &[Up, Up, Down]),
        (Up, "--+---", &[Up, Up, Up, Up, Up, Down]),
        (Up, "---++", &[Up, Up, Down, Down, Up]),
        (Up, "---+-++", &[Up, Up, Down, Down, Down, Down, Up]),
        (Down, "++", &[Down, Up]),
        (Starting, "+", &[Up]),
        (Starting, "--+", &[Starting, Starting, Up]),
        (Starting, "---", &[Starting, Starting, Down]),
    ];
    for (initial, results, states) in rows {
        let mut checker = checker(*initial);
        let mut before = *initial;
        for (i, (result_sign, state)) in results.chars().zip(*states).enumerate() {
            let change = checker.record(at(i as u64), result(result_sign == '+'));
            assert_eq!(
                checker.report().health,
                *state,
                "{initial} {results} step {i}"
            );
            let expected = (before != *state).then_some((before, *state, at(i as u64)));
            assert_eq!(
                change.map(|c| (c.from, c.to, c.at)),
                expected,
                "{initial} {results} step {i}"
            );
            before = *state;
        }
    }
}

#[test]
fn the_last_evidence_is_kept() {
    let mut checker = checker(Health::Up);
    assert_eq!(checker.report().last_at, None);
    checker.record(at(1), fail());
    let seen = checker.report();
    assert_eq!(
        seen.last_error.as_deref(),
        Some("connect: connection refused (111)")
    );
    assert_eq!(
        (seen.last_at, seen.cause),
        (Some(at(1)), None),
        "up: nothing to explain"
    );
    checker.record(at(2), fail());
    let not_found = CheckResult::Failed {
        cause: Some(Cause::ConfigHealthCheckPath),
        doubt: None,
        status: Some(404),
        error: "404".into(),
        hints: None,
    };
    checker.record(at(3), not_found);
    assert_eq!(checker.report().cause, Some(Cause::ConfigHealthCheckPath));
    assert_eq!(checker.report().last_status, Some(404));
    // How many there were, and since when.
    let run = |checker: &Checker| (checker.report().failed, checker.report().failed_since);
    assert_eq!(run(&checker), (3, Some(at(1))));
    checker.record(at(4), PASS);
    assert_eq!(run(&checker), (0, None));
    let seen = checker.report();
    assert_eq!(
        (seen.health, seen.cause),
        (Health::Down, Some(Cause::ConfigHealthCheckPath))
    );
    assert_eq!(
        (seen.last_status, seen.last_error.as_ref()),
        (Some(200), None)
    );
    checker.record(at(5), PASS);
    assert_eq!(
        (checker.report().health, checker.report().cause),
        (Health::Up, None)
    );
}

#[test]
fn the_first_check_is_anywhere_in_the_first_interval() {
    let starts: Vec<_> = (0..200)
        .map(|seed| Checker::new(CheckConfig::default(), seed, at(10)).next_at())
        .collect();
    assert!(starts.iter().all(|t| (at(10)..at(12)).contains(t)));
    let early = starts.iter().filter(|t| **t < at(11)).count();
    assert!((70..=130).contains(&early), "{early}");
}

#[test]
fn intervals_are_jittered_both_ways() {
    let mut checker = checker(Health::Up);
    let gaps: Vec<_> = (0..300)
        .map(|n| {
            checker.record(at(n), PASS);
            checker.next_at().since(at(n)).as_millis()
        })
        .collect();
    assert!(
        gaps.iter().all(|gap| (1_800..=2_200).contains(gap)),
        "{gaps:?}"
    );
    assert!(gaps.iter().any(|gap| *gap < 1_850) && gaps.iter().any(|gap| *gap > 2_150));
}

#[test]
fn doubt_checks_faster() {
    let fast = 450..=550;
    let normal = 1_800..=2_200;
    let mut checker = checker(Health::Up);
    let gap = |checker: &Checker, now: Tick| checker.next_at().since(now).as_millis();
    checker.record(at(1), PASS);
    assert!(normal.contains(&gap(&checker, at(1))));
    // Traffic failed: the next check comes soon.
    checker.suspect(at(1));
    assert!(fast.contains(&gap(&checker, at(1))));
    // Suspected again just before it is due: it is not put off.
    let due = checker.next_at();
    checker.suspect(due.before(Duration::from_millis(1)));
    assert_eq!(checker.next_at(), due);
    checker.record(at(2), PASS);
    assert!(
        normal.contains(&gap(&checker, at(2))),
        "a passing check clears the suspicion"
    );
    checker.record(at(3), fail());
    assert!(fast.contains(&gap(&checker, at(3))), "one failure of three");
    checker.record(at(4), fail());
    checker.record(at(5), fail());
    assert!(
        normal.contains(&gap(&checker, at(5))),
        "surely down: no hurry"
    );
    checker.record(at(7), PASS);
    assert!(fast.contains(&gap(&checker, at(7))), "one success of two");
}

#[test]
fn a_backend_that_stays_down_is_looked_at_ever_less() {
    let mut checker = checker(Health::Up);
    let mut gaps = Vec::new();
    for n in 1..=7 {
        checker.record(at(n), fail());
        gaps.push(checker.next_at().since(at(n)).as_millis());
    }
    let ranges = [
        450..=550,
        450..=550,
        1_800..=2_200,
        3_600..=4_400,
        4_500..=5_500,
        4_500..=5_500,
        4_500..=5_500,
    ];
    for (gap, range) in gaps.iter().zip(&ranges) {
        assert!(range.contains(gap), "{gaps:?}");
    }
    // Requests that fail there are no news, and bring nothing forward.
    let due = checker.next_at();
    checker.suspect(at(7));
    assert_eq!(checker.next_at(), due);
    // A success that is followed by a failure begins the pauses anew.
    checker.record(at(8), PASS);
    checker.record(at(9), fail());
    let gap = checker.next_at().since(at(9)).as_millis();
    assert!((3_600..=4_400).contains(&gap), "{gap}");
}

#[test]
fn a_check_that_may_be_wrong_is_made_as_often_as_ever() {
    for (fault, normal) in [
        (Fault::Status(404), true),
        (Fault::Closed, true),
        (Fault::Timeout(TimeoutKind::Attempt), false),
        (Fault::Status(503), false),
    ] {
        let mut attempt = Attempt::begin(1, at(0));
        attempt.phase = Phase::WaitHeaders;
        attempt.fault = Some(fault);
        let allowed = Duration::from_secs(1);
        let mut checker = checker(Health::Up);
        for n in 1..=8 {
            let failed = CheckResult::failed(&attempt, allowed, "no".into(), None);
            checker.record(at(n), failed);
        }
        let gap = checker.next_at().since(at(8)).as_millis();
        let usual = (1_800..=2_200).contains(&gap);
        assert_eq!(usual, normal, "{:?}: {gap} ms", attempt.fault);
    }
}

#[test]
fn a_longer_interval_is_the_longest_pause() {
    let config = CheckConfig {
        interval: Duration::from_secs(60),
        ..CheckConfig::default()
    };
    let mut checker = Checker::new(config, 5, at(0));
    for n in 1..=9 {
        checker.record(at(n), fail());
    }
    let gap = checker.next_at().since(at(9)).as_secs();
    assert!((54..=66).contains(&gap), "{gap}");
}

#[test]
fn a_suspicion_ends_with_the_verdict() {
    let mut checker = checker(Health::Up);
    checker.suspect(at(1));
    for n in 1..=3 {
        checker.record(at(n), fail());
    }
    assert_eq!(checker.report().health, Health::Down);
    checker.record(at(4), PASS);
    checker.record(at(5), PASS);
    let gap = checker.next_at().since(at(5)).as_millis();
    assert!((1_800..=2_200).contains(&gap), "up again, and forgotten");
}

#[test]
fn who_waits_for_the_first_check_does_not_wait_for_an_interval() {
    let config = |initial| CheckConfig {
        initial,
        ..CheckConfig::default()
    };
    // (initial, newcomers, the time over which they are spread in milliseconds)
    for (initial, newcomers, spread) in [
        (Health::Up, 1, 2_000),
        (Health::Up, 10_000, 2_000),
        (Health::Starting, 1, 2),
        (Health::Down, 3, 6),
        (Health::Starting, 500, 1_000),
        (Health::Starting, 10_000, 2_000),
        (Health::Down, usize::MAX, 2_000),
    ] {
        let config = config(initial);
        let expected = Duration::from_millis(spread);
        assert_eq!(config.spread(newcomers), expected, "{initial} {newcomers}");
        let starts: Vec<_> = (0..100)
            .map(|seed| Checker::among(newcomers, config.clone(), seed, at(1)).next_at())
            .collect();
        let end = at(1).after(expected);
        assert!(starts.iter().all(|start| (at(1)..end).contains(start)));
        let middle = at(1).after(expected / 2);
        let early = starts.iter().filter(|start| **start < middle).count();
        assert!((30..=70).contains(&early), "{initial} {newcomers}: {early}");
    }
}

#[test]
fn a_check_that_could_not_be_made_changes_nothing() {
    let mut checker = checker(Health::Up);
    checker.record(at(1), fail());
    for n in 2..=9 {
        let not_made = CheckResult::NotMade {
            cause: Cause::ResourceFdLimit,
            error: "connect: too many open files".into(),
        };
        assert_eq!(checker.record(at(n), not_made), None);
        let seen = checker.report();
        assert_eq!((seen.health, seen.cause), (Health::Up, None));
        assert_eq!(
            (seen.last_at, seen.last_error.as_deref()),
            (Some(at(n)), Some("connect: too many open files"))
        );
        assert!(checker.next_at() > at(n), "made again");
    }
    checker.record(at(10), fail());
    assert_eq!(checker.report().health, Health::Up, "two of three");
    checker.record(at(11), fail());
    assert_eq!(checker.report().health, Health::Down);
}

#[test]
fn when_it_can_be_up_at_the_earliest() {
    let mut checker = checker(Health::Up);
    assert_eq!(checker.earliest_up(), None);
    for n in 1..=4 {
        checker.record(at(n), fail());
    }
    let next = checker.next_at();
    assert_eq!(
        checker.earliest_up(),
        Some(next.after(Duration::from_millis(500)))
    );
    checker.record(at(6), PASS);
    assert_eq!(checker.earliest_up(), Some(checker.next_at()));
}

#[test]
fn configurations() {
    let config = CheckConfig::default();
    assert!(config.validate().is_ok());
    assert_eq!(
        (config.rise, config.fall, config.jitter),
        (2, 3, Ratio::percent(10))
    );
    assert_eq!(
        (config.interval, config.timeout),
        (Duration::from_secs(2), Duration::from_secs(1))
    );
    assert_eq!(
        (config.fast_interval, config.down_interval, config.initial),
        (
            Duration::from_millis(500),
            Duration::from_secs(5),
            Health::Up
        )
    );
    let zero = Duration::ZERO;
    for (bad, key) in [
        (
            CheckConfig {
                rise: 0,
                ..config.clone()
            },
            "rise",
        ),
        (
            CheckConfig {
                fall: 0,
                ..config.clone()
            },
            "fall",
        ),
        (
            CheckConfig {
                interval: zero,
                ..config.clone()
            },
            "interval",
        ),
        (
            CheckConfig {
                fast_interval: zero,
                ..config.clone()
            },
            "fast_interval",
        ),
        (
            CheckConfig {
                timeout: zero,
                ..config.clone()
            },
            "timeout",
        ),
    ] {
        assert!(
            bad.validate().unwrap_err().to_string().contains(key),
            "{key}"
        );
    }
    // Nonsense neither panics nor spins.
    let mut nonsense = Checker::new(
        CheckConfig {
            rise: 0,
            fall: 0,
            interval: zero,
            fast_interval: zero,
            down_interval: zero,
            initial: Health::Down,
            ..config
        },
        1,
        Tick::MAX,
    );
    assert!(nonsense.earliest_up().is_some());
    nonsense.record(Tick::MAX, PASS);
    nonsense.suspect(Tick::ZERO);
    assert!(nonsense.next_at() > Tick::ZERO);
}

proptest! {
    /// Against the definition: a change needs a whole run, and a whole run makes one.
    #[test]
    fn agrees_with_the_definition(
        rise in 1..5_usize,
        fall in 1..5_usize,
        results in prop::collection::vec(any::<bool>(), 1..80),
    ) {
        let config = CheckConfig { rise: rise as u32, fall: fall as u32, ..CheckConfig::default() };
        let mut checker = Checker::new(config, 3, at(0));
        let mut up = true;
        for n in 1..=results.len() {
            checker.record(at(n as u64), result(results[n - 1]));
            let needed = if up { fall } else { rise };
            let run = results[..n].iter().rev().take_while(|passed| **passed != up).count();
            if run >= needed {
                up = !up;
            }
            prop_assert_eq!(checker.report().health == Health::Up, up);
        }
    }
}
