//! Size and age.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::super::{Entry, Journal, Kind, Limits};
use super::*;

const MIB: u64 = 1 << 20;

/// A failure of about the size of a real one.
fn large(number: u64) -> Entry {
    let length = 1500 + (number * 7919 % 2500) as usize;
    Entry {
        body: vec![b'x'; length],
        ..failure(number)
    }
}

#[test]
fn the_file_never_becomes_longer_than_it_may_and_the_latest_are_kept() {
    for max in [MIB, 3 * MIB] {
        let directory = tempfile::tempdir().unwrap();
        let path = place(&directory);
        let journal = on(&path, limits(max));
        let mut longest = 0;
        let put = 2 * max / 1024;
        for number in 0..put {
            journal.put(large(number));
            if number % 64 == 63 {
                journal.flush();
                longest = longest.max(path.metadata().unwrap().len());
            }
        }
        journal.flush();
        let kept = ids(&journal, Kind::Failure);
        assert!(longest <= max, "{longest} of {max}");
        // Not by being empty: a good part of the room is used.
        assert!(
            kept.len() as u64 * 2750 > max / 4,
            "{} of {max}",
            kept.len()
        );
        let latest: Vec<_> = (0..put)
            .rev()
            .take(kept.len())
            .map(|n| format!("f{n}"))
            .collect();
        assert_eq!(kept, latest);
        assert!(journal.get(Kind::Failure, "f0").unwrap().is_none());
        let squeezed = journal.counts().squeezed.load(Relaxed);
        assert_eq!(squeezed + kept.len() as u64, put);
        assert!(journal.status().unwrap().trouble.is_none());
    }
}

#[test]
fn a_flood_of_failures_pushes_out_no_incident() {
    let directory = tempfile::tempdir().unwrap();
    let journal = on(&place(&directory), limits(MIB));
    for number in 0..20 {
        journal.put(entry(Kind::Incident, &format!("i{number}"), now() + number));
        journal.put(entry(Kind::Change, &format!("c{number}"), now() + number));
    }
    for number in 0..2000 {
        journal.put(large(number));
        if number % 64 == 63 {
            journal.flush();
        }
    }
    journal.flush();
    let counts = Kind::ALL.map(|kind| journal.status().unwrap().entries(kind));
    assert!(counts[0] < 2000, "{counts:?}");
    assert_eq!(counts[1..], [20, 20]);
}

#[test]
fn a_bound_that_is_lowered_makes_the_file_shorter() {
    let directory = tempfile::tempdir().unwrap();
    let path = place(&directory);
    let journal = on(&path, limits(16 * MIB));
    for number in 0..2000 {
        journal.put(large(number));
        if number % 500 == 499 {
            journal.flush();
        }
    }
    journal.flush();
    let before = path.metadata().unwrap().len();
    assert!(before > 4 * MIB, "{before}");
    let lower = Some((path.clone(), limits(2 * MIB)));
    journal.configure(lower, now, || ()).unwrap();
    journal.flush();
    let after = path.metadata().unwrap().len();
    assert!(after <= 2 * MIB, "{after}");
    assert_eq!(ids(&journal, Kind::Failure)[0], "f1999");
    journal.put(failure(5000));
    journal.flush();
    assert_eq!(ids(&journal, Kind::Failure)[0], "f5000");
    assert_eq!(journal.status().unwrap().limits, limits(2 * MIB));
}

/// A clock that this test alone turns.
static LATER: AtomicU64 = AtomicU64::new(1_000_000_000);

#[test]
fn the_old_go_and_the_rest_stays() {
    let clock = || LATER.load(Relaxed);
    let directory = tempfile::tempdir().unwrap();
    let journal = Begun(Journal::default());
    let hour = Limits {
        max_age: Duration::from_secs(3600),
        ..Limits::default()
    };
    let wanted = Some((place(&directory), hour));
    journal.configure(wanted, clock, || ()).unwrap();
    let minute = 60_000;
    for (kind, id, age) in [
        (Kind::Failure, "old", 50),
        (Kind::Incident, "old", 45),
        (Kind::Failure, "young", 5),
        (Kind::Change, "future", -600),
    ] {
        let at = clock().saturating_add_signed(-age * minute);
        journal.put(entry(kind, id, at));
    }
    journal.flush();
    assert_eq!(journal.status().unwrap().entries, [2, 1, 1]);
    LATER.fetch_add(30 * minute as u64, Relaxed);
    journal.flush();
    assert_eq!(ids(&journal, Kind::Failure), ["young"]);
    assert!(ids(&journal, Kind::Incident).is_empty());
    assert_eq!(ids(&journal, Kind::Change), ["future"]);
    assert_eq!(journal.counts().aged.load(Relaxed), 2);
    assert_eq!(journal.get(Kind::Failure, "old").unwrap(), None);
    LATER.fetch_add(30 * minute as u64, Relaxed);
    journal.stop();
    assert_eq!(journal.counts().aged.load(Relaxed), 3);
}
