//! Finagle: `FailureAccrualPolicyTest` and `FailureAccrualFactoryTest`.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            (
                "finagle-consecutive",
                "\"fail on nth attempt\", \"failures reset to zero on success\", \"… on revived()\"",
            ),
            "the third failure in a row opens; a success and a recovery begin a new run",
            PLAIN,
            1400,
            &[&[
                (0, Bad, Is(Closed)),
                (0, Good, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Open)),
                (1500, Good, Is(Closed)),
                (1500, Bad, Is(Closed)),
                (1500, Bad, Is(Closed)),
                (1500, Bad, Is(Open)),
            ]],
        ),
        case(
            (
                "finagle-probing",
                "\"A failure during probing that does not mark dead moves back to probing\"",
            ),
            "one failed probe of three does not open it again (S9)",
            Rules { probes: 3, ..PLAIN },
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
            ("finagle-ignorable", "ignorable failures"),
            "what is to be ignored neither fails nor ends a run",
            PLAIN,
            UNTIMED,
            &[
                &[(0, Bad, Is(Closed)); 2],
                &[(0, Skip, Is(Closed)); 9],
                &[(0, Bad, Is(Open))],
            ],
        ),
        case(
            (
                "finagle-backoff-reset",
                "\"backoff time should be reset after a success\"",
            ),
            "after a recovery the open time is short again",
            Rules {
                max_open_ms: 8000,
                ..PLAIN
            },
            900,
            &[
                &TRIP,
                &[
                    (1500, Bad, Is(Open)), // two seconds
                    (2500, Good, No(Open)),
                    (4500, Good, Is(Closed)),
                    (4500, Bad, Is(Closed)),
                    (4500, Bad, Is(Closed)),
                    (4500, Bad, Is(Open)), // one
                    (6000, Admit(1), Is(HalfOpen)),
                ],
            ],
        ),
        case(
            ("finagle-hybrid", "hybrid policy"),
            "two rules side by side: whichever is met first opens",
            Rules {
                consecutive: Some(3),
                ..rated(10, 4)
            },
            UNTIMED,
            &[&[
                (0, Bad, Is(Closed)),
                (0, Good, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Good, Is(Open)),
            ]],
        ),
    ]
}
