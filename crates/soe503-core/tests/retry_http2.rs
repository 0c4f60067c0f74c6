//! Retries of what HTTP/2 refused: always safe, elsewhere at once, or at the same backend.

use std::sync::Arc;
use std::time::Duration;

use soe503_core::ledger::{Attempt, Fault, Http2Fault, Phase, Refusal, RetryVerdict};
use soe503_core::retry::{BudgetConfig, Decision, RetryBudget, RetryPolicy, Situation, decide};
use soe503_core::{Cause, Tick};

const NOW: Tick = Tick::from_secs(100);
const REFUSED: Http2Fault = Http2Fault::Reset(Http2Fault::REFUSED_STREAM);

fn ended(phase: Phase, fault: Fault) -> Attempt {
    Attempt {
        phase,
        fault: Some(fault),
        bytes_sent: Some(80),
        backend: Some(Arc::from("b0")),
        ..Attempt::begin(1, NOW)
    }
}

fn stream(fault: Http2Fault) -> Attempt {
    ended(Phase::WaitHeaders, Fault::Http2(fault))
}

/// A request that must not run twice.
fn decided(attempt: &Attempt, other_backend: bool, seed: u64) -> Decision {
    let situation = Situation {
        other_backend,
        ..Situation::after(attempt, NOW)
    };
    let budget = RetryBudget::new("app", BudgetConfig::default());
    let mut rng = fastrand::Rng::with_seed(seed);
    decide(&RetryPolicy::default(), &situation, &budget, &mut rng)
}

#[test]
fn fm31_a_request_that_nobody_looked_at_goes_again_whatever_the_method() {
    let full = ended(
        Phase::Queue,
        Fault::Refused(Refusal::Limit {
            cause: Cause::OverloadConcurrencyLimit,
            limit: 8,
            in_use: 8,
        }),
    );
    let unsafe_to_replay = Decision::Stop(RetryVerdict::UnsafeToReplay);
    let rows = [
        ("REFUSED_STREAM", stream(REFUSED), None, None),
        ("GOAWAY", stream(Http2Fault::GoAway(0)), None, None),
        (
            "a full backend",
            full,
            None,
            Some(Decision::Stop(RetryVerdict::NoOtherBackend)),
        ),
        (
            "CANCEL",
            stream(Http2Fault::Reset(8)),
            Some(unsafe_to_replay),
            Some(unsafe_to_replay),
        ),
        (
            "no pong",
            stream(Http2Fault::PingTimeout),
            Some(unsafe_to_replay),
            Some(unsafe_to_replay),
        ),
    ];
    for (name, attempt, with_another, alone) in rows {
        for (other, stopped) in [(true, with_another), (false, alone)] {
            let decision = decided(&attempt, other, 1);
            match stopped {
                Some(stopped) => assert_eq!(decision, stopped, "{name} {other}"),
                None => assert!(matches!(decision, Decision::Retry { .. }), "{name} {other}"),
            }
        }
    }
}

#[test]
fn only_a_backend_that_sheds_gets_a_pause_before_it_is_asked_again() {
    for (fault, other_backend, pauses) in [
        (REFUSED, true, false),
        (REFUSED, false, true),
        (Http2Fault::GoAway(0), true, false),
    ] {
        let waited = (0..20).any(|seed| {
            let attempt = Attempt {
                bytes_sent: Some(0),
                ..stream(fault)
            };
            let decision = decided(&attempt, other_backend, seed);
            matches!(decision, Decision::Retry { after } if after > Duration::ZERO)
        });
        assert_eq!(waited, pauses, "{fault:?} {other_backend}");
    }
}
