//! R14: backends that connects wait for in vain.

use core::time::Duration;

use soe503_core::diagnosis::rules::{Fact, Missing, Silent};
use soe503_core::diagnosis::{Because, Grade};
use soe503_core::{Cause, Tick};

use super::requests::{connect_timed_out, diagnosed, queue_full, timed_out};
use super::world::{Tell, World, well};
use crate::support::{circuit_open, ms};

type Host = Option<Result<Duration, ()>>;

/// Connects to the first so many of three backends began to wait in vain ten seconds ago; each has answered so many of
/// ten attempts in each second since.
fn world(silent: usize, answered: u32, host: Host) -> World {
    let mut world = World::usual(3);
    let since = world.now();
    world.run(10, |_| Tell {
        offered: 30,
        good: 10,
        failures: vec![(Cause::DependencyConnectTimeout, 20)],
        backends: vec![(20, 0, 10 - answered); 3],
        ..well(3)
    });
    world.silent = (0..silent).map(|i| silence(i, since, host)).collect();
    world
}

fn silence(index: usize, since: Tick, host: Host) -> Silent {
    Silent {
        backend: format!("b{index}").into(),
        since,
        host,
    }
}

#[test]
fn a_full_queue_a_mute_host_and_nothing_known() {
    use Cause::{DependencyConnectTimeout as Timeout, OverloadAcceptBacklog as Full};
    let yes = Some(Ok(ms(1)));
    let (inferred, suspected) = (Grade::Inferred, Grade::Suspected);
    type Row = (
        &'static str,
        usize,
        u32,
        Host,
        Option<(Cause, Grade, usize)>,
    );
    let rows: [Row; 8] = [
        (
            "one, old ones answer",
            1,
            3,
            None,
            Some((Full, inferred, 1)),
        ),
        (
            "one, and its host answers",
            1,
            3,
            yes,
            Some((Full, inferred, 1)),
        ),
        (
            "all, old ones answer",
            3,
            3,
            None,
            Some((Full, suspected, 0)),
        ),
        (
            "all, and the hosts answer",
            3,
            3,
            yes,
            Some((Full, inferred, 0)),
        ),
        (
            "all, and hosts are mute",
            3,
            3,
            Some(Err(())),
            Some((Full, suspected, 0)),
        ),
        (
            "nothing answers but the host",
            1,
            0,
            yes,
            Some((Timeout, inferred, 1)),
        ),
        (
            "nothing answers, not even the host",
            1,
            0,
            Some(Err(())),
            Some((Timeout, inferred, 1)),
        ),
        ("nothing answers, nobody has asked", 1, 0, None, None),
    ];
    for (name, silent, answered, host, expected) in rows {
        let world = world(silent, answered, host);
        let list = world.findings().list;
        let found = list
            .iter()
            .find(|f| matches!(f.cause, Full | Timeout))
            .map(|f| (f.cause, f.grade, f.backends.len()));
        assert_eq!(found, expected, "{name}: {list:?}");
    }
    let alive = world(1, 0, yes).finding(Timeout);
    assert_eq!(
        alive.ruled_out[0].because,
        Because::HostAnswered(ms(1)),
        "somebody is at home"
    );
    let dead = world(1, 0, Some(Err(()))).finding(Timeout);
    assert!(matches!(dead.facts[0], Fact::SilentElsewhere { .. }) && dead.ruled_out.is_empty());
    let unasked = world(3, 3, None).finding(Full);
    assert_eq!(unasked.missing, [Missing::OtherPort]);
}

#[test]
fn what_was_answered_before_proves_nothing() {
    // Well until a moment ago; now neither connects nor anything else.
    let mut lost = World::usual(3);
    lost.silent = vec![silence(0, lost.now(), None)];
    assert!(!lost.causes().contains(&Cause::OverloadAcceptBacklog));
    // What is under way is no answer either.
    lost.run(3, |i| Tell {
        offered: 30,
        good: 0,
        backends: vec![(0, 10 * (i as u32 + 1), 0); 3],
        ..well(3)
    });
    assert!(!lost.causes().contains(&Cause::OverloadAcceptBacklog));
    // Attempts that nobody has waited for to the end have not failed, and no request was answered.
    let mut left = World::usual(3);
    let since = left.now();
    left.run(10, |_| Tell {
        offered: 30,
        good: 0,
        left: 30,
        backends: vec![(0, 0, 2); 3],
        ..well(3)
    });
    left.silent = vec![silence(0, since, None)];
    assert!(!left.causes().contains(&Cause::OverloadAcceptBacklog));
    let told = diagnosed(connect_timed_out("b0"), &left);
    assert_eq!(told.primary, Cause::DependencyConnectTimeout);
    // It answered once, and has not for a minute.
    let mut old = world(1, 3, None);
    old.run(60, |_| Tell {
        offered: 30,
        good: 0,
        failures: vec![(Cause::DependencyConnectTimeout, 30)],
        backends: vec![(0, 0, 10); 3],
        ..well(3)
    });
    assert!(!old.causes().contains(&Cause::OverloadAcceptBacklog));
    // Nor do the answers of others speak for it.
    let mut others = world(1, 3, None);
    others.run(60, |_| Tell {
        offered: 30,
        good: 20,
        failures: vec![(Cause::DependencyConnectTimeout, 10)],
        backends: vec![(0, 0, 10), (20, 0, 0), (20, 0, 0)],
        ..well(3)
    });
    assert!(!others.causes().contains(&Cause::OverloadAcceptBacklog));
}

/// That all of them are behind a filter is a suspicion; one alone is not all.
#[test]
fn the_only_backend_is_not_all_of_them() {
    let mut only = World::usual(1);
    let since = only.now();
    only.run(10, |_| Tell {
        offered: 30,
        good: 10,
        failures: vec![(Cause::DependencyConnectTimeout, 20)],
        backends: vec![(20, 0, 20)],
        ..well(1)
    });
    only.silent = vec![silence(0, since, None)];
    let full = only.finding(Cause::OverloadAcceptBacklog);
    assert_eq!(full.grade, Grade::Inferred);
}

#[test]
fn what_requests_are_told() {
    let all = world(3, 3, Some(Ok(ms(1))));
    let told = diagnosed(connect_timed_out("b1"), &all);
    assert_eq!(
        (told.primary, told.grade),
        (Cause::OverloadAcceptBacklog, Grade::Inferred)
    );
    let told = diagnosed(circuit_open(Some(Cause::DependencyConnectTimeout)), &all);
    assert_eq!(told.root, Some(Cause::OverloadAcceptBacklog));
    // Places in front of them are taken by those who wait for a connection; those of one backend are not all of them.
    let told = diagnosed(queue_full(), &all);
    assert_eq!(told.root, Some(Cause::OverloadAcceptBacklog));
    let told = diagnosed(queue_full(), &world(1, 3, None));
    assert_eq!(told.root, Some(Cause::DependencyConnectTimeout));
    assert!(told.contributing.contains(&Cause::OverloadAcceptBacklog));
    // A connection was there: it is another story.
    let told = diagnosed(timed_out("b1", 1_000), &all);
    assert_eq!(told.primary, Cause::DependencyResponseTimeout);
    let told = diagnosed(circuit_open(Some(Cause::DependencyConnectRefused)), &all);
    assert_eq!(told.root, Some(Cause::DependencyConnectRefused));
    // Only the one that is mute is told to be at home.
    let one = world(1, 0, Some(Ok(ms(1))));
    let said = |backend: &str| {
        let told = diagnosed(connect_timed_out(backend), &one);
        assert_eq!(told.primary, Cause::DependencyConnectTimeout);
        let not = Cause::DependencyHostUnreachable;
        told.ruled_out.iter().any(|r| r.cause == not)
    };
    assert!(said("b0") && !said("b1"));
}
