use soe503_core::diagnosis::{Context, Diagnosis, diagnose};
use soe503_core::explain::Exposure;
use soe503_core::ledger::{Attempt, Fault, Ledger, Refusal};
use soe503_core::{Cause, Tick};

use super::*;

const AT: i64 = 1_795_369_268;

fn refused() -> (Ledger, Diagnosis) {
    let ledger = Ledger::from(Attempt {
        fault: Some(Fault::Refused(Refusal::CircuitOpen {
            rule: Cause::CircuitConsecutiveFailures,
            root: Some(Cause::DependencyConnectRefused),
        })),
        ..Attempt::begin(1, Tick::from_secs(100))
    });
    let diagnosis = diagnose(&ledger, &Context::new(Tick::from_secs(100)));
    (ledger, diagnosis)
}

/// `repeats` answers as if it were told from the start, if it answers; whether it does.
fn same(repeats: &mut Repeats, telling: &Telling<'_>, method: &Method) -> bool {
    let Some(got) = repeats.response(telling, Format::ProblemJson, method) else {
        return false;
    };
    let told = tell(telling, Format::ProblemJson);
    let wanted = whole(told, Format::ProblemJson, method);
    assert_eq!(got.status(), wanted.status());
    assert_eq!(got.headers(), wanted.headers());
    assert_eq!(got.body(), wanted.body());
    true
}

/// Answers like this until it is kept.
fn until_kept(repeats: &mut Repeats, telling: &Telling<'_>) {
    let turns = 0..=LONGEST_WAIT;
    let kept = turns.map(|_| same(repeats, telling, &Method::GET));
    assert!(kept.collect::<Vec<_>>().contains(&true));
}

#[test]
fn the_second_is_as_good_as_the_first() {
    let (ledger, diagnosis) = refused();
    let mut repeats = Repeats::new();
    for id in [
        "01KAPX3Q7V",
        "another",
        "in\r\njected: \"yes\"",
        "",
        &"long".repeat(100),
    ] {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let mut telling = Telling::new(&diagnosis, &ledger, "edge", id, AT);
            same(&mut repeats, &telling, &method);
            telling.incident_id = Some("inc-7");
            same(&mut repeats, &telling, &method);
        }
    }
    assert_eq!(repeats.kept.len(), 2, "with an incident and without");
}

#[test]
fn few_are_kept_and_the_oldest_makes_room() {
    let (ledger, diagnosis) = refused();
    let mut repeats = Repeats::new();
    for second in 0..100 {
        for seconds in [1, 2] {
            let mut telling = Telling::new(&diagnosis, &ledger, "edge", "id", AT + second);
            telling.retry_after = Some(seconds);
            until_kept(&mut repeats, &telling);
        }
    }
    assert_eq!(repeats.kept.len(), MOST);
    let mut first = Telling::new(&diagnosis, &ledger, "edge", "id", AT);
    first.retry_after = Some(1);
    let kept = |repeats: &Repeats| {
        let mut all = repeats.kept.iter();
        all.any(|kept| kept.template.fits(&first, Format::ProblemJson))
    };
    assert!(!kept(&repeats));
    until_kept(&mut repeats, &first);
    assert!(kept(&repeats));
}

#[test]
fn where_none_is_met_again_few_are_kept() {
    let (ledger, diagnosis) = refused();
    let mut repeats = Repeats::new();
    let answers = |repeats: &mut Repeats, from: i64| {
        let all = (from..from + 1_000).filter(|second| {
            let telling = Telling::new(&diagnosis, &ledger, "edge", "id", AT + second);
            same(repeats, &telling, &Method::GET)
        });
        all.count()
    };
    assert!(answers(&mut repeats, 0) <= 6 + 1_000 / 64);
    // One that is met again, and all is as at the beginning.
    let again = Telling::new(&diagnosis, &ledger, "edge", "id", AT - 1);
    until_kept(&mut repeats, &again);
    assert!(same(&mut repeats, &again, &Method::GET));
    let new = Telling::new(&diagnosis, &ledger, "edge", "id", AT - 2);
    assert!(same(&mut repeats, &new, &Method::GET));
}

#[test]
fn what_colleagues_are_told_is_kept_as_well_and_each_has_its_own_time() {
    let (ledger, diagnosis) = refused();
    let mut telling = Telling::new(&diagnosis, &ledger, "edge", "id", AT);
    telling.exposure = Exposure::Internal;
    let mut repeats = Repeats::new();
    for millis in 0..5 {
        telling.elapsed = std::time::Duration::from_millis(millis);
        same(&mut repeats, &telling, &Method::GET);
    }
    assert_eq!(repeats.kept.len(), 1);
}

#[test]
fn a_page_is_told_anew() {
    let (ledger, diagnosis) = refused();
    let telling = Telling::new(&diagnosis, &ledger, "edge", "id", AT);
    let mut repeats = Repeats::new();
    let answer = repeats.response(&telling, Format::Html, &Method::GET);
    assert!(answer.is_none() && repeats.kept.is_empty());
    let told = response(&telling, Format::Html, &Method::GET);
    assert!(told.body().starts_with(b"<!doctype html>"));
}
