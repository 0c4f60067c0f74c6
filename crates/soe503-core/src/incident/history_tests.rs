//! Seconds, and what is usual, with figures worked out by hand.

use super::*;

const CAUSE: Cause = Cause::DependencyConnectRefused;

fn at(second: u64) -> Tick {
    Tick::from_secs(second)
}

fn failed(count: u64) -> Failed {
    Failed {
        cause: CAUSE,
        primary: CAUSE,
        count,
        taken: false,
    }
}

fn count(history: &mut History, second: u64, requests: u64, failures: u64) {
    let counted = Counted {
        requests,
        ..Counted::default()
    };
    let failed = [failed(failures)];
    let failed = if failures > 0 { &failed[..] } else { &[] };
    history.count(&counted, failed, at(second));
}

/// A quarter of an hour ago counts by 1/e.
#[test]
fn what_is_usual_fades() {
    let share = |usual: Usual| {
        let history = History {
            usual,
            ..History::default()
        };
        history.usual()
    };
    let mut usual = Usual::default();
    assert_eq!(share(usual), 0.01, "nothing is known");
    usual.add(1_000_000, 900, 99);
    assert!((share(usual) - 0.1).abs() < 1e-9, "100 of 1000");
    usual.add(1_000_900, 100, 9);
    // (99 / e + 9 + 1) / (900 / e + 100 + 100)
    assert!((share(usual) - 0.087_405).abs() < 1e-5, "{}", share(usual));
    usual.add(1_000_900, 1_000_000, 0);
    assert_eq!(share(usual), 0.01, "never less");
}

/// The bound of Chernoff, from 0: what is usual is no surprise.
#[test]
fn the_surprise_grows_with_the_share_and_with_the_number() {
    for (failed, requests, usual, surprise_) in [
        (0, 10, 0.01, 0.0),
        (1, 10, 0.1, 0.0),
        (1, 10, 0.2, 0.0),
        // 10 ln 100
        (10, 10, 0.01, 46.051_702),
        // 10 (1/2 ln 5 + 1/2 ln 5/9)
        (5, 10, 0.1, 5.108_256),
        (50, 100, 0.1, 51.082_562),
        // 3 ln 100, which is ln 1,000,000.
        (3, 3, 0.01, 13.815_511),
    ] {
        let got = surprise(failed, requests, usual);
        assert!(
            (got - surprise_).abs() < 1e-5,
            "{failed} of {requests} at {usual}: {got}"
        );
    }
}

#[test]
fn a_minute_is_kept_by_the_second() {
    let mut history = History::default();
    count(&mut history, 100, 10, 2);
    count(&mut history, 160, 10, 0);
    assert_eq!(history.rates(at(161), 61).sum::<u64>(), 20);
    count(&mut history, 161, 10, 0);
    assert_eq!(
        history.seconds.len(),
        2,
        "the oldest is older than a minute"
    );
    // It is what is usual now: 2 of 10.
    let Usual {
        requests, failed, ..
    } = history.usual;
    assert_eq!((requests, failed), (10.0, 2.0));
}

/// From two seconds before the onset, as counts come late, to its last failure.
#[test]
fn what_belongs_to_an_incident_is_not_usual() {
    for (second, counted) in [
        (97, true),
        (98, false),
        (100, false),
        (110, false),
        (111, true),
    ] {
        let mut history = History::default();
        history.set_unusual(at(100), at(110));
        count(&mut history, second, 10, 2);
        count(&mut history, second + 61, 10, 0);
        let requests = if counted { 10.0 } else { 0.0 };
        assert_eq!(history.usual.requests, requests, "{second}");
    }
}

#[test]
fn rates_are_those_of_the_seconds_before_this_one() {
    let mut history = History::default();
    for (second, requests) in [(100, 1), (101, 2), (103, 4), (104, 8)] {
        count(&mut history, second, requests, 0);
    }
    let rates: Vec<u64> = history.rates(at(104), 5).collect();
    assert_eq!(rates, [4, 0, 2, 1, 0]);
}

#[test]
fn lately_is_ten_seconds() {
    let mut history = History::default();
    for (second, requests) in [(100, 1), (101, 2), (105, 4), (110, 8)] {
        count(&mut history, second, requests, requests);
    }
    let any = |_: Cause| true;
    assert_eq!(history.lately(at(110), any), (14, 14));
    assert_eq!(history.lately(at(111), any), (12, 12));
    let others = |cause: Cause| cause != CAUSE;
    assert_eq!(history.lately(at(110), others), (0, 14));
}

#[test]
fn a_stretch_begins_with_the_first_failure_that_no_incident_has() {
    let mut history = History::default();
    for (second, requests, failures) in [(100, 10, 0), (103, 10, 1), (105, 10, 0), (106, 10, 3)] {
        count(&mut history, second, requests, failures);
    }
    let stretch = history.stretch(at(106)).unwrap();
    assert_eq!((stretch.failed, stretch.requests), (4, 30));
    assert_eq!(stretch.onset, at(103));
    assert!(history.stretch(at(163)).is_some(), "a minute later");
    let later = history.stretch(at(164)).unwrap();
    assert_eq!((later.failed, later.requests), (3, 10));
    assert!(history.stretch(at(167)).is_none());
}

/// Counts come up to two seconds after the explanations.
#[test]
fn an_onset_is_when_it_was_first_explained() {
    let ms = |millis: u64| Tick::from_nanos(millis * 1_000_000);
    for (sighted, onset) in [
        (&[99_900][..], 99_900),
        (&[98_100][..], 98_100),
        (&[97_900][..], 100_000),
        (&[100_700, 100_300][..], 100_300),
        (&[98_100, 99_200, 100_700][..], 98_100),
        (&[97_000, 98_500, 99_900][..], 98_500),
    ] {
        let mut history = History::default();
        count(&mut history, 90, 10, 0);
        for millis in sighted {
            history.sighted(ms(*millis));
        }
        count(&mut history, 100, 10, 5);
        let stretch = history.stretch(at(100)).unwrap();
        assert_eq!(stretch.onset, ms(onset), "{sighted:?}");
    }
}

/// The onset is where it becomes least likely: not the first second of it, nor a stray failure before.
#[test]
fn a_surge_begins_where_chance_explains_it_least() {
    let mut history = History::default();
    (40..103).for_each(|second| count(&mut history, second, 100, u64::from(second == 90)));
    for (second, failures) in [(100, 20), (101, 30), (102, 40)] {
        count(&mut history, second, 0, failures);
    }
    let surge = history.surge(5).unwrap();
    assert_eq!(surge.onset, at(100));
    assert_eq!((surge.requests, surge.failed[0].count), (300, 90));
}

#[test]
fn a_surge_takes_failures_once() {
    let mut history = History::default();
    (40..100).for_each(|second| count(&mut history, second, 100, 0));
    count(&mut history, 100, 100, 30);
    count(&mut history, 101, 100, 40);
    assert!(history.surge(71).is_none(), "not so many");
    let surge = history.surge(70).unwrap();
    assert_eq!(surge.onset, at(100));
    assert_eq!(surge.requests, 200);
    assert_eq!(
        surge.failed,
        [Failed {
            taken: true,
            ..failed(70)
        }]
    );
    assert!(history.surge(1).is_none(), "an incident has them");
    assert!(history.stretch(at(101)).is_none());
    assert_eq!(history.lately(at(101), |_| true), (70, 1_000));
}
