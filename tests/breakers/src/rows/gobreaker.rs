//! gobreaker: `v2/gobreaker_test.go`.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            ("gobreaker-default", "TestDefaultCircuitBreaker"),
            "opens at the sixth failure in a row, tries after a minute, one result decides",
            Rules {
                consecutive: Some(6),
                open_ms: 60_000,
                max_open_ms: 60_000,
                ..PLAIN
            },
            9000,
            &[
                &[(0, Bad, Is(Closed)); 5],
                &[(0, Good, Is(Closed))],
                &[(0, Bad, Is(Closed)); 5],
                &[
                    (0, Bad, Is(Open)),
                    (0, Good, No(Open)),
                    (50_000, Good, No(Open)),
                    (65_000, Bad, Is(Open)),
                    (115_000, Good, No(Open)),
                    (130_000, Good, Is(Closed)),
                ],
            ],
        ),
        rolling(),
        case(
            (
                "gobreaker-excluded",
                "TestIsExcludedAndIsSuccessfulCombination",
            ),
            "results that are excluded count nowhere",
            rated(4, 4),
            UNTIMED,
            &[
                &[(0, Skip, Is(Closed)); 9],
                &[(0, Good, Is(Closed)), (0, Holds(1, 0), Is(Closed))],
                &[(0, Bad, Is(Closed)), (0, Bad, Is(Closed))],
                &[(0, Bad, Is(Open))],
            ],
        ),
        case(
            ("gobreaker-panic", "TestPanicInRequest"),
            "a panic in the request's code is a failure (S7)",
            rated(1, 1),
            UNTIMED,
            &[&[(0, Admit(1), Is(Closed)), (0, Panic(1), Is(Open))]],
        ),
    ]
}

/// Ten slices of 3 s, 60 % of at least 3, 90 s open, 3 probes.
fn rolling() -> Case {
    let rules = Rules {
        failed: Some(60),
        open_ms: 90_000,
        max_open_ms: 90_000,
        probes: 3,
        ..timed(30_000, 3)
    };
    let pair = |t| [(t, Good, Is(Closed)), (t, Bad, Is(Closed))];
    let later: Vec<Row> = (4..10).flat_map(|slice| pair(slice * 3000)).collect();
    case(
        (
            "gobreaker-rolling-window",
            "TestRollingWindowCircuitBreaker",
        ),
        "the oldest slice leaves the window with its results; recovery empties it",
        rules,
        1900,
        &[
            &[pair(0), pair(0), pair(0), pair(0), pair(0)].concat(),
            &[
                (3000, Good, Is(Closed)),
                (5000, Good, Is(Closed)),
                (7000, Good, Is(Closed)),
                (9000, Bad, Is(Closed)),
            ],
            &later,
            // The first slice and its ten results leave.
            &[
                (30_000, Bad, Is(Closed)),
                (30_000, Holds(17, 8), Is(Closed)),
            ],
            &[(30_000, Bad, Is(Closed)); 5],
            &[
                (30_000, Bad, Is(Open)), // 14 of 23
                (110_000, Good, No(Open)),
                (125_000, Good, Is(HalfOpen)),
                (125_000, Good, Is(HalfOpen)),
                (125_000, Admit(1), Is(HalfOpen)),
                (125_000, Good, No(HalfOpen)),
                (125_000, Succeed(1), Is(Closed)),
                (125_000, Holds(0, 0), Is(Closed)),
            ],
        ],
    )
}
