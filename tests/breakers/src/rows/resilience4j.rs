//! resilience4j: `CircuitBreakerStateMachineTest`, and the window tables of resilience4j-core.

use super::*;

/// Its test set-up: half of five results, 5 s open, four probes.
const RULES: Rules = Rules {
    open_ms: 5000,
    max_open_ms: 5000,
    probes: 4,
    ..rated(5, 5)
};

/// The same, opened by the first failure.
const ONE: Rules = Rules {
    window: Window::Count(1),
    minimum: 1,
    ..RULES
};

const OPENED: &[Row] = &[(0, Bad, Is(Open))];

const FOUR: &[Row] = &[
    (5500, Admit(1), Is(HalfOpen)),
    (5500, Admit(2), Is(HalfOpen)),
    (5500, Admit(3), Is(HalfOpen)),
    (5500, Admit(4), Is(HalfOpen)),
];

pub(super) fn cases() -> Vec<Case> {
    [opening(), half_open(), windows()].concat()
}

fn opening() -> Vec<Case> {
    let slow = Rules {
        slow: Some(50),
        slow_ms: 4000,
        ..RULES
    };
    vec![
        case(
            (
                "resilience4j-minimum",
                "shouldOpenAfterFailureRateThresholdExceeded",
            ),
            "the result that completes the minimum opens, a success too (S11)",
            RULES,
            UNTIMED,
            &[
                &[(0, Bad, Is(Closed)); 3],
                &[
                    (0, Good, Is(Closed)),
                    (0, Good, Is(Open)),
                    (0, Good, No(Open)),
                ],
            ],
        ),
        case(
            (
                "resilience4j-slow",
                "shouldOpenAfterSlowCallRateThresholdExceededUsingMockClock",
            ),
            "three slow of five open, with two failures of five below their rate",
            slow,
            3000,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Admit(2), Is(Closed)),
                (0, Admit(5), Is(Closed)),
                (5000, Fail(1), Is(Closed)),
                (5000, Succeed(2), Is(Closed)),
                (5000, Bad, Is(Closed)),
                (5000, Good, Is(Closed)),
                (5000, Succeed(5), Is(Open)),
            ]],
        ),
        case(
            (
                "resilience4j-wait",
                "shouldTransitionToHalfOpenAfterWaitDuration",
            ),
            "refuses for the open time, then lets a request try",
            ONE,
            1900,
            &[
                OPENED,
                &[
                    (0, Good, No(Open)),
                    (3000, Good, No(Open)),
                    (6000, Admit(1), Is(HalfOpen)),
                ],
            ],
        ),
        case(
            (
                "resilience4j-wait-interval",
                "shouldTransitionToHalfOpenAfterWaitInterval",
            ),
            "stays open twice as long when the probes have failed",
            Rules {
                max_open_ms: 60_000,
                ..ONE
            },
            1900,
            &[
                OPENED,
                &[
                    (6000, Bad, Is(HalfOpen)),
                    (6000, Bad, Is(Open)),
                    (13_000, Good, No(Open)),
                    (17_000, Good, Is(HalfOpen)),
                ],
            ],
        ),
    ]
}

fn half_open() -> Vec<Case> {
    let slow = Rules {
        slow: Some(50),
        slow_ms: 4000,
        ..ONE
    };
    vec![
        case(
            (
                "resilience4j-four-calls",
                "shouldOnlyPermitFourCallsInHalfOpenState",
            ),
            "as many probes as are permitted at a time, and no more",
            ONE,
            5000,
            &[OPENED, FOUR, &[(5500, Good, No(HalfOpen)); 2]],
        ),
        case(
            (
                "resilience4j-fresh-places",
                "shouldOnlyPermitFourCallsInHalfOpenState",
            ),
            "two of four failed open it again (S9); the next period has all its places",
            ONE,
            5000,
            &[
                OPENED,
                FOUR,
                &[
                    (5500, Fail(1), Is(HalfOpen)),
                    (5500, Fail(2), Is(Open)),
                    (11_000, Admit(5), Is(HalfOpen)),
                    (11_000, Admit(6), Is(HalfOpen)),
                    (11_000, Admit(7), Is(HalfOpen)),
                    (11_000, Admit(8), Is(HalfOpen)),
                    (11_000, Good, No(HalfOpen)),
                ],
            ],
        ),
        case(
            (
                "resilience4j-release",
                "shouldIncreaseCounterOnReleasePermission",
            ),
            "a probe whose result says nothing gives its place back",
            ONE,
            5000,
            &[
                OPENED,
                FOUR,
                &[
                    (5500, Ignore(1), Is(HalfOpen)),
                    (5500, Admit(5), Is(HalfOpen)),
                    (5500, Good, No(HalfOpen)),
                ],
            ],
        ),
        case(
            (
                "resilience4j-ignored-place",
                "shouldReleasePermissionWhenExceptionIgnored",
            ),
            "an ignored result is none of the four; one failure of four closes",
            ONE,
            5000,
            &[
                OPENED,
                &[(5500, Good, Is(HalfOpen)); 3],
                &[(5500, Skip, Is(HalfOpen)), (5500, Bad, Is(Closed))],
            ],
        ),
        case(
            (
                "resilience4j-ignored-closes",
                "shouldIgnoreExceptionsAndThenTransitionToClosed",
            ),
            "however many are ignored, it takes four successes to close",
            ONE,
            5000,
            &[
                OPENED,
                &[(5500, Skip, Is(HalfOpen)); 4],
                &[(5500, Good, Is(HalfOpen)); 3],
                &[(5500, Good, Is(Closed))],
            ],
        ),
        case(
            (
                "resilience4j-slow-probes",
                "shouldTransitionBackToOpenStateWhenSlowCallRateIsAboveThreshold",
            ),
            "probes that succeed too late open it again, as soon as two of four are (S9)",
            slow,
            4000,
            &[
                OPENED,
                &[
                    (5500, Admit(1), Is(HalfOpen)),
                    (5500, Admit(2), Is(HalfOpen)),
                    (10_500, Succeed(1), Is(HalfOpen)),
                    (10_500, Succeed(2), Is(Open)),
                ],
            ],
        ),
        case(
            (
                "resilience4j-probes-hang",
                "circuitBreakerTransitionsToOpenAfterWaitDurationInHalfOpenState",
            ),
            "a half-open circuit does not wait for its probes for ever",
            Rules {
                probe_timeout_ms: Some(10_000),
                ..ONE
            },
            1000,
            &[
                OPENED,
                FOUR,
                &[(14_000, Good, No(HalfOpen)), (16_000, Good, No(Open))],
            ],
        ),
    ]
}

fn windows() -> Vec<Case> {
    let all_failed = Rules {
        failed: Some(100),
        ..rated(4, 4)
    };
    vec![
        case(
            (
                "resilience4j-count-window",
                "FixedSizeSlidingWindowMetricsTest, testSlidingWindowMetrics",
            ),
            "the fifth result of a window of four takes the place of the first",
            all_failed,
            UNTIMED,
            &[
                &[(0, Bad, Is(Closed))],
                &[(0, Good, Is(Closed)); 3],
                &[(0, Holds(4, 1), Is(Closed)), (0, Good, Is(Closed))],
                &[(0, Holds(4, 0), Is(Closed))],
                &[(0, Bad, Is(Closed)); 3],
                &[(0, Holds(4, 3), Is(Closed)), (0, Bad, Is(Open))],
            ],
        ),
        case(
            (
                "resilience4j-long-health",
                "FixedSizeSlidingWindowMetricsTest, testSlidingWindowMetrics",
            ),
            "how long a service was well does not matter: five failures of the last ten open",
            rated(10, 10),
            UNTIMED,
            &[
                &[(0, Good, Is(Closed)); 40],
                &[(0, Bad, Is(Closed)); 4],
                &[(0, Bad, Is(Open))],
            ],
        ),
        case(
            (
                "resilience4j-time-window",
                "SlidingTimeWindowMetricsTest, testSlidingTimeWindowMetrics",
            ),
            "what is older than the window does not count",
            timed(5000, 3),
            1500,
            &[&[
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Closed)),
                (7000, Bad, Is(Closed)),
                (7000, Good, Is(Closed)),
                (7000, Good, Is(Closed)),
                (7000, Holds(3, 1), Is(Closed)),
            ]],
        ),
    ]
}
