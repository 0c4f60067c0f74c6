//! R15: when a group of backends fails more often than the others, to the number.

use soe503_core::Cause;
use soe503_core::diagnosis::history::{BackendSecond, Second};
use soe503_core::diagnosis::rules::{Fact, Finding};

use super::world::World;

/// Of backends with these releases, attempts and failures.
fn found(backends: &[(&str, u32, u32)]) -> Option<Finding> {
    let mut world = World::of(backends.len());
    world.at += 1;
    let at = world.at;
    let second = Second {
        at,
        offered: 1,
        ..Second::default()
    };
    let told = world.labels.iter_mut().zip(backends);
    let told: Vec<_> = told
        .map(|(label, (release, attempts, failures))| {
            label.release = Some((*release).into());
            let second = BackendSecond {
                at,
                attempts: *attempts,
                failures: *failures,
                ..BackendSecond::default()
            };
            (label.clone(), second)
        })
        .collect();
    world.history.push(second, told.into_iter());
    let list = world.findings().list;
    list.into_iter()
        .find(|f| f.cause == Cause::ConfigBadRelease)
}

#[test]
fn the_numbers_of_a_group_are_sums() {
    let release = found(&[("1", 90, 1), ("1", 60, 0), ("2", 100, 30), ("2", 50, 20)]).unwrap();
    let [
        Fact::Group {
            failed,
            of,
            others_failed,
            others_of,
            ..
        },
    ] = release.facts[..]
    else {
        panic!("{release:?}");
    };
    assert_eq!((failed, of), (50, 150));
    assert_eq!((others_failed, others_of), (1, 150));
}

/// Five times as often as the others, which are given half a failure and one attempt more.
#[test]
fn a_group_fails_five_times_as_often() {
    for (failed, others_failed, others, is_found) in [
        // 3.5 of 35 are a tenth.
        (500, 3, 34, true),
        (499, 3, 34, false),
        // 9.5 of 1,000.
        (48, 9, 999, true),
        (47, 9, 999, false),
    ] {
        let release = found(&[("1", others, others_failed), ("2", 1_000, failed)]);
        let what = format!("{failed} of 1000, {others_failed} of {others}");
        assert_eq!(release.is_some(), is_found, "{what}: {release:?}");
    }
}

/// Of two the chance of one is held against half of the bound, of three against a third: 0.00004 and 0.00008.
#[test]
fn the_more_groups_the_less_may_be_chance() {
    let two = |failed| found(&[("1", 100, 0), ("2", 100, failed)]).is_some();
    assert!(two(14) && !two(13));
    let three = |failed| found(&[("1", 50, 0), ("3", 50, 0), ("2", 100, failed)]).is_some();
    assert!(three(15) && !three(14));
}

#[test]
fn without_others_there_is_nothing_to_compare() {
    assert_eq!(found(&[("1", 100, 50), ("1", 100, 50)]), None);
}
