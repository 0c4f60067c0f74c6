//! R20: what is there all the same.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{BrokenCheck, Fact, OwnSecond};
use soe503_core::diagnosis::{Evidence, Grade, Level};

use super::requests::{diagnosed, queue_full, timed_out};
use super::world::{Tell, World, late, well};
use crate::support::{answered, circuit_open, ms, on, refused, reset};

#[test]
fn what_another_attempt_has_saved_is_told_beside() {
    let mut world = World::usual(3);
    world.run(10, |_| Tell {
        good: 85,
        failures: vec![(Cause::DependencyResetBeforeResponse, 5)],
        spoiled: vec![
            (Cause::DependencyResetBeforeResponse, 15),
            (Cause::DependencyResponseTimeout, 4),
            (Cause::DependencyConnectRefused, 0),
        ],
        ..well(3)
    });
    let told = diagnosed(on(1, "b0", reset()), &world);
    assert_eq!(told.primary, Cause::DependencyResetBeforeResponse);
    assert_eq!(told.contributing, [Cause::DependencyResponseTimeout]);
    assert_eq!(told.shares.len(), 1, "shares are of requests");
    // One in a hundred is noise, and so are two.
    for spoiled in [(95_u32, 1_u32), (1, 1)] {
        let mut world = World::usual(3);
        world.run(2, |_| Tell {
            spoiled: vec![
                (Cause::DependencyResetBeforeResponse, spoiled.0),
                (Cause::DependencyResponseTimeout, spoiled.1),
            ],
            ..well(3)
        });
        let told = diagnosed(on(1, "b0", reset()), &world);
        assert_eq!(told.contributing, [], "{spoiled:?}");
    }
}

fn throttled(world: &mut World) {
    world.own(OwnSecond {
        lag: ms(300),
        throttled: 9,
        periods: 10,
        busy: true,
        ..OwnSecond::default()
    });
}

#[test]
fn our_own_trouble_is_told_beside_what_it_does_not_explain() {
    let mut world = World::usual(3);
    throttled(&mut world);
    let told = diagnosed(on(1, "b0", answered(500)), &world);
    assert_eq!(told.primary, Cause::DependencyUpstreamError);
    assert_eq!(told.contributing, [Cause::ResourceCpuThrottled]);
    assert_ne!(told.scope.level, Level::AllPools);
    let measured = |fact: &Evidence| matches!(fact, Evidence::Measured(Fact::Throttled { .. }));
    assert!(told.evidence.iter().any(measured));
    let told = diagnosed(on(1, "b0", refused()), &World::usual(3));
    assert_eq!(told.contributing, []);
}

#[test]
fn our_own_trouble_is_told_beside_an_open_circuit_that_has_another_root() {
    let mut world = World::usual(3);
    throttled(&mut world);
    let cpu = Cause::ResourceCpuThrottled;
    for (root, behind, beside) in [
        (
            Cause::DependencyUpstreamError,
            Cause::DependencyUpstreamError,
            vec![cpu],
        ),
        (Cause::DependencyResponseTimeout, cpu, vec![]),
    ] {
        let told = diagnosed(circuit_open(Some(root)), &world);
        assert_eq!(told.primary, Cause::CircuitConsecutiveFailures);
        assert_eq!((told.root, told.contributing), (Some(behind), beside));
    }
}

#[test]
fn a_check_that_is_wrong_is_told_beside() {
    let broken = |backends: usize| {
        let mut world = World::usual(3);
        let of = |i| BrokenCheck {
            backend: format!("b{i}").into(),
            cause: Cause::ConfigHealthCheckPath,
        };
        world.broken_checks = (0..backends).map(of).collect();
        world
    };
    for (backends, found) in [(3, true), (2, true), (1, false), (0, false)] {
        let told = diagnosed(on(1, "b0", refused()), &broken(backends));
        assert_eq!(told.primary, Cause::DependencyConnectRefused);
        let beside = told.contributing == [Cause::ConfigHealthCheckPath];
        assert_eq!(beside, found, "{backends}");
    }
    // Of a backend that has left it says nothing.
    let mut left = broken(0);
    left.broken_checks = vec![BrokenCheck {
        backend: "b9".into(),
        cause: Cause::ConfigHealthCheckPath,
    }];
    assert_eq!(left.causes(), []);
    let gone = left.broken_checks.clone();
    let mut one_of_two = broken(1);
    one_of_two.broken_checks.extend(gone);
    assert_eq!(one_of_two.causes(), [], "it is one of three");
    let mut empty = World::of(0);
    empty.run(1, |_| well(0));
    empty.broken_checks = left.broken_checks;
    assert_eq!(empty.causes(), [], "nor where nobody is left");
}

/// Two of three have more to do than they can, and the third takes 1.5 s whatever it has to do.
fn one_slow_in_a_crowd(slowest: u64) -> World {
    let mut world = World::usual(3);
    world.run(10, |i| {
        let i = i as u32;
        let crowd = (60 + 30 * u64::from(i), 4 + 3 * i, 5);
        let more = Tell {
            offered: 200 + 10 * i,
            backends: vec![(slowest, 8, 8), crowd, crowd],
            ..well(3)
        };
        late(more, 80)
    });
    world
}

#[test]
fn one_slow_backend_is_told_from_a_crowd_at_the_others() {
    let world = one_slow_in_a_crowd(1_500);
    let slow = world.finding(Cause::DependencyResponseTimeout);
    assert_eq!(
        (slow.grade, slow.ruled_out.len()),
        (Grade::Suspected, 0),
        "the others are not fine"
    );
    assert!(world.causes().contains(&Cause::OverloadPoolSaturated));
    let told = diagnosed(timed_out("b0", 1_500), &world);
    assert_eq!(
        (told.primary, told.scope.level),
        (Cause::DependencyResponseTimeout, Level::Backend)
    );
    assert!(told.contributing.contains(&Cause::OverloadPoolSaturated));
    let told = diagnosed(timed_out("b1", 1_500), &world);
    assert_eq!(told.primary, Cause::OverloadPoolSaturated);
    let told = diagnosed(queue_full(), &world);
    assert_eq!(told.root, Some(Cause::OverloadPoolSaturated));
    // The slowest of a crowd is one of it.
    for slowest in [300, 500] {
        let crowd = one_slow_in_a_crowd(slowest);
        let causes = crowd.causes();
        assert!(!causes.contains(&Cause::DependencyResponseTimeout));
    }
}
