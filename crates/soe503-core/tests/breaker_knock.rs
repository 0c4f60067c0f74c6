//! What knocking at the backends does to the root of an open circuit.

mod breaker_support;

use breaker_support::*;
use soe503_core::breaker::{Breaker, Knocked, root_of_knocks, worth_knocking};
use soe503_core::{Cause, Outcome};

const RESET: Cause = Cause::DependencyResetBeforeResponse;
const UNREACHABLE: Cause = Cause::DependencyHostUnreachable;

/// A circuit that three broken connections opened at 0; it lets probes through at 1 s.
fn broken() -> Breaker {
    let breaker = Breaker::try_new("app", plain(), 1).unwrap();
    for _ in 0..3 {
        fail(&breaker, 0, RESET);
    }
    assert_eq!(breaker.state(), Open);
    breaker
}

fn fail(breaker: &Breaker, at: u64, cause: Cause) {
    let permit = breaker.admit(ms(at)).expect("let in");
    permit.record(ms(at), Outcome::failure(cause));
}

fn root(breaker: &Breaker, at: u64) -> Option<Cause> {
    breaker.admit(ms(at)).expect_err("refused").root
}

#[test]
fn only_broken_connections_are_worth_a_knock() {
    let worth: Vec<Cause> = Cause::ALL
        .iter()
        .copied()
        .filter(|cause| worth_knocking(Some(*cause)))
        .collect();
    assert_eq!(
        worth.iter().map(|cause| cause.id()).collect::<Vec<_>>(),
        [
            "dependency_failure/reset_before_response",
            "dependency_failure/response_truncated",
            "misconfiguration/keepalive_mismatch",
        ]
    );
    assert!(!worth_knocking(None), "an operator's circuit has no root");
}

#[test]
fn more_than_half_of_the_backends_make_a_root() {
    let rows: [(usize, &[Cause], Option<Cause>); 11] = [
        (0, &[], None),
        (1, &[], None),
        (1, &[REFUSED], Some(REFUSED)),
        (2, &[REFUSED], None),
        (2, &[REFUSED, REFUSED], Some(REFUSED)),
        (2, &[REFUSED, UNREACHABLE], None),
        (3, &[REFUSED], None),
        (3, &[REFUSED, REFUSED], Some(REFUSED)),
        (3, &[UNREACHABLE, REFUSED, REFUSED], Some(REFUSED)),
        (3, &[UNREACHABLE, REFUSED, TIMEOUT], None),
        (4, &[REFUSED, UNREACHABLE, REFUSED, TIMEOUT], None),
    ];
    for (asked, failed, expected) in rows {
        assert_eq!(
            root_of_knocks(asked, failed),
            expected,
            "{asked} {failed:?}"
        );
    }
}

#[test]
fn knocks_move_the_root_and_nothing_else() {
    let breaker = broken();
    let before = breaker.snapshot(ms(1));
    assert_eq!(before.generation, breaker.generation());
    assert_eq!(root(&breaker, 1), Some(RESET));
    assert!(breaker.knocked(before.generation, Knocked::new(ms(2), REFUSED)));
    let refused = breaker.admit(ms(3)).unwrap_err();
    assert_eq!(refused.root, Some(REFUSED));
    assert_eq!(refused.rule, Cause::CircuitConsecutiveFailures);
    assert_eq!(refused.retry_at, before.retry_at);
    let trip = &refused.trip;
    assert_eq!((trip.root, trip.opened_by), (Some(REFUSED), Some(RESET)));
    assert_eq!(&*trip.causes, [(RESET, 3)], "what opened it stays told");
    assert_eq!(trip.knocked, Some(Knocked::new(ms(2), REFUSED)));
    let after = breaker.snapshot(ms(3));
    assert_eq!((after.generation, after.trips), (before.generation, 1));
    assert_eq!(after.last_trip.unwrap().root, Some(REFUSED));
}

#[test]
fn a_probe_that_tells_a_cause_is_newer_than_the_knocks() {
    let breaker = broken();
    assert!(breaker.knocked(breaker.generation(), Knocked::new(ms(2), REFUSED)));
    fail(&breaker, 1000, UNREACHABLE);
    let refused = breaker.admit(ms(1500)).unwrap_err();
    assert_eq!(
        (refused.root, refused.trip.knocked),
        (Some(UNREACHABLE), None)
    );
}

#[test]
fn probes_that_hang_leave_the_knocks_word() {
    let breaker = broken();
    assert!(breaker.knocked(breaker.generation(), Knocked::new(ms(2), REFUSED)));
    let hung = [
        breaker.admit(ms(1000)).unwrap(),
        breaker.admit(ms(1000)).unwrap(),
    ];
    let refused = breaker.admit(ms(11_000)).unwrap_err();
    assert_eq!((refused.state, refused.root), (Open, Some(REFUSED)));
    assert_eq!(refused.trip.knocked, Some(Knocked::new(ms(2), REFUSED)));
    drop(hung);
}

#[test]
fn knocks_for_another_state_change_nothing() {
    let found = Knocked::new(ms(2), REFUSED);
    let closed = Breaker::try_new("app", plain(), 1).unwrap();
    assert!(!closed.knocked(closed.generation(), found));

    let moved_on = broken();
    let opened = moved_on.generation();
    let probing = moved_on.admit(ms(1000)).unwrap();
    assert!(!moved_on.knocked(opened, found), "half-open since");
    assert!(!moved_on.knocked(moved_on.generation(), found), "half-open");
    drop(probing);
    fail(&moved_on, 1000, RESET);
    assert!(!moved_on.knocked(opened, found), "another opening");
    assert_eq!(root(&moved_on, 1001), Some(RESET));

    let forced = broken();
    forced.force_open(ms(1), "maintenance");
    assert!(!forced.knocked(forced.generation(), found));
    assert_eq!(root(&forced, 2), None, "an operator's word needs no root");
}
