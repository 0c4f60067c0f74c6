//! R18: how much of a limit is in use, to the number.

use soe503_core::Cause;
use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{Fact, Finding, LimitState, Role};

use super::world::{Tell, World, well};
use crate::support::ms;

const LOW: Cause = Cause::ConfigLimitTooLow;

/// A limit of eight in front of a pool that is asked like this for ten seconds.
fn found(mut world: World, tell: impl Fn(u64) -> Tell) -> Option<Finding> {
    world.limit = Some(LimitState {
        limit: 8,
        fixed: true,
        saturated: false,
    });
    world.run(10, tell);
    let list = world.findings().list;
    list.into_iter().find(|f| f.cause == LOW)
}

fn refusing(offered: u32, millis: u64, under_way: u32) -> Tell {
    Tell {
        offered,
        good: 0,
        shed: 50,
        failures: vec![(Cause::OverloadQueueFull, 50)],
        backends: vec![(millis, under_way, 0); 3],
        ..well(3)
    }
}

fn in_use(finding: &Finding) -> Option<f64> {
    finding.facts.iter().find_map(|fact| match fact {
        Fact::Bursts { in_use, .. } => Some(*in_use),
        _ => None,
    })
}

/// By what is answered and how long that takes, or by what is under way, whichever is more; half of it is mostly free.
#[test]
fn half_of_a_limit_is_in_use_at_most_where_bursts_hit_it() {
    for (what, tell, bursts) in [
        ("200 a second of 20 ms", refusing(201, 20, 0), None),
        ("180", refusing(180, 20, 0), Some(3.6)),
        ("two at each", refusing(90, 20, 2), None),
        ("one at each", refusing(90, 20, 1), Some(3.0)),
    ] {
        let finding = found(World::usual(3), |_| tell.clone()).unwrap();
        assert_eq!(in_use(&finding), bursts, "{what}");
    }
}

/// What is under way in the seconds between bursts says nothing.
#[test]
fn only_seconds_in_which_it_refuses_count() {
    let finding = found(World::usual(3), |i| match i {
        9 => refusing(201, 20, 0),
        _ => Tell {
            offered: 30,
            good: 30,
            backends: vec![(20, 0, 0); 3],
            ..well(3)
        },
    });
    assert_eq!(in_use(&finding.unwrap()), None);
}

/// Backends that take twice as long as usual have no room, however much of the limit is free.
#[test]
fn slow_backends_have_no_room() {
    for (millis, is_found) in [(39, true), (40, false)] {
        let finding = found(World::usual(3), |_| refusing(90, millis, 0));
        assert_eq!(finding.is_some(), is_found, "{millis} ms");
    }
}

/// Where it has refused from the beginning, backends are taken to have room if they were never much slower.
#[test]
fn who_was_always_refused_is_compared_with_the_fastest_second() {
    for (slowest, is_found) in [(20, true), (40, true), (41, false)] {
        let finding = found(World::of(3), |i| {
            refusing(30, if i < 5 { 20 } else { slowest }, 0)
        });
        assert_eq!(finding.is_some(), is_found, "{slowest} ms");
        if let Some(finding) = finding {
            assert_eq!(finding.grade, Grade::Suspected);
            let raise = Fact::Raise {
                limit: 8,
                to: 16,
                p50: ms(slowest),
            };
            assert_eq!(finding.facts.last(), Some(&raise));
        }
    }
}

/// There is no setting to raise where the limit was learned: its line is how saturation looks. A circuit is another story.
#[test]
fn saturation_takes_the_place_of_a_learned_limits_line_alone() {
    let learned = Fact::LimitLearned { limit: 12 };
    let finding = |cause| Finding::new(cause, Grade::Inferred).with(learned.clone());
    let (line, circuit) = (Cause::OverloadQueueFull, Cause::CircuitConsecutiveFailures);
    for (cause, shown, role) in [
        (Cause::OverloadPoolSaturated, line, Role::Replaces),
        (Cause::OverloadPoolSaturated, circuit, Role::Behind),
        (Cause::OverloadRetryStorm, line, Role::Behind),
    ] {
        assert_eq!(finding(cause).role(shown), Some(role), "{cause}, {shown}");
    }
}
