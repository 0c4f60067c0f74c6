//! Why a circuit is open: the rule, the root, and what the probes say since.

mod breaker_support;

use breaker_support::*;
use soe503_core::breaker::{
    Breaker, BreakerConfig, CircuitOpen, TransitionReason, TripRule, Window,
};
use soe503_core::{Cause, Outcome, Ratio};

fn fail(breaker: &Breaker, at: u64, cause: Cause) {
    let permit = breaker.admit(ms(at)).expect("let in");
    permit.record(ms(at), Outcome::failure(cause));
}

fn refused(breaker: &Breaker, at: u64) -> CircuitOpen {
    breaker.admit(ms(at)).expect_err("refused")
}

#[test]
fn the_root_is_the_majority_of_the_run() {
    let config = BreakerConfig {
        max_consecutive_failures: 5,
        ..BreakerConfig::default()
    };
    let breaker = Breaker::try_new("app", config, 1).unwrap();
    // A run that a success ended does not count.
    fail(&breaker, 0, Cause::DependencyDnsFailure);
    fail(&breaker, 0, Cause::DependencyDnsFailure);
    fail(&breaker, 0, Cause::DependencyDnsFailure);
    let good = breaker.admit(ms(1)).unwrap();
    good.record(ms(1), Outcome::SUCCESS);
    for cause in [TIMEOUT, REFUSED, REFUSED, TIMEOUT, REFUSED] {
        fail(&breaker, 2, cause);
    }
    let refused = refused(&breaker, 3);
    assert_eq!(refused.rule, Cause::CircuitConsecutiveFailures);
    assert_eq!(refused.root, Some(REFUSED));
    assert_eq!(refused.opened_at, ms(2));
    assert_eq!(&*refused.name, "app");
    assert_eq!(
        refused.trip.rule,
        TripRule::ConsecutiveFailures {
            failures: 5,
            usual: Ratio::percent(67),
        }
    );
    assert_eq!(&*refused.trip.causes, [(REFUSED, 3), (TIMEOUT, 2)]);
    assert_eq!(
        refused.to_string(),
        "the circuit \"app\" is open: 5 consecutive failures (before, 67% of what followed a failure \
         failed), mostly \
         dependency_failure/connect_refused"
    );
}

#[test]
fn a_failure_without_a_cause_is_unclassified() {
    let breaker = Breaker::try_new("app", plain(), 1).unwrap();
    for _ in 0..3 {
        let mut nameless = Outcome::failure(REFUSED);
        nameless.cause = None;
        breaker.admit(ms(0)).unwrap().record(ms(0), nameless);
    }
    assert_eq!(refused(&breaker, 1).root, Some(Cause::Unclassified));
}

#[test]
fn the_root_of_a_rate_is_the_majority_of_the_window() {
    let breaker = Breaker::try_new("app", rated(4, 4), 1).unwrap();
    // The first two results leave the window before it trips.
    for n in 0..3 {
        fail(&breaker, n, if n < 2 { REFUSED } else { TIMEOUT });
        if n < 2 {
            for _ in 0..3 {
                let good = breaker.admit(ms(n)).unwrap();
                good.record(ms(n), Outcome::SUCCESS);
            }
        }
    }
    let permit = breaker.admit(ms(4)).unwrap();
    let transition = permit.record(ms(4), Outcome::degraded(TIMEOUT)).unwrap();
    let trip = transition.trip().unwrap();
    assert_eq!(trip.cause, Cause::CircuitFailureRate);
    assert_eq!(&*trip.causes, [(TIMEOUT, 2)]);
    assert_eq!(trip.rule.to_string(), "2 of 4 requests failed (limit 50%)");
}

#[test]
fn the_root_of_a_slow_rate_is_that_no_answer_came_in_time() {
    let config = BreakerConfig {
        failure_rate: None,
        slow_rate: Some(Ratio::percent(50)),
        window: Window::Time(secs(10)),
        ..rated(4, 2)
    };
    let breaker = Breaker::try_new("app", config, 1).unwrap();
    let slow = breaker.admit(ms(0)).unwrap();
    fail(&breaker, 0, REFUSED); // fast
    let transition = slow.record(ms(2500), Outcome::SUCCESS).unwrap();
    let trip = transition.trip().unwrap();
    assert_eq!(
        (trip.cause, trip.root),
        (Cause::CircuitFailureRate, Some(TIMEOUT))
    );
    assert_eq!(&*trip.causes, [(TIMEOUT, 1)]);
    assert_eq!(
        trip.rule.to_string(),
        "1 of 2 requests took 1s or longer (limit 50%)"
    );
}

/// linkerd `unified.rs`: `simultaneous_threshold_cross_reports_consecutive_reason`. Here the
/// others are kept too.
#[test]
fn rules_that_are_met_together_are_all_kept() {
    let config = BreakerConfig {
        consecutive_failures: Some(2),
        slow_rate: Some(Ratio::percent(50)),
        ..rated(2, 2)
    };
    let breaker = Breaker::try_new("app", config, 1).unwrap();
    let permits = [breaker.admit(ms(0)).unwrap(), breaker.admit(ms(0)).unwrap()];
    let mut transitions = permits.map(|p| p.record(ms(1000), Outcome::failure(TIMEOUT)));
    let transition = transitions[1].take().unwrap();
    let trip = transition.trip().unwrap();
    let rule = TripRule::ConsecutiveFailures {
        failures: 2,
        usual: Ratio::ZERO,
    };
    assert_eq!(trip.rule, rule);
    assert_eq!(trip.rules.len(), 3);
    assert_eq!(trip.rules[0], trip.rule);
    assert!(matches!(
        trip.rules[1],
        TripRule::FailureRate {
            failed: 2,
            total: 2,
            ..
        }
    ));
    assert!(matches!(
        trip.rules[2],
        TripRule::SlowRate {
            slow: 2,
            total: 2,
            ..
        }
    ));
    assert_eq!(transition.why, TransitionReason::Tripped(trip.clone()));
}

/// R17: "opened 12 s ago by 5 × connect_timeout; last probe 3 s ago", and if the probe failed
/// otherwise, the root is the probe's.
#[test]
fn probes_that_fail_move_the_root_and_keep_the_reason() {
    let breaker = Breaker::try_new("app", plain(), 1).unwrap();
    for _ in 0..3 {
        fail(&breaker, 0, REFUSED);
    }
    assert_eq!(refused(&breaker, 500).trip.last_probe, None);
    fail(&breaker, 1000, RESET);
    let refused = refused(&breaker, 1500);
    let trip = &refused.trip;
    assert_eq!((trip.root, trip.opened_by), (Some(RESET), Some(REFUSED)));
    assert_eq!(refused.root, Some(RESET));
    assert_eq!(refused.rule, Cause::CircuitConsecutiveFailures);
    assert_eq!((refused.opened_at, trip.reopened), (ms(0), 1));
    let probe = trip.last_probe.unwrap();
    assert_eq!((probe.at, probe.cause), (ms(1000), Some(RESET)));
    assert_eq!(refused.retry_at, Some(ms(3000)));
    let seen = breaker.snapshot(ms(1500));
    assert_eq!((seen.opened_at, seen.since), (Some(ms(0)), ms(1000)));
    assert_eq!((seen.trips, seen.refused), (1, 2));
}

/// A probe may have had little time left of its request's: that it was not answered is news when it happens again.
#[test]
fn a_probe_that_is_not_answered_in_time_moves_the_root_the_second_time() {
    let breaker = Breaker::try_new("app", plain(), 1).unwrap();
    for _ in 0..3 {
        fail(&breaker, 0, REFUSED);
    }
    fail(&breaker, 1000, TIMEOUT);
    let open = refused(&breaker, 1500);
    assert_eq!(open.root, Some(REFUSED));
    assert_eq!(open.trip.last_probe.unwrap().cause, Some(TIMEOUT), "told");
    fail(&breaker, 3000, TIMEOUT);
    assert_eq!(refused(&breaker, 3500).root, Some(TIMEOUT));
    fail(&breaker, 7000, RESET);
    assert_eq!(refused(&breaker, 7500).root, Some(RESET));
    fail(&breaker, 11_000, TIMEOUT);
    assert_eq!(refused(&breaker, 11_500).root, Some(RESET));
}

/// An old connection that breaks may have been closed for its age: it fails the probe, and tells
/// nothing new about a backend that was known to reset. It is the root where nothing else is.
#[test]
fn probes_on_old_connections_keep_the_root() {
    let old = Cause::ConfigKeepaliveMismatch;
    let breaker = Breaker::try_new("app", plain(), 1).unwrap();
    for _ in 0..3 {
        fail(&breaker, 0, RESET);
    }
    let probe = breaker.admit(ms(1000)).unwrap();
    probe.record(ms(1000), Outcome::degraded(old));
    let open = refused(&breaker, 1500);
    assert_eq!((open.root, open.trip.reopened), (Some(RESET), 1));
    assert_eq!(open.trip.last_probe.unwrap().cause, Some(old), "told");
    fail(&breaker, 3000, REFUSED);
    assert_eq!(refused(&breaker, 3500).root, Some(REFUSED));

    let alone = Breaker::try_new("app", plain(), 1).unwrap();
    for _ in 0..3 {
        fail(&alone, 0, old);
    }
    assert_eq!(refused(&alone, 500).root, Some(old));
}

#[test]
fn probes_that_hang_keep_the_root() {
    let breaker = Breaker::try_new("app", plain(), 1).unwrap();
    for _ in 0..3 {
        fail(&breaker, 0, REFUSED);
    }
    let hung = [
        breaker.admit(ms(1000)).unwrap(),
        breaker.admit(ms(1000)).unwrap(),
    ];
    let waiting = refused(&breaker, 2000);
    assert_eq!(
        (waiting.state, waiting.retry_at),
        (HalfOpen, Some(ms(2000)))
    );
    assert!(waiting.to_string().contains("half-open"), "{waiting}");
    let refused = refused(&breaker, 11_000);
    assert_eq!((refused.state, refused.root), (Open, Some(REFUSED)));
    let probe = refused.trip.last_probe.unwrap();
    assert_eq!((probe.at, probe.cause), (ms(11_000), None));
    let last = breaker.transitions_since(2).pop().unwrap();
    assert!(matches!(last.why, TransitionReason::ProbesHung(_)));
    drop(hung);
}

/// Finagle `FailureAccrualFactoryTest`: "backoff time should be reset after a success".
#[test]
fn the_open_time_doubles_with_each_failed_probe_and_starts_over_after_recovery() {
    let config = BreakerConfig {
        consecutive_failures: Some(1),
        probes: 1,
        ..plain()
    };
    let breaker = Breaker::try_new("app", config, 1).unwrap();
    fail(&breaker, 0, REFUSED);
    let mut at = 0;
    for seconds in [1, 2, 4, 4, 4] {
        let retry_at = refused(&breaker, at).retry_at.unwrap();
        assert_eq!(retry_at.since(ms(at)), secs(seconds));
        at += seconds * 1000;
        fail(&breaker, at, REFUSED);
    }
    at += 4000;
    let good = breaker.admit(ms(at)).unwrap();
    let transition = good.record(ms(at), Outcome::SUCCESS).unwrap();
    assert_eq!(transition.why, TransitionReason::Recovered);
    fail(&breaker, at, TIMEOUT);
    let refused = refused(&breaker, at);
    assert_eq!(refused.retry_at, Some(ms(at + 1000)));
    assert_eq!((refused.root, refused.trip.reopened), (Some(TIMEOUT), 0));
}
