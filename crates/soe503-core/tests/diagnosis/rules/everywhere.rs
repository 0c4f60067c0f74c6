//! R6: all pools at once, and the witness.

use core::time::Duration;

use soe503_core::Cause;
use soe503_core::diagnosis::rules::{
    Everywhere, Fact, Missing, Standing, Verdict, Witness, everywhere,
};
use soe503_core::diagnosis::{Diagnosis, Evidence, Grade, Level};

use super::requests::{connect_timed_out, diagnosed, timed_out};
use super::world::{Tell, World, well};
use crate::support::{answered, ms, on};

const LATE: Cause = Cause::DependencyResponseTimeout;
const REFUSED: Cause = Cause::DependencyConnectRefused;
const EMFILE: i32 = 24;

/// A pool that is well for half a minute and so many seconds, and then fails for six with `cause`: so many of 90.
fn pool(later: u64, cause: Cause, failed: u32) -> World {
    let mut world = World::usual(2);
    world.run(later, |_| well(2));
    world.run(6, |_| Tell {
        good: 90 - failed,
        failures: vec![(cause, failed)],
        ..well(2)
    });
    world
}

fn standings(worlds: &[&World]) -> Vec<Standing> {
    worlds
        .iter()
        .map(|world| Standing::of(&world.history))
        .collect()
}

const fn says(took: u64, lag: u64) -> Witness {
    Witness {
        echo: Some(Ok(ms(took))),
        workers: Some(ms(lag)),
    }
}

const NOBODY: Witness = Witness {
    echo: None,
    workers: Some(ms(1)),
};
const SILENT: Witness = Witness {
    echo: Some(Err(None)),
    workers: None,
};
const NO_DESCRIPTOR: Witness = Witness {
    echo: Some(Err(Some(EMFILE))),
    workers: Some(ms(1)),
};

/// Two pools that fail with `cause`, as `witness` has it.
fn both(cause: Cause, witness: &Witness) -> Everywhere {
    let (a, b) = (pool(0, cause, 90), pool(1, cause, 90));
    everywhere(&standings(&[&a, &b]), witness).expect("both fail")
}

fn told(attempt: soe503_core::ledger::Attempt, cause: Cause, all: Option<Everywhere>) -> Diagnosis {
    let mut world = pool(0, cause, 90);
    world.everywhere = all;
    diagnosed(attempt, &world)
}

#[test]
fn all_is_all_that_are_asked_and_began_together() {
    let fails = |later| pool(later, LATE, 90);
    let well = World::usual(2);
    let mut idle = World::usual(2);
    idle.at += 60;
    idle.run(1, |_| Tell {
        offered: 1,
        good: 1,
        ..self::well(2)
    });
    let planned = pool(0, Cause::MaintenanceWindow, 90);
    let limited = pool(0, Cause::OverloadRateLimited, 90);
    let some = pool(0, LATE, 30);
    let rows: [(&str, &[&World], bool); 9] = [
        ("two of two", &[&fails(0), &fails(1)], true),
        ("three of three", &[&fails(0), &fails(1), &fails(0)], true),
        ("one is well", &[&fails(0), &fails(0), &well], false),
        ("one is not asked", &[&fails(0), &fails(0), &idle], true),
        ("there is only one", &[&fails(0)], false),
        ("only one is asked", &[&fails(0), &idle], false),
        ("half a minute apart", &[&fails(0), &fails(30)], false),
        ("one is in maintenance", &[&fails(0), &planned], false),
        (
            "one fails of its callers' limits",
            &[&fails(0), &limited],
            false,
        ),
    ];
    for (what, worlds, expected) in rows {
        let found = everywhere(&standings(worlds), &NOBODY).is_some();
        assert_eq!(found, expected, "{what}");
    }
    let found = everywhere(&standings(&[&fails(0), &some]), &NOBODY);
    assert_eq!(found, None, "a third of one");
}

#[test]
fn the_witness_has_the_last_word_about_us() {
    let rows = [
        ("nobody was asked", NOBODY, Verdict::Unknown, None),
        ("fast", says(1, 3), Verdict::Well, None),
        (
            "a slow echo",
            says(300, 3),
            Verdict::Ill,
            Some(Cause::ResourceCpuThrottled),
        ),
        (
            "late workers",
            says(1, 300),
            Verdict::Ill,
            Some(Cause::ResourceCpuThrottled),
        ),
        (
            "no echo",
            SILENT,
            Verdict::Ill,
            Some(Cause::ResourceCpuThrottled),
        ),
        // Attempts that meet that say so themselves: it is no reason to be late.
        ("no descriptor", NO_DESCRIPTOR, Verdict::Ill, None),
    ];
    for (what, witness, verdict, suspected) in rows {
        let all = both(LATE, &witness);
        assert_eq!(all.verdict, verdict, "{what}");
        let finding = all.finding();
        assert_eq!(finding.as_ref().map(|f| f.cause), suspected, "{what}");
        assert!(
            finding.is_none_or(|f| f.grade == Grade::Suspected),
            "{what}"
        );
    }
}

#[test]
fn backends_are_not_blamed_for_lateness_without_a_witness() {
    let late = || timed_out("b0", 2_000);
    // One pool alone: as it ever was.
    let alone = told(late(), LATE, None);
    assert_eq!((alone.primary, alone.scope.level), (LATE, Level::Backend));
    // We are well: what the pools share lies behind us.
    let well = told(late(), LATE, Some(both(LATE, &says(1, 3))));
    assert_eq!((well.primary, well.scope.level), (LATE, Level::AllPools));
    assert_eq!(well.grade, alone.grade);
    assert_eq!(well.missing, alone.missing);
    // Nobody says so.
    let unknown = told(late(), LATE, Some(both(LATE, &NOBODY)));
    assert_eq!((unknown.primary, unknown.grade), (LATE, Grade::Suspected));
    assert!(unknown.missing.contains(&Missing::Witness));
    // We are not.
    let ill = told(late(), LATE, Some(both(LATE, &says(400, 3))));
    let expected = (Cause::ResourceCpuThrottled, Some(LATE), Grade::Suspected);
    assert_eq!((ill.primary, ill.replaces, ill.grade), expected);
    assert_eq!(ill.scope.level, Level::AllPools);
}

#[test]
fn what_bytes_prove_is_not_taken_back() {
    let mut world = pool(0, Cause::DependencyUpstreamError, 90);
    world.everywhere = Some(both(Cause::DependencyUpstreamError, &says(400, 3)));
    let told = diagnosed(on(1, "b0", answered(500)), &world);
    assert_eq!(told.primary, Cause::DependencyUpstreamError);
    assert_eq!(told.grade, Grade::Proven);
    assert_eq!(told.contributing, [Cause::ResourceCpuThrottled]);
}

#[test]
fn the_numbers_are_told() {
    let told = told(
        connect_timed_out("b0"),
        Cause::DependencyConnectTimeout,
        Some(both(Cause::DependencyConnectTimeout, &says(1, 3))),
    );
    let facts: Vec<&Fact> = told
        .evidence
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Measured(fact) => Some(fact),
            _ => None,
        })
        .collect();
    let within = Duration::from_secs(1);
    assert!(
        facts.contains(&&Fact::Everywhere { pools: 2, within }),
        "{facts:?}"
    );
    assert!(facts.contains(&&Fact::OnTheWay), "{facts:?}");
    let echo = Fact::Echo {
        took: ms(1),
        lag: ms(3),
        late: false,
    };
    assert!(facts.contains(&&echo), "{facts:?}");
    let refused = both(REFUSED, &says(1, 3));
    assert!(!refused.facts.contains(&Fact::OnTheWay), "somebody said no");
}

/// "Expired" is what our clock says.
#[test]
fn certificates_that_expire_everywhere_at_once_are_a_question_to_our_clock() {
    let expired = Cause::ConfigTlsCertExpired;
    let all = both(expired, &says(1, 3));
    assert!(all.by_clock);
    let attempt = || {
        use soe503_core::ledger::{Fault, Phase, TlsFault};
        on(
            1,
            "b0",
            crate::support::failed(Phase::Tls, Fault::Tls(TlsFault::Expired { not_after: 1 })),
        )
    };
    let told = told(attempt(), expired, Some(all));
    assert_eq!((told.primary, told.grade), (expired, Grade::Suspected));
    assert!(told.missing.contains(&Missing::Clock));
    assert!(!both(REFUSED, &says(1, 3)).by_clock);
    // Where pools fail of something else, or this request does, the clock is not asked.
    let other = both(REFUSED, &says(1, 3));
    let expires = self::told(attempt(), expired, Some(other));
    assert_eq!(expires.grade, Grade::Proven);
    let refused = on(1, "b0", crate::support::refused());
    let all = both(expired, &says(1, 3));
    let refused = self::told(refused, expired, Some(all));
    assert_eq!((refused.primary, refused.grade), (REFUSED, Grade::Proven));
    for told in [expires, refused] {
        assert!(!told.missing.contains(&Missing::Clock));
    }
}

/// What this proxy decides, and what has no name, is not what all pools have.
#[test]
fn only_what_all_have_is_told_to_be_everywhere() {
    use soe503_core::ledger::{Fault, Phase, Refusal};
    let policy = |cause| {
        let refusal = Fault::Refused(Refusal::Policy(cause));
        crate::support::failed(Phase::Queue, refusal)
    };
    let opaque = crate::support::failed(Phase::WaitHeaders, Fault::Opaque);
    for (attempt, everywhere) in [
        (on(1, "b0", crate::support::refused()), true),
        (on(1, "b0", answered(500)), true),
        (policy(Cause::MaintenanceWindow), false),
        (policy(Cause::ConfigUnknownPool), false),
        (policy(Cause::OverloadRateLimited), false),
        (on(1, "b0", opaque), false),
    ] {
        let mut world = World::usual(2);
        world.everywhere = Some(both(LATE, &says(1, 3)));
        let told = diagnosed(attempt, &world);
        let all =
            |evidence: &Evidence| matches!(evidence, Evidence::Measured(Fact::Everywhere { .. }));
        let is_told = told.evidence.iter().any(all);
        assert_eq!(is_told, everywhere, "{}: {:?}", told.primary, told.root);
    }
}
