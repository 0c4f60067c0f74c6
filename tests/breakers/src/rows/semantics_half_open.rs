//! The rows of our own semantics about open and half-open circuits: S6 to S9, S13, S14.

use super::*;

const S: &str = "soe503";

const TWO: Rules = Rules { probes: 2, ..PLAIN };

const THREE: Rules = Rules { probes: 3, ..PLAIN };

pub(super) fn cases() -> Vec<Case> {
    [cancelled(), places(), verdicts(), clocks()].concat()
}

fn cancelled() -> Vec<Case> {
    vec![
        case(
            ("s6-place-back", S),
            "a probe that ends without a result gives its place back, however it ends",
            TWO,
            1400,
            &[
                &TRIP,
                &[
                    (1500, Admit(1), Is(HalfOpen)),
                    (1500, Admit(2), Is(HalfOpen)),
                    (1500, Good, No(HalfOpen)),
                    (1500, Abandon(1), Is(HalfOpen)),
                    (1500, Admit(3), Is(HalfOpen)),
                    (1500, Good, No(HalfOpen)),
                    (1500, Ignore(3), Is(HalfOpen)),
                    (1500, Good, Is(HalfOpen)),
                    (1500, Succeed(2), Is(Closed)),
                ],
            ],
        ),
        case(
            ("s6-old-cancelled", S),
            "a probe that was given up after it had become slow has failed",
            Rules {
                slow: Some(100),
                ..PLAIN
            },
            400,
            &[
                &TRIP,
                &[(1500, Admit(1), Is(HalfOpen)), (3000, Abandon(1), Is(Open))],
            ],
        ),
        case(
            ("s6-hung", S),
            "with every probe hanging it opens again, and what they still bring is late",
            Rules {
                probe_timeout_ms: Some(10_000),
                max_open_ms: 4000,
                ..TWO
            },
            EXACT,
            &[
                &TRIP,
                &[
                    (1000, Admit(1), Is(HalfOpen)),
                    (5000, Admit(2), Is(HalfOpen)),
                    (14_999, Good, No(HalfOpen)),
                    (15_000, Good, No(Open)),
                    (16_999, Good, No(Open)), // the second time, two seconds
                    (17_000, Admit(3), Is(HalfOpen)),
                    (17_001, Succeed(1), Is(HalfOpen)), // of the period before
                    (17_002, Succeed(2), Is(HalfOpen)),
                    (17_003, Succeed(3), Is(HalfOpen)),
                    (17_004, Good, Is(Closed)),
                    (17_004, Late(2), Is(Closed)),
                ],
            ],
        ),
        case(
            ("s7-panicking-probe", S),
            "a probe whose code panics has failed",
            PLAIN,
            1400,
            &[
                &TRIP,
                &[(1500, Admit(1), Is(HalfOpen)), (1500, Panic(1), Is(Open))],
            ],
        ),
    ]
}

fn places() -> Vec<Case> {
    vec![case(
        ("s8-places", S),
        "places are counted when they are given, and a result keeps its place",
        TWO,
        400,
        &[
            &TRIP,
            &[
                (1500, Admit(1), Is(HalfOpen)),
                (1500, Admit(2), Is(HalfOpen)),
                (1500, Good, No(HalfOpen)),
                (1500, Succeed(1), Is(HalfOpen)),
                (1500, Good, No(HalfOpen)),
                (1500, Fail(2), Is(Open)),
                (3000, Admit(4), Is(HalfOpen)), // a fresh count in the next period
                (3000, Admit(5), Is(HalfOpen)),
                (3000, Good, No(HalfOpen)),
            ],
        ],
    )]
}

fn verdicts() -> Vec<Case> {
    let strict = Rules {
        failed: Some(20),
        ..THREE
    };
    let slow = Rules {
        slow: Some(50),
        ..PLAIN
    };
    vec![
        case(
            ("s9-one-of-three", S),
            "one failure of three probes does not make it flap",
            THREE,
            1400,
            &[
                &TRIP,
                &[
                    (1500, Bad, Is(HalfOpen)),
                    (1500, Good, Is(HalfOpen)),
                    (1500, Good, Is(Closed)),
                ],
            ],
        ),
        case(
            ("s9-one-success", S),
            "nor does one success close it: two failures of three open",
            THREE,
            1400,
            &[
                &TRIP,
                &[
                    (1500, Good, Is(HalfOpen)),
                    (1500, Bad, Is(HalfOpen)),
                    (1500, Bad, Is(Open)),
                ],
            ],
        ),
        case(
            ("s9-early", S),
            "decided as soon as it can be: the third probe is still out",
            THREE,
            1400,
            &[
                &TRIP,
                &[
                    (1500, Admit(1), Is(HalfOpen)),
                    (1500, Admit(2), Is(HalfOpen)),
                    (1500, Admit(3), Is(HalfOpen)),
                    (1500, Fail(2), Is(HalfOpen)),
                    (1500, Fail(3), Is(Open)),
                    (1500, Succeed(1), Is(Open)),
                ],
            ],
        ),
        case(
            ("s9-strict", S),
            "the failure rate of the closed circuit holds for the probes too",
            strict,
            1400,
            &[&TRIP, &[(1500, Bad, Is(Open))]],
        ),
        case(
            ("s9-slow", S),
            "probes that are slow have failed; a head in time is in time, however long the body",
            slow,
            EXACT,
            &[
                &TRIP,
                &[
                    (1000, Admit(1), Is(HalfOpen)),
                    (2000, Succeed(1), Is(Open)),
                    (4000, Admit(2), Is(HalfOpen)),
                    (4999, Head(2), Is(HalfOpen)),
                    (9000, Succeed(2), Is(Closed)),
                ],
            ],
        ),
    ]
}

fn clocks() -> Vec<Case> {
    vec![
        case(
            ("s13-deadline", S),
            "the open time is over at its end, and not a moment later",
            PLAIN,
            EXACT,
            &[
                &TRIP,
                &[(999, Good, No(Open)), (1000, Admit(1), Is(HalfOpen))],
            ],
        ),
        case(
            ("s14-clock", S),
            "time is given, and a clock that goes backwards does no harm",
            TWO,
            EXACT,
            &[
                &[
                    (5000, Bad, Is(Closed)),
                    (5000, Bad, Is(Closed)),
                    (5000, Bad, Is(Open)),
                ],
                &[
                    (10, Good, No(Open)),
                    (6000, Admit(1), Is(HalfOpen)),
                    (20, Admit(2), Is(HalfOpen)),
                    (30, Good, No(HalfOpen)),
                    (40, Succeed(1), Is(HalfOpen)),
                    (50, Succeed(2), Is(Closed)),
                ],
            ],
        ),
    ]
}
