//! The rows of the semantics about open and half-open circuits: S6, S8, S9, S13 and S14.

mod breaker_support;

use breaker_support::*;
use soe503_core::Ratio;
use soe503_core::breaker::BreakerConfig;

fn run(config: BreakerConfig, rows: &[Row]) -> Bench {
    let mut bench = Bench::new(config);
    bench.run(rows);
    bench
}

#[test]
fn s6_a_cancelled_probe_gives_its_place_back() {
    let rows = [
        (0, ForceOpen, Is(Open)),
        (0, Reset, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (1001, Admit(3), No(HalfOpen)),
        (1002, Abandon(1), Is(HalfOpen)),
        (1003, Admit(3), Is(HalfOpen)),
        (1004, Lose(2), Is(HalfOpen)),
        (1005, Admit(4), Is(HalfOpen)),
        (1006, Ignore(3), Is(HalfOpen)),
        (1007, Good, Is(HalfOpen)),
        (1008, Succeed(4), Is(Closed)),
    ];
    run(plain(), &rows);
}

#[test]
fn s6_an_old_cancelled_probe_is_a_failed_one() {
    let config = BreakerConfig {
        abandon_after: Some(secs(1)),
        ..plain()
    };
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (2000, Abandon(1), Is(Open)),
    ];
    run(config, &rows);
}

#[test]
fn s6_hung_probes_open_the_circuit_again() {
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (5000, Admit(2), Is(HalfOpen)),
        (14_999, Admit(3), No(HalfOpen)),
        (15_000, Admit(3), No(Open)),
        (16_999, Admit(3), No(Open)), // the second time, two seconds
        (17_000, Admit(3), Is(HalfOpen)),
        (17_001, Succeed(1), Is(HalfOpen)), // of the period before
        (17_002, Succeed(2), Is(HalfOpen)),
        (17_003, Succeed(3), Is(HalfOpen)),
        (17_004, Good, Is(Closed)),
    ];
    assert_eq!(run(plain(), &rows).stale(), 2);
}

#[test]
fn s6_a_slow_but_healthy_probe_is_waited_for() {
    // No timeout, no slow rule: linkerd removed its probe deadline for the same reason.
    let config = BreakerConfig {
        half_open_timeout: None,
        probes: 1,
        ..plain()
    };
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (600_000, Admit(2), No(HalfOpen)),
        (600_001, Succeed(1), Is(Closed)),
    ];
    run(config, &rows);
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
fn fm18_s8_places_are_counted_when_they_are_given() {
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (1000, Admit(3), No(HalfOpen)),
        (1001, Succeed(1), Is(HalfOpen)),
        (1002, Admit(3), No(HalfOpen)), // a result keeps its place
        (1003, Fail(2), Is(Open)),
        (3003, Admit(4), Is(HalfOpen)), // a fresh count in the next period
        (3003, Admit(5), Is(HalfOpen)),
        (3003, Admit(6), No(HalfOpen)),
    ];
    run(plain(), &rows);
}

#[test]
fn s9_one_failure_of_three_does_not_flap() {
    let config = BreakerConfig {
        probes: 3,
        ..plain()
    };
    let trip = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
    ];
    let mut recovers = run(config.clone(), &trip);
    recovers.run(&[
        (1000, Bad, Is(HalfOpen)),
        (1001, Good, Is(HalfOpen)),
        (1002, Good, Is(Closed)),
    ]);
    let mut reopens = run(config.clone(), &trip);
    reopens.run(&[
        (1000, Good, Is(HalfOpen)),
        (1001, Bad, Is(HalfOpen)),
        (1002, Bad, Is(Open)),
    ]);
    // Decided as soon as it can be: the third probe is still out.
    let mut early = run(config.clone(), &trip);
    early.run(&[
        (1000, Admit(1), Is(HalfOpen)),
        (1000, Admit(2), Is(HalfOpen)),
        (1000, Admit(3), Is(HalfOpen)),
        (1001, Fail(2), Is(HalfOpen)),
        (1002, Fail(3), Is(Open)),
        (1003, Succeed(1), Is(Open)),
    ]);
    // The failure rate of the closed circuit holds for the probes too.
    let strict = BreakerConfig {
        failure_rate: Some(Ratio::percent(20)),
        ..config
    };
    run(strict, &trip).run(&[(1000, Bad, Is(Open))]);
}

#[test]
fn s9_slow_probes_count_as_failed() {
    let config = BreakerConfig {
        slow_rate: Some(Ratio::percent(50)),
        ..plain()
    };
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Open)),
        (1000, Admit(1), Is(HalfOpen)),
        (2000, Succeed(1), Is(Open)),
        (4000, Admit(2), Is(HalfOpen)),
        (4999, Head(2), Is(HalfOpen)), // in time, however long the body takes
        (9000, Succeed(2), Is(HalfOpen)),
        (9001, Good, Is(Closed)),
    ];
    run(config, &rows);
}

#[test]
fn s13_the_open_time_ends_at_its_end() {
    let rows = [
        (0, Bad, Is(Closed)),
        (0, Bad, Is(Closed)),
        (5, Bad, Is(Open)),
        (1004, Good, No(Open)),
        (1005, Good, Is(HalfOpen)),
    ];
    run(plain(), &rows);
}

#[test]
fn fm45_s14_a_clock_that_goes_backwards_does_no_harm() {
    let rows = [
        (5000, Bad, Is(Closed)),
        (5000, Bad, Is(Closed)),
        (5000, Bad, Is(Open)),
        (10, Good, No(Open)),
        (6000, Admit(1), Is(HalfOpen)),
        (20, Admit(2), Is(HalfOpen)),
        (30, Admit(3), No(HalfOpen)),
        (40, Succeed(1), Is(HalfOpen)),
        (50, Succeed(2), Is(Closed)),
    ];
    run(plain(), &rows);
}
