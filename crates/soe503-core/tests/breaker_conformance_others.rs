//! The useful cases of the breaker tests of gobreaker, Hystrix, Polly, Finagle and linkerd, as rows.
//!
//! Facts and figures are theirs, in our terms: a manual transition to open becomes a failure under
//! a rule of one, percentages become ratios. Where soe503 decides otherwise on purpose, the row of
//! the semantics that says so is named.

mod breaker_support;

use std::time::Duration;

use breaker_support::*;
use soe503_core::Ratio;
use soe503_core::breaker::{BreakerConfig, Window};

fn bench(config: BreakerConfig) -> Bench {
    Bench::new(config)
}

// === gobreaker, v2/gobreaker_test.go ===

#[test]
fn gobreaker_default() {
    // TestDefaultCircuitBreaker: trips at the sixth in a row, 60 s open, one probe.
    let config = BreakerConfig {
        consecutive_failures: Some(6),
        open_for: secs(60),
        max_open_for: secs(60),
        probes: 1,
        ..plain()
    };
    bench(config)
        .run(&[(0, Bad, Is(Closed)); 5])
        .run(&[(0, Good, Is(Closed))])
        .run(&[(0, Bad, Is(Closed)); 5])
        .run(&[
            (0, Bad, Is(Open)),
            (0, Good, No(Open)),
            (59_000, Good, No(Open)),
            (60_000, Bad, Is(Open)),
            (119_999, Good, No(Open)),
            (120_000, Good, Is(Closed)),
        ]);
}

#[test]
fn gobreaker_rolling_window() {
    // TestRollingWindowCircuitBreaker: ten slices of 3 s, 60 % of at least 3, 90 s open, 3 probes.
    let config = BreakerConfig {
        failure_rate: Some(Ratio::percent(60)),
        window: Window::Time(secs(30)),
        open_for: secs(90),
        max_open_for: secs(90),
        probes: 3,
        ..rated(1, 3)
    };
    let mut bench = bench(config);
    for _ in 0..5 {
        bench.run(&[(0, Good, Is(Closed)), (0, Bad, Is(Closed))]);
    }
    bench.run(&[
        (3000, Good, Is(Closed)),
        (5000, Good, Is(Closed)),
        (7000, Good, Is(Closed)),
        (9000, Bad, Is(Closed)),
    ]);
    for slice in 4..10 {
        let t = slice * 3000;
        bench.run(&[(t, Good, Is(Closed)), (t, Bad, Is(Closed))]);
    }
    // The first slice and its ten results leave.
    bench.run(&[(30_000, Bad, Is(Closed))]);
    let window = bench.breaker.snapshot(ms(30_000)).window.unwrap();
    assert_eq!((window.total, window.failed), (17, 8));
    bench.run(&[(30_000, Bad, Is(Closed)); 5]);
    bench.run(&[
        (30_000, Bad, Is(Open)), // 14 of 23
        (119_999, Good, No(Open)),
        (120_000, Good, Is(HalfOpen)),
        (120_000, Good, Is(HalfOpen)),
        (120_000, Admit(1), Is(HalfOpen)),
        (120_050, Good, No(HalfOpen)),
        (120_100, Succeed(1), Is(Closed)),
    ]);
    assert_eq!(bench.breaker.snapshot(ms(120_100)).window.unwrap().total, 0);
}

#[test]
fn gobreaker_generation_differs_on_purpose() {
    // TestGeneration: there, a result that is older than the interval is dropped, although nothing
    // has changed; so hangs are invisible. S4: it counts.
    let mut bench = bench(BreakerConfig {
        window: Window::Time(secs(1)),
        ..rated(1, 9)
    });
    bench.run(&[(0, Admit(1), Is(Closed)), (1500, Succeed(1), Is(Closed))]);
    assert_eq!(bench.breaker.snapshot(ms(1500)).window.unwrap().total, 1);
}

#[test]
fn gobreaker_excluded_results_count_nowhere() {
    // TestIsExcludedAndIsSuccessfulCombination
    let mut bench = bench(rated(4, 4));
    bench
        .run(&[(0, Skip, Is(Closed)); 9])
        .run(&[(0, Good, Is(Closed))]);
    let window = bench.breaker.snapshot(ms(0)).window.unwrap();
    assert_eq!((window.total, window.failed), (1, 0));
}

// === Hystrix, HystrixCircuitBreakerTest ===

fn hystrix(minimum_requests: u32) -> BreakerConfig {
    BreakerConfig {
        open_for: Duration::from_millis(200),
        max_open_for: Duration::from_millis(200),
        window: Window::Time(secs(10)),
        probes: 1,
        ..rated(1, minimum_requests)
    }
}

#[test]
fn hystrix_several_windows_before_it_closes() {
    // testMultipleTimeWindowRetriesBeforeClosingCircuit: one probe each 200 ms, and no more.
    bench(hystrix(4)).run(&[
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (199, Good, No(Open)),
        (250, Admit(1), Is(HalfOpen)),
        (251, Good, No(HalfOpen)),
        (310, Fail(1), Is(Open)),
        (311, Good, No(Open)),
        (560, Admit(2), Is(HalfOpen)),
        (561, Good, No(HalfOpen)),
        (620, Fail(2), Is(Open)),
        (870, Admit(3), Is(HalfOpen)),
        (871, Good, No(HalfOpen)),
        (930, Succeed(3), Is(Closed)),
        (931, Good, Is(Closed)),
    ]);
}

#[test]
fn hystrix_low_volume_does_not_trip() {
    // testLowVolumeDoesNotTripCircuit
    bench(hystrix(5)).run(&[(0, Bad, Is(Closed)); 4]);
}

#[test]
fn hystrix_an_unsubscribed_probe_does_not_leave_it_stuck() {
    // testUnsubscriptionDoesNotLeaveCircuitStuckHalfOpen: there it opens; here (S6) the place is free.
    bench(hystrix(1)).run(&[
        (0, Bad, Is(Open)),
        (200, Admit(1), Is(HalfOpen)),
        (201, Abandon(1), Is(HalfOpen)),
        (202, Good, Is(Closed)),
    ]);
}

// === Polly, CircuitStateControllerTests: state × result ===

#[test]
fn polly_matrix() {
    let config = BreakerConfig {
        consecutive_failures: Some(1),
        probes: 1,
        ..plain()
    };
    // OnActionSuccessAsync_EnsureCorrectBehavior and OnActionFailureAsync_EnsureCorrectBehavior
    for (end, closed, half_open) in [
        (Succeed(1), Closed, Closed),
        (Fail(1), Open, Open),
        (Ignore(1), Closed, HalfOpen), // there an unhandled result closes (S6)
    ] {
        bench(config.clone()).run(&[(0, Admit(1), Is(Closed)), (1, end, Is(closed))]);
        let late = [
            (0, Admit(1), Is(Closed)),
            (1, Bad, Is(Open)),
            (2, end, Is(Open)),
        ];
        bench(config.clone()).run(&late);
        bench(config.clone()).run(&[
            (0, Bad, Is(Open)),
            (1000, Admit(1), Is(HalfOpen)),
            (1001, end, Is(half_open)),
        ]);
    }
}

// === Finagle, FailureAccrualPolicyTest and FailureAccrualFactoryTest ===

#[test]
fn finagle_consecutive_failures() {
    // "fail on nth attempt", "failures reset to zero on success", "… on revived()"
    bench(plain()).run(&[
        (0, Bad, Is(Closed)),
        (0, Good, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Good, Is(HalfOpen)),
        (1000, Good, Is(Closed)),
        (1000, Bad, Is(Closed)),
        (1000, Bad, Is(Closed)),
        (1000, Bad, Is(Open)),
    ]);
}

#[test]
fn finagle_probing() {
    // "A failure during probing that does not mark dead moves back to probing"
    let config = BreakerConfig {
        probes: 3,
        ..plain()
    };
    bench(config)
        .run(&[(0, Bad, Is(Closed)); 2])
        .run(&[(0, Bad, Is(Open)), (1000, Bad, Is(HalfOpen))])
        .run(&[(1001, Good, Is(HalfOpen)), (1002, Good, Is(Closed))]);
    // Ignorable failures: neither a failure nor a success that ends the run.
    bench(plain())
        .run(&[(0, Bad, Is(Closed)); 2])
        .run(&[(0, Skip, Is(Closed)); 9])
        .run(&[(0, Bad, Is(Open))]);
}

// === linkerd, breaker/success_rate.rs and breaker/unified.rs ===

#[test]
fn linkerd_the_rate_does_not_depend_on_the_speed() {
    // failure_burst_trips_independent_of_rate, cold_start_holds_until_min_requests
    let config = BreakerConfig {
        window: Window::Time(secs(10)),
        ..rated(1, 5)
    };
    for apart in [0, 1, 1000] {
        let mut bench = bench(config.clone());
        for n in 0..4 {
            bench.run(&[(n * apart, Bad, Is(Closed))]);
        }
        bench.run(&[(4 * apart, Bad, Is(Open))]);
    }
}

#[test]
fn linkerd_failures_age_out() {
    // ratio_recovers_as_failures_expire, large_gap_clears_entire_window
    let config = BreakerConfig {
        window: Window::Time(secs(10)),
        ..rated(1, 9)
    };
    let mut bench = bench(config);
    bench
        .run(&[(0, Bad, Is(Closed)); 2])
        .run(&[(6000, Good, Is(Closed)); 8]);
    for (t, total, failed) in [
        (6000, 10, 2),
        (10_500, 8, 0),
        (16_500, 0, 0),
        (1 << 50, 0, 0),
    ] {
        let window = bench.breaker.snapshot(ms(t)).window.unwrap();
        assert_eq!((window.total, window.failed), (total, failed), "at {t}");
    }
}

#[test]
fn linkerd_probation() {
    // probation_admits_single_probe; and idle_reengages_cold_start: recovery empties the window.
    let config = BreakerConfig {
        probes: 1,
        ..rated(10, 5)
    };
    bench(config)
        .run(&[(0, Bad, Is(Closed)); 4])
        .run(&[
            (0, Bad, Is(Open)),
            (1000, Admit(1), Is(HalfOpen)),
            (1000, Good, No(HalfOpen)),
            (1001, Succeed(1), Is(Closed)),
        ])
        .run(&[(1002, Bad, Is(Closed)); 4])
        .run(&[(1002, Bad, Is(Open))]);
}
