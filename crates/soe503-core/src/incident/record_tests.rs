//! One incident by itself. How it is opened, told and closed is in `tests/incident`.

use super::*;

const REFUSED: Cause = Cause::DependencyConnectRefused;
const RESET: Cause = Cause::DependencyResetBeforeResponse;
const TIMEOUT: Cause = Cause::DependencyResponseTimeout;

/// So many seconds after its beginning.
fn at(second: u64) -> Moment {
    Moment {
        tick: Tick::from_secs(1_000 + second),
        unix_ms: 1_000_000 + second as i64 * 1_000,
    }
}

fn incident() -> Incident {
    Incident::open("I1".into(), Place::Pool("cart".into()), at(0), at(1))
}

fn failed(cause: Cause, count: u64) -> Failed {
    Failed {
        cause,
        primary: cause,
        count,
        taken: false,
    }
}

fn sighting(request: &str, level: Level, affected: usize, backends: &[&str]) -> Sighting {
    Sighting {
        at: at(2).tick,
        request_id: request.into(),
        primary: REFUSED,
        cause: REFUSED,
        grade: Grade::Inferred,
        level,
        backends_total: Some(3),
        backends_affected: Some(affected),
        backends: backends.iter().map(|name| Arc::from(*name)).collect(),
        passed_on: false,
    }
}

fn lines(incident: &Incident) -> Vec<&str> {
    let entries = incident.timeline.entries().iter();
    entries.map(|entry| entry.what.as_str()).collect()
}

#[test]
fn where_it_is_in_words() {
    let names = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect();
    for (level, backends, affected, total, text) in [
        (Level::Request, &[][..], None, None, "pool cart"),
        (
            Level::Backend,
            &["b1"],
            None,
            None,
            "backend b1 of pool cart",
        ),
        (Level::Backend, &["b1", "b2"], None, None, "pool cart"),
        (
            Level::Backend,
            &["b1"],
            Some(1),
            Some(3),
            "backend b1 of pool cart, 1/3 backends",
        ),
        (
            Level::Pool,
            &["b1"],
            Some(3),
            Some(3),
            "pool cart, 3/3 backends",
        ),
        (Level::Pool, &["b1"], Some(0), Some(0), "pool cart"),
        (Level::Pool, &["b1"], None, Some(3), "pool cart"),
    ] {
        let incident = Incident {
            level,
            backends: names(backends),
            backends_affected: affected,
            backends_total: total,
            ..incident()
        };
        assert_eq!(incident.extent(), text, "{level:?}, {backends:?}");
    }
}

/// One that is ahead by a tenth takes the lead; the other way round as well.
#[test]
fn the_lead_changes_for_a_tenth() {
    for (first, second, lead) in [
        (100, 110, REFUSED),
        (100, 111, RESET),
        (9, 10, RESET),
        (10, 11, REFUSED),
        (10, 12, RESET),
    ] {
        let mut incident = incident();
        incident.count(&failed(REFUSED, first), at(2));
        incident.count(&failed(RESET, second), at(3));
        incident.note(Entry::new(at(1).unix_ms, EntryKind::Opened, "opened"));
        incident.rank(at(4));
        assert_eq!(incident.lead().unwrap().cause, lead, "{first}, {second}");
        let told = lines(&incident);
        assert_eq!(told.len(), if lead == RESET { 2 } else { 1 }, "{told:?}");
    }
    let mut incident = incident();
    incident.count(&failed(REFUSED, 25), at(2));
    incident.count(&failed(RESET, 75), at(3));
    incident.note(Entry::new(at(1).unix_ms, EntryKind::Opened, "opened"));
    incident.rank(at(4));
    let share = "most failures are now dependency_failure/reset_before_response (75 % of them)";
    assert_eq!(lines(&incident)[1], share);
    let entry = &incident.timeline.entries()[1];
    assert_eq!((entry.at_ms, entry.failed), (at(4).unix_ms, 100));
}

#[test]
fn what_failed_is_counted_by_what_was_told_and_by_what_is_behind_it() {
    let mut incident = incident();
    let told = |primary, count| Failed {
        primary,
        ..failed(REFUSED, count)
    };
    let open = Cause::CircuitConsecutiveFailures;
    for (what, second) in [
        (told(REFUSED, 3), 2),
        (told(open, 4), 3),
        (told(open, 5), 4),
    ] {
        incident.count(&what, at(second));
    }
    assert_eq!(incident.symptoms, [(REFUSED, 3), (open, 9)]);
    let tally = incident.lead().unwrap();
    assert_eq!((tally.cause, tally.failed), (REFUSED, 12));
    assert_eq!((tally.first, tally.last), (at(2), at(4)));
    assert_eq!((incident.failed, incident.last), (12, at(4)));
    assert_eq!(incident.failed_at, at(4).tick);
    assert!(incident.has(REFUSED) && !incident.has(open));
}

#[test]
fn eight_causes_are_kept() {
    let mut incident = incident();
    for cause in Cause::ALL.iter().take(9) {
        incident.count(&failed(*cause, 1), at(2));
    }
    assert_eq!((incident.causes.len(), incident.symptoms.len()), (8, 8));
    assert_eq!(incident.failed, 9);
}

/// What was wide from the beginning is no news.
#[test]
fn that_it_reaches_further_is_told() {
    let mut incident = incident();
    incident.sighted(&sighting("R1", Level::Backend, 1, &["b1"]), at(1));
    assert_eq!(lines(&incident), [] as [&str; 0]);
    incident.note(Entry::new(at(1).unix_ms, EntryKind::Opened, "opened"));
    incident.sighted(&sighting("R2", Level::Backend, 2, &["b1"]), at(2));
    assert_eq!(lines(&incident), ["opened"]);
    incident.sighted(&sighting("R3", Level::Pool, 1, &["b2"]), at(3));
    assert_eq!(
        (incident.level, incident.backends_affected),
        (Level::Pool, Some(2))
    );
    // It is told with what was known before.
    assert_eq!(
        lines(&incident)[1],
        "the failures reach further: pool cart, 2/3 backends"
    );
    incident.sighted(&sighting("R4", Level::Backend, 3, &[]), at(4));
    assert_eq!((incident.level, lines(&incident).len()), (Level::Pool, 2));
    let tally = incident.lead().unwrap();
    assert_eq!((tally.failed, tally.grade), (0, Grade::Inferred));
    let backends: Vec<&str> = incident.backends.iter().map(|name| &**name).collect();
    assert_eq!(backends, ["b1", "b2"]);
}

/// The first four, and the latest four.
#[test]
fn some_of_its_requests_are_named() {
    let mut incident = incident();
    for n in 0..12 {
        let request = format!("R{n}");
        for _ in 0..2 {
            incident.sighted(&sighting(&request, Level::Pool, 1, &[]), at(n));
        }
    }
    let named: Vec<&str> = incident.exemplars.iter().map(|id| &**id).collect();
    assert_eq!(named, ["R0", "R1", "R2", "R3", "R8", "R9", "R10", "R11"]);
}

#[test]
fn sixteen_backends_are_named() {
    let mut incident = incident();
    let names: Vec<Arc<str>> = (0..20).map(|n| format!("b{n}").into()).collect();
    incident.concern(&names[..10]);
    incident.concern(&names[5..]);
    assert_eq!(incident.backends, names[..16]);
}

/// Lines from before the onset, and of the onset itself, have no numbers.
#[test]
fn a_line_has_the_numbers_of_its_moment() {
    let mut incident = incident();
    incident.count(&failed(TIMEOUT, 7), at(2));
    incident.saved.add(&Saved([1, 2, 0, 0, 0, 0]));
    incident.news = false;
    for second in [0, 5] {
        incident.note(Entry::new(at(second).unix_ms, EntryKind::Change, "deploy"));
        assert!(incident.news);
    }
    let numbers: Vec<_> = incident
        .timeline
        .entries()
        .iter()
        .map(|entry| (entry.failed, entry.saved))
        .collect();
    assert_eq!(numbers, [(0, 0), (7, 3)]);
    // The same line again is no news.
    incident.news = false;
    incident.note(Entry::new(at(5).unix_ms, EntryKind::Change, "deploy"));
    assert!(!incident.news && incident.timeline.entries().len() == 2);
}

/// A minute, unless it was opened for its condition.
#[test]
fn other_causes_join_it_for_a_minute() {
    for (alone, until) in [(false, 61), (true, 1)] {
        let incident = Incident {
            alone,
            ..incident()
        };
        assert_eq!(incident.joins_until(), at(until).tick);
    }
}

#[test]
fn changes_care_whether_all_of_the_pool_fails() {
    for (level, whole) in [
        (Level::Subset, false),
        (Level::Pool, true),
        (Level::AllPools, true),
    ] {
        let incident = Incident {
            level,
            ..incident()
        };
        let onset = incident.as_onset();
        assert_eq!((onset.whole, onset.pool), (whole, Some("cart")));
        assert_eq!(onset.at_ms, at(0).unix_ms);
    }
}

#[test]
fn shares_are_whole_percents() {
    for (part, whole, text) in [
        (2, 3, "66 % of them"),
        (3, 3, "100 % of them"),
        (0, 0, "0 % of them"),
    ] {
        assert_eq!(percent(part, whole), text);
    }
}
