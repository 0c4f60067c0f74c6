//! The breaker under every schedule that loom can find, memory order included.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p soe503-core --release --test breaker_loom`
#![cfg(loom)]

use std::time::Duration;

use loom::thread;
use soe503_core::breaker::{Breaker, BreakerConfig, State};
use soe503_core::{Cause, Outcome, Ratio, Tick};

const BAD: Outcome = Outcome::failure(Cause::DependencyConnectRefused);
const DUE: Tick = Tick::from_secs(1);

/// How a probe ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Succeed,
    Fail,
    Abandon,
    Drop,
}

fn breaker(consecutive_failures: u32, probes: u32) -> Breaker {
    let config = BreakerConfig {
        consecutive_failures: Some(consecutive_failures),
        open_for: Duration::from_secs(1),
        max_open_for: Duration::from_secs(1),
        jitter: Ratio::ZERO,
        half_open_timeout: None,
        probes,
        ..BreakerConfig::default()
    };
    Breaker::try_new("loom", config, 1).unwrap()
}

/// A circuit whose open time is over at [`DUE`].
fn due(probes: u32) -> Breaker {
    let breaker = breaker(1, probes);
    let permit = breaker.admit(Tick::ZERO).unwrap();
    assert!(permit.record(Tick::ZERO, BAD).is_some());
    breaker
}

/// One request; `None` if it was refused, else whether it was a probe.
fn request(breaker: &Breaker, end: End) -> Option<bool> {
    let permit = breaker.admit(DUE).ok()?;
    let probe = permit.is_probe();
    match end {
        End::Succeed => drop(permit.record(DUE, Outcome::SUCCESS)),
        End::Fail => drop(permit.record(DUE, BAD)),
        End::Abandon => drop(permit.abandon(DUE)),
        End::Drop => drop(permit),
    }
    Some(probe)
}

/// Runs one request per thread on a half-open circuit with one place, and checks the books.
fn one_place(ends: &'static [End]) {
    loom::model(move || {
        let breaker = due(1);
        let threads: Vec<_> = ends
            .iter()
            .map(|&end| {
                let breaker = breaker.clone();
                thread::spawn(move || (end, request(&breaker, end)))
            })
            .collect();
        let done: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        let seen = breaker.snapshot(DUE);
        assert_eq!(seen.probes_in_flight, 0, "a permit is lost");
        assert_eq!(seen.state, breaker.state());
        let probed = |end| done.contains(&(end, Some(true)));
        assert!(
            done.iter().any(|(_, let_in)| *let_in == Some(true)),
            "nobody may try"
        );
        // One place: at most one probe has a result, and the first result decides.
        match seen.state {
            State::Open => assert!(probed(End::Fail) || done.contains(&(End::Fail, Some(false)))),
            State::Closed => assert!(probed(End::Succeed)),
            State::HalfOpen => {
                assert!(
                    !probed(End::Succeed) && !probed(End::Fail),
                    "a result is lost"
                );
                assert!(breaker.admit(DUE).is_ok(), "stuck");
            }
        }
    });
}

#[test]
fn two_threads_one_place() {
    const PAIRS: [[End; 2]; 6] = [
        [End::Succeed, End::Fail],
        [End::Succeed, End::Succeed],
        [End::Fail, End::Fail],
        [End::Drop, End::Succeed],
        [End::Abandon, End::Fail],
        [End::Drop, End::Abandon],
    ];
    for ends in &PAIRS {
        one_place(ends);
    }
}

#[test]
fn three_threads_one_place() {
    const TRIPLES: [[End; 3]; 3] = [
        [End::Succeed, End::Fail, End::Drop],
        [End::Drop, End::Abandon, End::Succeed],
        [End::Fail, End::Drop, End::Abandon],
    ];
    for ends in &TRIPLES {
        one_place(ends);
    }
}

#[test]
fn never_more_probes_than_places() {
    for places in 1..=3 {
        no_more_probes_than(places);
    }
}

/// Three ask for a place on a half-open circuit that has so many.
fn no_more_probes_than(places: u32) {
    loom::model(move || {
        let breaker = due(places);
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let breaker = breaker.clone();
                thread::spawn(move || breaker.admit(DUE).ok())
            })
            .collect();
        let held: Vec<_> = threads
            .into_iter()
            .filter_map(|t| t.join().unwrap())
            .collect();
        assert_eq!(held.len(), places as usize);
        assert!(held.iter().all(|permit| permit.is_probe()));
        assert_eq!(breaker.snapshot(DUE).probes_in_flight, places);
        drop(held);
        assert_eq!(breaker.snapshot(DUE).probes_in_flight, 0);
    });
}

/// The word that a permit carries is read in the same breath as its place is taken.
///
/// The other thread only takes the lock. Its own loads of the word would hide the race from loom,
/// which looks at the last access only.
#[test]
fn a_permit_keeps_the_generation_that_gave_it() {
    loom::model(|| {
        let breaker = due(2);
        let first = breaker.admit(DUE).unwrap();
        let thread = thread::spawn(move || first.record(DUE, BAD));
        let second = breaker.admit(DUE).ok();
        // One failure of two opens the circuit: seen from here, the second is late.
        let late = second.is_some() && breaker.state() == State::Open;
        drop(second.map(|permit| permit.record(DUE, Outcome::SUCCESS)));
        assert!(thread.join().unwrap().is_some());
        let seen = breaker.snapshot(DUE);
        assert_eq!(seen.state, State::Open);
        assert!(!late || seen.stale == 1, "late, and not seen as such");
    });
}

/// What the path without the lock sees is what the last one to hold the lock has left.
#[test]
fn the_state_is_published_in_order() {
    loom::model(|| {
        let breaker = breaker(1, 1);
        let other = breaker.clone();
        let thread = thread::spawn(move || other.force_open(DUE, "drill"));
        breaker.force_closed(DUE, "drill");
        thread.join().unwrap();
        let seen = breaker.snapshot(DUE);
        assert_eq!((breaker.state(), seen.generation), (seen.state, 2));
    });
}

#[test]
fn a_late_result_does_not_disturb_a_probe() {
    for late in [BAD, Outcome::SUCCESS] {
        loom::model(move || {
            let breaker = breaker(1, 1);
            let straggler = breaker.admit(Tick::ZERO).unwrap();
            let first = breaker.admit(Tick::ZERO).unwrap();
            first.record(Tick::ZERO, BAD);
            let thread = thread::spawn(move || straggler.record(DUE, late));
            assert_eq!(request(&breaker, End::Succeed), Some(true));
            assert_eq!(thread.join().unwrap(), None);
            let seen = breaker.snapshot(DUE);
            assert_eq!((seen.state, seen.stale), (State::Closed, 1));
        });
    }
}

/// The path without the lock: a success that finds no run of failures is not written down.
#[test]
fn a_success_without_the_lock_hides_no_failure() {
    loom::model(|| {
        let breaker = breaker(2, 1);
        let other = breaker.clone();
        let thread = thread::spawn(move || {
            request(&other, End::Fail);
            request(&other, End::Fail)
        });
        request(&breaker, End::Succeed);
        let second = thread.join().unwrap();
        assert_eq!(second, Some(false));
        let seen = breaker.snapshot(DUE);
        // The success came before, between, or after the two failures; between them it ends the
        // run. A failure that was counted is never lost.
        match seen.state {
            State::Open => assert_eq!(seen.trips, 1),
            State::Closed => assert_eq!(seen.consecutive_failures, 1),
            State::HalfOpen => panic!("nobody asked after the trip"),
        }
    });
}

#[test]
fn a_success_after_a_failure_ends_the_run() {
    loom::model(|| {
        let breaker = breaker(2, 1);
        let other = breaker.clone();
        thread::spawn(move || request(&other, End::Fail))
            .join()
            .unwrap();
        request(&breaker, End::Succeed);
        assert_eq!(breaker.snapshot(DUE).consecutive_failures, 0);
    });
}

#[test]
fn two_failures_trip_once() {
    loom::model(|| {
        let breaker = breaker(2, 1);
        let permits = [breaker.admit(DUE).unwrap(), breaker.admit(DUE).unwrap()];
        let threads = permits.map(|permit| thread::spawn(move || permit.record(DUE, BAD)));
        let transitions: Vec<_> = threads
            .into_iter()
            .filter_map(|t| t.join().unwrap())
            .collect();
        assert_eq!(transitions.len(), 1);
        assert_eq!(breaker.state(), State::Open);
    });
}
