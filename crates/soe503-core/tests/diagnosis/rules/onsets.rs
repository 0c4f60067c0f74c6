//! R6: since when a pool fails, and whether pools began to together.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{Everywhere, Standing, Verdict, Witness, everywhere};

use super::world::{Tell, World, well};
use crate::support::ms;

const NOBODY: Witness = Witness {
    echo: None,
    workers: None,
};

/// Of 90 requests so many fail.
fn fails(failed: u32) -> Tell {
    Tell {
        good: 90 - failed,
        failures: vec![(Cause::DependencyResponseTimeout, failed)],
        ..well(2)
    }
}

/// Nothing comes, and nothing is answered; something is under way.
fn hangs() -> Tell {
    Tell {
        offered: 0,
        good: 0,
        backends: vec![(0, 3, 0); 2],
        ..well(2)
    }
}

/// A pool that is well for half a minute, and then goes through these, each for so many seconds.
fn standing(course: &[(u64, Tell)]) -> Standing {
    let mut world = World::usual(2);
    for (seconds, tell) in course {
        world.run(*seconds, |_| tell.clone());
    }
    Standing::of(&world.history)
}

/// Two pools that fail at once.
fn both(one: &[(u64, Tell)], other: &[(u64, Tell)]) -> Option<Everywhere> {
    everywhere(&[standing(one), standing(other)], &NOBODY)
}

#[test]
fn pools_begin_within_ten_seconds() {
    for (later, together) in [(10, true), (11, false)] {
        let first = [(20, fails(90))];
        let second = [(later, well(2)), (20 - later, fails(90))];
        assert_eq!(both(&first, &second).is_some(), together, "{later}");
    }
}

#[test]
fn half_of_its_requests_fail_and_have_for_a_while() {
    for (what, course, failing) in [
        ("half", vec![(6, fails(45))], true),
        ("fewer", vec![(6, fails(44))], false),
        // Of five seconds they are a fifth.
        ("only just", vec![(1, fails(90))], false),
        ("half of them", vec![(3, fails(90))], true),
    ] {
        let same = both(&course, &course);
        assert_eq!(same.is_some(), failing, "{what}");
    }
}

/// From the first second in which half failed, to which none that was well followed.
#[test]
fn an_onset_is_the_last_that_there_was() {
    // The other pool began to fail six seconds ago.
    let other = |before: u64| vec![(before, well(2)), (6, fails(90))];
    for (what, course, before) in [
        (
            "a few failed before",
            vec![(20, fails(10)), (6, fails(90))],
            20,
        ),
        (
            "nobody asked before",
            vec![(20, hangs()), (6, fails(90))],
            20,
        ),
        (
            "it was well in between",
            vec![(3, fails(90)), (17, well(2)), (6, fails(90))],
            20,
        ),
    ] {
        assert!(both(&course, &other(before)).is_some(), "{what}");
    }
    // Where nothing was answered in between, it was not well: it has failed for 26 seconds.
    let hung = [(3, fails(90)), (17, hangs()), (6, fails(90))];
    assert!(both(&hung, &other(20)).is_none());
    assert!(both(&hung, &[(26, fails(90))]).is_some());
}

/// Fifty milliseconds, of the echo and of the timers.
#[test]
fn the_witness_is_late_beyond_fifty_milliseconds() {
    let course = [(6, fails(90))];
    for (took, lag, verdict) in [
        (50, 50, Verdict::Well),
        (51, 0, Verdict::Ill),
        (0, 51, Verdict::Ill),
    ] {
        let witness = Witness {
            echo: Some(Ok(ms(took))),
            workers: Some(ms(lag)),
        };
        let pools = [standing(&course), standing(&course)];
        let told = everywhere(&pools, &witness).unwrap();
        assert_eq!(told.verdict, verdict, "{took} ms, {lag} ms");
    }
}
