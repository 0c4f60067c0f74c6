//! Hystrix: `HystrixCircuitBreakerTest`, its times tenfold.

use super::*;

const fn rules(minimum: u32) -> Rules {
    Rules {
        open_ms: 2000,
        max_open_ms: 2000,
        ..timed(100_000, minimum)
    }
}

pub(super) fn cases() -> Vec<Case> {
    let one = Rules {
        open_ms: 2000,
        max_open_ms: 2000,
        ..rated(1, 1)
    };
    vec![
        case(
            (
                "hystrix-several-windows",
                "testMultipleTimeWindowRetriesBeforeClosingCircuit",
            ),
            "one probe for each open time, and no more, until one succeeds",
            rules(4),
            900,
            &[&[
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Open)),
                (1000, Good, No(Open)),
                (2500, Admit(1), Is(HalfOpen)),
                (2500, Good, No(HalfOpen)),
                (3100, Fail(1), Is(Open)),
                (3100, Good, No(Open)),
                (5600, Admit(2), Is(HalfOpen)),
                (5600, Good, No(HalfOpen)),
                (6200, Fail(2), Is(Open)),
                (8700, Admit(3), Is(HalfOpen)),
                (8700, Good, No(HalfOpen)),
                (9300, Succeed(3), Is(Closed)),
                (9300, Good, Is(Closed)),
            ]],
        ),
        case(
            ("hystrix-low-volume", "testLowVolumeDoesNotTripCircuit"),
            "below the minimum nothing opens",
            rules(5),
            UNTIMED,
            &[&[(0, Bad, Is(Closed)); 4]],
        ),
        case(
            (
                "hystrix-one-probe",
                "testMultipleTimeWindowRetriesBeforeClosingCircuit",
            ),
            "while the one probe is out, nobody else is let in",
            one,
            2000,
            &[&[
                (0, Bad, Is(Open)),
                (2500, Admit(1), Is(HalfOpen)),
                (2500, Good, No(HalfOpen)),
            ]],
        ),
        case(
            (
                "hystrix-unsubscribed",
                "testUnsubscriptionDoesNotLeaveCircuitStuckHalfOpen",
            ),
            "a probe whose caller has gone blocks nobody: its place is free (S6)",
            one,
            1000,
            &[&[
                (0, Bad, Is(Open)),
                (2500, Admit(1), Is(HalfOpen)),
                (2500, Abandon(1), Is(HalfOpen)),
                (2500, Good, Is(Closed)),
            ]],
        ),
        case(
            ("hystrix-busy", "testSuccessClosesCircuitWhenBusy"),
            "a good probe closes for good, whatever the requests from before it still bring",
            one,
            1000,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Admit(2), Is(Closed)),
                (0, Bad, Is(Open)),
                (2500, Admit(3), Is(HalfOpen)),
                (2500, Succeed(3), Is(Closed)),
                (2500, Fail(1), Is(Closed)),
                (2500, Fail(2), Is(Closed)),
                (2500, Late(2), Is(Closed)),
            ]],
        ),
    ]
}
