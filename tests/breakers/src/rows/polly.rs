//! Polly: `CircuitStateControllerTests`, state × result.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    let one = rated(1, 1);
    let opened = (0, Bad, Is(Open));
    let probe = (1500, Admit(1), Is(HalfOpen));
    vec![
        case(
            (
                "polly-closed",
                "OnActionSuccess/FailureAsync_EnsureCorrectBehavior",
            ),
            "closed: a success and an unhandled result leave it so, a failure opens",
            one,
            UNTIMED,
            &[&[
                (0, Good, Is(Closed)),
                (0, Skip, Is(Closed)),
                (0, Bad, Is(Open)),
            ]],
        ),
        case(
            (
                "polly-open-late",
                "OnActionSuccess/FailureAsync_EnsureCorrectBehavior",
            ),
            "open: results of requests from before change nothing",
            one,
            1000,
            &[&[
                (0, Admit(1), Is(Closed)),
                (0, Admit(2), Is(Closed)),
                (0, Admit(3), Is(Closed)),
                opened,
                (0, Succeed(1), Is(Open)),
                (0, Fail(2), Is(Open)),
                (0, Ignore(3), Is(Open)),
                (0, Good, No(Open)),
            ]],
        ),
        case(
            (
                "polly-half-open-success",
                "OnActionSuccessAsync_EnsureCorrectBehavior",
            ),
            "half-open: a success closes",
            one,
            1000,
            &[&[opened, probe, (1500, Succeed(1), Is(Closed))]],
        ),
        case(
            (
                "polly-half-open-failure",
                "OnActionFailureAsync_EnsureCorrectBehavior",
            ),
            "half-open: a failure opens",
            one,
            1000,
            &[&[opened, probe, (1500, Fail(1), Is(Open))]],
        ),
        case(
            (
                "polly-half-open-unhandled",
                "OnActionSuccessAsync_EnsureCorrectBehavior",
            ),
            "half-open: a result that says nothing proves nothing (S6; Polly closes)",
            one,
            1000,
            &[&[opened, probe, (1500, Ignore(1), Is(HalfOpen))]],
        ),
        overflow(),
    ]
}

/// A hundred failed probes.
fn overflow() -> Case {
    let rules = Rules {
        max_open_ms: 4000,
        ..rated(1, 1)
    };
    let mut rows = vec![(0, Bad, Is(Open)), (1000, Bad, Is(Open))];
    for n in 0..100 {
        let t = 3000 + n * 4000;
        rows.extend([(t - 1, Good, No(Open)), (t, Bad, Is(Open))]);
    }
    case(
        ("polly-overflow", "BreakDurationNotOverflow"),
        "the open time stops growing at its maximum, after a hundred failed probes too",
        rules,
        EXACT,
        &[&rows],
    )
}
