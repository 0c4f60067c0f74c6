//! What of a condition is news, and to which incident it belongs.

use std::sync::Arc;

use soe503_core::diagnosis::{Grade, Level};
use soe503_core::incident::condition::{Condition, conditions};
use soe503_core::incident::{MOST_OPEN, News};
use soe503_core::{Cause, Tick};

use super::conditions::{PATH, REFUSED};
use super::conditions_book::{gone, healthy, pass};
use super::scene::{Scene, at, step};

/// The check is broken in `pool`, once a second, but for `change`.
fn observe(scene: &mut Scene, pool: &str, seconds: u64, change: impl Fn(&mut Condition)) {
    let pool: Arc<str> = pool.into();
    for _ in 0..seconds {
        let now = scene.now();
        let mut found = conditions(&gone(at(0).tick)(now.tick));
        found.iter_mut().for_each(&change);
        scene.book.observe(&pool, found, now);
        scene.run(1, &[step(&pool, 10, &[])]);
    }
}

#[test]
fn what_says_something_new_is_told_at_once_and_higher_numbers_are_not() {
    type Row = (&'static str, fn(&mut Condition), bool);
    let rows: [Row; 6] = [
        ("nothing", |_| {}, false),
        ("more answers", |c| c.evidence[1].count = Some(999), false),
        ("less sure", |c| c.grade = Grade::Inferred, true),
        ("other advice", |c| c.quick = vec!["wait".into()], true),
        ("fewer", |c| c.backends_affected = Some(2), true),
        ("one proof less", |c| drop(c.evidence.pop()), true),
    ];
    for (what, change, is_news) in rows {
        let mut scene = Scene::new();
        observe(&mut scene, "cart", 10, |_| {});
        let told = scene.news.len();
        assert!(scene.one().is_open());
        observe(&mut scene, "cart", 10, change);
        let news = &scene.news[told..];
        let updates = news.iter().filter(|n| matches!(n, News::Updated(_)));
        assert_eq!(updates.count(), usize::from(is_news), "{what}: {news:?}");
    }
}

#[test]
fn it_reaches_as_far_as_it_ever_did() {
    let mut scene = Scene::new();
    for (now, widest) in [
        (Level::Backend, Level::Backend),
        (Level::Subset, Level::Subset),
        (Level::Pool, Level::Pool),
        (Level::Backend, Level::Pool),
    ] {
        observe(&mut scene, "cart", 10, |c| c.level = now);
        assert_eq!(scene.one().level, widest, "{now:?}");
    }
}

/// Only what comes back in the same pool, for the same cause, is the same incident.
#[test]
fn another_pool_and_another_cause_are_other_incidents() {
    let others: [(&str, Cause); 2] = [("search", PATH), ("cart", REFUSED)];
    for (pool, cause) in others {
        let mut scene = Scene::new();
        observe(&mut scene, "cart", 10, |_| {});
        pass(&mut scene, 20, healthy);
        assert!(!scene.one().is_open());
        observe(&mut scene, pool, 10, |c| c.cause = cause);
        let (old, new) = (scene.all()[0], scene.all()[1]);
        assert!(!old.is_open() && new.is_open(), "{pool}: {cause}");
        assert_eq!(new.lead().map(|lead| lead.cause), Some(cause));
    }
}

#[test]
fn as_many_incidents_are_open_as_there_may_be() {
    let mut scene = Scene::new();
    let names: Vec<String> = (0..MOST_OPEN).map(|n| format!("p{n}")).collect();
    let failing = |name| step(name, 0, &[(REFUSED, 10)]);
    let all: Vec<_> = names.iter().map(|name| failing(name)).collect();
    scene.run(2, &all);
    assert_eq!(scene.open().len(), MOST_OPEN);
    observe(&mut scene, "cart", 10, |_| {});
    assert_eq!(scene.all().len(), MOST_OPEN);
    assert!(scene.all().iter().all(|incident| !incident.has(PATH)));
}

/// The first backend that shows it is when it began.
#[test]
fn it_began_when_it_could_first_be_seen() {
    let seen = gone(at(0).tick)(at(9_000).tick);
    let since: Vec<Tick> = conditions(&seen).iter().map(|c| c.since).collect();
    assert_eq!(since, [at(0).tick]);
}
