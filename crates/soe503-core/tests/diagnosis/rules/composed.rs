//! What a request that fails has to do with what was found about its pool.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{Fact, Findings, Missing, OwnSecond};
use soe503_core::diagnosis::{Context, Evidence, Grade, Level, diagnose};
use soe503_core::ledger::Attempt;

use super::requests::{around, connect_timed_out, diagnosed, queue_full, timed_out};
use super::world::{Tell, World, late, well};
use crate::support::{answered, circuit_open, ledger, ms, on, refused, reset};

fn overloaded() -> World {
    let mut world = World::usual(3);
    world.run(10, |i| {
        let i = i as u32;
        let more = Tell {
            offered: 200 + 10 * i,
            backends: vec![(60 + 40 * u64::from(i), 4 + 3 * i, 10); 3],
            ..well(3)
        };
        late(more, 80)
    });
    world
}

fn slow_dependency() -> World {
    let mut world = World::usual(3);
    world.run(10, |_| {
        late(
            Tell {
                backends: vec![(900, 30, 20); 3],
                ..well(3)
            },
            60,
        )
    });
    world
}

#[test]
fn a_finding_replaces_stands_behind_or_stays_out() {
    use Cause::*;
    let load = overloaded();
    let dependency = slow_dependency();
    type Row<'a> = (&'a str, Attempt, &'a World, Cause, Option<Cause>, Grade);
    let rows: [Row<'_>; 10] = [
        (
            "late in overload",
            timed_out("b0", 1_000),
            &load,
            OverloadPoolSaturated,
            None,
            Grade::Inferred,
        ),
        (
            "turned away in overload",
            queue_full(),
            &load,
            OverloadQueueFull,
            Some(OverloadPoolSaturated),
            Grade::Proven,
        ),
        (
            "refused in overload",
            on(1, "b0", refused()),
            &load,
            DependencyConnectRefused,
            None,
            Grade::Proven,
        ),
        (
            "503 in overload",
            on(1, "b0", answered(503)),
            &load,
            DependencyUpstream503,
            None,
            Grade::Proven,
        ),
        (
            "circuit opened by timeouts",
            circuit_open(Some(DependencyResponseTimeout)),
            &load,
            CircuitConsecutiveFailures,
            Some(OverloadPoolSaturated),
            Grade::Proven,
        ),
        (
            "circuit opened by refusals",
            circuit_open(Some(DependencyConnectRefused)),
            &load,
            CircuitConsecutiveFailures,
            Some(DependencyConnectRefused),
            Grade::Proven,
        ),
        (
            "late behind a dependency",
            timed_out("b0", 1_000),
            &dependency,
            DependencyResponseTimeout,
            Some(DependencyShared),
            Grade::Proven,
        ),
        (
            "circuit opened by those who were late",
            circuit_open(Some(DependencyResponseTimeout)),
            &dependency,
            CircuitConsecutiveFailures,
            Some(DependencyResponseTimeout),
            Grade::Proven,
        ),
        (
            "turned away behind it",
            queue_full(),
            &dependency,
            OverloadQueueFull,
            Some(DependencyShared),
            Grade::Proven,
        ),
        (
            "late by itself",
            timed_out("b0", 1_000),
            &World::usual(3),
            DependencyResponseTimeout,
            None,
            Grade::Proven,
        ),
    ];
    for (name, attempt, world, primary, root, grade) in rows {
        let told = diagnosed(attempt, world);
        assert_eq!(
            (told.primary, told.root, told.grade),
            (primary, root, grade),
            "{name}: {told:#?}"
        );
    }
}

#[test]
fn what_lies_behind_a_circuits_root_stands_beside_it() {
    let late = circuit_open(Some(Cause::DependencyResponseTimeout));
    let told = diagnosed(late, &slow_dependency());
    assert!(told.contributing.contains(&Cause::DependencyShared));
    let measured = |fact: &Evidence| matches!(fact, Evidence::Measured(Fact::Together { .. }));
    assert!(told.evidence.iter().any(measured));
}

#[test]
fn the_numbers_come_right_after_the_attempt() {
    let told = diagnosed(timed_out("b0", 1_000), &overloaded());
    assert_eq!(told.replaces, Some(Cause::DependencyResponseTimeout));
    assert!(matches!(told.evidence[0], Evidence::Attempt { .. }));
    assert!(matches!(
        told.evidence[1],
        Evidence::Measured(Fact::Load { .. })
    ));
    assert!(
        told.ruled_out
            .iter()
            .any(|r| r.cause == Cause::DependencyShared)
    );
    assert!(told.missing.contains(&Missing::LoadReports));
    assert!(told.contributing.contains(&Cause::OverloadTrafficSpike));
    assert_eq!(
        (told.scope.level, told.scope.backends_affected),
        (Level::Pool, Some(3))
    );
}

#[test]
fn one_slow_backend_is_told_from_the_pool() {
    let mut world = World::usual(3);
    world.run(10, |_| {
        late(
            Tell {
                backends: vec![(20, 1, 0), (22, 1, 0), (900, 20, 5)],
                ..well(3)
            },
            5,
        )
    });
    let slow = diagnosed(timed_out("b2", 1_000), &world);
    assert_eq!(
        (slow.primary, slow.root),
        (Cause::DependencyResponseTimeout, None)
    );
    assert_eq!(slow.scope.level, Level::Backend);
    assert!(
        slow.ruled_out
            .iter()
            .any(|r| r.cause == Cause::OverloadPoolSaturated)
    );
    assert!(
        matches!(&slow.evidence[1], Evidence::Measured(Fact::Outlier { backend, .. }) if &**backend == "b2")
    );
    let other = diagnosed(timed_out("b0", 1_000), &world);
    assert!(
        !other
            .evidence
            .iter()
            .any(|e| matches!(e, Evidence::Measured(_)))
    );
}

#[test]
fn two_things_at_once_stay_two() {
    // Overload, and one backend that is gone: 240 requests fail of the first, 60 of the second.
    let mut world = overloaded();
    world.run(10, |_| Tell {
        offered: 300,
        good: 270,
        failures: vec![
            (Cause::DependencyConnectRefused, 6),
            (Cause::DependencyResponseTimeout, 24),
        ],
        backends: vec![(700, 60, 10); 3],
        ..well(3)
    });
    let late = diagnosed(timed_out("b0", 1_000), &world);
    assert_eq!(late.primary, Cause::OverloadPoolSaturated);
    assert_eq!(late.contributing[0], Cause::DependencyConnectRefused);
    let gone = diagnosed(on(1, "b1", refused()), &world);
    assert_eq!(gone.primary, Cause::DependencyConnectRefused);
    assert_eq!(gone.contributing[0], Cause::OverloadPoolSaturated);
    for told in [&late, &gone] {
        let causes: Vec<Cause> = told.shares.iter().map(|s| s.0).collect();
        assert_eq!(
            causes,
            [
                Cause::OverloadPoolSaturated,
                Cause::DependencyConnectRefused
            ]
        );
        let sum: f64 = told.shares.iter().map(|s| s.1).sum();
        assert!(
            (sum - 1.0).abs() < 1e-9 && told.shares[0].1 > 0.9,
            "{:?}",
            told.shares
        );
        assert!(matches!(
            told.evidence.last(),
            Some(Evidence::Composition { .. })
        ));
    }
}

#[test]
fn our_own_trouble_comes_before_what_backends_seem_to_do() {
    let mut world = slow_dependency();
    world.own(OwnSecond {
        lag: ms(300),
        throttled: 9,
        periods: 10,
        busy: true,
        ..OwnSecond::default()
    });
    for attempt in [timed_out("b0", 1_000), connect_timed_out("b0")] {
        let told = diagnosed(attempt, &world);
        assert_eq!(
            (told.primary, told.grade),
            (Cause::ResourceCpuThrottled, Grade::Proven)
        );
        assert_eq!(told.scope.level, Level::AllPools);
    }
    let reset = diagnosed(on(1, "b0", reset()), &world);
    assert_eq!(
        reset.primary,
        Cause::DependencyResetBeforeResponse,
        "it does not break connections off"
    );
}

#[test]
fn a_release_is_named_for_its_own_backends() {
    let mut world = World::usual(4);
    for (label, release) in world.labels.iter_mut().zip(["1", "1", "1", "2"]) {
        label.release = Some(release.into());
    }
    world.run(10, |_| Tell {
        good: 80,
        backends: vec![(20, 1, 0), (20, 1, 0), (20, 1, 0), (20, 1, 10)],
        ..well(4)
    });
    for attempt in [answered(500), answered(503), reset()] {
        let told = diagnosed(on(1, "b3", attempt), &world);
        assert_eq!(
            (told.primary, told.scope.level),
            (Cause::ConfigBadRelease, Level::Backend)
        );
    }
    let other = diagnosed(on(1, "b0", answered(500)), &world);
    assert_eq!(other.primary, Cause::DependencyUpstreamError);
    let gone = diagnosed(on(1, "b3", refused()), &world);
    assert_eq!(
        gone.primary,
        Cause::DependencyConnectRefused,
        "nothing answers: no release has run"
    );
}

#[test]
fn without_findings_nothing_changes() {
    let attempts = [
        timed_out("b0", 500),
        connect_timed_out("b0"),
        queue_full(),
        on(1, "b0", reset()),
    ];
    for attempt in attempts {
        let ledger = ledger([attempt]);
        let bare = diagnose(
            &ledger,
            &Context {
                findings: None,
                ..around(Findings::default())
            },
        );
        let empty = diagnose(&ledger, &around(Findings::default()));
        assert_eq!(bare, empty);
        assert!(bare.shares.is_empty() && bare.missing.is_empty());
    }
}

/// Whether or not somebody has looked at the pool.
#[test]
fn what_the_other_attempts_show_stands_beside() {
    let attempts = || [on(1, "b0", answered(500)), on(2, "b1", refused())];
    for context in [Context::default(), around(World::usual(3).findings())] {
        let told = diagnose(&ledger(attempts()), &context);
        assert_eq!(told.primary, Cause::DependencyConnectRefused);
        assert_eq!(told.contributing, [Cause::DependencyUpstreamError]);
    }
}
