//! Where there is nothing to limit, nobody is turned away.

use super::setting::World;
use super::world::{End, Outcome, Request};
use crate::limit::LimitWhy;

/// Any number at once.
const UNLIMITED: usize = 1_000_000;

fn plain(out: &Outcome) {
    assert_eq!(out.refused(), 0);
    assert!(out.requests.iter().all(|one| one.end == End::Answered));
    assert_eq!(
        out.left,
        (0, 0),
        "slots and places that were not given back"
    );
}

/// Nothing was limited at any time, so nobody waited.
fn untouched(out: &Outcome) {
    plain(out);
    assert!(out.limits.iter().all(|look| look.why == LimitWhy::Fixed));
    assert_eq!(out.queued(0.0, f64::MAX), 0);
}

#[test]
fn steady_load_is_not_limited() {
    for seed in 1..=3 {
        for rate in [1.0, 30.0, 300.0, 450.0] {
            let load = vec![(0.0, rate)];
            let until = if rate < 10.0 { 300.0 } else { 20.0 };
            untouched(
                &World {
                    seed,
                    load,
                    until,
                    ..World::default()
                }
                .run(),
            );
        }
    }
}

#[test]
fn more_load_is_not_limited_while_latency_is_flat() {
    for (from, to) in [(100.0, 5000.0), (1.0, 3000.0)] {
        let load = vec![(0.0, from), (5.0, to), (5.2, from), (7.0, to), (9.0, from)];
        let workers = vec![(0.0, UNLIMITED)];
        untouched(
            &World {
                load,
                workers,
                ..World::default()
            }
            .run(),
        );
    }
}

#[test]
fn latencies_may_differ() {
    for seed in 1..=3 {
        let service = |_, rng: &mut fastrand::Rng| if rng.f64() < 0.1 { 0.5 } else { 0.005 };
        let workers = vec![(0.0, UNLIMITED)];
        let out = World {
            seed,
            service,
            workers,
            until: 40.0,
            patience: 4.0,
            ..World::default()
        }
        .run();
        plain(&out);
        assert_eq!(out.queued(10.0, f64::MAX), 0, "once it knows the slow ones");
    }
}

#[test]
fn nearly_full_is_not_too_full() {
    for seed in 1..=3 {
        let load = vec![(0.0, 570.0)];
        let out = World {
            seed,
            load,
            until: 40.0,
            patience: 4.0,
            ..World::default()
        }
        .run();
        plain(&out);
        assert!(out.latency(0.99, 0.0, 40.0) < 0.25);
    }
}

/// A dependency becomes slow: latency and what is in flight rise together as in an overload, and it
/// is none, because more at once are answered as fast.
#[test]
fn slow_is_not_busy() {
    for seed in 1..=3 {
        let at_once = |now: f64, _: &mut _| {
            if (5.0..15.0).contains(&now) {
                0.4
            } else {
                0.04
            }
        };
        let by_and_by = |now: f64, _: &mut _| 0.04 + 0.04 * (now - 5.0).clamp(0.0, 10.0);
        for service in [at_once, by_and_by as fn(f64, &mut fastrand::Rng) -> f64] {
            let workers = vec![(0.0, UNLIMITED)];
            let out = World {
                seed,
                service,
                workers,
                until: 20.0,
                patience: 4.0,
                ..World::default()
            }
            .run();
            plain(&out);
            assert_eq!(out.queued(12.0, f64::MAX), 0, "that is found out soon");
        }
    }
}

/// Answers that take two seconds by plan, from the first one on: that none has come after one says nothing.
#[test]
fn a_slow_start_is_no_silence() {
    for seed in 1..=3 {
        for rate in [20.0, 60.0, 600.0] {
            let by_plan = |_, rng: &mut fastrand::Rng| 2.0 + 1.5 * rng.f64();
            let out = World {
                seed,
                load: vec![(0.0, rate)],
                service: by_plan,
                workers: vec![(0.0, UNLIMITED)],
                until: 15.0,
                patience: 6.0,
                ..World::default()
            };
            untouched(&out.run());
        }
    }
}

/// All freeze and go on: what came meanwhile waits here, and is served at once when they are back.
#[test]
fn a_stall_is_ridden_out() {
    for seed in 1..=3 {
        let world = World {
            seed,
            load: vec![(0.0, 500.0)],
            workers: vec![(0.0, UNLIMITED)],
            service: |_, _| 0.030,
            frozen: (5.0, 7.0),
            until: 12.0,
            patience: 4.0,
            ..World::default()
        };
        let out = world.run();
        plain(&out);
        assert!(out.latency(1.0, 0.0, 12.0) < 2.6);
        assert_eq!(
            out.queued(8.0, f64::MAX),
            0,
            "a second later all is as before"
        );
    }
}

/// Requests that are not meant to be answered soon hold what they hold. Many of them at once look like a
/// stall; the others are let through all the same.
#[test]
fn long_polls_are_no_crowd() {
    for seed in 1..=3 {
        let service = |now: f64, rng: &mut fastrand::Rng| {
            let share = if (5.0..7.0).contains(&now) { 0.8 } else { 0.01 };
            if rng.f64() < share { 20.0 } else { 0.01 }
        };
        let world = World {
            seed,
            load: vec![(0.0, 500.0), (12.0, 20.0)],
            workers: vec![(0.0, UNLIMITED)],
            service,
            until: 30.0,
            patience: 60.0,
            ..World::default()
        };
        let out = world.run();
        plain(&out);
        let longer = |than: f64| {
            let longer = |one: &&Request| one.ended - one.sent > than;
            out.sent(0.0, 30.0).filter(longer).count()
        };
        let others = longer(4.0) - longer(19.0);
        assert_eq!(others, 0, "{seed}: nobody else waits for long");
        assert!(
            out.queued(9.0, f64::MAX) < 200,
            "{seed}: {}",
            out.queued(9.0, f64::MAX)
        );
    }
}

/// Those who wait find out by themselves that they need not.
#[test]
fn nobody_is_left_behind() {
    for seed in 1..=3 {
        let world = World {
            seed,
            load: vec![(0.0, 500.0), (6.0, 0.01)],
            workers: vec![(0.0, UNLIMITED)],
            frozen: (5.0, 9.0),
            until: 12.0,
            patience: 30.0,
            ..World::default()
        };
        let out = world.run();
        plain(&out);
        assert!(out.latency(1.0, 0.0, 12.0) < 5.0);
    }
}
