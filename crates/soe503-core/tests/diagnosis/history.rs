//! What is kept of a pool's seconds.

use core::time::Duration;

use soe503_core::Cause;
use soe503_core::diagnosis::history::{BackendHistory, BackendSecond, History, Label, Second};

fn pushed(seconds: impl IntoIterator<Item = Second>) -> History {
    let mut history = History::new(0);
    for second in seconds {
        history.push(second, core::iter::empty());
    }
    history
}

/// Attempts, failures and what is under way at the end of each second, from the first on.
fn backend(seconds: &[(u32, u32, u32)]) -> BackendHistory {
    let mut history = History::new(0);
    for (at, (attempts, failures, in_flight)) in (1..).zip(seconds) {
        let second = BackendSecond {
            at,
            attempts: *attempts,
            failures: *failures,
            in_flight: *in_flight,
            ..BackendSecond::default()
        };
        let pool = Second {
            at,
            ..Second::default()
        };
        history.push(pool, core::iter::once((Label::new("b0"), second)));
    }
    history.backend("b0").unwrap().clone()
}

/// Nine of ten requests, and no failure in a hundred.
#[test]
fn all_is_well_where_most_is_answered_well() {
    for (good, failed, left, well) in [
        (100, 1, 0, true),
        (99, 1, 0, false),
        (100, 0, 10, true),
        (100, 0, 11, false),
        (1, 0, 0, true),
        (9, 0, 0, true),
        (0, 0, 0, false),
    ] {
        let second = Second {
            good,
            left,
            failures: vec![(Cause::DependencyUpstreamError, failed)],
            ..Second::default()
        };
        assert_eq!(second.is_healthy(), well, "{good}, {failed}, {left}");
    }
}

#[test]
fn a_second_is_kept_if_anything_happened() {
    let failed = vec![(Cause::DependencyUpstreamError, 1)];
    let second = |at| Second {
        at,
        ..Second::default()
    };
    let kept = [
        Second {
            offered: 1,
            ..second(1)
        },
        Second {
            retries: 1,
            ..second(2)
        },
        Second {
            pending: 1,
            ..second(3)
        },
        Second {
            failures: failed.clone(),
            ..second(4)
        },
        Second {
            spoiled: failed,
            ..second(5)
        },
        second(6),
    ];
    let history = pushed(kept);
    let seconds: Vec<u64> = history.last(10).map(|s| s.at).collect();
    assert_eq!(seconds, [1, 2, 3, 4, 5]);
    assert_eq!(history.newest(), 6);
}

/// What is usual ends ten seconds ago, or where something began: an idle second is no beginning.
#[test]
fn where_nobody_asks_nothing_begins() {
    let history = pushed((1..=25).map(|at| Second {
        at,
        offered: if at <= 20 { 90 } else { 0 },
        good: if at <= 20 { 90 } else { 0 },
        ..Second::default()
    }));
    assert_eq!(history.usual().unwrap().seconds, 15);
}

#[test]
fn four_seconds_tell_what_is_usual_of_a_backend() {
    for (seconds, known) in [(3, false), (4, true), (5, true)] {
        let mut history = History::new(0);
        for at in 1..=seconds + 10 {
            let second = Second {
                at,
                offered: 9,
                good: 9,
                ..Second::default()
            };
            let backend = BackendSecond {
                at,
                attempts: 9,
                p50: Some(Duration::from_millis(20)),
                ..BackendSecond::default()
            };
            history.push(second, core::iter::once((Label::new("b0"), backend)));
        }
        let usual = history.backends()[0].usual_p50();
        assert_eq!(usual.is_some(), known, "{seconds}");
    }
}

#[test]
fn a_backend_is_found_by_its_name() {
    let mut history = History::new(0);
    let backends = ["b0", "b1"].map(|name| (Label::new(name), BackendSecond::default()));
    history.push(Second::default(), backends.into_iter());
    let name = |name| history.backend(name).map(|b| b.label.name.to_string());
    assert_eq!(name("b1"), Some("b1".to_owned()));
    assert_eq!(name("b2"), None);
}

/// What began, less what failed and what is under way still; and what was under way before.
#[test]
fn what_was_answered_after_a_second() {
    for (what, seconds, after, answered) in [
        ("in the same second", &[(5, 0, 0)][..], 0, 5),
        ("but one", &[(5, 1, 0)], 0, 4),
        ("nobody yet", &[(5, 0, 5)], 0, 0),
        ("and those before", &[(3, 0, 3), (5, 1, 2)], 1, 5),
        // They end in a second in which none begins.
        ("later", &[(5, 0, 5), (0, 0, 0)], 0, 5),
        ("then", &[(5, 0, 5), (0, 0, 0)], 1, 5),
        ("not after that", &[(5, 0, 5), (0, 0, 0), (0, 0, 0)], 2, 0),
        ("of failures", &[(5, 0, 5), (0, 5, 0)], 1, 0),
    ] {
        let history = backend(seconds);
        assert_eq!(history.answered(after), answered, "{what}");
    }
}

#[test]
fn idle_seconds_of_a_backend_are_not_kept() {
    let history = backend(&[(0, 0, 0), (5, 0, 0), (0, 0, 0), (0, 1, 0), (0, 0, 2)]);
    let seconds: Vec<u64> = history.after(0).map(|s| s.at).collect();
    assert_eq!(seconds, [2, 4, 5]);
}
