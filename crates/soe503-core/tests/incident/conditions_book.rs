//! What becomes of conditions: when an incident is opened for one, and when it is over.

use std::sync::Arc;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::incident::condition::{PoolSeen, conditions};
use soe503_core::incident::{Incident, News};
use soe503_core::pool::{BackendState, By};

use super::conditions::{PATH, REFUSED, out, overruled, pool, status, well};
use super::scene::{Scene, at, step};

/// The pool as `seen` shows it once a second, while all of its requests are answered.
pub(crate) fn pass(scene: &mut Scene, seconds: u64, seen: impl Fn(Tick) -> PoolSeen) {
    let cart: Arc<str> = "cart".into();
    for _ in 0..seconds {
        let now = scene.now();
        scene.book.observe(&cart, conditions(&seen(now.tick)), now);
        scene.run(1, &[step("cart", 10, &[])]);
    }
}

pub(crate) fn gone(since: Tick) -> impl Fn(Tick) -> PoolSeen {
    move |now| {
        let names = ["cart-1", "cart-2", "cart-3"];
        let backends = names.map(|name| overruled(name, status(404, since)));
        pool(now, backends.to_vec())
    }
}

pub(crate) fn healthy(now: Tick) -> PoolSeen {
    pool(now, vec![well("cart-1"), well("cart-2"), well("cart-3")])
}

fn lines(incident: &Incident) -> Vec<&str> {
    let entries = incident.timeline.entries().iter();
    entries.map(|entry| entry.kind.word()).collect()
}

#[test]
fn an_incident_is_opened_though_nothing_fails_and_closed_when_it_is_over() {
    let mut scene = Scene::new();
    pass(&mut scene, 10, healthy);
    let since = scene.now();
    pass(&mut scene, 3, gone(since.tick));
    assert_eq!(scene.all().len(), 0, "it has not lasted");
    pass(&mut scene, 10, gone(since.tick));
    let incident = scene.one();
    assert!(incident.is_open());
    assert_eq!((incident.lead().unwrap().cause, incident.failed), (PATH, 0));
    assert_eq!(incident.lead().unwrap().first, since);
    assert_eq!(incident.onset, since);
    assert_eq!(incident.extent(), "pool cart, 3/3 backends");
    assert!(
        incident.requests > 0,
        "they are counted, though none failed"
    );
    assert_eq!(scene.book.opened().collect::<Vec<_>>(), [(PATH, 1)]);
    // A day later nothing is said but that it goes on, once a minute.
    let before = scene.news.len();
    pass(&mut scene, 600, gone(since.tick));
    let news = scene.news.len() - before;
    assert!((8..=12).contains(&news), "{news}");
    assert!(scene.one().is_open());
    // Hysteresis: not seen for `close_after`.
    pass(&mut scene, 9, healthy);
    assert!(scene.one().is_open());
    pass(&mut scene, 3, healthy);
    assert!(!scene.one().is_open());
    assert_eq!(
        lines(scene.one()),
        ["onset", "opened", "recovered", "closed"]
    );
    let end: Vec<_> = scene.one().timeline.entries()[2..]
        .iter()
        .map(|entry| &*entry.what)
        .collect();
    assert_eq!(
        end,
        [
            "it was seen for the last time",
            "incident closed: not seen for 10 s"
        ]
    );
    assert!(matches!(scene.news.last(), Some(News::Closed(_))));
    // What comes back soon is the same; what comes back later is another.
    let again = scene.now().tick;
    pass(&mut scene, 10, gone(again));
    assert_eq!((scene.one().is_open(), scene.one().reopened), (true, 1));
    pass(&mut scene, 400, healthy);
    let later = scene.now().tick;
    pass(&mut scene, 10, gone(later));
    assert_eq!(scene.all().len(), 2);
}

#[test]
fn what_flickers_is_none_and_what_lacks_its_proof_goes_on() {
    let mut scene = Scene::new();
    for _ in 0..30 {
        pass(&mut scene, 1, gone(at(0).tick));
        pass(&mut scene, 1, healthy);
    }
    assert_eq!(scene.all().len(), 0);
    pass(&mut scene, 10, gone(at(0).tick));
    // Nobody asks any more: the check still fails, and nothing disproves it.
    let unproven = |now| {
        let mut seen = gone(at(0).tick)(now);
        seen.backends.iter_mut().for_each(|b| b.overruled = false);
        seen
    };
    pass(&mut scene, 60, unproven);
    assert!(scene.one().is_open());
}

#[test]
fn only_failures_with_its_cause_belong_to_it() {
    let mut scene = Scene::new();
    pass(&mut scene, 60, healthy);
    let since = scene.now().tick;
    pass(&mut scene, 10, gone(since));
    // Then the backends die: something else, within a minute.
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    let all = scene.all();
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all[0].lead().unwrap().cause, PATH);
    assert_eq!(all[0].failed, 0);
    assert_eq!(all[1].lead().unwrap().cause, REFUSED);
    assert!(all[1].failed > 0);
}

/// The second of two backends is out since then.
fn dead(since: Tick) -> impl Fn(Tick) -> PoolSeen {
    move |now| {
        let (state, by) = (BackendState::Ejected, By::Traffic);
        let second = out("cart-2", state, by, Some(REFUSED), since);
        PoolSeen {
            out_after: Some(Duration::from_secs(5)),
            ..pool(now, vec![well("cart-1"), second])
        }
    }
}

/// An incident of failures goes on as long as what they failed of does, once that has lasted.
#[test]
fn a_condition_joins_the_incident_of_its_cause() {
    let mut scene = Scene::new();
    pass(&mut scene, 60, healthy);
    let since = scene.now().tick;
    scene.run(2, &[step("cart", 5, &[(REFUSED, 10)])]);
    let failed = scene.one().failed;
    pass(&mut scene, 120, dead(since));
    let incident = scene.one();
    assert!(incident.is_open() && incident.reopened == 0);
    assert_eq!(incident.failed, failed);
    assert!(incident.condition.is_some());
    // What ends it is what went on last: here its failures.
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    pass(&mut scene, 15, healthy);
    assert!(!scene.one().is_open());
    let closed = scene.one().timeline.entries().last().unwrap();
    assert_eq!(closed.what, "incident closed: answered well for 10 s");
}

/// That it goes on is told once a minute, and a failure of its cause at once.
#[test]
fn a_failure_amid_a_condition_is_told_once() {
    let mut scene = Scene::new();
    pass(&mut scene, 60, healthy);
    let since = scene.now().tick;
    pass(&mut scene, 30, dead(since));
    assert!(scene.one().is_open());
    let told = scene.news.len();
    scene.act(&step("cart", 10, &[(REFUSED, 1)]));
    pass(&mut scene, 30, dead(since));
    assert_eq!(scene.one().failed, 1);
    let id = Arc::clone(&scene.one().id);
    assert_eq!(scene.news[told..], [News::Updated(id)]);
}

#[test]
fn conditions_leave_room_for_failures() {
    let mut scene = Scene::new();
    for _ in 0..10 {
        for n in 0..40 {
            let name: Arc<str> = format!("p{n}").into();
            let now = scene.now();
            let found = conditions(&PoolSeen {
                pool: Arc::clone(&name),
                ..gone(at(0).tick)(now.tick)
            });
            scene.book.observe(&name, found, now);
        }
        scene.run(1, &[step("cart", 10, &[])]);
    }
    assert_eq!(scene.open().len(), 16);
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.open().len(), 17);
}

/// What a change has to do with it is asked like for any other.
#[test]
fn the_deploy_before_it_is_its_change() {
    let mut scene = Scene::new();
    pass(&mut scene, 600, healthy);
    let deploy = super::timeline::change(
        &mut scene,
        soe503_core::change::Kind::Deploy,
        at(0).unix_ms + 598_000,
        "cart",
    );
    scene.book.add_change(deploy.clone());
    let since = scene.now().tick;
    pass(&mut scene, 10, gone(since));
    let link = scene.one().changes.cause.as_ref().expect("it is linked");
    assert_eq!(link.change.id, deploy.id);
}
