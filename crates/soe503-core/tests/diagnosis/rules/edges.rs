//! Each threshold of the rules about load from both sides. Usually 90 requests a second come and take 20 ms.

use core::time::Duration;

use soe503_core::Cause;
use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{Fact, Missing, Own, OwnSecond};

use super::world::{Tell, World, late, well};

const STORM: Cause = Cause::OverloadRetryStorm;
const SATURATED: Cause = Cause::OverloadPoolSaturated;
const SHARED: Cause = Cause::DependencyShared;

/// A second of so many requests, of which clients call `again` retries, with retries of ours, failures, and clients
/// that leave.
fn second(offered: u32, again: u32, retries: u32, failed: u32, left: u32) -> Tell {
    Tell {
        offered,
        again,
        retries,
        left,
        good: offered - failed - left,
        failures: vec![(Cause::DependencyUpstreamError, failed)],
        ..well(3)
    }
}

#[test]
fn a_storm() {
    for (what, tell, found) in [
        ("more than half", second(90, 0, 46, 9, 0), true),
        ("half", second(90, 0, 45, 9, 0), false),
        ("of clients", second(136, 46, 0, 14, 0), true),
        ("half, of clients", second(135, 45, 0, 14, 0), false),
        ("of both", second(100, 10, 36, 10, 0), true),
        ("a tenth fails", second(90, 0, 46, 9, 0), true),
        ("less than a tenth fails", second(90, 0, 46, 8, 0), false),
        ("a tenth leaves", second(90, 0, 46, 4, 5), true),
        ("nearly a third more come", second(116, 0, 60, 12, 0), true),
        ("a third more come", second(117, 0, 60, 12, 0), false),
        ("half as many come", second(45, 0, 23, 5, 0), true),
        ("fewer come", second(44, 0, 23, 5, 0), false),
    ] {
        let mut world = World::usual(3);
        world.run(10, |_| tell.clone());
        assert_eq!(world.causes().contains(&STORM), found, "{what}");
    }
}

/// Without knowing what is usual it is a suspicion, by twenty first attempts in ten seconds.
#[test]
fn a_storm_of_few() {
    for (first, found) in [(20, true), (19, false)] {
        let mut world = World::of(3);
        world.run(10, |i| match i {
            0 => second(first - 18, 0, 2, 1, 0),
            _ => second(2, 0, 2, 1, 0),
        });
        assert_eq!(world.causes().contains(&STORM), found, "{first}");
        if found {
            let storm = world.finding(STORM);
            assert_eq!(storm.grade, Grade::Suspected);
            assert_eq!(storm.missing, [Missing::Usual, Missing::RetryMarks]);
        }
    }
}

#[test]
fn a_storm_is_told_with_its_numbers() {
    for (tell, clients, left) in [
        (second(136, 46, 10, 14, 0), 460, None),
        (second(90, 0, 46, 4, 9), 0, Some(90)),
        (second(90, 0, 46, 4, 8), 0, None),
    ] {
        let mut world = World::usual(3);
        world.run(10, |_| tell.clone());
        let storm = world.finding(STORM);
        let ours = u64::from(tell.retries) * 10;
        assert_eq!(
            storm.facts[..2],
            [
                Fact::Repeated {
                    ours,
                    clients,
                    first: 900
                },
                Fact::Load {
                    offered: 90.0,
                    usual: 90.0
                }
            ]
        );
        let marks = storm.missing.contains(&Missing::RetryMarks);
        assert_eq!(marks, clients == 0);
        let told = storm.facts.get(2).cloned();
        assert_eq!(told, left.map(|left| Fact::Left { left, of: 900 }));
    }
}

/// All of them take so long, and of the requests so many are late.
fn slow(offered: u32, millis: u64, late_ones: u32) -> Tell {
    let slow = Tell {
        offered,
        backends: vec![(millis, 20, 5); 3],
        ..well(3)
    };
    late(slow, late_ones)
}

#[test]
fn what_backends_share() {
    for (what, offered, millis, found) in [
        ("twice the usual time", 90, 40, true),
        ("less", 90, 39, false),
        ("nearly a third more come", 116, 40, true),
        ("a third more come", 117, 40, false),
    ] {
        let mut world = World::usual(3);
        world.run(20, |_| slow(offered, millis, 60));
        assert_eq!(world.causes().contains(&SHARED), found, "{what}");
    }
    for (apart, found) in [(5, true), (6, false)] {
        let mut world = World::usual(3);
        let after = |i: u64, at: u64| if i >= at { (900, 20, 5) } else { (20, 1, 0) };
        world.run(30, |i| {
            let backends = vec![after(i, 0), after(i, 3), after(i, apart)];
            late(
                Tell {
                    backends,
                    ..well(3)
                },
                60,
            )
        });
        assert_eq!(world.causes().contains(&SHARED), found, "{apart} s");
        if found {
            let fact = Fact::Together {
                within: Duration::from_secs(5),
                backends: 3,
            };
            assert_eq!(world.finding(SHARED).facts[0], fact);
        }
    }
}

#[test]
fn backends_that_say_that_they_are_busy() {
    for (what, said, offered, late_ones, found) in [
        ("busy", [0.95; 5], 100, 6, true),
        ("nearly", [0.949; 5], 100, 6, false),
        ("four of five", [0.97, 0.97, 0.97, 0.97, 0.1], 100, 6, true),
        ("three of five", [0.97, 0.97, 0.97, 0.1, 0.1], 100, 6, false),
        ("nothing is missing", [0.97; 5], 100, 5, false),
    ] {
        let mut world = World::usual(5);
        for (label, said) in world.labels.iter_mut().zip(said) {
            label.utilization = Some(said);
        }
        world.run(10, |_| {
            let tell = Tell {
                offered,
                backends: vec![(20, 1, 0); 5],
                ..well(5)
            };
            late(tell, late_ones)
        });
        assert_eq!(world.causes().contains(&SATURATED), found, "{what}");
        if what == "four of five" {
            let busy = Fact::Busy {
                utilization: 0.97,
                backends: 4,
                of: 5,
            };
            assert!(world.finding(SATURATED).facts.contains(&busy));
        }
    }
}

#[test]
fn latency_that_rises_with_the_load() {
    for (what, offered, late_ones, found) in [
        ("a third more come", 117, 12, true),
        ("not so many", 116, 12, false),
        ("nothing is missing", 120, 6, false),
        ("some is", 120, 7, true),
    ] {
        let mut world = World::usual(3);
        world.run(10, |i| {
            let tell = Tell {
                offered,
                backends: vec![(60 + 40 * i, 4 + 3 * i as u32, 1); 3],
                ..well(3)
            };
            late(tell, late_ones)
        });
        assert_eq!(world.causes().contains(&SATURATED), found, "{what}");
    }
}

/// Later than 50 ms, and stopped in a quarter of the periods; or later than 100 ms with two fifths of a second in which
/// somebody waited.
#[test]
fn our_own_processor_time() {
    use Grade::{Inferred, Proven};
    for (lag, periods, throttled, pressure, busy, grade) in [
        (51, 8, 2, None, true, Some(Proven)),
        (50, 8, 2, None, true, None),
        (51, 9, 2, None, true, None),
        (51, 8, 2, None, false, None),
        (51, 0, 0, None, true, None),
        (101, 0, 0, Some(0.4), true, Some(Inferred)),
        (100, 0, 0, Some(0.4), true, None),
        (101, 0, 0, Some(0.39), true, None),
        (101, 10, 1, Some(0.4), true, None),
        (101, 10, 3, Some(0.4), true, Some(Proven)),
    ] {
        let mut own = Own::default();
        own.push(OwnSecond {
            at: 100,
            lag: Duration::from_millis(lag),
            periods,
            throttled,
            pressure,
            busy,
        });
        let found = own.finding().map(|finding| finding.grade);
        assert_eq!(found, grade, "{lag} ms, {throttled} of {periods}");
    }
}

#[test]
fn what_held_us_up_fails_later() {
    let mut own = Own::default();
    let late = OwnSecond {
        at: 100,
        lag: Duration::from_millis(90),
        periods: 10,
        throttled: 9,
        pressure: None,
        busy: true,
    };
    own.push(late);
    for (at, known) in [(101, true), (102, true), (103, false)] {
        own.push(OwnSecond {
            at,
            ..OwnSecond::default()
        });
        assert_eq!(own.finding().is_some(), known, "{at}");
    }
}
