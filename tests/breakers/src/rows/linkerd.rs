//! linkerd: `breaker/success_rate.rs` and `breaker/unified.rs`.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    let slowly: Vec<Row> = (0..5)
        .map(|n| (n * 1000, Bad, Is(if n < 4 { Closed } else { Open })))
        .collect();
    vec![
        case(
            (
                "linkerd-burst",
                "failure_burst_trips_independent_of_rate, cold_start_holds_until_min_requests",
            ),
            "five failures at once are five failures, from the first moment on",
            timed(10_000, 5),
            UNTIMED,
            &[&[(0, Bad, Is(Closed)); 4], &[(0, Bad, Is(Open))]],
        ),
        case(
            ("linkerd-trickle", "failure_burst_trips_independent_of_rate"),
            "five failures a second apart are five failures",
            timed(10_000, 5),
            900,
            &[&slowly],
        ),
        case(
            ("linkerd-expire", "ratio_recovers_as_failures_expire"),
            "failures leave the window before the successes that came later",
            timed(10_000, 20),
            900,
            &[
                &[(0, Bad, Is(Closed)); 2],
                &[(6000, Good, Is(Closed)); 8],
                &[
                    (6000, Holds(10, 2), Is(Closed)),
                    (12_000, Bad, Is(Closed)),
                    (12_000, Holds(9, 1), Is(Closed)),
                    (18_000, Good, Is(Closed)),
                    (18_000, Holds(2, 1), Is(Closed)),
                ],
            ],
        ),
        case(
            ("linkerd-large-gap", "large_gap_clears_entire_window"),
            "however long nothing happened, the window is empty then",
            timed(10_000, 4),
            EXACT,
            &[
                &[(0, Bad, Is(Closed)); 3],
                &[
                    (1 << 40, Bad, Is(Closed)),
                    (1 << 40, Holds(1, 1), Is(Closed)),
                ],
            ],
        ),
        case(
            (
                "linkerd-probation",
                "probation_admits_single_probe, idle_reengages_cold_start",
            ),
            "a single probe; when it has closed the circuit, the window begins anew",
            rated(5, 5),
            1400,
            &[
                &[(0, Bad, Is(Closed)); 4],
                &[
                    (0, Bad, Is(Open)),
                    (1500, Admit(1), Is(HalfOpen)),
                    (1500, Good, No(HalfOpen)),
                    (1500, Succeed(1), Is(Closed)),
                ],
                &[(1500, Bad, Is(Closed)); 4],
                &[(1500, Bad, Is(Open))],
            ],
        ),
        case(
            ("linkerd-slow-healthy-probe", "slow_healthy_probe_reopens"),
            "a probe that takes long is waited for where no rule says that slow is bad (S6)",
            PLAIN,
            9000,
            &[
                &TRIP,
                &[
                    (1500, Admit(1), Is(HalfOpen)),
                    (20_000, Good, No(HalfOpen)),
                    (20_000, Succeed(1), Is(Closed)),
                ],
            ],
        ),
    ]
}
