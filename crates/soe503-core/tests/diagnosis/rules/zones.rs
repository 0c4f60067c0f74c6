//! R15: a zone that fails.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::Fact;
use soe503_core::diagnosis::{Evidence, Level};

use super::requests::{diagnosed, timed_out};
use super::world::{Tell, World, well};
use crate::support::{on, refused};

/// Of four backends in two zones so many attempts a second fail, of these causes.
fn world(failures: [u32; 4], spoiled: &[(Cause, u32)]) -> World {
    let mut world = World::usual(4);
    for (label, zone) in world.labels.iter_mut().zip(["a", "a", "b", "b"]) {
        label.zone = Some(zone.into());
    }
    world.run(10, |_| Tell {
        backends: failures.map(|failed| (20, 1, failed)).to_vec(),
        spoiled: spoiled.to_vec(),
        ..well(4)
    });
    world
}

const GONE: Cause = Cause::DependencyConnectRefused;
const LATE: Cause = Cause::DependencyResponseTimeout;

#[test]
fn a_zone_is_told_where_it_makes_the_difference() {
    type Row = (&'static str, [u32; 4], &'static [(Cause, u32)], bool);
    let rows: [Row; 5] = [
        ("one zone", [0, 0, 10, 10], &[(GONE, 20)], true),
        ("both", [10, 10, 10, 10], &[(GONE, 40)], false),
        ("one of each", [10, 0, 10, 0], &[(GONE, 20)], false),
        ("a handful", [0, 0, 0, 0], &[], false),
        (
            "of many causes",
            [0, 0, 10, 10],
            &[(GONE, 10), (LATE, 10)],
            false,
        ),
    ];
    for (name, failures, spoiled, found) in rows {
        let causes = world(failures, spoiled).causes();
        assert_eq!(causes.contains(&GONE), found, "{name}: {causes:?}");
    }
}

#[test]
fn a_request_there_is_told_so() {
    let world = world([0, 0, 10, 10], &[(GONE, 20)]);
    let told = diagnosed(on(1, "b2", refused()), &world);
    assert_eq!((told.primary, told.scope.level), (GONE, Level::Subset));
    let zone = |fact: &Evidence| matches!(fact, Evidence::Measured(Fact::Zone { zone, .. }) if &**zone == "b");
    assert!(told.evidence.iter().any(zone));
    // Elsewhere, and of something else, it is another story.
    for other in [on(1, "b0", refused()), timed_out("b2", 1_000)] {
        let told = diagnosed(other, &world);
        assert!(!told.evidence.iter().any(zone), "{told:#?}");
    }
}

#[test]
fn a_release_in_one_zone_is_a_release() {
    let mut world = world([0, 0, 10, 10], &[(Cause::DependencyUpstreamError, 20)]);
    for (label, release) in world.labels.iter_mut().zip(["1", "1", "2", "2"]) {
        label.release = Some(release.into());
    }
    world.run(1, |_| Tell {
        backends: [0, 0, 10, 10].map(|failed| (20, 1, failed)).to_vec(),
        ..well(4)
    });
    assert_eq!(world.causes(), [Cause::ConfigBadRelease]);
}
