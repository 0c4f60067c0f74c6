//! R5: what is slow, and with what else, to the millisecond. Usually 90 requests a second come and take 20 ms.

use soe503_core::Cause;
use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{Fact, Finding, Missing};

use super::world::{Tell, World, late, well};

const SLOW: Cause = Cause::DependencyResponseTimeout;
const SHARED: Cause = Cause::DependencyShared;
const SATURATED: Cause = Cause::OverloadPoolSaturated;

/// Each backend takes so many milliseconds, for ten seconds.
fn found(world: &mut World, cause: Cause, millis: &[u64]) -> Option<Finding> {
    let backends: Vec<_> = millis.iter().map(|millis| (*millis, 2, 0)).collect();
    world.run(10, |_| Tell {
        backends: backends.clone(),
        ..well(3)
    });
    let list = world.findings().list;
    list.into_iter().find(|finding| finding.cause == cause)
}

#[test]
fn one_is_slow_beside_the_others() {
    use Grade::{Inferred, Suspected};
    for (what, millis, grade) in [
        ("twice as slow", &[20, 20, 40][..], Some(Inferred)),
        ("nearly", &[20, 20, 39], None),
        // The others take as long as it takes to be slow: three times as long, and no verdict about them.
        ("of slow ones", &[40, 40, 120], Some(Suspected)),
        ("the slowest of slow ones", &[40, 40, 119], None),
        ("of two slow ones", &[60, 900], None),
        ("of two", &[39, 900], Some(Inferred)),
        // Less than ten milliseconds is nobody's trouble.
        ("slow, and fast enough", &[2, 2, 9], None),
        ("not fast enough", &[2, 2, 10], Some(Inferred)),
    ] {
        let finding = found(&mut World::usual(millis.len()), SLOW, millis);
        assert_eq!(finding.as_ref().map(|f| f.grade), grade, "{what}");
    }
}

#[test]
fn others_that_are_fine_rule_out_what_all_would_show() {
    let finding = found(&mut World::usual(3), SLOW, &[20, 20, 40]).unwrap();
    let not: Vec<Cause> = finding.ruled_out.iter().map(|r| r.cause).collect();
    assert_eq!(not, [SATURATED, SHARED]);
}

#[test]
fn two_backends_can_share_something() {
    assert!(found(&mut World::usual(2), SHARED, &[900, 900]).is_some());
    assert!(found(&mut World::usual(1), SHARED, &[900]).is_none());
}

/// All of them are slow by the median of five seconds, and one of them has recovered in the last.
#[test]
fn who_has_recovered_is_not_slow_with_the_others() {
    for (last, is_found) in [(900, true), (20, false)] {
        let mut world = World::usual(3);
        world.run(9, |_| Tell {
            backends: vec![(900, 2, 0); 3],
            ..well(3)
        });
        world.run(1, |_| Tell {
            backends: vec![(900, 2, 0), (900, 2, 0), (last, 2, 0)],
            ..well(3)
        });
        assert_eq!(world.causes().contains(&SHARED), is_found, "{last}");
    }
}

/// More than usual, not all of it answered, and each second slower; of each backend so many more are under way with each.
fn crowd(mut world: World, again: u32, left: u32, more: [u32; 3]) -> World {
    world.run(10, |i| {
        let backend = |more: u32| (60 + 40 * i, 4 + more * i as u32, 1);
        let tell = Tell {
            offered: 150,
            again,
            left,
            backends: more.map(backend).to_vec(),
            ..well(3)
        };
        late(tell, 30)
    });
    world
}

/// On as good as all of them. Where it does not, they had as many under way when all was well, or now more, now fewer.
#[test]
fn latency_has_to_rise_with_what_is_under_way() {
    for (what, before, more, saturated) in [
        ("all of them", [1, 1], [3, 3, 3], true),
        ("one of three", [4, 13], [3, 0, 0], false),
        ("as many as ever", [4, 4], [0, 0, 0], false),
    ] {
        let mut world = World::of(3);
        world.run(30, |i| Tell {
            backends: vec![(20, before[i as usize % 2], 0); 3],
            ..well(3)
        });
        let causes = crowd(world, 0, 0, more).causes();
        assert_eq!(causes.contains(&SATURATED), saturated, "{what}");
    }
}

#[test]
fn clients_that_say_that_they_repeat_are_not_missed() {
    for again in [0, 10] {
        let finding = crowd(World::usual(3), again, 0, [3; 3]).finding(SATURATED);
        let missing = finding.missing.contains(&Missing::RetryMarks);
        assert_eq!(missing, again == 0, "{again}");
    }
}

#[test]
fn a_tenth_of_the_clients_that_leave_is_told() {
    for (left, told) in [(0, None), (14, None), (15, Some(150)), (40, Some(400))] {
        let finding = crowd(World::usual(3), 0, left, [3; 3]).finding(SATURATED);
        let fact = finding.facts.into_iter();
        let fact: Vec<Fact> = fact.filter(|f| matches!(f, Fact::Left { .. })).collect();
        let told = told.map(|left| Fact::Left { left, of: 1_500 });
        assert_eq!(fact, Vec::from_iter(told), "{left}");
    }
}

/// Three times the usual load, a fifth of which callers' limits turn away.
#[test]
fn a_spike_of_few_keys() {
    for (offered, limited, is_found) in [
        (270, 54, true),
        (270, 53, false),
        (269, 54, false),
        (270, 0, false),
    ] {
        let mut world = World::usual(3);
        world.run(6, |_| Tell {
            offered,
            limited,
            good: offered - limited,
            ..well(3)
        });
        let causes = world.causes();
        let spike = causes.contains(&Cause::OverloadTrafficSpike);
        assert_eq!(spike, is_found, "{limited} of {offered}");
    }
}
