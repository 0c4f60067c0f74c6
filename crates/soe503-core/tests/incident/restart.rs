//! What was open when an earlier process ended.

use std::sync::Arc;
use std::time::Duration;

use soe503_core::diagnosis::{Grade, Level};
use soe503_core::incident::{
    CauseTally, Counted, Entry, EntryKind, MOST_OPEN, Moment, News, Place, Remembered, Saved,
};
use soe503_core::{Cause, Tick};

use super::scene::{BEGIN, Scene, step};

const REFUSED: Cause = Cause::DependencyConnectRefused;
const RESET: Cause = Cause::DependencyResetBeforeResponse;

/// Open for a minute, up to so many seconds before the scene begins: before this process, and its clock, did.
fn interrupted(ago: i64) -> Remembered {
    let moment = |ago: i64| Moment {
        tick: Tick::ZERO,
        unix_ms: BEGIN - ago * 1000,
    };
    let (onset, last) = (moment(ago + 60), moment(ago));
    Remembered {
        id: "00000001".into(),
        place: Place::Pool("cart".into()),
        causes: vec![CauseTally::new(REFUSED, Grade::Proven, 41, onset, last)],
        symptoms: vec![(REFUSED, 41)],
        level: Level::Pool,
        backends_total: Some(3),
        backends_affected: Some(3),
        backends: vec!["b1".into()],
        onset,
        opened: onset,
        last,
        reopened: 1,
        failed: 41,
        requests: 52,
        saved: Saved::default(),
        exemplars: vec!["R0".into()],
        timeline: vec![Entry::new(onset.unix_ms, EntryKind::Onset, "first failure")],
        left_out: 0,
        verified: None,
    }
}

fn restarted(ago: i64) -> Scene {
    let mut scene = Scene::new();
    scene.book.remember([interrupted(ago), interrupted(ago)]);
    scene
}

#[test]
fn it_goes_on_with_the_first_failure_of_its_cause() {
    let mut scene = restarted(20);
    scene.run(2, &[step("cart", 10, &[])]);
    assert_eq!(scene.all().len(), 0, "nothing is known to go on");
    scene.run(1, &[step("cart", 10, &[(REFUSED, 1)])]);
    let incident = scene.one();
    assert!(incident.is_open());
    assert_eq!((&*incident.id, incident.reopened), ("00000001", 1));
    assert_eq!((incident.failed, incident.requests), (45, 52 + 44));
    assert_eq!(incident.lead().unwrap().failed, 45);
    assert_eq!(incident.onset.unix_ms, BEGIN - 80_000);
    let lines = incident.timeline.entries();
    assert_eq!(lines[1].kind, EntryKind::Restarted);
    assert_eq!(
        lines[1].what,
        "soe503 was restarted, and has not watched it for 22 s: it goes on"
    );
    assert_eq!(lines[1].failed, 41);
    assert_eq!(
        scene.news.first(),
        Some(&News::Reopened(Arc::clone(&incident.id)))
    );
    assert_eq!(scene.book.opened().count(), 0, "it is not counted twice");
    scene.run(15, &[step("cart", 10, &[])]);
    assert!(!scene.one().is_open());
}

/// A flood of failures is there before the memory is: it is not opened as another incident.
#[test]
fn what_surges_meanwhile_belongs_to_it() {
    let mut scene = Scene::new();
    let until = scene.now().tick.after(Duration::from_secs(3));
    scene.book.wait(until);
    scene.run(2, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.all().len(), 0);
    scene.book.remember([interrupted(20)]);
    scene.run(1, &[step("cart", 0, &[(REFUSED, 10)])]);
    let incident = scene.one();
    assert_eq!(&*incident.id, "00000001");
    assert_eq!((incident.failed, incident.requests), (41 + 120, 52 + 120));
    // Where nothing is remembered in time, it is an incident of its own.
    let mut scene = Scene::new();
    scene.book.wait(until);
    scene.run(5, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.one().failed, 200);
}

/// A process that has just begun takes a refusal by a backend that it has never seen accept for a wrong port.
#[test]
fn a_refusal_by_a_backend_that_is_not_known_yet_is_the_same() {
    let mut one = interrupted(20);
    one.opened.unix_ms -= 600_000;
    let mut scene = Scene::new();
    scene.book.remember([one]);
    let wrong_port = Cause::ConfigWrongPort;
    for _ in 0..20 {
        let now = scene.now();
        let counted = Counted {
            requests: 10,
            failed: vec![(wrong_port, 10)],
            saved: Saved::default(),
        };
        scene.book.count(&"cart".into(), &counted, now);
        scene.turn();
    }
    let incident = scene.one();
    assert_eq!((&*incident.id, incident.failed), ("00000001", 241));
    assert!(incident.has(REFUSED) && incident.has(wrong_port));
}

#[test]
fn something_else_is_another_one() {
    // (what, seconds since its last failure, pool, cause)
    let rows = [
        ("another cause", 20, "cart", RESET),
        ("another pool", 20, "search", REFUSED),
        ("much later", 600, "cart", REFUSED),
    ];
    for (name, ago, pool, cause) in rows {
        let mut scene = restarted(ago);
        scene.run(2, &[step(pool, 0, &[(cause, 10)])]);
        let incident = scene.one();
        assert!(&*incident.id != "00000001", "{name}");
        assert_eq!(incident.failed, 80, "{name}");
    }
}

#[test]
fn what_is_open_here_is_not_remembered() {
    let mut scene = restarted(20);
    scene.run(1, &[step("cart", 0, &[(REFUSED, 10)])]);
    let failed = scene.one().failed;
    scene.book.remember([interrupted(20)]);
    scene.run(1, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.one().failed, failed + 40);
}

#[test]
fn what_is_remembered_twice_goes_on_once() {
    let mut scene = restarted(20);
    scene.run(1, &[step("cart", 10, &[(REFUSED, 1)])]);
    scene.run(15, &[step("cart", 10, &[])]);
    assert!(!scene.one().is_open());
    scene.act(&step("cart", 10, &[(REFUSED, 1)]));
    scene.turn();
    assert!(!scene.one().is_open(), "a stray failure opens none");
}

#[test]
fn as_many_are_remembered_as_may_be_open() {
    let names: Vec<String> = (0..=MOST_OPEN).map(|n| format!("p{n}")).collect();
    let one = |name: &String| Remembered {
        id: format!("000000{name}").into(),
        place: Place::Pool(name.as_str().into()),
        ..interrupted(20)
    };
    let mut scene = Scene::new();
    scene.book.remember(names.iter().map(one));
    for name in &names {
        scene.act(&step(name, 10, &[(REFUSED, 1)]));
    }
    scene.turn();
    assert_eq!(scene.open().len(), MOST_OPEN);
}

/// The oldest first, whichever process opened it.
#[test]
fn incidents_are_in_the_order_in_which_they_began() {
    let mut scene = restarted(20);
    scene.run(2, &[step("search", 0, &[(REFUSED, 10)])]);
    scene.run(1, &[step("cart", 0, &[(REFUSED, 10)])]);
    let places: Vec<String> = scene.all().iter().map(|i| i.place.to_string()).collect();
    assert_eq!(places, ["pool cart", "pool search"]);
}

#[test]
fn at_the_end_of_the_wait_what_has_surged_is_opened() {
    let mut scene = Scene::new();
    scene
        .book
        .wait(scene.now().tick.after(Duration::from_secs(1)));
    scene.run(1, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.all().len(), 0);
    scene.turn();
    assert_eq!(scene.one().failed, 40);
}
