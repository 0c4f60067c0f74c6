//! How it has gone so far, for those who explain.

use std::sync::Arc;
use std::time::Duration;

use soe503_core::Cause;
use soe503_core::change::{Change, Kind, Origin, Reach};
use soe503_core::incident::{Changes, Course, Place};

use crate::scene::{BEGIN, Scene, step};

const REFUSED: Cause = Cause::DependencyConnectRefused;
const TIMEOUT: Cause = Cause::DependencyResponseTimeout;

fn course(scene: &mut Scene, pool: &str, cause: Cause) -> Option<Arc<Course>> {
    let now = scene.now().tick;
    let directory = scene.directory()?;
    directory.course(&pool.into(), cause, now).cloned()
}

fn well(scene: &mut Scene, seconds: u64) {
    scene.run(seconds, &[step("cart", 5, &[])]);
}

fn deploy(service: &str, at_ms: i64, reach: Reach) -> Change {
    Change {
        id: format!("C{at_ms}").into(),
        kind: Kind::Deploy,
        at_ms,
        service: Some(service.into()),
        version: Some("v2".into()),
        reach,
        by: None,
        notes: Vec::new(),
        origin: Origin::Reported,
    }
}

#[test]
fn what_is_no_incident_is_counted_from_the_first_failure_of_the_minute() {
    let mut scene = Scene::new();
    well(&mut scene, 30);
    assert_eq!(
        course(&mut scene, "cart", REFUSED),
        None,
        "nothing has failed"
    );
    let begun = scene.now().unix_ms;
    scene.act(&step("cart", 5, &[(REFUSED, 1)]));
    scene.turn();
    well(&mut scene, 5);
    scene.run(1, &[step("cart", 5, &[(TIMEOUT, 1)])]);
    assert_eq!(scene.book.incidents().count(), 0, "it is half a percent");
    let told = course(&mut scene, "cart", REFUSED).unwrap();
    assert_eq!(told.place, Place::Pool("cart".into()));
    assert_eq!(told.since_ms, begun);
    assert_eq!(told.failed, 5, "whatever they failed of");
    assert_eq!(
        told.requests,
        Some(5 + 5 * 25 + 5),
        "and one before, in the same second"
    );
    // Another pool's failures, and our own, are others.
    let now = scene.now().tick;
    scene.act(&step("cart", 5, &[(REFUSED, 1)]));
    scene.turn();
    let directory = scene.directory().unwrap();
    assert_eq!(directory.course(&"search".into(), REFUSED, now), None);
    let ours = directory.course(&"cart".into(), Cause::ResourceFdLimit, now);
    assert_eq!(ours, None);
}

#[test]
fn after_a_minute_it_is_forgotten() {
    let mut scene = Scene::new();
    well(&mut scene, 30);
    scene.run(1, &[step("cart", 5, &[(REFUSED, 1)])]);
    assert!(course(&mut scene, "cart", REFUSED).is_some());
    assert_eq!(scene.directory(), None, "no news");
    well(&mut scene, 70);
    let directory = scene.directory().expect("it is news that it is over");
    let now = scene.now().tick;
    assert_eq!(directory.course(&"cart".into(), REFUSED, now), None);
    assert_eq!(scene.directory(), None, "told once");
}

#[test]
fn an_incident_is_counted_from_its_onset_as_long_as_it_lasts() {
    let mut scene = Scene::new();
    well(&mut scene, 30);
    let begun = scene.now().unix_ms;
    let failing = step("cart", 1, &[(REFUSED, 4)]);
    scene.run(90, &[failing]);
    let (failed, requests) = (scene.one().failed, scene.one().requests);
    let told = course(&mut scene, "cart", REFUSED).unwrap();
    assert_eq!(told.since_ms, begun);
    assert_eq!((told.failed, told.requests), (failed, Some(requests)));
    assert_eq!(failed, 90 * 4 * 4);
    // And those of the second in which it began.
    assert_eq!(requests, 90 * 4 * 5 + 5);
    // The numbers go on.
    scene.run(1, &[failing]);
    let later = course(&mut scene, "cart", REFUSED).unwrap();
    assert_eq!(later.failed, failed + 16);
}

#[test]
fn changes_before_the_onset_are_told() {
    let cart = || Reach::Pools(vec!["cart".into()]);
    let elsewhere = || Reach::Pools(vec!["search".into()]);
    // Ninety seconds in, all fails.
    let onset = BEGIN + 90_250;
    type Row = (&'static str, Vec<Change>, fn(&Changes) -> bool);
    let rows: [Row; 5] = [
        ("nothing", vec![], |changes| {
            *changes == Changes::None(Duration::from_millis(90_250))
        }),
        (
            "a deploy right before",
            vec![deploy("cart", onset - 8_000, cart())],
            |changes| matches!(changes, Changes::Linked { what, before_ms: 8_000, .. } if &**what == "deploy cart v2"),
        ),
        (
            "of another pool",
            vec![deploy("search", onset - 8_000, elsewhere())],
            |changes| matches!(changes, Changes::None(_)),
        ),
        (
            "of nobody knows what",
            vec![deploy("x", onset - 8_000, Reach::Unknown)],
            |changes| *changes == Changes::Near(1),
        ),
        (
            "after it",
            vec![deploy("cart", onset + 20_000, cart())],
            |changes| matches!(changes, Changes::None(_)),
        ),
    ];
    for (what, changes, expected) in rows {
        let mut scene = Scene::new();
        for change in changes {
            scene.book.add_change(change);
        }
        well(&mut scene, 90);
        scene.run(30, &[step("cart", 0, &[(REFUSED, 5)])]);
        let told = course(&mut scene, "cart", REFUSED).unwrap();
        assert_eq!(told.since_ms, onset, "{what}");
        assert!(expected(&told.changes), "{what}: {:?}", told.changes);
    }
}

/// Of what is no incident no change is called the cause.
#[test]
fn a_single_failure_has_changes_nearby_and_no_cause() {
    let search = Reach::Pools(vec!["search".into()]);
    for (before, reach, near) in [
        (5_000, Reach::Everything, true),
        (600_000, Reach::Everything, true),
        (600_001, Reach::Everything, false),
        (5_000, search, false),
    ] {
        let mut scene = Scene::new();
        well(&mut scene, 30);
        let at = scene.now().unix_ms - before;
        scene.book.add_change(deploy("x", at, reach.clone()));
        scene.act(&step("cart", 5, &[(REFUSED, 1)]));
        scene.turn();
        let changes = &course(&mut scene, "cart", REFUSED).unwrap().changes;
        let is_near = *changes == Changes::Near(1);
        assert_eq!(is_near, near, "{reach:?}, {before} ms before: {changes:?}");
    }
}

/// A pool that has never answered is told of from its first request on.
#[test]
fn the_first_request_counts_whatever_became_of_it() {
    for cause in [Cause::OverloadRateLimited, REFUSED] {
        let mut scene = Scene::new();
        let failing = [(cause, 2)];
        scene.act(&step("cart", 0, &failing));
        scene.turn();
        let told = course(&mut scene, "cart", cause).unwrap();
        assert_eq!((told.failed, told.requests), (2, Some(2)), "{cause}");
        well(&mut scene, 5);
        scene.act(&step("cart", 0, &failing));
        scene.turn();
        let told = course(&mut scene, "cart", cause).unwrap();
        assert_eq!((told.failed, told.requests), (4, Some(104)), "{cause}");
    }
}

#[test]
fn of_a_pool_that_is_gone_nothing_is_told() {
    let mut scene = Scene::new();
    well(&mut scene, 30);
    scene.act(&step("cart", 5, &[(REFUSED, 1)]));
    scene.turn();
    assert!(course(&mut scene, "cart", REFUSED).is_some());
    scene.book.forget(|name| name != "cart");
    let now = scene.now().tick;
    let directory = scene.directory().expect("that is news");
    assert_eq!(directory.course(&"cart".into(), REFUSED, now), None);
}

/// What can never be an incident is counted by itself.
#[test]
fn refusals_by_a_callers_limit_are_counted_apart() {
    let mut scene = Scene::new();
    well(&mut scene, 30);
    let limited = Cause::OverloadRateLimited;
    let both = [(limited, 10), (REFUSED, 1)];
    scene.run(3, &[step("cart", 50, &both)]);
    assert_eq!(course(&mut scene, "cart", limited).unwrap().failed, 120);
    scene.act(&step("cart", 50, &both));
    scene.turn();
    let told = course(&mut scene, "cart", REFUSED).unwrap();
    assert_eq!(told.failed, 13);
    assert_eq!(told.requests, Some(13 * 61 + 5));
}
