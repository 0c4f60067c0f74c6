//! When requests overrule a check.

use std::time::Duration;

use soe503_core::Tick;
use soe503_core::health::{CheckResult, Doubt};
use soe503_core::health::{PROOF_LASTS, Traffic, overrules};
use soe503_core::ledger::{Attempt, Fault, Phase, TimeoutKind};

fn doubt(fault: Fault) -> Doubt {
    let mut attempt = Attempt::begin(1, Tick::ZERO);
    attempt.phase = Phase::WaitHeaders;
    attempt.fault = Some(fault);
    match CheckResult::failed(&attempt, Duration::from_secs(1), "no".into(), None) {
        CheckResult::Failed { doubt, .. } => doubt.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn good_answers_since_it_failed_and_nothing_else() {
    let now = Tick::from_secs(1_000);
    let ago = |secs| Some(now.before(Duration::from_secs(secs)));
    let ms = |ms| Some(Duration::from_millis(ms));
    let silent = Traffic::default();
    let good = Traffic {
        good_at: ago(5),
        p99: ms(40),
        ..silent
    };
    let path = doubt(Fault::Status(404));
    let late = doubt(Fault::Timeout(TimeoutKind::Attempt));
    // (what it is about, doubt, traffic, overruled so far, overruled elsewhere, expected)
    let rows = [
        ("no request since", path, silent, false, false, false),
        (
            "nor since it was overruled",
            path,
            silent,
            true,
            false,
            false,
        ),
        ("elsewhere is not here", path, silent, false, true, false),
        ("a good answer", path, good, false, false, true),
        (
            "as long as it is fresh",
            path,
            Traffic {
                good_at: ago(60),
                ..good
            },
            true,
            false,
            true,
        ),
        (
            "and no longer",
            path,
            Traffic {
                good_at: ago(61),
                ..good
            },
            true,
            false,
            false,
        ),
        (
            "failing now",
            path,
            Traffic {
                failing: true,
                ..good
            },
            false,
            false,
            false,
        ),
        (
            "failing later",
            path,
            Traffic {
                failing: true,
                ..good
            },
            true,
            false,
            true,
        ),
        (
            "slow, whatever that matters",
            path,
            Traffic {
                p99: ms(9_000),
                ..good
            },
            false,
            false,
            true,
        ),
        ("too strict", late, good, false, false, true),
        (
            "half of the time and no more",
            late,
            Traffic {
                p99: ms(501),
                ..good
            },
            false,
            false,
            false,
        ),
        (
            "everybody waits",
            late,
            Traffic {
                p99: ms(9_000),
                ..good
            },
            true,
            false,
            false,
        ),
        (
            "not known how long",
            late,
            Traffic { p99: None, ..good },
            true,
            false,
            false,
        ),
        (
            "ejected",
            path,
            Traffic {
                ejected: true,
                ..good
            },
            false,
            false,
            false,
        ),
        (
            "ejected while overruled",
            path,
            Traffic {
                ejected: true,
                ..silent
            },
            true,
            false,
            true,
        ),
        (
            "ejected, overruled elsewhere",
            path,
            Traffic {
                ejected: true,
                ..silent
            },
            false,
            true,
            true,
        ),
    ];
    for (about, doubt, traffic, so_far, elsewhere, expected) in rows {
        assert_eq!(
            overrules(&doubt, &traffic, so_far, elsewhere, now),
            expected,
            "{about}"
        );
    }
    assert_eq!(PROOF_LASTS, Duration::from_secs(60));
}
