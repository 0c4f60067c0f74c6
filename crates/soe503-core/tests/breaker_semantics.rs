//! What is soe503's own about half-open circuits, beside the rows of `breaker_conformance.rs`: probes whose
//! heads are there and whose bodies are not (S6), and configurations that could never decide (S10).

mod breaker_support;

use breaker_support::*;
use soe503_core::Ratio;
use soe503_core::breaker::{BreakerConfig, ConfigError};

fn run(config: BreakerConfig, rows: &[Row]) -> Bench {
    let mut bench = Bench::new(config);
    bench.run(rows);
    bench
}

#[test]
fn s6_a_lost_permit_gives_its_place_back() {
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (1001, Admit(3), No(HalfOpen)),
        (1002, Lose(2), Is(HalfOpen)),
        (1003, Admit(3), Is(HalfOpen)),
        (1004, Succeed(1), Is(HalfOpen)),
        (1005, Succeed(3), Is(Closed)),
    ];
    run(plain(), &rows);
}

#[test]
fn s6_probes_busy_with_long_bodies_have_passed() {
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (1100, Head(1), Is(HalfOpen)),
        (2200, Admit(3), No(HalfOpen)), // the other has not answered
        (2300, Head(2), Is(HalfOpen)),
        (3299, Admit(3), No(HalfOpen)),
        (3300, Admit(3), Is(Closed)), // both have, slow_request ago
        (9000, Fail(1), Is(Closed)),
    ];
    assert_eq!(run(plain(), &rows).stale(), 1);
}

/// The head of a probe that has ended says nothing for the one that is out.
#[test]
fn s6_a_probe_that_is_not_answered_is_not_busy() {
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (1100, Head(1), Is(HalfOpen)),
        (1200, Succeed(1), Is(HalfOpen)),
        (5000, Admit(3), No(HalfOpen)),
    ];
    run(plain(), &rows);
}

#[test]
fn s6_a_late_or_slow_head_does_not_pass_a_probe() {
    let trip = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
    ];
    // The heads of probes of the period before: nobody of this period has answered.
    run(plain(), &trip).run(&[
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (11_000, Good, No(Open)),
        (13_000, Admit(3), Is(HalfOpen)),
        (13_000, Admit(4), Is(HalfOpen)),
        (13_100, Head(1), Is(HalfOpen)),
        (13_100, Head(2), Is(HalfOpen)),
        (20_000, Good, No(HalfOpen)),
    ]);
    // A head that was slow has failed already; its body is waited for, to say so.
    let slow = BreakerConfig {
        slow_rate: Some(Ratio::ONE),
        ..plain()
    };
    run(slow, &trip).run(&[
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (2000, Head(1), Is(HalfOpen)),
        (2000, Head(2), Is(HalfOpen)),
        (4000, Good, No(HalfOpen)),
        (5000, Succeed(1), Is(Open)),
    ]);
}

#[test]
fn s10_a_minimum_above_the_window_is_refused() {
    assert_eq!(
        rated(4, 5).validate(),
        Err(ConfigError::MinimumAboveWindow {
            minimum_requests: 5,
            window: 4
        })
    );
}
