//! Permits: how they end, by whom they can be held, and what they say.

mod breaker_support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use breaker_support::*;
use soe503_core::breaker::{Breaker, BreakerConfig, CircuitOpen, Permit, TransitionReason};
use soe503_core::{Cause, Outcome};

fn breaker(consecutive_failures: u32) -> Breaker {
    let config = BreakerConfig {
        consecutive_failures: Some(consecutive_failures),
        ..plain()
    };
    Breaker::try_new("app", config, 1).unwrap()
}

/// Lets `f` run while its thread is panicking, as the drop of a future in a panicking task does.
fn while_panicking<F: FnOnce()>(f: F) {
    struct OnDrop<F: FnOnce()>(Option<F>);
    impl<F: FnOnce()> Drop for OnDrop<F> {
        fn drop(&mut self) {
            assert!(thread::panicking());
            self.0.take().expect("dropped once")();
        }
    }
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _on_drop = OnDrop(Some(f));
        std::panic::resume_unwind(Box::new("the request's code panics"));
    }));
    assert!(result.is_err());
}

#[test]
fn s7_a_permit_dropped_in_a_panic_is_a_failure() {
    let breaker = breaker(1);
    let permit = breaker.admit(ms(7)).unwrap();
    while_panicking(move || drop(permit));
    assert_eq!(breaker.state(), Open);
    // Nobody could be handed the transition; a recorder still finds it.
    let transitions = breaker.transitions_since(0);
    assert_eq!(transitions.len(), 1);
    assert!(matches!(transitions[0].why, TransitionReason::Tripped(_)));
    assert_eq!(transitions[0].at, ms(7));
    let refused = breaker.admit(ms(8)).unwrap_err();
    assert_eq!(refused.root, Some(Cause::Unclassified));
}

/// A drop brings no time. The latest that the breaker has heard of is nearer than the admission.
#[test]
fn s7_a_panic_opens_from_the_latest_known_time() {
    let breaker = breaker(2);
    let permit = breaker.admit(ms(0)).unwrap();
    let other = breaker.admit(ms(5000)).unwrap();
    other.record(ms(6000), Outcome::failure(REFUSED));
    while_panicking(move || drop(permit));
    assert_eq!(breaker.snapshot(ms(6000)).retry_at, Some(ms(7000)));
}

#[test]
fn s7_a_permit_abandoned_in_a_panic_is_a_failure_however_young() {
    let breaker = breaker(1);
    let permit = breaker.admit(ms(0)).unwrap();
    while_panicking(|| drop(permit.abandon(ms(0))));
    assert_eq!(breaker.state(), Open);
}

#[test]
fn s7_a_probe_that_panics_fails_and_leaves_no_place_taken() {
    let mut bench = Bench::new(BreakerConfig {
        consecutive_failures: Some(1),
        probes: 1,
        ..plain()
    });
    bench.run(&[(0, Bad, Is(Open))]);
    let permit = bench.breaker.admit(ms(1000)).unwrap();
    while_panicking(move || drop(permit));
    bench.run(&[
        (1000, Look, Is(Open)),
        (2999, Good, No(Open)),
        (3000, Good, Is(Closed)),
    ]);
}

#[test]
fn a_permit_recorded_in_a_panic_is_what_was_recorded() {
    let breaker = breaker(1);
    let permit = breaker.admit(ms(0)).unwrap();
    while_panicking(|| drop(permit.record(ms(0), Outcome::SUCCESS)));
    assert_eq!(breaker.state(), Closed);
}

#[test]
fn a_permit_dropped_on_a_closed_circuit_is_nothing() {
    let breaker = breaker(1);
    drop(breaker.admit(ms(0)).unwrap());
    assert_eq!(breaker.snapshot(ms(0)).consecutive_failures, 0);
    assert_eq!(breaker.state(), Closed);
}

#[test]
fn a_permit_outlives_every_other_handle() {
    let breaker = breaker(1);
    let permit = breaker.admit(ms(0)).unwrap();
    drop(breaker);
    let transition = permit.record(ms(0), Outcome::failure(REFUSED)).unwrap();
    assert_eq!((transition.from, transition.to), (Closed, Open));
}

#[test]
fn a_permit_whose_handles_are_gone_gives_another_to_the_same_circuit() {
    let breaker = breaker(2);
    let permits = [0, 1].map(|at| breaker.admit(ms(at)).unwrap());
    drop(breaker);
    let again = permits[0].breaker();
    for permit in permits {
        permit.record(ms(2), Outcome::failure(REFUSED));
    }
    assert_eq!(again.state(), Open);
    assert_eq!(again.name(), "app");
}

#[test]
fn a_permit_ends_on_whatever_thread_it_is_moved_to() {
    let breaker = breaker(4);
    let permits: Vec<_> = (0..4)
        .map(|at| {
            let taken = std::thread::scope(|scope| scope.spawn(|| breaker.admit(ms(at))).join());
            taken.unwrap().unwrap()
        })
        .collect();
    assert_eq!(breaker.state(), Closed);
    for permit in permits {
        permit.record(ms(9), Outcome::failure(REFUSED));
    }
    assert_eq!(breaker.state(), Open);
}

#[test]
fn a_permit_says_what_it_is() {
    let breaker = breaker(1);
    let permit = breaker.admit(ms(3)).unwrap();
    assert_eq!(permit.admitted_at(), ms(3));
    assert!(!permit.is_probe());
    assert_eq!(permit.breaker().name(), "app");
    assert!(format!("{permit:?}").contains("\"app\""));
    permit.record(ms(3), Outcome::failure(REFUSED));
    let probe = breaker.admit(ms(1003)).unwrap();
    assert!(probe.is_probe());
    assert_eq!(probe.generation(), 2);
    drop(probe);
}

#[test]
fn the_first_response_head_is_the_one() {
    let config = BreakerConfig {
        failure_rate: None,
        slow_rate: Some(soe503_core::Ratio::ONE),
        ..rated(1, 1)
    };
    let mut bench = Bench::new(config);
    bench.run(&[
        (0, Admit(1), Is(Closed)),
        (999, Head(1), Is(Closed)),
        (5000, Head(1), Is(Closed)),
        (9000, Succeed(1), Is(Closed)),
    ]);
}

/// A slow rule of one in one, and two probes.
fn told() -> Bench {
    Bench::new(BreakerConfig {
        failure_rate: None,
        slow_rate: Some(soe503_core::Ratio::ONE),
        probes: 2,
        ..rated(1, 1)
    })
}

#[test]
fn a_head_that_says_that_it_is_slow_is_slow_at_once() {
    told().run(&[
        (0, Admit(1), Is(Closed)),
        (1, HeadAs(1, true), Is(Closed)),
        (2, Succeed(1), Is(Open)),
    ]);
}

#[test]
fn a_head_that_says_that_it_is_in_time_is_never_slow() {
    told().run(&[
        (0, Admit(1), Is(Closed)),
        (5000, HeadAs(1, false), Is(Closed)),
        (9000, Succeed(1), Is(Closed)),
    ]);
}

#[test]
fn what_is_said_first_stands() {
    told().run(&[
        (0, Admit(1), Is(Closed)),
        (1, Head(1), Is(Closed)),
        (1, HeadAs(1, true), Is(Closed)),
        (1, Succeed(1), Is(Closed)),
        (2, Admit(2), Is(Closed)),
        (3, HeadAs(2, true), Is(Closed)),
        (3, HeadAs(2, false), Is(Closed)),
        (3, Head(2), Is(Closed)),
        (3, Succeed(2), Is(Open)),
    ]);
}

/// As one whose head came late (row S9).
#[test]
fn a_probe_that_says_that_it_is_slow_has_failed() {
    let opened = [
        (0, Admit(1), Is(Closed)),
        (1, HeadAs(1, true), Is(Closed)),
        (1, Succeed(1), Is(Open)),
        (1001, Admit(2), Is(HalfOpen)),
    ];
    let mut bench = told();
    bench.run(&opened);
    bench.run(&[
        (1002, HeadAs(2, true), Is(HalfOpen)),
        (1003, Succeed(2), Is(Open)),
    ]);
    let mut bench = told();
    bench.run(&opened);
    bench.run(&[
        (4000, HeadAs(2, false), Is(HalfOpen)),
        (4001, Succeed(2), Is(HalfOpen)),
        (4002, Good, Is(Closed)),
    ]);
}

/// And one that says that it is in time has passed, however long its body takes (row S6).
#[test]
fn a_probe_that_says_that_it_is_in_time_has_passed() {
    for (slow, closed) in [(false, true), (true, false)] {
        let mut bench = told();
        bench.run(&[
            (0, Admit(1), Is(Closed)),
            (1, HeadAs(1, true), Is(Closed)),
            (1, Succeed(1), Is(Open)),
            (1001, Admit(2), Is(HalfOpen)),
            (1001, Admit(3), Is(HalfOpen)),
            (4000, HeadAs(2, slow), Is(HalfOpen)),
            (4000, HeadAs(3, false), Is(HalfOpen)),
        ]);
        let then = if closed { Is(Closed) } else { No(HalfOpen) };
        bench.run(&[(9000, Good, then)]);
    }
}

/// Without a slow rule nothing is slow.
#[test]
fn what_is_said_of_slowness_needs_a_rule() {
    Bench::new(BreakerConfig {
        failure_rate: Some(soe503_core::Ratio::ONE),
        slow_rate: None,
        ..rated(1, 1)
    })
    .run(&[
        (0, Admit(1), Is(Closed)),
        (1, HeadAs(1, true), Is(Closed)),
        (2, Succeed(1), Is(Closed)),
    ]);
}

#[test]
fn handles_and_permits_go_everywhere() {
    fn everywhere<T: Send + Sync + 'static>() {}
    everywhere::<Breaker>();
    everywhere::<Permit>();
    everywhere::<CircuitOpen>();
    fn cheap<T: Clone>() {}
    cheap::<Breaker>();
}

/// Real threads on one circuit: never more probes than places, and none lost.
#[test]
fn threads_share_the_places() {
    let config = BreakerConfig {
        consecutive_failures: Some(1),
        probes: 4,
        ..plain()
    };
    let breaker = Breaker::try_new("busy", config, 1).unwrap();
    let first = breaker.admit(ms(0)).unwrap();
    first.record(ms(0), Outcome::failure(REFUSED));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    let held: Vec<_> = (0..3)
                        .filter_map(|_| breaker.admit(ms(1000)).ok())
                        .collect();
                    assert!(breaker.snapshot(ms(1000)).probes_in_flight <= 4);
                    drop(held);
                }
            });
        }
    });
    let seen = breaker.snapshot(ms(1000));
    assert_eq!((seen.state, seen.probes_in_flight), (HalfOpen, 0));
}

/// It says nothing, so somebody else has to try.
#[test]
fn a_probe_without_a_verdict_gives_its_place_back() {
    for end in [Ignore(1), Lose(1), Abandon(1)] {
        let mut bench = Bench::new(plain());
        bench.run(&[
            (0, Bad, Is(Closed)),
            (0, Bad, Is(Closed)),
            (0, Bad, Is(Open)),
            (1000, Admit(1), Is(HalfOpen)),
            (1000, Admit(2), Is(HalfOpen)),
            (1001, Admit(3), No(HalfOpen)),
            (1002, end, Is(HalfOpen)),
            (1003, Admit(3), Is(HalfOpen)),
            (1003, Admit(4), No(HalfOpen)),
        ]);
    }
}

/// Whoever keeps the permit inside something larger ends it in place, where that changes nothing about the circuit.
#[test]
fn a_success_that_changes_nothing_ends_a_permit_in_place() {
    let closed = breaker(2);
    let mut permit = closed.admit(ms(0)).unwrap();
    assert!(permit.succeed());
    // It has ended: what comes later says nothing.
    assert_eq!(permit.record(ms(1), Outcome::failure(REFUSED)), None);
    let failed = closed.admit(ms(2)).unwrap();
    failed.record(ms(2), Outcome::failure(REFUSED));
    assert_eq!(closed.state(), Closed, "the first of two");
    let mut ends_a_run = closed.admit(ms(3)).unwrap();
    assert!(!ends_a_run.succeed(), "it ends a run of failures");
    ends_a_run.record(ms(3), Outcome::SUCCESS);
    let rated = Breaker::try_new("app", rated(4, 4), 1).unwrap();
    assert!(!rated.admit(ms(0)).unwrap().succeed(), "a window counts it");
    let opened = breaker(1);
    let failed = opened.admit(ms(0)).unwrap();
    failed.record(ms(0), Outcome::failure(REFUSED));
    let mut probe = opened.admit(ms(1_000)).unwrap();
    assert!(!probe.succeed(), "a probe's success counts");
}
