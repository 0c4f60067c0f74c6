//! What was found before holds while nothing is sent.

use soe503_core::Cause;
use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{BrokenCheck, Fact, Finding, Findings, LimitState};

use super::world::{Tell, World, well};
use crate::support::ms;

const SHARED: Cause = Cause::DependencyShared;
const SATURATED: Cause = Cause::OverloadPoolSaturated;
const CIRCUIT: Cause = Cause::CircuitConsecutiveFailures;

fn before(list: Vec<Finding>) -> Option<Findings> {
    Some(Findings {
        list,
        ..Findings::default()
    })
}

fn of(cause: Cause) -> Finding {
    Finding::new(cause, Grade::Suspected)
}

/// So many of 120 requests fail of `cause`, and each of the three backends is sent a part of them: one of `parts`.
fn shut(failed: u32, cause: Cause, parts: usize) -> Tell {
    Tell {
        offered: 120,
        good: 120 - failed,
        shed: failed,
        failures: vec![(cause, failed)],
        // Only the first three are there; more of them take from what those are sent.
        backends: vec![(20, 1, 0); parts],
        ..well(3)
    }
}

#[test]
fn a_pool_is_shut_where_requests_fail_and_hardly_any_is_sent() {
    for (what, failed, parts, kept) in [
        ("fewer than a quarter", 100, 13, true),
        ("a quarter", 100, 12, false),
        ("none fails", 0, 13, false),
    ] {
        let mut world = World::usual(3);
        world.before = before(vec![of(SHARED)]);
        world.run(6, |_| shut(failed, CIRCUIT, parts));
        assert_eq!(world.causes().contains(&SHARED), kept, "{what}");
    }
}

/// By numbers that cannot be measured any more; the others are still there if they are.
#[test]
fn what_was_measured_is_kept_once() {
    let mut world = World::usual(3);
    world.before = before(vec![of(SHARED), of(Cause::MaintenanceDraining)]);
    let check = |i| BrokenCheck {
        backend: format!("b{i}").into(),
        cause: Cause::ConfigHealthCheckPath,
    };
    world.broken_checks = (0..3).map(check).collect();
    world.run(6, |_| shut(100, CIRCUIT, 13));
    assert_eq!(world.causes(), [Cause::ConfigHealthCheckPath, SHARED]);
    // What is found again is not told twice.
    let mut world = World::usual(3);
    world.before = before(vec![of(SATURATED)]);
    world.limit = Some(LimitState {
        limit: 12,
        fixed: false,
        saturated: true,
    });
    world.run(6, |_| shut(100, CIRCUIT, 13));
    assert_eq!(world.causes(), [SATURATED]);
}

/// Once it is known that backends fail, what rested on late answers is not: what hangs looks like too much to do.
#[test]
fn what_rests_on_late_answers_is_not_kept_of_backends_that_fail() {
    let slower = of(SHARED).with(Fact::Slower {
        p50: ms(900),
        usual: ms(20),
        backends: 3,
        of: 3,
    });
    for (what, finding, kept) in [
        ("too much to do", of(SATURATED), false),
        ("all have become slow", slower.clone(), false),
        ("all say the same", of(SHARED), true),
        ("a bad release", of(Cause::ConfigBadRelease), true),
        (
            "a bad release, and slow",
            Finding {
                cause: Cause::ConfigBadRelease,
                ..slower
            },
            true,
        ),
    ] {
        let mut world = World::usual(3);
        let cause = finding.cause;
        world.before = before(vec![finding]);
        world.run(6, |_| shut(100, Cause::DependencyHostUnreachable, 13));
        assert_eq!(world.causes().contains(&cause), kept, "{what}");
    }
}
