//! Where there is more work than can be done, what is done is worth doing.

use super::setting::World;
use super::world::Outcome;
use crate::limit::{Class, LimitWhy};

fn whole(out: &Outcome) {
    assert_eq!(
        out.left,
        (0, 0),
        "slots and places that were not given back"
    );
    let last = out.limits.last().expect("looked at");
    assert_eq!(last.why, LimitWhy::Fixed, "a limit that nobody needs");
}

/// The figures that `benches/resilience` asks for: twice the capacity, half of it important.
#[test]
fn twice_the_capacity() {
    let mut important = 0.0;
    for seed in 1..=5 {
        let load = vec![(0.0, 300.0), (4.0, 1200.0), (12.0, 300.0)];
        let out = World {
            seed,
            load,
            until: 20.0,
            ..World::default()
        }
        .run();
        whole(&out);
        assert_eq!(out.failed(0.0, 4.0), 0);
        let goodput = out.goodput(4.0, 12.0);
        assert!(goodput > 0.97 * 600.0, "{seed}: {goodput}");
        let slowest = out.latency(0.99, 5.0, 12.0);
        assert!(slowest < 0.35, "{seed}: {slowest}");
        important += out.answered(Class::High, 4.0, 12.0) / 5.0;
        let late = out.failed(12.0, 20.0);
        assert!(late <= 15, "{seed}: {late}");
        assert_eq!(out.failed(12.5, 20.0), 0, "{seed}: no tail");
    }
    // The important half is all that can be done, and sometimes a little more.
    assert!(important > 0.98, "{important}");
}

#[test]
fn the_important_survive_where_they_fit() {
    for seed in 1..=3 {
        let load = vec![(0.0, 300.0), (4.0, 1800.0), (12.0, 300.0)];
        let out = World {
            seed,
            load,
            important: 0.3,
            until: 18.0,
            ..World::default()
        }
        .run();
        whole(&out);
        let important = out.answered(Class::High, 4.0, 12.0);
        assert!(important > 0.99, "{seed}: {important}");
        let slowest = out.latency(0.99, 5.0, 12.0);
        assert!(slowest < 0.35, "{seed}: {slowest}");
    }
}

#[test]
fn latencies_may_differ() {
    for seed in 1..=3 {
        let exponential = |_, rng: &mut fastrand::Rng| -0.04 * (1.0 - rng.f64()).ln();
        let load = vec![(0.0, 300.0), (4.0, 1200.0), (14.0, 300.0)];
        let out = World {
            seed,
            load,
            service: exponential,
            until: 22.0,
            ..World::default()
        }
        .run();
        whole(&out);
        assert!(out.goodput(4.0, 14.0) > 0.95 * 600.0, "{seed}");
        assert_eq!(out.failed(15.0, 22.0), 0, "{seed}");

        let bimodal = |_, rng: &mut fastrand::Rng| if rng.f64() < 0.1 { 0.5 } else { 0.005 };
        let load = vec![(0.0, 220.0), (4.0, 880.0), (20.0, 220.0)];
        let out = World {
            seed,
            load,
            service: bimodal,
            until: 30.0,
            ..World::default()
        }
        .run();
        whole(&out);
        let goodput = out.goodput(4.0, 20.0);
        assert!(goodput > 0.9 * 440.0, "{seed}: {goodput}");
        assert_eq!(out.failed(22.0, 30.0), 0, "{seed}");
    }
}

#[test]
fn from_the_first_request_on() {
    for seed in 1..=3 {
        let load = vec![(0.0, 1200.0), (8.0, 300.0)];
        let out = World {
            seed,
            load,
            until: 16.0,
            ..World::default()
        }
        .run();
        whole(&out);
        assert!(out.goodput(1.0, 8.0) > 0.97 * 600.0, "{seed}");
        assert!(out.latency(0.99, 1.0, 8.0) < 0.35, "{seed}");
        assert_eq!(out.failed(9.0, 16.0), 0, "{seed}");
    }
}

#[test]
fn whatever_the_size() {
    // Two backends of a single worker do 50 requests/s; sixty of eight 12,000.
    for (backends, workers, capacity, floor) in [(2, 1, 50.0, 0.9), (60, 8, 12_000.0, 0.96)] {
        let usual = capacity / 4.0;
        let load = vec![(0.0, usual), (4.0, 2.0 * capacity), (8.0, usual)];
        let workers = vec![(0.0, workers)];
        let out = World {
            load,
            workers,
            backends,
            until: 15.0,
            ..World::default()
        }
        .run();
        whole(&out);
        let goodput = out.goodput(4.0, 8.0);
        assert!(goodput > floor * capacity, "{backends}: {goodput}");
        assert_eq!(out.failed(9.5, 15.0), 0, "{backends}");
    }
}

#[test]
fn capacity_may_change() {
    for seed in 1..=3 {
        // Down to an eighth, and up to a half.
        let load = vec![(0.0, 1100.0)];
        let workers = vec![(0.0, 32), (5.0, 4), (15.0, 16)];
        let out = World {
            seed,
            load,
            workers,
            until: 25.0,
            ..World::default()
        }
        .run();
        assert!(out.goodput(6.0, 15.0) > 0.95 * 300.0, "{seed}: down");
        let goodput = out.goodput(16.0, 25.0);
        assert!(goodput > 0.95 * 1100.0, "{seed}: up again: {goodput}");
        // More backends come to help.
        let load = vec![(0.0, 300.0), (4.0, 1200.0)];
        let workers = vec![(0.0, 8), (8.0, 32)];
        let out = World {
            seed,
            load,
            workers,
            until: 14.0,
            ..World::default()
        }
        .run();
        whole(&out);
        assert_eq!(out.failed(9.0, 14.0), 0, "{seed}: help");
        // Each request takes twice as long from now on.
        let service = |now, _: &mut _| if now > 8.0 { 0.08 } else { 0.04 };
        let load = vec![(0.0, 300.0), (4.0, 1200.0)];
        let out = World {
            seed,
            load,
            service,
            until: 20.0,
            ..World::default()
        }
        .run();
        assert!(out.goodput(9.0, 20.0) > 0.95 * 300.0, "{seed}: slower");
        assert!(out.latency(0.99, 10.0, 20.0) < 0.5, "{seed}: slower");
    }
}

/// Clients that leave after a second and ask again, at once, up to three times: most of what comes after a
/// stall takes the place of what has left, and is no rush. Nobody is sent away for it, as all could be served.
#[test]
fn those_who_come_again_are_no_more_than_before() {
    for seed in 1..=6 {
        let world = World {
            seed,
            load: vec![(0.0, 400.0)],
            frozen: (5.0, 7.0),
            until: 20.0,
            again: 3,
            rude: true,
            important: 0.0,
            ..World::default()
        };
        let out = world.run();
        assert_eq!(out.refused(), 0, "{seed}");
        assert!(
            out.goodput(8.0, 10.0) > 0.97 * 600.0,
            "{seed}: all they can"
        );
        let lost = out.given_up(3);
        // Of 1,600 that came in the stall and the four seconds after it.
        assert!(lost < 240, "{seed}: {lost}");
        let late = out.failed(11.5, 20.0);
        assert_eq!(late, 0, "{seed}: and then it is over");
    }
}

/// The same at backends that do their work in the stall and answer all of it after it, at capacities as real ones have
/// them. In a line that long, a few that come by chance a little closer must not pass for a rush: those sent away for it
/// come again at once, which is one, and in a moment hundreds have lost all their tries.
#[test]
fn a_few_that_come_closer_are_no_rush() {
    let slower: fn(f64, &mut fastrand::Rng) -> f64 = |_, _| 0.042;
    let slowest: fn(f64, &mut fastrand::Rng) -> f64 = |_, _| 0.044;
    // Each of these seeds has such a moment.
    for (seed, service) in [(31, slower), (35, slowest), (37, slowest)] {
        let world = World {
            seed,
            load: vec![(0.0, 400.0)],
            frozen: (5.0, 7.0),
            holds: true,
            until: 20.0,
            again: 3,
            rude: true,
            important: 0.0,
            service,
            ..World::default()
        };
        let out = world.run();
        assert_eq!(out.refused(), 0, "{seed}");
        let lost = out.given_up(3);
        assert!(lost < 240, "{seed}: {lost}");
    }
}

/// Backends that have never answered: once the first have been given up, no more than some are sent to them.
#[test]
fn silence_from_the_first_request_on() {
    for seed in 1..=3 {
        let world = World {
            seed,
            load: vec![(0.0, 400.0)],
            frozen: (0.0, 8.0),
            until: 16.0,
            ..World::default()
        };
        let out = world.run();
        whole(&out);
        let mut looks = out.limits.iter();
        let limited = looks.any(|look| look.why != LimitWhy::Fixed);
        assert!(limited, "{seed}: as many as like");
        assert_eq!(out.failed(11.5, 16.0), 0, "{seed}: they are back");
    }
}

/// Impatient clients and a stall: without a limit, what they have left keeps the backends busy.
#[test]
fn a_stall_leaves_no_work_behind() {
    for seed in 1..=3 {
        let world = World {
            seed,
            load: vec![(0.0, 400.0)],
            frozen: (5.0, 7.0),
            until: 12.0,
            ..World::default()
        };
        let out = world.run();
        whole(&out);
        assert!(
            out.goodput(7.2, 8.2) > 0.9 * 400.0,
            "{seed}: those who still wait are served"
        );
        assert_eq!(out.failed(8.5, 12.0), 0, "{seed}: and nothing else fails");
    }
}
