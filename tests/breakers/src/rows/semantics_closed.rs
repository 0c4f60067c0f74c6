//! The rows of our own semantics about what counts, and when that is too much: S1 to S5, S7, S10 to S12, S15.

use super::*;

const S: &str = "soe503";

pub(super) fn cases() -> Vec<Case> {
    [what_counts(), when_it_counts(), given_up(), limits()].concat()
}

fn what_counts() -> Vec<Case> {
    vec![
        case(
            ("s1-busy-run", S),
            "a service that sheds load (429) neither fails nor ends a run of failures",
            PLAIN,
            UNTIMED,
            &[&[
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Busy, Is(Closed)),
                (0, Busy, Is(Closed)),
                (0, Skip, Is(Closed)),
                (0, Bad, Is(Open)),
            ]],
        ),
        case(
            ("s1-busy-rate", S),
            "shedding counts in the rate, and fails a probe",
            Rules {
                probes: 2,
                ..rated(4, 4)
            },
            400,
            &[&[
                (0, Good, Is(Closed)),
                (0, Good, Is(Closed)),
                (0, Busy, Is(Closed)),
                (0, Busy, Is(Open)),
                (1500, Busy, Is(Open)), // one of two probes: half
                (3000, Good, Is(HalfOpen)),
                (3000, Good, Is(Closed)),
            ]],
        ),
        case(
            ("s1-ignored-window", S),
            "ignored results do not fill the window",
            rated(4, 2),
            UNTIMED,
            &[
                &[(0, Skip, Is(Closed)); 3],
                &[(0, Bad, Is(Closed)), (0, Bad, Is(Open))],
            ],
        ),
        case(
            ("s2-body-error", S),
            "a body that breaks off after a good head is a failure",
            PLAIN,
            UNTIMED,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Head(1), Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Fail(1), Is(Open)),
            ]],
        ),
        case(
            ("s2-client-left-body", S),
            "a body that the client gave up is a success of its head",
            PLAIN,
            UNTIMED,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Head(1), Is(Closed)),
                (0, Abandon(1), Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Bad, Is(Open)),
            ]],
        ),
        case(
            ("s7-panic-run", S),
            "panics are failures like any other, in a run too",
            PLAIN,
            UNTIMED,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Panic(1), Is(Closed)),
                (0, Bad, Is(Closed)),
                (0, Admit(2), Is(Closed)),
                (0, Panic(2), Is(Open)),
            ]],
        ),
    ]
}

fn when_it_counts() -> Vec<Case> {
    vec![
        case(
            ("s3-late", S),
            "results from before a change of state change nothing, and are counted as late",
            Rules { probes: 2, ..PLAIN },
            900,
            &[
                &[
                    (0, Admit(1), Is(Closed)),
                    (0, Admit(2), Is(Closed)),
                    (0, Admit(3), Is(Closed)),
                    (0, Admit(4), Is(Closed)),
                    (0, Admit(5), Is(Closed)),
                ],
                &TRIP,
                &[
                    (0, Succeed(1), Is(Open)),
                    (1500, Admit(6), Is(HalfOpen)),
                    (1500, Succeed(2), Is(HalfOpen)),
                    (1500, Fail(3), Is(HalfOpen)),
                    (1500, Ignore(4), Is(HalfOpen)), // and gives no place to a third probe:
                    (1500, Admit(7), Is(HalfOpen)),
                    (1500, Good, No(HalfOpen)),
                    (1500, Succeed(6), Is(HalfOpen)),
                    (1500, Succeed(7), Is(Closed)),
                    (1500, Bad, Is(Closed)),
                    (1500, Bad, Is(Closed)),
                    (1500, Fail(5), Is(Closed)), // not the third of this run
                    (1500, Bad, Is(Open)),
                    (1500, Late(4), Is(Open)),
                ],
            ],
        ),
        case(
            (
                "s4-slower-than-the-window",
                "soe503; gobreaker: TestGeneration decides otherwise",
            ),
            "requests that take longer than the whole window count when they end",
            timed(1000, 2),
            400,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Admit(2), Is(Closed)),
                (500, Good, Is(Closed)),
                (5000, Fail(1), Is(Closed)),
                (5000, Fail(2), Is(Open)),
                (5000, Late(0), Is(Open)),
            ]],
        ),
    ]
}

fn given_up() -> Vec<Case> {
    let abandon = Rules {
        consecutive: Some(2),
        abandon_ms: Some(1000),
        ..PLAIN
    };
    let slow = Rules {
        consecutive: Some(1),
        slow: Some(100),
        ..PLAIN
    };
    let three = [
        (0, Admit(1), Is(Closed)),
        (0, Admit(2), Is(Closed)),
        (0, Admit(3), Is(Closed)),
    ];
    vec![
        case(
            ("s5-age", S),
            "a request that its caller gave up is judged by its age, the limit included",
            abandon,
            EXACT,
            &[
                &three,
                &[
                    (999, Abandon(1), Is(Closed)), // too young: nothing
                    (1000, Abandon(2), Is(Closed)),
                    (1001, Abandon(3), Is(Open)),
                ],
            ],
        ),
        case(
            ("s5-never", S),
            "where no rule says that slow is bad, a request that is given up says nothing",
            Rules {
                consecutive: Some(1),
                ..PLAIN
            },
            9000,
            &[
                &three,
                &[
                    (0, Abandon(1), Is(Closed)),
                    (10_000, Abandon(2), Is(Closed)),
                    (10_000, Abandon(3), Is(Closed)),
                ],
            ],
        ),
        case(
            ("s5-slow", S),
            "where one does, a hang that every caller gives up opens",
            slow,
            900,
            &[
                &three[..2],
                &[(0, Abandon(1), Is(Closed)), (2000, Abandon(2), Is(Open))],
            ],
        ),
    ]
}

fn limits() -> Vec<Case> {
    let quarter = |failed| Rules {
        failed: Some(failed),
        ..rated(4, 4)
    };
    let one_of_four = |last| {
        [
            (0, Bad, Is(Closed)),
            (0, Good, Is(Closed)),
            (0, Good, Is(Closed)),
            (0, Good, Is(last)),
        ]
    };
    let slow = Rules {
        consecutive: None,
        slow: Some(50),
        window: Window::Count(2),
        minimum: 2,
        ..PLAIN
    };
    vec![
        case(
            ("s10-minimum", S),
            "the minimum decides when the rate is looked at, and not a full window",
            rated(100, 5),
            UNTIMED,
            &[&[(0, Bad, Is(Closed)); 4], &[(0, Bad, Is(Open))]],
        ),
        case(
            ("s11-slow-success", S),
            "a slow success can open: it completes the slow rate",
            slow,
            900,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Good, Is(Closed)),
                (2000, Succeed(1), Is(Open)),
            ]],
        ),
        case(
            ("s12-rate-reached", S),
            "a rate of a quarter is reached by one of four",
            quarter(25),
            UNTIMED,
            &[&one_of_four(Open)],
        ),
        case(
            ("s12-rate-not-reached", S),
            "a rate of 26 % is not",
            quarter(26),
            UNTIMED,
            &[&one_of_four(Closed)],
        ),
        case(
            ("s12-slow-limit", S),
            "what takes exactly as long as a slow request is slow, a millisecond less is not",
            slow,
            EXACT,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Admit(2), Is(Closed)),
                (999, Succeed(1), Is(Closed)),
                (1000, Succeed(2), Is(Open)),
            ]],
        ),
        case(
            ("s15-gap", S),
            "the window's slices keep their places: a gap as long as the window empties it",
            timed(10_000, 4),
            EXACT,
            &[
                &[(0, Bad, Is(Closed)); 3],
                &[
                    (10_000, Bad, Is(Closed)), // alone: the slice of the three has left
                    (1 << 40, Bad, Is(Closed)),
                    (1 << 40, Bad, Is(Closed)),
                    (1 << 40, Bad, Is(Closed)),
                    (1 << 40, Bad, Is(Open)),
                ],
            ],
        ),
    ]
}
