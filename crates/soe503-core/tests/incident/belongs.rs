//! What belongs to an incident: causes, places, requests.

use std::time::Duration;

use soe503_core::Cause;
use soe503_core::diagnosis::{Grade, Level};
use soe503_core::incident::{Counted, Place, Saved, Settings};

use super::scene::{Scene, Step, sighting, step};

const REFUSED: Cause = Cause::DependencyConnectRefused;
const RESET: Cause = Cause::DependencyResetBeforeResponse;
const TIMEOUT: Cause = Cause::DependencyResponseTimeout;
const OPEN: Cause = Cause::CircuitConsecutiveFailures;

fn well(scene: &mut Scene) {
    scene.run(60, &[step("cart", 10, &[]), step("search", 10, &[])]);
}

/// A process that dies resets what is under way and then refuses; then the circuit is open. One fault.
#[test]
fn an_outage_with_many_faces_is_one_incident() {
    let mut scene = Scene::new();
    well(&mut scene);
    scene.run(1, &[step("cart", 0, &[(RESET, 2), (REFUSED, 1)])]);
    scene.run(10, &[step("cart", 0, &[(OPEN, 10)])]);
    let incident = scene.one();
    assert_eq!(incident.place, Place::Pool("cart".into()));
    assert_eq!(incident.level, Level::Pool);
    let causes: Vec<_> = incident
        .causes
        .iter()
        .map(|t| (t.cause, t.failed))
        .collect();
    assert_eq!(
        causes,
        [(REFUSED, 404), (RESET, 8)],
        "what is behind the circuit leads"
    );
    assert_eq!(incident.lead().unwrap().grade, Grade::Proven);
    let symptoms: Vec<_> = incident.symptoms.iter().map(|s| s.0).collect();
    assert!(symptoms.contains(&OPEN), "{symptoms:?}");
    assert_eq!(incident.failed, 412);
}

#[test]
fn two_pools_are_two_incidents() {
    let mut scene = Scene::new();
    well(&mut scene);
    scene.run(
        5,
        &[
            step("cart", 0, &[(REFUSED, 3)]),
            step("search", 0, &[(RESET, 3)]),
        ],
    );
    let all = scene.all();
    let told: Vec<_> = all
        .iter()
        .map(|i| (i.place.to_string(), i.lead().unwrap().cause, i.failed))
        .collect();
    assert_eq!(
        told,
        [
            ("pool cart".to_owned(), REFUSED, 60),
            ("pool search".to_owned(), RESET, 60)
        ]
    );
}

/// What this proxy lacks is not the pools' fault.
#[test]
fn what_we_lack_is_our_own_incident() {
    let mut scene = Scene::new();
    well(&mut scene);
    let fd = [(Cause::ResourceFdLimit, 2)];
    let saved = |pool| Step {
        saved: 3,
        ..step(pool, 1, &fd)
    };
    scene.run(5, &[saved("cart"), saved("search")]);
    let incident = scene.one();
    assert_eq!((&incident.place, incident.failed), (&Place::Proxy, 80));
    assert_eq!(incident.saved.total(), 0, "those are the pools'");
    assert_eq!(incident.place.to_string(), "this proxy");
}

/// Two faults at once: both are told, by their share of the failed requests (R20).
#[test]
fn two_faults_at_once_are_told_by_their_share() {
    let mut scene = Scene::new();
    well(&mut scene);
    scene.run(20, &[step("cart", 2, &[(RESET, 3), (TIMEOUT, 6)])]);
    let incident = scene.one();
    let causes: Vec<_> = incident
        .causes
        .iter()
        .map(|t| (t.cause, t.failed))
        .collect();
    assert_eq!(causes, [(TIMEOUT, 480), (RESET, 240)]);
}

/// A minute later another cause is another incident, if it is a surge by itself.
#[test]
fn a_later_fault_is_an_incident_of_its_own() {
    let mut scene = Scene::new();
    well(&mut scene);
    scene.run(90, &[step("cart", 8, &[(RESET, 2)])]);
    assert_eq!(scene.one().failed, 720);
    scene.act(&step("cart", 8, &[(RESET, 2), (TIMEOUT, 1)]));
    scene.run(5, &[step("cart", 8, &[(RESET, 2)])]);
    assert_eq!(scene.one().failed, 762, "a stray one is none");
    scene.run(20, &[step("cart", 0, &[(RESET, 2), (TIMEOUT, 8)])]);
    let leads: Vec<_> = scene
        .open()
        .iter()
        .map(|i| i.lead().unwrap().cause)
        .collect();
    assert_eq!(leads, [RESET, TIMEOUT]);
    let second = scene.open()[1].clone();
    assert!((640..=641).contains(&second.failed), "{}", second.failed);
    // Who is saved then is saved once.
    let saved = |scene: &Scene| [0, 1].map(|n| scene.open()[n].saved.total());
    let before = saved(&scene);
    let saving = Step {
        saved: 3,
        ..step("cart", 0, &[(RESET, 2), (TIMEOUT, 8)])
    };
    scene.run(10, &[saving]);
    assert_eq!(saved(&scene), [before[0] + 120, before[1]]);
}

#[test]
fn what_was_saved_is_told_from_the_onset_on() {
    let mut scene = Scene::new();
    well(&mut scene);
    let saving = Step {
        saved: 3,
        ..step("cart", 5, &[(REFUSED, 1)])
    };
    scene.run(20, &[saving]);
    let incident = scene.one();
    assert_eq!((incident.failed, incident.saved.total()), (80, 240));
    let by: Vec<_> = incident.saved.by().collect();
    assert_eq!(by, [("retry", 240)]);
}

/// Those who explain find the incident as soon as it is there, and no other.
#[test]
fn the_directory_names_what_is_open() {
    let mut scene = Scene::new();
    well(&mut scene);
    assert_eq!(scene.directory(), None, "no news");
    scene.run(3, &[step("cart", 0, &[(REFUSED, 5)])]);
    let directory = scene.directory().unwrap();
    assert_eq!(scene.directory(), None, "told once");
    let (cart, search) = ("cart".into(), "search".into());
    let now = scene.now().tick;
    let id = &scene.one().id;
    assert_eq!(directory.find(&cart, REFUSED, now), Some(id));
    assert_eq!(
        directory.find(&cart, TIMEOUT, now),
        Some(id),
        "it would join"
    );
    let later = now.after(std::time::Duration::from_secs(90));
    assert_eq!(directory.find(&cart, REFUSED, later), Some(id));
    assert_eq!(directory.find(&cart, TIMEOUT, later), None);
    assert_eq!(directory.find(&search, REFUSED, now), None);
    assert_eq!(directory.find(&cart, Cause::ResourceFdLimit, now), None);
    assert_eq!(directory.find(&cart, Cause::MaintenanceWindow, now), None);
    scene.run(20, &[step("cart", 5, &[])]);
    let directory = scene.directory().unwrap();
    assert_eq!(directory.find(&cart, REFUSED, now), None, "closed");
}

/// A request that failed before the incident was opened is found to be a part of it.
#[test]
fn requests_from_before_the_opening_belong_to_it() {
    let mut scene = Scene::new();
    well(&mut scene);
    let first = scene.now().tick;
    scene.run(3, &[step("cart", 0, &[(REFUSED, 5)])]);
    let cart = "cart".into();
    let found = |at| scene.book.find_by(&cart, REFUSED, at).map(|i| i.id.clone());
    assert_eq!(found(first), Some(scene.one().id.clone()));
    let earlier = first.before(std::time::Duration::from_secs(5));
    assert_eq!(found(earlier), None);
    let exemplars = &scene.one().exemplars;
    assert_eq!(exemplars.len(), 8);
    assert_eq!(&*exemplars[0], "R1", "the first stay");
    assert_ne!(&*exemplars[7], "R8", "the others are the latest");
}

/// What we decide ourselves is nobody's failure, and stands behind none.
#[test]
fn a_limit_of_callers_stands_behind_no_failure() {
    let mut scene = Scene::new();
    well(&mut scene);
    let (now, pool) = (scene.now(), "cart".into());
    let mut limited = sighting(&"R-limited".into(), now.tick, &pool, RESET);
    limited.cause = Cause::OverloadRateLimited;
    scene.book.sighted(&pool, limited, now);
    let counted = Counted {
        requests: 40,
        failed: vec![(RESET, 40)],
        saved: Saved::default(),
    };
    for _ in 0..20 {
        let now = scene.now();
        scene.book.count(&pool, &counted, now);
        scene.turn();
    }
    let causes: Vec<_> = scene.one().causes.iter().map(|told| told.cause).collect();
    assert_eq!(causes, [RESET]);
}

/// Whoever explains failures hears at once what is new, and nothing that is known.
#[test]
fn a_failure_of_another_kind_is_news() {
    let mut scene = Scene::new();
    well(&mut scene);
    scene.run(5, &[step("cart", 0, &[(REFUSED, 3)])]);
    assert_eq!(scene.one().causes.len(), 1);
    let _ = scene.directory();
    let (now, pool) = (scene.now(), "cart".into());
    for (cause, news) in [(REFUSED, false), (RESET, true), (RESET, false)] {
        let seen = sighting(&"R-seen".into(), now.tick, &pool, cause);
        scene.book.sighted(&pool, seen, now);
        assert_eq!(scene.directory().is_some(), news, "{cause}");
    }
    // And what was news before the look stays so.
    for cause in [TIMEOUT, REFUSED] {
        let seen = sighting(&"R-seen".into(), now.tick, &pool, cause);
        scene.book.sighted(&pool, seen, now);
    }
    assert!(scene.directory().is_some());
}

#[test]
fn settings_are_those_that_were_set_last() {
    let mut scene = Scene::new();
    let settings = Settings {
        close_after: Duration::from_secs(77),
        out_after: None,
    };
    scene.book.set_settings(settings);
    assert_eq!(scene.book.settings().close_after, Duration::from_secs(77));
    assert_eq!(scene.book.settings().out_after, None);
}
