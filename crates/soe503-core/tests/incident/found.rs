//! Which incident a failure belongs to, for those who ask later.

use std::time::Duration;

use soe503_core::Cause;

use super::scene::{Scene, step};

const REFUSED: Cause = Cause::DependencyConnectRefused;
const TIMEOUT: Cause = Cause::DependencyResponseTimeout;

fn well(scene: &mut Scene, seconds: u64) {
    scene.run(seconds, &[step("cart", 5, &[]), step("search", 5, &[])]);
}

#[test]
fn an_incident_is_found_by_its_name() {
    let mut scene = Scene::new();
    well(&mut scene, 60);
    let failed = [(REFUSED, 5)];
    scene.run(3, &[step("cart", 0, &failed), step("search", 0, &failed)]);
    assert_eq!(scene.all().len(), 2);
    for incident in scene.all() {
        assert_eq!(scene.book.find(&incident.id), Some(incident));
    }
    assert_eq!(scene.book.find("nothing"), None);
}

/// A second of slack on both sides: what is explained and what is counted come at different times.
#[test]
fn a_failure_is_found_by_its_place_its_cause_and_its_time() {
    let mut scene = Scene::new();
    well(&mut scene, 60);
    let first = scene.now().tick;
    scene.run(3, &[step("cart", 0, &[(REFUSED, 5)])]);
    let last = scene.one().last.tick;
    let ms = Duration::from_millis;
    let asked = |open: bool| {
        [
            ("cart", REFUSED, first, true),
            ("cart", REFUSED, last, true),
            ("cart", TIMEOUT, first, false),
            ("search", REFUSED, first, false),
            ("cart", REFUSED, first.before(ms(1_000)), true),
            ("cart", REFUSED, first.before(ms(1_001)), false),
            ("cart", REFUSED, last.after(ms(1_000)), true),
            // What goes on has no end yet.
            ("cart", REFUSED, last.after(ms(1_001)), open),
        ]
    };
    for open in [true, false] {
        assert_eq!(scene.one().is_open(), open);
        for (pool, cause, at, belongs) in asked(open) {
            let found = scene.book.find_by(&pool.into(), cause, at);
            assert_eq!(found.is_some(), belongs, "{pool}, {cause} at {at:?}");
        }
        well(&mut scene, 20);
    }
}

/// All requests of its place count while it is open: neither those of another pool, nor what comes later.
#[test]
fn requests_elsewhere_and_afterwards_are_not_counted() {
    let outage = |elsewhere: u64| {
        let mut scene = Scene::new();
        well(&mut scene, 60);
        let failing = step("cart", 5, &[(REFUSED, 5)]);
        scene.run(3, &[failing, step("search", elsewhere, &[])]);
        scene.run(15, &[step("cart", 5, &[])]);
        let requests = scene.one().requests;
        well(&mut scene, 10);
        assert!(!scene.one().is_open());
        assert_eq!(scene.one().requests, requests);
        requests
    };
    assert_eq!(outage(0), outage(50));
}
