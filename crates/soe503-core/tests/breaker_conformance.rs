//! The rows of `tests/breakers`, which other crates' breakers are run through as well: facts of the field's
//! test-suites, and our semantics S1 to S15 where those differ. What of the semantics is not a breaker's alone
//! is tested with the layers (S16, S17), in `breaker_operator.rs` (S18), with the pool (S19, S21) and the retry
//! budget (S20).

#![allow(
    unreachable_pub,
    reason = "the modules are a library of their own as well"
)]

#[path = "../../../tests/breakers/src/model.rs"]
mod model;
#[path = "../../../tests/breakers/src/rows/mod.rs"]
mod rows;
#[path = "../../../tests/breakers/src/soe503.rs"]
mod soe503;

use std::collections::HashSet;

use rows::Case;
use soe503::Soe503;

fn passes(case: &Case) {
    if let Err(miss) = model::run(case, &mut Soe503::new(&case.rules), |_| {}) {
        panic!("{}: {miss}", case.id);
    }
}

fn case(id: &str) -> Case {
    let all = rows::all();
    let found = all.iter().find(|case| case.id == id);
    found.expect("a case of this name").clone()
}

#[test]
fn every_case() {
    rows::all().iter().for_each(passes);
}

/// A case with a row too many, or with a wrong expectation, is seen: the test above can fail.
#[test]
fn each_expectation_is_looked_at() {
    for case in rows::all() {
        for n in 0..case.rows.len() {
            let mut wrong = case.clone();
            let expect = &mut wrong.rows[n].2;
            *expect = match *expect {
                rows::Is(rows::Closed) => rows::Is(rows::Open),
                rows::Is(_) => rows::Is(rows::Closed),
                rows::No(state) => rows::Is(state),
            };
            let ran = model::run(&wrong, &mut Soe503::new(&wrong.rules), |_| {});
            let missed = ran.map_err(|miss| miss.number);
            assert_eq!(missed, Err(n + 1), "{}", wrong.id);
        }
    }
}

#[test]
fn names_are_unique_and_sources_are_named() {
    let mut seen = HashSet::new();
    for case in rows::all() {
        assert!(seen.insert(case.id), "{} twice", case.id);
        assert!(!case.source.is_empty() && !case.says.is_empty() && !case.rows.is_empty());
        assert!(
            case.rows.is_sorted_by_key(|row| row.0) || case.late_ms == rows::EXACT,
            "{}: a real clock goes forwards",
            case.id
        );
    }
}

/// The page with everybody's results is of these cases: one line for each, in which ours passes.
#[test]
fn the_page_has_every_case() {
    let page = include_str!("../../soe503/docs/breakers.md");
    let all = rows::all();
    for case in &all {
        let line = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", case.id)));
        let cells: Vec<_> = line.unwrap_or_default().split('|').map(str::trim).collect();
        assert!(
            cells.len() == 9 && cells[2] == case.says && cells[4] == "passes",
            "{}: write the page anew with `tests/breakers/run --write`",
            case.id
        );
    }
    let summary = format!("| soe503 | {} | 0 | 0 | 0 |", all.len());
    assert!(page.lines().any(|line| line == summary), "{summary}");
    let lines = page.lines().filter(|line| line.starts_with("| `"));
    assert_eq!(
        lines.count(),
        all.len(),
        "a line for a case that is no more"
    );
}

#[test]
fn fm18_s8_places_are_counted_when_they_are_given() {
    passes(&case("s8-places"));
}

#[test]
fn fm20_s3_late_results_change_nothing_and_are_counted() {
    passes(&case("s3-late"));
}

#[test]
fn fm45_s15_a_gap_empties_the_time_window() {
    passes(&case("s15-gap"));
    passes(&case("linkerd-large-gap"));
}

#[test]
fn fm45_s14_a_clock_that_goes_backwards_does_no_harm() {
    passes(&case("s14-clock"));
}
