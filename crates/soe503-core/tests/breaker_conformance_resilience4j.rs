//! The useful cases of resilience4j's `CircuitBreakerStateMachineTest`, as rows.
//!
//! Facts and figures are theirs, in our terms: a manual transition to open becomes a failure under
//! a rule of one, percentages become ratios. Where soe503 decides otherwise on purpose, the row of
//! the semantics that says so is named. Its window tables are in `src/breaker/window/tests.rs`.

mod breaker_support;

use breaker_support::*;
use soe503_core::Ratio;
use soe503_core::breaker::{BreakerConfig, Window};

fn bench(config: BreakerConfig) -> Bench {
    Bench::new(config)
}

/// resilience4j's test set-up: rates of one half over 5 results, slow from 4 s, 4 probes, 5 s open.
fn resilience4j() -> BreakerConfig {
    BreakerConfig {
        consecutive_failures: None,
        failure_rate: Some(Ratio::percent(50)),
        slow_rate: Some(Ratio::percent(50)),
        slow_request: secs(4),
        window: Window::Count(5),
        minimum_requests: 5,
        open_for: secs(5),
        max_open_for: secs(60),
        probes: 4,
        ..plain()
    }
}

/// The same, opened by one failure at 0 and half-open from 5 s on.
fn resilience4j_half_open() -> Bench {
    let mut bench = bench(BreakerConfig {
        consecutive_failures: Some(1),
        ..resilience4j()
    });
    bench.run(&[(0, Bad, Is(Open))]);
    bench
}

#[test]
fn opens_when_the_fifth_result_completes_the_minimum() {
    // shouldOpenAfterFailureRateThresholdExceeded: the fifth is a success (S11).
    bench(resilience4j()).run(&[
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Good, Is(Closed)),
        (0, Good, Is(Open)),
        (0, Good, No(Open)),
    ]);
}

#[test]
fn opens_by_slow_calls() {
    // shouldOpenAfterSlowCallRateThresholdExceededUsingMockClock: slow, slow, fast, fast, slow.
    bench(resilience4j()).run(&[
        (0, Admit(1), Is(Closed)),
        (0, Admit(2), Is(Closed)),
        (0, Admit(5), Is(Closed)),
        (5000, Fail(1), Is(Closed)),
        (5000, Succeed(2), Is(Closed)),
        (5000, Bad, Is(Closed)),
        (5000, Good, Is(Closed)),
        (5000, Succeed(5), Is(Open)),
    ]);
}

#[test]
fn waits_the_open_time() {
    // shouldTransitionToHalfOpenAfterWaitDuration, and shouldTransitionToHalfOpenAfterWaitInterval:
    // twice as long after the probes have failed.
    resilience4j_half_open().run(&[
        (0, Good, No(Open)),
        (3000, Good, No(Open)),
        (6000, Bad, Is(HalfOpen)),
        (6000, Bad, Is(Open)),
        (12_000, Good, No(Open)),
        (16_000, Good, Is(HalfOpen)),
    ]);
}

#[test]
fn permits_four_calls_when_half_open() {
    // shouldOnlyPermitFourCallsInHalfOpenState: and four again in the next period.
    resilience4j_half_open().run(&[
        (5000, Admit(1), Is(HalfOpen)),
        (5000, Admit(2), Is(HalfOpen)),
        (5000, Admit(3), Is(HalfOpen)),
        (5000, Admit(4), Is(HalfOpen)),
        (5000, Good, No(HalfOpen)),
        (5000, Good, No(HalfOpen)),
        (5001, Fail(1), Is(HalfOpen)),
        (5001, Fail(2), Is(Open)),
        (15_001, Admit(5), Is(HalfOpen)),
        (15_001, Admit(6), Is(HalfOpen)),
        (15_001, Admit(7), Is(HalfOpen)),
        (15_001, Admit(8), Is(HalfOpen)),
        (15_001, Good, No(HalfOpen)),
        (15_002, Ignore(5), Is(HalfOpen)), // shouldIncreaseCounterOnReleasePermission
        (15_003, Admit(9), Is(HalfOpen)),
        (15_003, Good, No(HalfOpen)),
    ]);
}

#[test]
fn an_ignored_failure_gives_its_permission_back() {
    // shouldReleasePermissionWhenExceptionIgnored: the last is a failure, one of four.
    resilience4j_half_open().run(&[
        (5000, Good, Is(HalfOpen)),
        (5001, Good, Is(HalfOpen)),
        (5002, Good, Is(HalfOpen)),
        (5003, Skip, Is(HalfOpen)),
        (5004, Bad, Is(Closed)),
    ]);
    // shouldIgnoreExceptionsAndThenTransitionToClosed
    resilience4j_half_open()
        .run(&[(5000, Skip, Is(HalfOpen)); 4])
        .run(&[(5001, Good, Is(HalfOpen)); 3])
        .run(&[(5002, Good, Is(Closed))]);
}

#[test]
fn slow_probes_open_again() {
    // shouldTransitionBackToOpenStateWhenSlowCallRateIsAboveThreshold, decided at the second (S9).
    resilience4j_half_open().run(&[
        (5000, Admit(1), Is(HalfOpen)),
        (5000, Admit(2), Is(HalfOpen)),
        (10_000, Succeed(1), Is(HalfOpen)),
        (10_000, Succeed(2), Is(Open)),
    ]);
}

#[test]
fn a_half_open_circuit_does_not_wait_for_ever() {
    // circuitBreakerTransitionsToOpenAfterWaitDurationInHalfOpenState
    resilience4j_half_open()
        .run(&[
            (5000, Admit(1), Is(HalfOpen)),
            (5000, Admit(2), Is(HalfOpen)),
            (5000, Admit(3), Is(HalfOpen)),
            (5000, Admit(4), Is(HalfOpen)),
        ])
        .run(&[(14_999, Good, No(HalfOpen)), (15_000, Good, No(Open))]);
}
