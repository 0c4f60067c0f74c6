//! Force, reset, shadow mode, and what an observer sees.

mod breaker_support;

use breaker_support::*;
use soe503_core::Cause;
use soe503_core::breaker::{Breaker, BreakerConfig, Forced, State, TransitionReason};

#[test]
fn a_circuit_forced_open_stays_open_until_it_is_reset() {
    let mut bench = Bench::new(plain());
    bench.run(&[
        (0, Admit(1), Is(Closed)),
        (1, ForceOpen, Is(Open)),
        (2, Good, No(Open)),
        (3, Succeed(1), Is(Open)),
        (1 << 40, Good, No(Open)), // no time ends it
    ]);
    let refused = bench.breaker.admit(ms(9)).unwrap_err();
    assert_eq!(refused.rule, Cause::MaintenanceAdminDisabled);
    assert_eq!((refused.root, refused.retry_at), (None, None));
    assert!(refused.to_string().contains("operator: test"), "{refused}");
    let forced = Forced::Open {
        why: "test".into(),
        since: ms(1),
    };
    assert_eq!(bench.breaker.snapshot(ms(9)).forced, Some(forced));
    bench.run(&[
        (10, Reset, Is(Closed)),
        (11, Bad, Is(Closed)),
        (12, Bad, Is(Closed)),
        (13, Bad, Is(Open)), // the rules are in force again
        (1013, Good, Is(HalfOpen)),
    ]);
}

#[test]
fn a_circuit_forced_closed_lets_everything_in_and_counts_nothing() {
    let mut bench = Bench::new(plain());
    bench.run(&[
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (1, Admit(1), Is(Closed)),
        (2, ForceClosed, Is(Closed)),
        (3, Bad, Is(Closed)),
        (4, Bad, Is(Closed)),
        (5, Bad, Is(Closed)),
        (6, Admit(2), Is(Closed)),
        (7, Reset, Is(Closed)),
        (8, Fail(1), Is(Closed)), // from before the force
        (9, Fail(2), Is(Closed)), // from under the force
        (10, Bad, Is(Closed)),
        (11, Bad, Is(Closed)),
        (12, Bad, Is(Open)),
    ]);
    bench.run(&[(13, ForceClosed, Is(Closed)), (14, Good, Is(Closed))]);
    let seen = bench.breaker.snapshot(ms(20));
    assert!(matches!(seen.forced, Some(Forced::Closed { since, .. }) if since == ms(13)));
    assert_eq!(
        seen.stale, 1,
        "a result under force is not late, it does not count"
    );
}

#[test]
fn force_and_reset_end_a_half_open_period() {
    for (op, state) in [(ForceOpen, Open), (ForceClosed, Closed), (Reset, Closed)] {
        let mut bench = Bench::new(plain());
        bench.run(&[
            (0, Bad, Is(Closed)),
            (0, Bad, Is(Closed)),
            (0, Bad, Is(Open)),
            (1000, Admit(1), Is(HalfOpen)),
            (1000, Admit(2), Is(HalfOpen)),
            (1001, op, Is(state)),
            (1002, Fail(1), Is(state)),
            (1003, Succeed(2), Is(state)),
        ]);
        assert_eq!(bench.stale(), 2, "{op:?}");
        assert_eq!(bench.breaker.snapshot(ms(1004)).probes_in_flight, 0);
    }
}

#[test]
fn a_reset_of_a_closed_circuit_forgets_and_changes_no_state() {
    let mut bench = Bench::new(rated(4, 4));
    bench.run(&[
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Admit(1), Is(Closed)),
        (1, Reset, Is(Closed)),
    ]);
    assert_eq!(bench.breaker.reset(ms(1)), None);
    let seen = bench.breaker.snapshot(ms(1));
    assert_eq!((seen.generation, seen.consecutive_failures), (0, 0));
    assert_eq!(seen.window.unwrap().total, 0);
    bench.run(&[(2, Fail(1), Is(Closed))]);
    assert_eq!(bench.breaker.snapshot(ms(2)).window.unwrap().failed, 1);
}

#[test]
fn shadow_mode_goes_through_the_states_and_refuses_nobody() {
    let config = BreakerConfig {
        shadow: true,
        ..plain()
    };
    let mut bench = Bench::new(config);
    bench.run(&[
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1, Bad, Is(Open)), // would have been refused
        (2, Good, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (1000, Admit(3), Is(HalfOpen)), // no probe, and does not count
        (1001, Fail(3), Is(HalfOpen)),
        (1002, Succeed(1), Is(HalfOpen)),
        (1003, Succeed(2), Is(Closed)),
    ]);
    let seen = bench.breaker.snapshot(ms(1004));
    assert!(seen.shadow);
    assert_eq!((seen.trips, seen.refused, seen.stale), (1, 3, 0));
    // An operator's word is an order also here.
    bench.run(&[(1005, ForceOpen, Is(Open)), (1006, Good, No(Open))]);
}

#[test]
fn every_transition_is_kept_for_a_recorder() {
    let mut bench = Bench::new(plain());
    bench.run(&[
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Good, Is(HalfOpen)),
        (1001, Good, Is(Closed)),
        (1002, ForceOpen, Is(Open)),
        (1003, ForceClosed, Is(Closed)),
        (1004, Reset, Is(Closed)),
    ]);
    let transitions = bench.breaker.transitions_since(0);
    let generations: Vec<_> = transitions.iter().map(|t| t.generation).collect();
    assert_eq!(generations, [1, 2, 3, 4, 5, 6]);
    let states: Vec<_> = transitions.iter().map(|t| (t.from, t.to)).collect();
    assert_eq!(
        states,
        [
            (Closed, Open),
            (Open, HalfOpen),
            (HalfOpen, Closed),
            (Closed, Open),
            (Open, Closed),
            (Closed, Closed),
        ]
    );
    assert_eq!(transitions[1].why, TransitionReason::OpenTimeOver);
    assert_eq!(transitions[1].at, ms(1000));
    assert_eq!(bench.breaker.transitions_since(5).len(), 1);
    assert!(bench.breaker.transitions_since(6).is_empty());
}

/// S18, and no memory that grows: the last 32 transitions are kept.
#[test]
fn the_history_is_bounded() {
    let breaker = Breaker::try_new("app", plain(), 1).unwrap();
    for n in 0..100 {
        breaker.force_open(ms(n), "drill");
    }
    let kept = breaker.transitions_since(0);
    assert_eq!(kept.len(), 32);
    assert_eq!(kept[31].generation, 100);
}

#[test]
fn looking_changes_nothing() {
    let mut bench = Bench::new(plain());
    bench.run(&[
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (5000, Look, Is(Open)),
    ]);
    let seen = bench.breaker.snapshot(ms(5000));
    assert_eq!(seen.retry_at, Some(ms(1000)));
    assert_eq!(seen, bench.breaker.snapshot(ms(9000)));
    assert!(seen.trip.is_some());
    bench.run(&[(9000, Good, Is(HalfOpen)), (9000, Good, Is(Closed))]);
    let seen = bench.breaker.snapshot(ms(9000));
    assert_eq!((seen.trip, seen.opened_at), (None, None));
    assert!(seen.last_trip.is_some());
}

#[test]
fn clones_are_one_circuit() {
    let breaker = Breaker::try_new("app", plain(), 1).unwrap();
    breaker.clone().force_open(ms(0), "drill");
    assert!(breaker.admit(ms(1)).is_err());
    assert_eq!(
        format!("{breaker:?}"),
        "Breaker { name: \"app\", state: Open, generation: 1, .. }"
    );
}

#[test]
fn each_transition_is_told_once() {
    let mut bench = Bench::new(plain());
    let untold = |bench: &Bench| -> Vec<State> {
        let told = bench.breaker.untold().into_iter();
        told.map(|transition| transition.to).collect()
    };
    assert_eq!(untold(&bench), []);
    bench.run(&[
        (0, Bad, Is(Closed)),
        (1, Bad, Is(Closed)),
        (2, Bad, Is(Open)),
    ]);
    assert_eq!(untold(&bench), [Open]);
    assert_eq!(untold(&bench), []);
    bench.run(&[
        (1002, Good, Is(HalfOpen)),
        (1003, Good, Is(Closed)),
        (1004, ForceOpen, Is(Open)),
    ]);
    assert_eq!(untold(&bench), [HalfOpen, Closed, Open]);
    assert_eq!(untold(&bench), [], "whoever asked");
}

#[test]
fn it_is_alone_until_somebody_says_how_many_there_are() {
    let bench = Bench::new(plain());
    assert!(bench.breaker.is_alone());
    for (count, alone) in [(2, false), (1, true), (3, false), (0, true)] {
        bench.breaker.set_backends(count);
        assert_eq!(bench.breaker.is_alone(), alone, "{count}");
    }
}

/// Without a permit, and without a count.
#[test]
fn whether_a_request_would_get_in_is_told_without_letting_one_in() {
    let mut bench = Bench::new(plain());
    let would = |bench: &Bench, t| bench.breaker.would_admit(ms(t));
    assert!(would(&bench, 0));
    bench.run(&[
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
    ]);
    assert!(!would(&bench, 999) && would(&bench, 1000));
    bench.run(&[(1000, Admit(1), Is(HalfOpen))]);
    assert!(would(&bench, 1001), "one of two probes is under way");
    bench.run(&[(1002, Admit(2), Is(HalfOpen))]);
    assert!(!would(&bench, 1003), "both are");
    bench.run(&[(1004, Skip, No(HalfOpen)), (1005, ForceOpen, Is(Open))]);
    assert!(!would(&bench, 1 << 40), "an operator's word has no end");
    bench.run(&[(1006, ForceClosed, Is(Closed))]);
    assert!(would(&bench, 1007));
}
