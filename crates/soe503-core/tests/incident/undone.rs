//! Which change takes back the one that failures came from, and so proves it.

use std::sync::Arc;

use soe503_core::Cause;
use soe503_core::change::{Change, Kind, Origin, Reach};

use super::scene::{BEGIN, Scene, step};

/// The first failure.
const ONSET: i64 = BEGIN + 60_250;

fn change(kind: Kind, service: &str, at_ms: i64) -> Change {
    Change {
        id: format!("C{at_ms}").into(),
        kind,
        at_ms,
        service: Some(service.into()),
        version: None,
        reach: Reach::Pools(vec!["cart".into()]),
        by: None,
        notes: vec!["pools.cart.timeout".into()],
        origin: Origin::Reported,
    }
}

fn reload(key: &str, at_ms: i64) -> Change {
    Change {
        service: None,
        notes: vec![key.into()],
        origin: Origin::Reload,
        ..change(Kind::Config, "", at_ms)
    }
}

/// Something is changed eight seconds before everything fails, for so long; `back` is changed meanwhile.
fn is_proven(first: Change, back: Change, seconds: u64) -> bool {
    let mut scene = Scene::new();
    let id = Arc::clone(&first.id);
    scene.book.add_change(first);
    let failing = step("cart", 0, &[(Cause::DependencyConnectRefused, 10)]);
    scene.run(60, &[step("cart", 10, &[])]);
    scene.run(seconds, &[failing]);
    scene.book.add_change(back);
    scene.run(12, &[step("cart", 10, &[])]);
    let incident = scene.one();
    assert!(!incident.is_open());
    assert_eq!(incident.onset.unix_ms, ONSET);
    let link = incident.changes.cause.as_ref().unwrap();
    assert_eq!(link.change.id, id);
    link.proven
}

#[test]
fn what_is_taken_back_is_proven_by_the_end() {
    let deploy = || change(Kind::Deploy, "cart", ONSET - 8_000);
    let back = |service| change(Kind::Rollback, service, ONSET + 18_000);
    let reloaded = || reload("pools.cart.timeout", ONSET - 8_000);
    let again = |key| reload(key, ONSET + 18_000);
    for (what, first, back, proven) in [
        ("a rollback", deploy(), back("cart"), true),
        ("that of another service", deploy(), back("search"), false),
        (
            "another deploy",
            deploy(),
            change(Kind::Deploy, "cart", ONSET + 18_000),
            false,
        ),
        (
            "the same key",
            reloaded(),
            again("pools.cart.timeout"),
            true,
        ),
        (
            "another key",
            reloaded(),
            again("pools.cart.retries"),
            false,
        ),
        (
            "a reload after a deploy",
            deploy(),
            again("pools.cart.timeout"),
            false,
        ),
        (
            "somebody's word for a reload",
            reloaded(),
            change(Kind::Config, "cart", ONSET + 18_000),
            false,
        ),
    ] {
        assert_eq!(is_proven(first, back, 20), proven, "{what}");
    }
}

/// A rollback takes up to five minutes to show: what lasts longer did not end with it. Nor did what began with it.
#[test]
fn the_end_has_to_come_with_it() {
    let deploy = || change(Kind::Deploy, "cart", ONSET - 8_000);
    let back = |after: i64| change(Kind::Rollback, "cart", ONSET + after);
    for (after, seconds, proven) in [
        (10_000, 309, true),
        (10_000, 311, false),
        (24_750, 20, true),
        (24_751, 20, false),
    ] {
        let told = is_proven(deploy(), back(after), seconds);
        assert_eq!(told, proven, "{after} ms after the onset, {seconds} s");
    }
}

#[test]
fn a_rollback_that_failures_began_with_did_not_end_them() {
    let back = change(Kind::Rollback, "cart", ONSET);
    let later = change(Kind::Other, "search", ONSET + 18_000);
    assert!(!is_proven(back, later, 20));
}
