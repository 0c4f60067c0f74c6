//! Surges open, quiet closes.

use std::time::Duration;

use proptest::prelude::*;
use soe503_core::Cause;
use soe503_core::incident::{Incident, MOST_KEPT, MOST_OPEN, News, State};

use super::scene::{Scene, step};

const REFUSED: Cause = Cause::DependencyConnectRefused;
const RESET: Cause = Cause::DependencyResetBeforeResponse;

/// (good and failed per quarter of a second, for how many seconds) after five minutes of good service: is there
/// an incident?
#[test]
fn what_is_an_incident_and_what_is_not() {
    for (what, good, failed, seconds, expected) in [
        ("everything fails", 0, 3, 2, true),
        ("everything fails under load", 0, 50, 1, true),
        ("a third fails", 8, 4, 10, true),
        ("one request fails", 0, 1, 0, false),
        ("nothing fails", 12, 0, 60, false),
        ("one in two hundred fails", 199, 1, 60, false),
        ("nobody asks", 0, 0, 60, false),
    ] {
        let mut scene = Scene::new();
        scene.run(300, &[step("cart", 12, &[])]);
        if seconds == 0 {
            scene.act(&step("cart", good, &[(REFUSED, failed)]));
            scene.turn();
        }
        scene.run(seconds, &[step("cart", good, &[(REFUSED, failed)])]);
        assert_eq!(
            !scene.all().is_empty(),
            expected,
            "{what}: {:#?}",
            scene.all()
        );
    }
}

/// With little traffic five failures take their time, and isolated ones never add up.
#[test]
fn a_quiet_service() {
    let (fails, works) = ([(REFUSED, 1)], []);
    let ask = |scene: &mut Scene, failed: &[(Cause, u64)], every: u64| {
        let good = u64::from(failed.is_empty());
        scene.act(&step("cart", good, failed));
        scene.turn();
        scene.run(every, &[]);
    };
    let mut scene = Scene::new();
    (0..4).for_each(|_| ask(&mut scene, &fails, 5));
    assert!(scene.all().is_empty(), "four");
    ask(&mut scene, &fails, 5);
    assert_eq!(scene.one().failed, 5, "five of five");

    let mut scene = Scene::new();
    for _ in 0..40 {
        ask(&mut scene, &fails, 0);
        (0..100).for_each(|_| ask(&mut scene, &works, 0));
    }
    assert!(scene.all().is_empty(), "one in a hundred, for 17 minutes");
}

/// What always fails a little is usual, and more than that is not.
#[test]
fn what_is_usual_is_no_incident_and_hides_none() {
    let mut scene = Scene::new();
    scene.run(900, &[step("cart", 97, &[(RESET, 3)])]);
    // Before anything was usual, three percent were a surge.
    let before = scene.all().len();
    assert!(scene.open().len() <= 1);
    scene.run(60, &[step("cart", 100, &[])]);
    assert!(scene.open().is_empty());
    scene.run(10, &[step("cart", 50, &[(REFUSED, 50)])]);
    assert_eq!(scene.open().len(), 1);
    assert!(scene.all().len() <= before + 1);
}

/// Planned maintenance and rate limits are refusals that somebody wanted.
#[test]
fn refusals_that_somebody_wanted() {
    for cause in [Cause::MaintenanceWindow, Cause::OverloadRateLimited] {
        let mut scene = Scene::new();
        let pool = "cart".into();
        for _ in 0..100 {
            let counted = soe503_core::incident::Counted {
                requests: 5,
                failed: vec![(cause, 5)],
                ..Default::default()
            };
            scene.book.count(&pool, &counted, scene.now());
            scene.turn();
        }
        assert!(scene.all().is_empty(), "{cause}");
    }
}

#[test]
fn it_is_opened_once_updated_and_closed_once() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.run(20, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.one().state, State::Open);
    scene.run(9, &[step("cart", 10, &[])]);
    assert_eq!(scene.one().state, State::Open, "not yet");
    scene.run(2, &[step("cart", 10, &[])]);
    let incident = scene.one();
    assert_eq!(incident.state, State::Closed);
    assert_eq!(incident.failed, 800);
    // The last failure and not the end of the wait is when it was over.
    assert_eq!(incident.last.unix_ms, super::scene::BEGIN + 80_000);
    let kinds = scene.news.iter().map(|news| match news {
        News::Opened(_) => 'o',
        News::Updated(_) => 'u',
        News::Closed(_) => 'c',
        other => panic!("{other:?}"),
    });
    let kinds: String = kinds.collect();
    assert!(kinds.starts_with("ou") && kinds.ends_with("uc"), "{kinds}");
    assert!(
        (4..10).contains(&kinds.len()),
        "every five seconds: {kinds}"
    );
}

#[test]
fn where_nobody_asks_nothing_is_known_to_be_cured() {
    let mut scene = Scene::new();
    scene.run(5, &[step("cart", 0, &[(REFUSED, 3)])]);
    scene.run(14 * 60, &[step("cart", 0, &[])]);
    assert_eq!(scene.one().state, State::Open);
    scene.run(62, &[step("cart", 0, &[])]);
    assert_eq!(scene.one().state, State::Closed, "given up");

    let mut scene = Scene::new();
    scene.run(5, &[step("cart", 0, &[(REFUSED, 3)])]);
    scene.run(60, &[]);
    scene.act(&step("cart", 1, &[]));
    scene.turn();
    assert_eq!(scene.one().state, State::Closed, "one good answer will do");

    // Those beside the failures were no cure.
    let mut scene = Scene::new();
    scene.run(5, &[step("cart", 3, &[(REFUSED, 3)])]);
    scene.run(60, &[]);
    assert_eq!(scene.one().state, State::Open);
}

/// A few failures that go on after a recovery do not keep it open.
#[test]
fn stray_failures_do_not_keep_it_open() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 100, &[])]);
    scene.run(10, &[step("cart", 0, &[(REFUSED, 100)])]);
    for _ in 0..8 {
        scene.run(3, &[step("cart", 100, &[])]);
        scene.act(&step("cart", 100, &[(REFUSED, 1)]));
    }
    assert_eq!(scene.one().state, State::Closed);
}

#[test]
fn a_relapse_is_the_same_incident_and_a_later_one_is_not() {
    let mut scene = Scene::new();
    let (bad, good) = ([step("cart", 0, &[(REFUSED, 10)])], [step("cart", 10, &[])]);
    scene.run(60, &good);
    scene.run(5, &bad);
    scene.run(60, &good);
    assert_eq!(scene.one().state, State::Closed);
    scene.run(5, &bad);
    let incident = scene.one();
    assert_eq!((incident.state, incident.reopened), (State::Open, 1));
    assert_eq!(incident.failed, 400);
    scene.run(400, &good);
    scene.run(5, &bad);
    let all = scene.all();
    assert_eq!(all.len(), 2);
    assert!(all[0].id < all[1].id);
    assert!(matches!(
        scene.news.last(),
        Some(News::Opened(_) | News::Updated(_))
    ));
}

/// Flapping every few seconds is one incident that stays open, not a hundred.
#[test]
fn flapping_is_one_incident() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    for _ in 0..30 {
        scene.run(4, &[step("cart", 0, &[(REFUSED, 10)])]);
        scene.run(4, &[step("cart", 10, &[])]);
    }
    assert_eq!(scene.one().reopened, 0);
}

#[test]
fn there_is_a_bound_to_everything() {
    let mut scene = Scene::new();
    let names: Vec<String> = (0..300).map(|n| format!("pool-{n}")).collect();
    let all: Vec<_> = names
        .iter()
        .map(|name| step(name, 0, &[(REFUSED, 2)]))
        .collect();
    scene.run(5, &all);
    assert_eq!(scene.open().len(), MOST_OPEN);
    for round in 0..8 {
        let begin = round * MOST_OPEN;
        scene.run(5, &all[begin..begin + MOST_OPEN]);
        let good: Vec<_> = names[begin..begin + MOST_OPEN]
            .iter()
            .map(|name| step(name, 5, &[]))
            .collect();
        scene.run(13, &good);
    }
    assert_eq!(scene.all().len(), MOST_KEPT);
    let last = |incident: &&&Incident| {
        let pool = incident.place.pool().unwrap();
        names[7 * MOST_OPEN..].iter().any(|name| **name == **pool)
    };
    assert_eq!(scene.all().iter().filter(last).count(), MOST_OPEN);
    let ids: Vec<_> = scene.all().iter().map(|i| i.id.clone()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens: no failure is counted twice, the numbers hold together, everything is bounded, and all is
    /// over when all is well.
    #[test]
    fn the_numbers_hold_together(
        seconds in prop::collection::vec((0_u64..40, 0_u64..20, 0_u64..20, 0_u64..9), 1..120),
    ) {
        let mut scene = Scene::new();
        let mut again = Scene::new();
        let mut told = 0;
        for (good, refused, reset, saved) in seconds {
            let failed = [(REFUSED, refused), (RESET, reset)];
            let one = super::scene::Step { saved, ..step("cart", good, &failed) };
            told += refused + reset;
            for scene in [&mut scene, &mut again] {
                scene.act(&one);
                scene.turn();
                scene.turn();
            }
        }
        prop_assert_eq!(scene.all(), again.all(), "the same calls give the same book");
        let counted: u64 = scene.all().iter().map(|incident| incident.failed).sum();
        prop_assert!(counted <= told, "{} of {}", counted, told);
        for incident in scene.all() {
            let by_cause: u64 = incident.causes.iter().map(|tally| tally.failed).sum();
            prop_assert_eq!(by_cause, incident.failed);
            prop_assert!(incident.failed <= incident.requests);
            prop_assert!(incident.exemplars.len() <= 8);
            prop_assert!(incident.timeline.entries().len() <= 64);
            prop_assert!(incident.timeline.entries().is_sorted_by_key(|e| e.at_ms));
            prop_assert!(incident.onset.tick <= incident.last.tick);
        }
        scene.run(30, &[step("cart", 10, &[])]);
        prop_assert!(scene.open().is_empty());
    }
}

#[test]
fn the_onset_is_the_first_failure_of_the_stretch() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    let first = scene.now();
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.one().onset, first);

    // A stray failure half a minute before is not where it began.
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.act(&step("cart", 10, &[(REFUSED, 1)]));
    scene.run(30, &[step("cart", 10, &[])]);
    let first = scene.now();
    scene.run(3, &[step("cart", 0, &[(REFUSED, 10)])]);
    assert_eq!(scene.one().onset, first);
    assert!(scene.one().opened.tick.since(first.tick) < Duration::from_secs(2));
}

/// A pool that a reload removes: its incident is told as long as others are, and is given up in time.
#[test]
fn a_pool_that_is_gone_is_forgotten() {
    let mut scene = Scene::new();
    scene.run(5, &[step("cart", 0, &[(REFUSED, 3)])]);
    scene.book.forget(|name| name != "cart");
    scene.run(60, &[step("search", 3, &[])]);
    assert_eq!(scene.one().state, State::Open);
    scene.run(15 * 60, &[step("search", 3, &[])]);
    assert_eq!(scene.one().state, State::Closed);
    // Under the same name it begins anew.
    scene.run(60, &[step("cart", 3, &[])]);
    assert_eq!(scene.all().len(), 1);
}

/// A pool that turns everybody away, for a reason that is no failure, answers nobody well either.
#[test]
fn what_is_turned_away_shows_no_cure() {
    let mut scene = Scene::new();
    scene.run(60, &[step("cart", 10, &[])]);
    scene.run(5, &[step("cart", 0, &[(REFUSED, 5)])]);
    scene.run(30, &[step("cart", 0, &[(Cause::MaintenanceWindow, 5)])]);
    assert_eq!(scene.one().state, State::Open);
    scene.run(30, &[step("cart", 5, &[(Cause::MaintenanceWindow, 5)])]);
    assert_eq!(scene.one().state, State::Closed);
}
