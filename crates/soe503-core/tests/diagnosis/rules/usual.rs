//! When what is usual is worked out.

use core::time::Duration;

use soe503_core::diagnosis::history::{BackendSecond, History, Label, Second};

/// Seconds in which all was well, each with a backend's median of 20 ms.
fn calm(history: &mut History, seconds: core::ops::RangeInclusive<u64>) -> Vec<u64> {
    let mut worked_out = Vec::new();
    for at in seconds {
        let second = Second {
            at,
            offered: 90,
            good: 90,
            ..Second::default()
        };
        let backend = BackendSecond {
            at,
            attempts: 90,
            p50: Some(Duration::from_millis(20)),
            ..BackendSecond::default()
        };
        let before = history.usual().map(|usual| usual.seconds);
        history.push(second, core::iter::once((Label::new("b0"), backend)));
        if history.usual().map(|usual| usual.seconds) != before {
            worked_out.push(at);
        }
    }
    worked_out
}

/// Fewer than four seconds before the last ten are no habit; after that each is another one.
#[test]
fn with_each_second_as_long_as_there_are_few() {
    let mut history = History::new(0);
    assert_eq!(calm(&mut history, 1..=60), (14..=60).collect::<Vec<_>>());
    assert_eq!(history.usual().unwrap().seconds, 50);
    assert_eq!(
        history.backends()[0].usual_p50(),
        Some(Duration::from_millis(20))
    );
}

#[test]
fn every_ten_seconds_once_there_are_many() {
    let mut history = History::new(0);
    let _ = calm(&mut history, 1..=60);
    assert_eq!(calm(&mut history, 61..=95), [70, 80, 90]);
    let usual = history.usual().unwrap();
    assert_eq!((usual.seconds, usual.offered), (80, 90.0));
}

#[test]
fn not_in_the_same_second_for_every_pool() {
    let mut history = History::new(3);
    let _ = calm(&mut history, 1..=60);
    assert_eq!(calm(&mut history, 61..=95), [67, 77, 87]);
}
