//! R5 and R13: too much to do, a slow dependency, one slow backend, a storm of retries.

use soe503_core::Cause;
use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{Fact, LimitState, Missing};

use super::world::{Tell, World, late, well};

/// More and more, until the backends cannot: latency rises with what is in flight.
fn overload(i: u64) -> Tell {
    let i = i as u32;
    let more = Tell {
        offered: 200 + 10 * i,
        backends: vec![(60 + 40 * u64::from(i), 4 + 3 * i, 10); 3],
        ..well(3)
    };
    late(more, 80 + 10 * i)
}

/// As many as ever, each of them slow: what is in flight rises too, and that proves nothing.
fn slow_dependency(i: u64) -> Tell {
    let slow = Tell {
        backends: vec![(800 + 10 * i, 24 + i as u32, 20); 3],
        ..well(3)
    };
    late(slow, 60)
}

fn one_slow(_: u64) -> Tell {
    let slow = Tell {
        backends: vec![(20, 1, 0), (22, 1, 0), (900, 20, 5)],
        ..well(3)
    };
    late(slow, 5)
}

/// The same people, each of whom asks again and again.
fn client_storm(_: u64) -> Tell {
    let storm = Tell {
        offered: 240,
        again: 150,
        backends: vec![(700, 60, 40); 3],
        ..well(3)
    };
    late(storm, 150)
}

fn spike_without_marks(i: u64) -> Tell {
    Tell {
        again: 0,
        offered: 300,
        backends: vec![(100 + 50 * i, 10 + i as u32, 40); 3],
        ..client_storm(i)
    }
}

#[test]
fn four_things_that_look_alike() {
    use Cause::*;
    type Row = (&'static str, fn(u64) -> Tell, Cause, &'static [Cause]);
    let rows: [Row; 5] = [
        (
            "overload",
            overload,
            OverloadPoolSaturated,
            &[DependencyShared, OverloadRetryStorm],
        ),
        (
            "dependency",
            slow_dependency,
            DependencyShared,
            &[OverloadPoolSaturated, OverloadRetryStorm],
        ),
        (
            "one backend",
            one_slow,
            DependencyResponseTimeout,
            &[OverloadPoolSaturated, DependencyShared],
        ),
        (
            "clients repeat",
            client_storm,
            OverloadRetryStorm,
            &[OverloadPoolSaturated, DependencyShared],
        ),
        (
            "new clients",
            spike_without_marks,
            OverloadPoolSaturated,
            &[OverloadRetryStorm, DependencyShared],
        ),
    ];
    for (name, tell, cause, not) in rows {
        let mut world = World::usual(3);
        world.run(10, tell);
        let causes = world.causes();
        assert!(causes.contains(&cause), "{name}: {causes:?}");
        for other in not {
            assert!(!causes.contains(other), "{name}: {causes:?}");
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is() {
    type Row = (&'static str, fn(u64) -> Tell);
    let rows: [Row; 5] = [
        ("well", |_| well(3)),
        ("more, and all served", |_| Tell {
            offered: 400,
            good: 400,
            ..well(3)
        }),
        ("fewer", |_| Tell {
            offered: 5,
            good: 5,
            ..well(3)
        }),
        ("client errors and clients that leave", |_| Tell {
            left: 18,
            good: 72,
            ..well(3)
        }),
        ("some failures", |_| Tell {
            good: 85,
            failures: vec![(Cause::DependencyUpstreamError, 5)],
            ..well(3)
        }),
    ];
    for (name, tell) in rows {
        let mut world = World::usual(3);
        world.run(20, tell);
        assert_eq!(world.causes(), [], "{name}");
    }
    let planned = World::of(3);
    assert_eq!(planned.causes(), [], "nothing happened yet");
}

#[test]
fn a_route_that_is_slow_as_ever_is_no_news() {
    let mut world = World::of(3);
    let slow = |_| Tell {
        backends: vec![(2_000, 60, 0); 3],
        ..well(3)
    };
    world.run(60, slow);
    assert_eq!(world.causes(), []);
}

#[test]
fn backends_that_have_all_just_started_are_not_saturated() {
    let mut world = World::usual(3);
    world
        .labels
        .iter_mut()
        .for_each(|label| label.starting = true);
    world.run(10, overload);
    assert!(!world.causes().contains(&Cause::OverloadPoolSaturated));
}

#[test]
fn numbers_speak_for_saturation() {
    let mut world = World::usual(3);
    world.run(10, overload);
    let finding = world.finding(Cause::OverloadPoolSaturated);
    assert_eq!(finding.grade, Grade::Inferred);
    assert!(finding.backends.is_empty(), "all of them");
    assert!(
        matches!(finding.facts[0], Fact::Load { usual, offered } if usual == 90.0 && offered > 250.0)
    );
    assert!(
        finding
            .facts
            .iter()
            .any(|f| matches!(f, Fact::Correlated { rho, of: 3, .. } if *rho > 0.9))
    );
    assert!(finding.missing.contains(&Missing::RetryMarks));
    assert_eq!(finding.ruled_out[0].cause, Cause::DependencyShared);
    // More than three times as much as usual is told as well.
    assert!(world.causes().contains(&Cause::OverloadTrafficSpike));
}

#[test]
fn backends_that_say_so_are_believed() {
    // The load is as usual: somebody else uses them up.
    let mut world = World::usual(3);
    world
        .labels
        .iter_mut()
        .for_each(|label| label.utilization = Some(0.97));
    world.run(10, slow_dependency);
    assert!(world.causes().contains(&Cause::OverloadPoolSaturated));
    // One of three is not the pool.
    world.labels[0].utilization = Some(0.3);
    world.run(1, slow_dependency);
    assert!(!world.causes().contains(&Cause::OverloadPoolSaturated));
}

#[test]
fn what_the_limit_has_tested_is_known() {
    let mut world = World::usual(3);
    world.limit = Some(LimitState {
        limit: 8,
        fixed: false,
        saturated: true,
    });
    world.run(10, slow_dependency);
    let finding = world.finding(Cause::OverloadPoolSaturated);
    assert!(finding.facts.contains(&Fact::LimitTested));
}

#[test]
fn backends_that_became_slow_one_after_another_share_nothing() {
    let mut world = World::usual(3);
    let after = |i: u64, at: u64| if i >= at { (900, 20, 5) } else { (20, 1, 0) };
    world.run(30, move |i| {
        let backends = vec![after(i, 0), after(i, 10), after(i, 20)];
        late(
            Tell {
                backends,
                ..well(3)
            },
            10,
        )
    });
    assert!(!world.causes().contains(&Cause::DependencyShared));
}

#[test]
fn a_backend_alone_shares_nothing() {
    let mut world = World::usual(1);
    world.run(10, |_| {
        late(
            Tell {
                backends: vec![(900, 50, 20)],
                ..well(1)
            },
            60,
        )
    });
    assert!(!world.causes().contains(&Cause::DependencyShared));
}

#[test]
fn of_two_what_is_usual_tells_which_is_slow() {
    let mut world = World::usual(2);
    let slow = |_| {
        late(
            Tell {
                backends: vec![(20, 1, 0), (900, 30, 5)],
                ..well(2)
            },
            5,
        )
    };
    world.run(10, slow);
    let finding = world.finding(Cause::DependencyResponseTimeout);
    assert_eq!(finding.backends, ["b1".into()]);
    let mut unknown = World::of(2);
    unknown.run(4, slow);
    assert_eq!(unknown.causes(), [], "either may be the usual one");
}

#[test]
fn own_retries_are_a_storm_too() {
    let mut world = World::usual(3);
    let storm = |_| {
        late(
            Tell {
                retries: 60,
                backends: vec![(700, 30, 40); 3],
                ..well(3)
            },
            40,
        )
    };
    world.run(10, storm);
    let finding = world.finding(Cause::OverloadRetryStorm);
    assert!(matches!(
        finding.facts[0],
        Fact::Repeated {
            ours: 600,
            clients: 0,
            first: 900
        }
    ));
    // Retries that succeed are what retries are for.
    let mut world = World::usual(3);
    world.run(10, |_| Tell {
        retries: 60,
        ..well(3)
    });
    assert_eq!(world.causes(), []);
    // Nobody knows what is usual: a suspicion.
    let mut world = World::of(3);
    world.run(10, storm);
    let finding = world.finding(Cause::OverloadRetryStorm);
    assert_eq!(finding.grade, Grade::Suspected);
    assert!(finding.missing.contains(&Missing::Usual));
}

#[test]
fn half_the_first_attempts_is_the_border_of_a_storm() {
    for (again, storm) in [(45, false), (46, true)] {
        let mut world = World::usual(3);
        world.run(10, move |_| {
            late(
                Tell {
                    offered: 90 + again,
                    again,
                    backends: vec![(700, 30, 40); 3],
                    ..well(3)
                },
                60,
            )
        });
        assert_eq!(
            world.causes().contains(&Cause::OverloadRetryStorm),
            storm,
            "{again}"
        );
    }
}

#[test]
fn what_was_found_holds_while_nothing_is_sent() {
    let mut world = World::usual(3);
    world.run(10, slow_dependency);
    world.before = Some(world.findings());
    let shut = |_| Tell {
        good: 0,
        shed: 90,
        failures: vec![(Cause::CircuitConsecutiveFailures, 90)],
        backends: Vec::new(),
        ..well(3)
    };
    world.run(8, shut);
    assert!(world.causes().contains(&Cause::DependencyShared));
    // It is over.
    world.run(8, |_| well(3));
    assert_eq!(world.causes(), []);
}

/// What hangs looks like too much to do, until it fails: then nothing of that is kept.
#[test]
fn what_was_found_by_late_answers_goes_when_they_turn_out_to_be_failures() {
    for (cause, kept) in [
        (Cause::DependencyHostUnreachable, false),
        (Cause::DependencyResponseTimeout, true),
    ] {
        let mut world = World::usual(3);
        world.run(10, slow_dependency);
        world.before = Some(world.findings());
        world.run(3, |_| Tell {
            good: 0,
            failures: vec![(cause, 600)],
            backends: vec![(0, 4, 30); 3],
            ..well(3)
        });
        world.run(8, |_| Tell {
            good: 0,
            shed: 90,
            failures: vec![(Cause::CircuitConsecutiveFailures, 90)],
            backends: Vec::new(),
            ..well(3)
        });
        let found = world.causes().contains(&Cause::DependencyShared);
        assert_eq!(found, kept, "{cause}");
    }
}

#[test]
fn what_is_usual_is_known_as_soon_as_something_is_not() {
    let bad = |_| late(well(3), 60);
    // So many seconds in which all was well, then one that may hold the beginning of what follows.
    for (seconds, known) in [(4, false), (5, true)] {
        let mut world = World::of(3);
        world.run(seconds, |_| well(3));
        assert_eq!(world.findings().usual_p50, None, "nothing has begun");
        world.run(1, bad);
        let usual = world.findings().usual_p50;
        assert_eq!(usual.is_some(), known, "{seconds}");
    }
    // The second before the first failure is not held to be usual.
    let mut world = World::of(3);
    world.run(4, |_| well(3));
    world.run(1, |_| Tell {
        backends: vec![(900, 20, 0); 3],
        ..well(3)
    });
    world.run(3, bad);
    assert_eq!(
        world.findings().usual_p50,
        Some(core::time::Duration::from_millis(20))
    );
    let mut world = World::of(3);
    world.run(3, |_| well(3));
    world.run(1, |_| Tell {
        backends: vec![(900, 20, 0); 3],
        ..well(3)
    });
    world.run(3, bad);
    assert_eq!(world.findings().usual_p50, None);
}
