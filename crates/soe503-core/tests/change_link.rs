//! R7: which change failures come from, and which not.

use std::sync::Arc;

use soe503_core::change::{Added, Change, Kind, Log, NEAR, Onset, Origin, Reach, WhyNot, link};

/// The onset of every row, in milliseconds.
const ONSET: i64 = 1_795_369_252_000;
const HOUR: i64 = 3_600_000;

fn pools(names: &[&str]) -> Reach {
    Reach::Pools(names.iter().map(|name| Arc::from(*name)).collect())
}

/// A change `before` milliseconds before the onset.
fn change(kind: Kind, before: i64, reach: Reach) -> Change {
    Change {
        id: format!("C{before}").into(),
        kind,
        at_ms: ONSET - before,
        service: Some("cart".into()),
        version: Some(format!("v{before}").into()),
        reach,
        by: None,
        notes: Vec::new(),
        origin: Origin::Reported,
    }
}

fn log(watched: i64, changes: impl IntoIterator<Item = Change>) -> Log {
    let mut log = Log::new(ONSET - watched);
    for change in changes {
        assert!(matches!(log.add(change), Added::New(_)));
    }
    log
}

fn onset<'a>(backends: &'a [Arc<str>], whole: bool) -> Onset<'a> {
    Onset {
        at_ms: ONSET,
        pool: Some("cart"),
        backends,
        backends_total: Some(3),
        whole,
    }
}

fn only(change: Change) -> Result<f64, WhyNot> {
    let links = link(&log(10_000, [change]), &onset(&[], true));
    match (links.cause, links.near.first()) {
        (Some(link), None) => Ok(link.ratio),
        (None, Some((_, why))) => Err(*why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_change_and_its_window() {
    use Kind::{Certificate, Config, Deploy, Dns, Flag};
    let cart = || pools(&["cart"]);
    for (kind, before, linked) in [
        (Deploy, 8_000, true),
        (Deploy, 0, true),
        (Deploy, 300_000, true),
        (Deploy, 303_000, false),
        (Config, 59_000, true),
        (Config, 63_000, false),
        (Flag, 30_000, true),
        (Flag, 33_000, false),
        (Dns, 90_000, true),
        (Certificate, 1_000, true),
        (Certificate, 3_000, false),
        // The clock of whoever told it may be two seconds ahead, not three.
        (Deploy, -2_000, true),
        (Deploy, -3_000, false),
    ] {
        let found = only(change(kind, before, cart()));
        assert_eq!(found.is_ok(), linked, "{kind} {before}: {found:?}");
    }
    let ratio = only(change(Deploy, 8_000, cart())).unwrap();
    assert!((50.0..80.0).contains(&ratio), "{ratio}");
}

#[test]
fn what_we_dated_ourselves_has_no_margin() {
    for (before, linked) in [(0, true), (60_000, true), (-1, false), (60_001, false)] {
        let reload = Change {
            origin: Origin::Reload,
            ..change(Kind::Config, before, Reach::Everything)
        };
        assert_eq!(only(reload).is_ok(), linked, "{before}");
    }
}

#[test]
fn errors_that_began_before_have_another_cause() {
    let found = only(change(Kind::Deploy, -40_000, pools(&["cart"])));
    assert_eq!(found, Err(WhyNot::Later(40_000)));
}

#[test]
fn what_concerns_something_else_is_not_it() {
    let elsewhere = only(change(Kind::Deploy, 8_000, pools(&["billing"])));
    assert_eq!(elsewhere, Err(WhyNot::Elsewhere));
    let nobody_knows = only(change(Kind::Deploy, 8_000, Reach::Unknown));
    assert_eq!(nobody_knows, Err(WhyNot::ReachUnknown));
    assert!(only(change(Kind::Flag, 8_000, Reach::Everything)).is_ok());
    assert!(only(change(Kind::Deploy, 8_000, pools(&["a", "cart"]))).is_ok());
    // The proxy itself is not concerned by a deploy of what is behind it.
    let own = Onset {
        pool: None,
        ..onset(&[], true)
    };
    let links = link(
        &log(0, [change(Kind::Deploy, 8_000, pools(&["cart"]))]),
        &own,
    );
    assert_eq!(links.cause, None);
}

#[test]
fn a_frequent_deployer_is_not_blamed() {
    // (seconds between changes, is the last one, 8 s before, linked?)
    for (every, linked) in [(60, false), (120, false), (600, false), (2 * 3600, true)] {
        let times = (0..20).map(|n| 8_000 + n * every * 1000);
        let changes = times.map(|before| change(Kind::Deploy, before, pools(&["cart"])));
        let links = link(&log(24 * HOUR, changes), &onset(&[], true));
        assert_eq!(links.cause.is_some(), linked, "{every}: {links:?}");
        if !linked {
            let why = links.near[0].1;
            assert!(
                matches!(why, WhyNot::Frequent(ratio) if ratio < 10.0),
                "{why:?}"
            );
        }
    }
    // Two within a minute are frequent enough to be sure of neither.
    let two = [8_000, 68_000].map(|before| change(Kind::Deploy, before, pools(&["cart"])));
    assert_eq!(link(&log(HOUR, two), &onset(&[], true)).cause, None);
}

#[test]
fn frequent_changes_elsewhere_and_of_other_kinds_do_not_count() {
    let others = (1..20).flat_map(|n| {
        let before = 8_000 + n * 60_000;
        [
            change(Kind::Deploy, before, pools(&["billing"])),
            Change {
                version: Some(format!("flag{n}").into()),
                ..change(Kind::Flag, before, pools(&["cart"]))
            },
        ]
    });
    let all = others.chain([change(Kind::Deploy, 8_000, pools(&["cart"]))]);
    let links = link(&log(24 * HOUR, all), &onset(&[], true));
    let cause = links.cause.unwrap();
    assert_eq!(cause.before_ms, 8_000);
    assert!(cause.ratio > 100.0, "a day was watched: {}", cause.ratio);
}

/// One roll-out is told by each of its steps.
#[test]
fn the_same_version_told_again_is_no_other_change() {
    let steps = [8_000, 30_000, 52_000].map(|before| Change {
        version: Some("v2.8.0".into()),
        ..change(Kind::Deploy, before, pools(&["cart"]))
    });
    let links = link(&log(HOUR, steps), &onset(&[], true));
    assert_eq!(
        links.cause.unwrap().before_ms,
        8_000,
        "the nearest is named"
    );
    assert_eq!(links.near.len(), 2);
    assert!(
        links
            .near
            .iter()
            .all(|(_, why)| matches!(why, WhyNot::LessLikely(_)))
    );
}

#[test]
fn a_release_explains_only_the_backends_that_have_it() {
    let backends =
        |names: &[&str]| -> Vec<Arc<str>> { names.iter().map(|n| Arc::from(*n)).collect() };
    let mut log = Log::new(ONSET - HOUR);
    let (pool, version) = (Arc::from("cart"), Arc::from("2.8.0"));
    for (n, backend) in ["a", "b"].into_iter().enumerate() {
        let at = ONSET - 9_000 + n as i64 * 1_000;
        log.release(
            &format!("R{n}").into(),
            &pool,
            &backend.into(),
            &version,
            at,
        );
    }
    assert_eq!(log.changes().count(), 1, "one roll-out");
    for (failing, whole, linked) in [
        (vec!["a"], false, true),
        (vec!["a", "b"], false, true),
        (vec!["a", "c"], false, false),
        (vec!["a", "b"], true, false),
        (vec![], false, false),
    ] {
        let failing = backends(&failing);
        let links = link(&log, &onset(&failing, whole));
        assert_eq!(links.cause.is_some(), linked, "{failing:?} {whole}");
    }
    log.release(&"R2".into(), &pool, &"c".into(), &version, ONSET - 7_000);
    let change = link(&log, &onset(&[], true)).cause.unwrap().change;
    assert_eq!(change.at_ms, ONSET - 9_000, "it began with the first");
    assert_eq!(change.to_string(), "new release of cart 2.8.0");
}

#[test]
fn a_marker_that_is_sent_twice_is_kept_once_and_the_log_is_bounded() {
    let mut log = Log::new(ONSET);
    let marker = || change(Kind::Deploy, 8_000, pools(&["cart"]));
    assert!(matches!(log.add(marker()), Added::New(_)));
    let again = Change {
        id: "other".into(),
        ..marker()
    };
    assert!(matches!(log.add(again), Added::Known(known) if &*known.id == "C8000"));
    for n in 0..1_000 {
        log.add(change(Kind::Deploy, n, pools(&["cart"])));
    }
    let times: Vec<i64> = log.changes().map(|change| change.at_ms).collect();
    assert_eq!(times.len(), 256);
    assert!(times.is_sorted(), "by time");
    assert_eq!(times[255], ONSET, "the latest are kept");
}

#[test]
fn of_changes_before_the_newest_only_the_first_note_is_kept() {
    let noted = |before, count: usize| Change {
        notes: (0..count).map(|n| format!("key {n}").into()).collect(),
        ..change(Kind::Config, before, Reach::Everything)
    };
    let mut log = Log::new(ONSET);
    let first = log.add(noted(1_000, 3));
    for n in 0..63 {
        log.add(noted(n, 2));
    }
    let oldest = |log: &Log| log.changes().next().unwrap().notes.clone();
    assert_eq!(oldest(&log).len(), 3, "it is one of 64");
    log.add(noted(500, 20));
    assert_eq!(oldest(&log), ["key 0".into(), "and more".into()]);
    let Added::New(first) = first else { panic!() };
    assert_eq!(first.notes.len(), 3, "who holds it has all of it");
    let told_late = log.add(noted(2_000, 20));
    assert!(matches!(told_late, Added::New(told) if told.notes.len() == 20));
    assert_eq!(oldest(&log).len(), 2, "older than they are when it is told");
    let in_full = log.changes().filter(|change| change.notes.len() == 20);
    assert_eq!(in_full.count(), 1);
    log.add(noted(3_000, 2));
    assert_eq!(oldest(&log), ["key 0".into(), "key 1".into()], "no shorter");
}

#[test]
fn the_order_in_which_changes_are_told_does_not_matter() {
    let markers = || {
        (0..12).map(|n| {
            let before = 8_000 + (n * 7_919 % 12) * 45_000;
            let reach = if n % 3 == 0 {
                pools(&["billing"])
            } else {
                pools(&["cart"])
            };
            change(
                if n % 2 == 0 { Kind::Deploy } else { Kind::Flag },
                before,
                reach,
            )
        })
    };
    let forth = link(&log(HOUR, markers()), &onset(&[], true));
    let mut reversed: Vec<Change> = markers().collect();
    reversed.reverse();
    let back = link(&log(HOUR, reversed), &onset(&[], true));
    assert_eq!(forth, back);
}

#[test]
fn what_is_far_away_is_not_even_near() {
    let links = link(
        &log(HOUR, [change(Kind::Deploy, 16 * 60_000, pools(&["cart"]))]),
        &onset(&[], true),
    );
    assert_eq!(links, soe503_core::change::Links::default());
}

/// 0.95 by the rate and the window of five minutes: the rate is what a day has, and six hours in which one is assumed,
/// or what the last hour has.
#[test]
fn a_ratio_is_what_it_is() {
    let minutes = |n: i64| n * 60_000;
    for (others, ratio) in [
        // One of thirty hours.
        (vec![], 342.0),
        // Four of thirty hours: 4 ÷ 108,000,000 ms.
        (vec![5 * 60, 10 * 60, 15 * 60], 85.5),
        // More than a day ago is not looked at, nor is what came after: it may be there because of that.
        (vec![5 * 60, 10 * 60, 15 * 60, 25 * 60], 85.5),
        (vec![-1, -2, -18], 342.0),
        // Three in half an hour.
        (vec![10, 20, 30], 0.95 / (3.0 / 1_800_000.0 * 300_000.0)),
        (vec![60], 0.95 / (1.0 / 3_600_000.0 * 300_000.0)),
        // Two of thirty hours.
        (vec![61], 171.0),
    ] {
        let changes = [0]
            .into_iter()
            .chain(others.iter().map(|n| minutes(*n)))
            .map(|before| change(Kind::Deploy, before, pools(&["cart"])));
        let links = link(&log(24 * HOUR, changes), &onset(&[], true));
        let known = links.near.iter().find(|(near, _)| near.at_ms == ONSET);
        let got = match (links.cause, known) {
            (Some(link), _) => link.ratio,
            (None, Some((_, WhyNot::Frequent(ratio)))) => *ratio,
            other => panic!("{other:?}"),
        };
        // A change older than a day makes what is watched longer, and no more.
        assert!((got - ratio).abs() < 1e-6, "{others:?}: {got}");
    }
}

#[test]
fn of_two_at_the_same_moment_neither_is_sure() {
    let two = ["cart", "search"].map(|service| Change {
        service: Some(service.into()),
        ..change(Kind::Deploy, 0, pools(&["cart"]))
    });
    assert_eq!(link(&log(HOUR, two), &onset(&[], true)).cause, None);
}

#[test]
fn near_is_a_quarter_of_an_hour() {
    for (before, near) in [(NEAR, 1), (NEAR + 1, 0), (-NEAR, 1), (-NEAR - 1, 0)] {
        let changes = [change(Kind::Flag, before, pools(&["cart"]))];
        let links = link(&log(HOUR, changes), &onset(&[], true));
        assert_eq!(links.near.len(), near, "{before}");
    }
}

#[test]
fn what_speaks_against_a_change_is_its_time_or_its_reach() {
    for (why, covers) in [
        (WhyNot::Later(1), true),
        (WhyNot::TooEarly(1), true),
        (WhyNot::Frequent(1.0), true),
        (WhyNot::LessLikely(1.0), true),
        (WhyNot::Elsewhere, false),
        (WhyNot::ReachUnknown, false),
    ] {
        assert_eq!(why.covers(), covers, "{why:?}");
    }
}

/// The same version in the same pool within a quarter of an hour; nobody has reported it.
#[test]
fn backends_of_one_roll_out_are_one_change() {
    let quarter = 15 * 60_000;
    for (what, pool, version, after, count) in [
        ("the same", "cart", "v2", quarter, 1),
        ("later", "cart", "v2", quarter + 1, 2),
        ("another version", "cart", "v3", 1_000, 2),
        ("another pool", "billing", "v2", 1_000, 2),
    ] {
        let mut log = Log::new(ONSET);
        for (id, pool, version, backend, at) in [
            ("R1", "cart", "v2", "a", ONSET),
            ("R2", pool, version, "b", ONSET + after),
        ] {
            log.release(
                &id.into(),
                &pool.into(),
                &backend.into(),
                &version.into(),
                at,
            );
        }
        assert_eq!(log.changes().count(), count, "{what}");
    }
    let mut log = Log::new(ONSET);
    let reported = Change {
        version: Some("v2".into()),
        ..change(
            Kind::Deploy,
            0,
            Reach::Backends {
                pool: "cart".into(),
                backends: vec!["a".into()],
            },
        )
    };
    log.add(reported);
    log.release(
        &"R2".into(),
        &"cart".into(),
        &"b".into(),
        &"v2".into(),
        ONSET + 1,
    );
    assert_eq!(log.changes().count(), 2, "told by somebody");
}

/// The same kind of change to the same version of the same service at the same time is one, whoever tells it.
#[test]
fn which_markers_are_the_same() {
    let first = || change(Kind::Deploy, 8_000, pools(&["cart"]));
    let unversioned = || Change {
        version: None,
        ..first()
    };
    let config = Change {
        kind: Kind::Config,
        ..first()
    };
    let other_service = Change {
        service: Some("shop".into()),
        ..first()
    };
    let other_version = Change {
        version: Some("v7".into()),
        ..first()
    };
    let later = Change {
        at_ms: ONSET - 7_999,
        ..first()
    };
    let reloaded = Change {
        origin: Origin::Reload,
        ..first()
    };
    let later_unversioned = Change {
        at_ms: ONSET - 7_999,
        ..unversioned()
    };
    for (what, known, told, same) in [
        ("twice", first(), first(), true),
        ("kind", first(), config, false),
        ("service", first(), other_service, false),
        ("version", first(), other_version, false),
        ("time", first(), later, false),
        ("origin", first(), reloaded, false),
        ("without a version", unversioned(), unversioned(), true),
        ("one without", first(), unversioned(), false),
        ("later, without", unversioned(), later_unversioned, false),
    ] {
        let mut log = log(HOUR, [known]);
        let known = matches!(log.add(told), Added::Known(_));
        assert_eq!(known, same, "{what}");
    }
}
