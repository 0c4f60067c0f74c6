//! R18: a limit of ours that is too low, and one that does what it is for.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{Fact, LimitState, Missing, Role, role};
use soe503_core::diagnosis::{Context, Evidence, Grade, diagnose};
use soe503_core::ledger::Ledger;

use super::requests::{around, diagnosed, queue_full};
use super::world::{Tell, World, well};
use crate::support::ms;

const FIXED: LimitState = LimitState {
    limit: 8,
    fixed: true,
    saturated: false,
};

/// A hundred a second are turned away; so many come, and each takes so long.
fn refusing(offered: u32, millis: u64) -> impl Fn(u64) -> Tell {
    let under_way = u64::from(offered) * millis / 3_000;
    move |_| Tell {
        offered,
        good: offered - 100,
        shed: 100,
        failures: vec![(Cause::OverloadQueueFull, 100)],
        backends: vec![(millis, under_way as u32, 0); 3],
        ..well(3)
    }
}

fn found(limit: LimitState, tell: impl Fn(u64) -> Tell, said: Option<f64>) -> Option<Role> {
    let mut world = World::usual(3);
    world.limit = Some(limit);
    let labels = world.labels.iter_mut();
    labels.for_each(|label| label.utilization = said);
    world.run(10, tell);
    let findings = world.findings();
    let mut list = findings.list.iter();
    let found = list.find(|f| f.cause == Cause::ConfigLimitTooLow)?;
    found.role(Cause::OverloadQueueFull)
}

#[test]
fn a_limit_is_too_low_where_backends_have_room() {
    let learnt = LimitState {
        fixed: false,
        ..FIXED
    };
    let proven = LimitState {
        saturated: true,
        ..FIXED
    };
    let (bursts, full) = ((150, 20), (400, 20));
    let (replaces, behind) = (Some(Role::Replaces), Some(Role::Behind));
    type Row = (
        &'static str,
        LimitState,
        (u32, u64),
        Option<f64>,
        Option<Role>,
    );
    let rows: [Row; 11] = [
        ("hit by bursts, else free", FIXED, bursts, None, replaces),
        ("full, and as fast as ever", FIXED, full, None, behind),
        ("full, they say they idle", FIXED, full, Some(0.2), replaces),
        ("full, they say they work", FIXED, full, Some(0.8), None),
        ("full, and a little slower", FIXED, (400, 30), None, None),
        ("full, and slow", FIXED, (400, 90), None, None),
        ("bursts, and slow", FIXED, (120, 45), None, None),
        ("bursts, they say they work", FIXED, bursts, Some(0.8), None),
        ("bursts at a learnt one", learnt, bursts, None, None),
        ("full, learnt", learnt, full, None, None),
        ("full, proven", proven, full, None, None),
    ];
    for (name, limit, (offered, millis), said, role) in rows {
        let is = found(limit, refusing(offered, millis), said);
        assert_eq!(is, role, "{name}");
    }
    // It refuses nobody.
    assert_eq!(found(FIXED, |_| well(3), None), None);
    // Two of three send no load reports: that one idles says nothing of them.
    let mut world = World::usual(3);
    world.limit = Some(FIXED);
    world.labels[0].utilization = Some(0.1);
    world.run(10, refusing(400, 20));
    let finding = world.finding(Cause::ConfigLimitTooLow);
    assert_eq!(finding.role(Cause::OverloadQueueFull), behind);
}

#[test]
fn by_which_numbers() {
    let mut world = World::usual(3);
    world.limit = Some(FIXED);
    world.run(10, refusing(150, 20));
    let finding = world.finding(Cause::ConfigLimitTooLow);
    assert_eq!(finding.grade, Grade::Inferred);
    let raise = |to| Fact::Raise {
        limit: 8,
        to,
        p50: ms(20),
    };
    let bursts = Fact::Bursts {
        in_use: 3.0,
        limit: 8,
    };
    assert_eq!(finding.facts, [bursts, raise(16)]);
    let mut world = World::usual(3);
    world.limit = Some(FIXED);
    world.run(10, refusing(600, 20));
    let finding = world.finding(Cause::ConfigLimitTooLow);
    assert_eq!(finding.grade, Grade::Suspected);
    // 600 a second at 20 ms are 12 at once, and as many again.
    assert_eq!(finding.facts, [raise(24)]);
    assert!(finding.missing.contains(&Missing::LoadReports));
    // It has refused from the beginning: a suspicion, and none if nothing is free.
    for (offered, found) in [(150, true), (400, false)] {
        let mut world = World::of(3);
        world.limit = Some(FIXED);
        world.run(10, refusing(offered, 20));
        let causes = world.causes();
        assert_eq!(causes.contains(&Cause::ConfigLimitTooLow), found);
        if found {
            let finding = world.finding(Cause::ConfigLimitTooLow);
            assert_eq!(finding.grade, Grade::Suspected);
        }
    }
}

#[test]
fn what_a_request_is_told() {
    // A line whose time ran out because more is asked than is let through: that, and the limit behind it.
    let mut world = World::usual(3);
    world.limit = Some(FIXED);
    world.run(10, refusing(400, 20));
    let told = diagnosed(queue_full(), &world);
    assert_eq!(
        (told.primary, told.root, told.grade),
        (
            Cause::OverloadQueueFull,
            Some(Cause::ConfigLimitTooLow),
            Grade::Proven
        )
    );
    // Bursts that idle backends would have taken.
    let mut world = World::usual(3);
    world.limit = Some(FIXED);
    world.run(10, refusing(150, 20));
    let told = diagnosed(queue_full(), &world);
    assert_eq!(
        (told.primary, told.replaces),
        (Cause::ConfigLimitTooLow, Some(Cause::OverloadQueueFull))
    );
    // Nothing found: that is said, and not left out.
    let bare = Context {
        findings: None,
        ..around(World::usual(3).findings())
    };
    let told = diagnose(&Ledger::from(queue_full()), &bare);
    assert_eq!(told.root, Some(Cause::Unclassified));
}

#[test]
fn backends_that_fail_have_no_room() {
    let mut world = World::usual(3);
    world.limit = Some(FIXED);
    world.run(10, |_| Tell {
        offered: 150,
        good: 10,
        shed: 60,
        failures: vec![
            (Cause::DependencyUpstreamError, 80),
            (Cause::OverloadQueueFull, 60),
        ],
        backends: vec![(20, 1, 40); 3],
        ..well(3)
    });
    assert!(!world.causes().contains(&Cause::ConfigLimitTooLow));
}

/// More and more, until the backends cannot, in front of a limit that was found by trying.
fn saturated_behind(limit: LimitState) -> World {
    let mut world = World::usual(3);
    world.run(10, |i| Tell {
        offered: 200,
        good: 120,
        shed: 80,
        failures: vec![(Cause::OverloadQueueFull, 80)],
        backends: vec![(60 + 10 * i, 4 + i as u32, 0); 3],
        ..well(3)
    });
    world.limit = Some(limit);
    world
}

/// The line in front of a limit that nobody has set is how saturation looks; who has set one can raise it.
#[test]
fn a_limit_that_was_learned_is_no_cause_of_its_own() {
    let learned = LimitState {
        limit: 12,
        fixed: false,
        saturated: true,
    };
    let told = diagnosed(queue_full(), &saturated_behind(learned));
    assert_eq!(told.primary, Cause::OverloadPoolSaturated);
    assert_eq!(told.replaces, Some(Cause::OverloadQueueFull));
    assert_eq!(told.root, None);
    let learned_fact = Evidence::Measured(Fact::LimitLearned { limit: 12 });
    assert!(told.evidence.contains(&learned_fact), "{:?}", told.evidence);
    let line = |evidence: &Evidence| matches!(evidence, Evidence::Queue { .. });
    assert!(told.evidence.iter().any(line), "the line is evidence");
    let fixed = LimitState {
        fixed: true,
        ..learned
    };
    let told = diagnosed(queue_full(), &saturated_behind(fixed));
    assert_eq!(told.primary, Cause::OverloadQueueFull);
    assert_eq!(told.root, Some(Cause::OverloadPoolSaturated));
}

/// Five times the traffic, most of it from keys that may not ask for so much.
#[test]
fn a_spike_of_few_keys_lies_behind_their_limit() {
    let spike = |offered: u32, limited: u32| {
        let mut world = World::usual(3);
        world.run(6, |_| Tell {
            offered,
            limited,
            good: offered - limited,
            ..well(3)
        });
        world.causes().contains(&Cause::OverloadTrafficSpike)
    };
    let rows = [
        ("five times, four fifths limited", 450, 360, true),
        ("five times, nobody limited", 450, 0, false),
        ("five times, a tenth limited", 450, 45, false),
        ("as ever, half limited", 90, 45, false),
        ("twice, half limited", 180, 90, false),
    ];
    for (what, offered, limited, expected) in rows {
        assert_eq!(spike(offered, limited), expected, "{what}");
    }
    let shown = Cause::OverloadRateLimited;
    let behind = role(Cause::OverloadTrafficSpike, shown);
    assert_eq!(behind, Some(Role::Behind));
    assert_eq!(
        role(Cause::OverloadTrafficSpike, Cause::OverloadQueueFull),
        None
    );
}

/// What an open circuit refuses has nothing to do with a limit; once the finding has its name on failures, it stays.
#[test]
fn only_what_a_limit_refused_speaks_of_it() {
    for (cause, found) in [
        (Cause::OverloadConcurrencyLimit, true),
        (Cause::ConfigLimitTooLow, true),
        (Cause::CircuitConsecutiveFailures, false),
        (Cause::MaintenanceWindow, false),
    ] {
        let mut world = World::usual(3);
        world.limit = Some(FIXED);
        world.run(10, |second| Tell {
            failures: vec![(cause, 100)],
            ..refusing(150, 20)(second)
        });
        let there = world.causes().contains(&Cause::ConfigLimitTooLow);
        assert_eq!(there, found, "{cause}");
    }
}
