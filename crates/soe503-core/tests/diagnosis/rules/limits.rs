//! R18: a limit of ours that is too low, and one that does what it is for.

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{Fact, LimitState, Missing, Role};
use soe503_core::diagnosis::{Context, Grade, diagnose};
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
