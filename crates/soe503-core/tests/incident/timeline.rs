//! What is told of an incident, in order.

use soe503_core::Cause;
use soe503_core::change::{Change, Kind, Origin, Reach};
use soe503_core::incident::{EntryKind, Verdict, Verified};

use super::scene::{BEGIN, Scene, at, step};

const REFUSED: Cause = Cause::DependencyConnectRefused;
const TIMEOUT: Cause = Cause::DependencyResponseTimeout;

pub(crate) fn change(scene: &mut Scene, kind: Kind, at_ms: i64, pool: &str) -> Change {
    let now = scene.now();
    Change {
        id: scene.book.next_id(now),
        kind,
        at_ms,
        service: Some(pool.into()),
        version: Some("v2.8.0".into()),
        reach: Reach::Pools(vec![pool.into()]),
        by: None,
        notes: Vec::new(),
        origin: Origin::Reported,
    }
}

fn told(scene: &Scene) -> Vec<String> {
    let entries = scene.one().timeline.entries();
    let told = entries.iter().map(|entry| {
        let seconds = (entry.at_ms - BEGIN) as f64 / 1000.0;
        format!("{seconds:.2} {}: {}", entry.kind, entry.what)
    });
    told.collect()
}

#[test]
fn an_outage_from_its_deploy_to_its_end() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    let deploy = change(&mut scene, Kind::Deploy, BEGIN + 60_000, "cart");
    scene.book.add_change(deploy);
    let other = change(&mut scene, Kind::Deploy, BEGIN + 62_000, "billing");
    scene.book.add_change(other);
    scene.run(8, &[step("cart", 10, &[])]);
    let (cart, now) = ("cart".into(), scene.now());
    let ejected = "backend b1: up to ejected: 5 consecutive failures";
    scene.run(1, &[step("cart", 0, &[(REFUSED, 10)])]);
    scene
        .book
        .note(Some(&cart), EntryKind::Backend, ejected, now);
    let search = "search".into();
    scene
        .book
        .note(Some(&search), EntryKind::Backend, "elsewhere", now);
    scene.run(5, &[step("cart", 0, &[(REFUSED, 10)])]);
    scene.run(12, &[step("cart", 10, &[])]);
    insta::assert_snapshot!(told(&scene).join("\n"));
    let incident = scene.one();
    let link = incident.changes.cause.as_ref().unwrap();
    assert_eq!(
        (link.change.to_string().as_str(), link.before_ms),
        ("deploy cart v2.8.0", 8_250)
    );
    assert_eq!(incident.changes.near.len(), 1, "the other is near");
    let failed: Vec<u64> = incident
        .timeline
        .entries()
        .iter()
        .map(|e| e.failed)
        .collect();
    assert!(failed.is_sorted(), "{failed:?}");
    assert_eq!((failed[0], failed.last().copied()), (0, Some(240)));
}

/// A marker that comes late is found all the same, and one that is taken back is proven by that.
#[test]
fn a_late_marker_and_a_rollback() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.run(20, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.one().changes.cause, None);
    let deploy = change(&mut scene, Kind::Deploy, BEGIN + 52_000, "cart");
    scene.book.add_change(deploy);
    let cause = scene.one().changes.cause.clone().unwrap();
    assert!(!cause.proven && cause.ratio >= 10.0);
    let at = scene.now().unix_ms;
    let back = Change {
        version: Some("v2.7.9".into()),
        ..change(&mut scene, Kind::Rollback, at, "cart")
    };
    scene.book.add_change(back);
    scene.run(5, &[step("cart", 0, &[(REFUSED, 10)])]);
    scene.run(12, &[step("cart", 10, &[])]);
    let incident = scene.one();
    assert!(!incident.is_open());
    assert!(incident.changes.cause.as_ref().unwrap().proven);
}

/// A rollback that comes when all is over proves nothing.
#[test]
fn a_rollback_after_the_end_proves_nothing() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    let deploy = change(&mut scene, Kind::Deploy, BEGIN + 52_000, "cart");
    scene.book.add_change(deploy);
    scene.run(20, &[step("cart", 0, &[(REFUSED, 10)])]);
    scene.run(8, &[step("cart", 10, &[])]);
    let at = scene.now().unix_ms;
    let back = change(&mut scene, Kind::Rollback, at, "cart");
    scene.book.add_change(back);
    scene.run(5, &[step("cart", 10, &[])]);
    let cause = scene.one().changes.cause.as_ref().unwrap();
    assert!(!cause.proven);
}

#[test]
fn another_cause_takes_the_lead_once() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.run(5, &[step("cart", 0, &[(REFUSED, 4)])]);
    for _ in 0..20 {
        // In turns, and never far apart.
        scene.run(1, &[step("cart", 0, &[(TIMEOUT, 10)])]);
        scene.run(1, &[step("cart", 0, &[(REFUSED, 10)])]);
    }
    scene.run(30, &[step("cart", 0, &[(TIMEOUT, 10)])]);
    let changes = |scene: &Scene| {
        let entries = scene.one().timeline.entries().iter();
        entries
            .filter(|entry| entry.kind == EntryKind::Cause)
            .count()
    };
    assert_eq!(changes(&scene), 1, "{:#?}", told(&scene));
    assert_eq!(scene.one().lead().unwrap().cause, TIMEOUT);
}

#[test]
fn a_step_in_the_load_is_told() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.run(10, &[step("cart", 60, &[])]);
    scene.run(10, &[step("cart", 30, &[(TIMEOUT, 30)])]);
    let loads: Vec<String> = told(&scene)
        .into_iter()
        .filter(|line| line.contains("load"))
        .collect();
    let rose = "65.00 load: load rose from 40 to 230 requests per second";
    assert_eq!(loads, [rose]);
}

#[test]
fn a_long_timeline_keeps_its_beginning_and_its_end() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.run(2, &[step("cart", 0, &[(REFUSED, 10)])]);
    let cart = "cart".into();
    for n in 0..500 {
        let now = scene.now();
        let what = format!("backend b{n} changed\u{1b}[31m");
        scene.book.note(Some(&cart), EntryKind::Backend, &what, now);
        scene.act(&step("cart", 0, &[(REFUSED, 10)]));
        scene.turn();
    }
    let timeline = &scene.one().timeline;
    assert_eq!(timeline.entries().len(), 64);
    assert_eq!(timeline.left_out(), 500 + 2 - 64);
    assert_eq!(timeline.entries()[0].kind, EntryKind::Onset);
    let last = &timeline.entries()[63].what;
    assert!(
        last.starts_with("backend b499") && !last.contains('\u{1b}'),
        "{last:?}"
    );
}

/// What was asked again is a line, of a closed incident too; one that comes back is not cured any more.
#[test]
fn what_was_asked_again_is_told_until_it_comes_back() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    let id = scene.one().id.clone();
    let verified = |verdict, scene: &Scene| Verified {
        at: scene.now(),
        verdict,
        by: Some("alice".into()),
    };
    let again = verified(Verdict::NotCured, &scene);
    assert!(
        scene
            .book
            .verified("nothing", again.clone(), "GET / fails")
            .is_none()
    );
    let told = scene
        .book
        .verified(&id, again.clone(), "GET / fails")
        .unwrap();
    assert_eq!(told.verified.as_ref(), Some(&again));
    assert!(told.is_open());
    scene.run(12, &[step("cart", 10, &[])]);
    assert!(!scene.one().is_open());
    let cured = verified(Verdict::Cured, &scene);
    scene.book.verified(&id, cured.clone(), "GET / answers 200");
    assert_eq!(scene.one().verified, Some(cured));
    let lines = scene.one().timeline.entries().iter();
    let lines: Vec<&str> = lines
        .filter(|entry| entry.kind == EntryKind::Verified)
        .map(|entry| &*entry.what)
        .collect();
    assert_eq!(
        lines,
        [
            "not cured: GET / fails (asked by alice)",
            "cured: GET / answers 200 (asked by alice)"
        ]
    );
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert!(scene.one().is_open());
    assert_eq!(scene.one().verified, None);
}

/// What was changed before a restart explains what breaks after it, and is not told twice.
#[test]
fn changes_of_an_earlier_process_are_known() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    let deploy = change(&mut scene, Kind::Deploy, BEGIN + 60_000, "cart");
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert!(scene.one().changes.cause.is_none());
    scene.book.recall([deploy.clone(), deploy.clone()]);
    assert_eq!(scene.book.changes().changes().count(), 1);
    let link = scene.one().changes.cause.as_ref().unwrap();
    assert_eq!(link.change.id, deploy.id);
}

#[test]
fn what_happened_up_to_five_minutes_before_is_told() {
    let mut scene = Scene::new();
    let cart = "cart".into();
    scene.run(310, &[step("cart", 10, &[])]);
    let onset = scene.now();
    for before in [300_001, 300_000] {
        let then = at(310_250 - before);
        let what = format!("backend b1 changed {before} ms before");
        scene
            .book
            .note(Some(&cart), EntryKind::Backend, &what, then);
    }
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.one().onset, onset);
    let first = &scene.one().timeline.entries()[0].what;
    assert_eq!(first, "backend b1 changed 300000 ms before");
}

/// Where nobody asks nothing is known to go on.
#[test]
fn silence_is_no_news() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.act(&step("cart", 0, &[(REFUSED, 10)]));
    scene.turn();
    assert_eq!(scene.open().len(), 1);
    let told = scene.news.len();
    scene.run(120, &[]);
    assert_eq!(scene.open().len(), 1);
    assert_eq!(scene.news.len(), told, "{:?}", scene.news);
}
