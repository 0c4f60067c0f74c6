//! The rows of the semantics about what counts, and when that is too much: S1 to S5, S10 to S12
//! and S15. `breaker_semantics_half_open.rs` has the rest that is the breaker's own (S7 is in
//! `breaker_permit.rs`, S18 in `breaker_operator.rs`); the others belong to the layers (S16, S17),
//! to the pool (S19, S21) and to the retry budget (S20).

mod breaker_support;

use breaker_support::*;
use soe503_core::Ratio;
use soe503_core::breaker::{BreakerConfig, ConfigError, Window};

fn run(config: BreakerConfig, rows: &[Row]) -> Bench {
    let mut bench = Bench::new(config);
    bench.run(rows);
    bench
}

#[test]
fn s1_a_busy_service_leaves_the_run_of_failures_as_it_is() {
    // Neither counted nor a success that would end the run.
    let rows = [
        (0, Bad, Is(Closed)),
        (1, Bad, Is(Closed)),
        (2, Busy, Is(Closed)),
        (3, Busy, Is(Closed)),
        (4, Skip, Is(Closed)),
        (5, Bad, Is(Open)),
    ];
    run(plain(), &rows);
}

#[test]
fn s1_a_busy_service_counts_in_the_rate_and_fails_a_probe() {
    let rows = [
        (0, Good, Is(Closed)),
        (1, Good, Is(Closed)),
        (2, Busy, Is(Closed)),
        (3, Busy, Is(Open)),
        (1003, Busy, Is(Open)), // one of two probes: half
        (3003, Good, Is(HalfOpen)),
        (3004, Good, Is(Closed)),
    ];
    run(rated(4, 4), &rows);
}

#[test]
fn s1_ignored_results_are_not_in_the_window() {
    let rows = [
        (0, Skip, Is(Closed)),
        (1, Skip, Is(Closed)),
        (2, Skip, Is(Closed)),
        (3, Bad, Is(Closed)), // one result of the two that are needed
        (4, Bad, Is(Open)),
    ];
    run(rated(4, 2), &rows);
}

#[test]
fn s2_a_body_error_after_a_good_head_is_a_failure() {
    let rows = [
        (0, Admit(1), Is(Closed)),
        (1, Head(1), Is(Closed)),
        (2, Bad, Is(Closed)),
        (3, Bad, Is(Closed)),
        (9, Fail(1), Is(Open)),
    ];
    run(plain(), &rows);
}

#[test]
fn s2_a_body_that_the_client_dropped_is_a_success_of_its_head() {
    let config = BreakerConfig {
        abandon_after: Some(secs(1)),
        ..plain()
    };
    let rows = [
        (0, Admit(1), Is(Closed)),
        (1, Head(1), Is(Closed)),
        (2, Bad, Is(Closed)),
        (3, Bad, Is(Closed)),
        (60_000, Abandon(1), Is(Closed)), // ends the run
        (60_001, Bad, Is(Closed)),
        (60_002, Bad, Is(Closed)),
        (60_003, Bad, Is(Open)),
    ];
    run(config, &rows);
}

#[test]
fn fm20_s3_late_results_change_nothing_and_are_counted() {
    let rows = [
        (0, Admit(1), Is(Closed)),
        (0, Admit(2), Is(Closed)),
        (0, Admit(3), Is(Closed)),
        (0, Admit(4), Is(Closed)),
        (0, Admit(5), Is(Closed)),
        (1, Bad, Is(Closed)),
        (2, Bad, Is(Closed)),
        (3, Bad, Is(Open)),
        (4, Succeed(1), Is(Open)),
        (1003, Admit(6), Is(HalfOpen)),
        (1004, Succeed(2), Is(HalfOpen)),
        (1005, Fail(3), Is(HalfOpen)),
        (1006, Ignore(4), Is(HalfOpen)), // and gives no place to a third probe:
        (1007, Admit(7), Is(HalfOpen)),
        (1008, Admit(8), No(HalfOpen)),
        (1009, Succeed(6), Is(HalfOpen)),
        (1010, Succeed(7), Is(Closed)),
        (1011, Bad, Is(Closed)),
        (1012, Bad, Is(Closed)),
        (1013, Fail(5), Is(Closed)), // not the third of this run
        (1014, Bad, Is(Open)),
    ];
    assert_eq!(run(plain(), &rows).stale(), 4);
}

#[test]
fn s4_a_rolling_window_is_no_new_generation() {
    // A request slower than the whole window still counts.
    let config = BreakerConfig {
        window: Window::Time(secs(1)),
        ..rated(1, 2)
    };
    let rows = [
        (0, Admit(1), Is(Closed)),
        (0, Admit(2), Is(Closed)),
        (500, Good, Is(Closed)),
        (5000, Fail(1), Is(Closed)),
        (5001, Fail(2), Is(Open)),
    ];
    assert_eq!(run(config, &rows).stale(), 0);
}

#[test]
fn s5_an_abandoned_request_is_decided_by_its_age() {
    let config = BreakerConfig {
        consecutive_failures: Some(2),
        abandon_after: Some(secs(1)),
        ..plain()
    };
    let rows = [
        (0, Admit(1), Is(Closed)),
        (0, Admit(2), Is(Closed)),
        (0, Admit(3), Is(Closed)),
        (999, Abandon(1), Is(Closed)),  // too young: nothing
        (1000, Abandon(2), Is(Closed)), // the boundary belongs to the failures
        (1001, Abandon(3), Is(Open)),
    ];
    run(config, &rows);
}

#[test]
fn s5_without_a_slow_rule_an_abandoned_request_never_counts() {
    let rows = [
        (0, Admit(1), Is(Closed)),
        (0, Admit(2), Is(Closed)),
        (0, Admit(3), Is(Closed)),
        (60_000, Abandon(1), Is(Closed)),
        (60_000, Abandon(2), Is(Closed)),
        (60_000, Abandon(3), Is(Closed)),
    ];
    run(plain(), &rows);
}

#[test]
fn s5_with_a_slow_rule_the_age_is_slow_request() {
    let config = BreakerConfig {
        slow_rate: Some(Ratio::ONE),
        minimum_requests: 100,
        window: Window::Count(100),
        consecutive_failures: Some(1),
        ..plain()
    };
    let rows = [
        (0, Admit(1), Is(Closed)),
        (0, Admit(2), Is(Closed)),
        (999, Abandon(1), Is(Closed)),
        (1000, Abandon(2), Is(Open)),
    ];
    run(config, &rows);
}

#[test]
fn s10_the_minimum_decides_not_the_full_window() {
    let rows = [
        (0, Bad, Is(Closed)),
        (1, Bad, Is(Closed)),
        (2, Bad, Is(Closed)),
        (3, Bad, Is(Closed)),
        (4, Bad, Is(Open)),
    ];
    run(rated(100, 5), &rows);
    assert_eq!(
        rated(4, 5).validate(),
        Err(ConfigError::MinimumAboveWindow {
            minimum_requests: 5,
            window: 4
        })
    );
}

#[test]
fn s11_a_success_can_open_the_circuit() {
    // The fourth result completes the minimum; two of four have failed.
    let rows = [
        (0, Bad, Is(Closed)),
        (1, Bad, Is(Closed)),
        (2, Good, Is(Closed)),
        (3, Good, Is(Open)),
    ];
    run(rated(10, 4), &rows);
    // And a slow one completes the slow rate.
    let config = BreakerConfig {
        failure_rate: None,
        slow_rate: Some(Ratio::percent(50)),
        ..rated(10, 2)
    };
    let rows = [
        (0, Admit(1), Is(Closed)),
        (1, Good, Is(Closed)),
        (1000, Succeed(1), Is(Open)),
    ];
    run(config, &rows);
}

#[test]
fn s12_rates_and_slowness_include_their_limit() {
    let just_below = [
        (0, Bad, Is(Closed)),
        (1, Good, Is(Closed)),
        (2, Good, Is(Closed)),
        (3, Good, Is(Closed)),
    ];
    let config = |percent| BreakerConfig {
        failure_rate: Some(Ratio::percent(percent)),
        ..rated(4, 4)
    };
    run(config(26), &just_below);
    let mut at = just_below;
    at[3].2 = Is(Open);
    run(config(25), &at);
    let slow = |at| {
        [
            (0, Admit(1), Is(Closed)),
            (
                at,
                Succeed(1),
                if at < 1000 { Is(Closed) } else { Is(Open) },
            ),
        ]
    };
    let config = BreakerConfig {
        failure_rate: None,
        slow_rate: Some(Ratio::ONE),
        ..rated(1, 1)
    };
    run(config.clone(), &slow(999));
    run(config, &slow(1000));
}

#[test]
fn fm45_s15_a_gap_empties_the_time_window() {
    let config = BreakerConfig {
        window: Window::Time(secs(10)),
        ..rated(1, 4)
    };
    let rows = [
        (0, Bad, Is(Closed)),
        (1, Bad, Is(Closed)),
        (2, Bad, Is(Closed)),
        (10_000, Bad, Is(Closed)), // alone: the slice of the three has left
        (1 << 40, Bad, Is(Closed)),
        (1 << 40, Bad, Is(Closed)),
        (1 << 40, Bad, Is(Closed)),
        (1 << 40, Bad, Is(Open)),
    ];
    run(config, &rows);
}
