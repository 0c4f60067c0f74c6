//! What the limit does to requests, in virtual time and by fixed seeds.
#![allow(dead_code, unused_imports)]

mod world;

use super::{Class, LimitWhy};
use world::{End, Outcome, World};

fn show(name: &str, out: &Outcome, spans: &[(f64, f64)]) {
    println!("== {name}: refused {}, left {:?}", out.refused(), out.left);
    for &(from, till) in spans {
        println!(
            "  {from:5.1}-{till:5.1}: goodput {:6.1} failed {:5} queued {:5} p50 {:5.0} p99 {:5.0} high {:.4} low {:.4}",
            out.goodput(from, till),
            out.failed(from, till),
            out.queued(from, till),
            out.latency(0.5, from, till) * 1e3,
            out.latency(0.99, from, till) * 1e3,
            out.answered(Class::High, from, till),
            out.answered(Class::Low, from, till)
        );
    }
    let mut last = (0, LimitWhy::Fixed);
    let mut line = String::new();
    for &(at, limit, why, pending, waiting) in &out.limits {
        if (limit, why) != last {
            last = (limit, why);
            let why = match why {
                LimitWhy::Fixed => "-",
                LimitWhy::Testing => "t",
                LimitWhy::Saturated => "S",
            };
            line += &format!(
                " {at:.2}:{why}{}({pending}+{waiting})",
                if limit == 10_000 { 0 } else { limit }
            );
        }
    }
    println!("  {}", &line[..line.len().min(1500)]);
}

#[test]
fn explore() {
    for seed in 1..=3 {
        let over = World {
            seed,
            load: vec![(0.0, 300.0), (4.0, 1200.0), (12.0, 300.0)],
            until: 20.0,
            ..World::default()
        }
        .run();
        show(
            "overload",
            &over,
            &[(0.0, 4.0), (4.0, 12.0), (5.0, 12.0), (12.0, 20.0)],
        );
    }
    let flat = World {
        load: vec![(0.0, 300.0)],
        until: 60.0,
        ..World::default()
    }
    .run();
    show("flat", &flat, &[(0.0, 60.0)]);
    let one = World {
        load: vec![(0.0, 1.0)],
        until: 600.0,
        ..World::default()
    }
    .run();
    show("1 rps", &one, &[(0.0, 600.0)]);
    let stall = World {
        load: vec![(0.0, 500.0)],
        workers: vec![(0.0, 1_000_000)],
        service: |_, _| 0.030,
        frozen: (5.0, 7.0),
        until: 15.0,
        patience: 4.0,
        ..World::default()
    }
    .run();
    show(
        "stall",
        &stall,
        &[(0.0, 5.0), (5.0, 7.0), (7.0, 8.0), (8.0, 15.0)],
    );
    let storm = World {
        load: vec![(0.0, 400.0)],
        frozen: (5.0, 7.0),
        until: 15.0,
        patience: 1.0,
        ..World::default()
    }
    .run();
    show(
        "storm",
        &storm,
        &[(0.0, 5.0), (5.0, 7.0), (7.0, 8.0), (8.0, 15.0)],
    );
    let slower = World {
        load: vec![(0.0, 300.0)],
        workers: vec![(0.0, 1_000_000)],
        service: |now, _| {
            if (5.0..15.0).contains(&now) {
                0.4
            } else {
                0.04
            }
        },
        until: 25.0,
        patience: 4.0,
        ..World::default()
    }
    .run();
    show(
        "ten times slower, any number at once",
        &slower,
        &[(0.0, 5.0), (5.0, 7.0), (7.0, 10.0), (10.0, 25.0)],
    );
    let gradual = World {
        load: vec![(0.0, 300.0)],
        workers: vec![(0.0, 1_000_000)],
        service: |now, _| 0.04 + 0.04 * (now - 5.0).clamp(0.0, 10.0),
        until: 25.0,
        patience: 4.0,
        ..World::default()
    }
    .run();
    show(
        "gradually slower, any number at once",
        &gradual,
        &[(0.0, 5.0), (5.0, 15.0), (15.0, 25.0)],
    );
    let bimodal: fn(f64, &mut fastrand::Rng) -> f64 =
        |_, rng| if rng.f64() < 0.1 { 0.5 } else { 0.005 };
    let both = World {
        load: vec![(0.0, 300.0)],
        service: bimodal,
        until: 60.0,
        patience: 4.0,
        workers: vec![(0.0, 1_000_000)],
        ..World::default()
    }
    .run();
    show("bimodal", &both, &[(0.0, 60.0)]);
    let both = World {
        load: vec![(0.0, 220.0), (4.0, 880.0), (20.0, 220.0)],
        service: bimodal,
        until: 30.0,
        patience: 1.0,
        ..World::default()
    }
    .run();
    show(
        "bimodal overload, capacity 440",
        &both,
        &[(0.0, 4.0), (4.0, 20.0), (20.0, 30.0)],
    );
    let exp: fn(f64, &mut fastrand::Rng) -> f64 = |_, rng| -0.04 * (1.0 - rng.f64()).ln();
    let e = World {
        load: vec![(0.0, 300.0), (4.0, 1200.0), (12.0, 300.0)],
        service: exp,
        until: 20.0,
        ..World::default()
    }
    .run();
    show(
        "exponential overload",
        &e,
        &[(0.0, 4.0), (4.0, 12.0), (12.0, 20.0)],
    );
    let cold = World {
        load: vec![(0.0, 1200.0), (8.0, 300.0)],
        until: 20.0,
        ..World::default()
    }
    .run();
    show(
        "cold start in overload",
        &cold,
        &[(0.0, 2.0), (2.0, 8.0), (8.0, 20.0)],
    );
    let half = World {
        load: vec![(0.0, 1200.0)],
        workers: vec![(0.0, 32), (5.0, 4), (15.0, 16)],
        until: 30.0,
        ..World::default()
    }
    .run();
    show(
        "capacity 2400, 300, 1200",
        &half,
        &[
            (0.0, 5.0),
            (5.0, 7.0),
            (7.0, 15.0),
            (15.0, 16.0),
            (16.0, 30.0),
        ],
    );
    let more = World {
        load: vec![(0.0, 300.0), (4.0, 1200.0)],
        workers: vec![(0.0, 8), (8.0, 32)],
        until: 20.0,
        ..World::default()
    }
    .run();
    show(
        "scaled up during overload",
        &more,
        &[(4.0, 8.0), (8.0, 9.0), (9.0, 20.0)],
    );
    let slow2 = World {
        load: vec![(0.0, 300.0), (4.0, 1200.0)],
        service: |now, _| if now > 8.0 { 0.08 } else { 0.04 },
        until: 20.0,
        ..World::default()
    }
    .run();
    show(
        "twice as slow during overload",
        &slow2,
        &[(4.0, 8.0), (8.0, 9.0), (9.0, 20.0)],
    );
    let burst = World {
        load: vec![(0.0, 100.0), (5.0, 5000.0), (5.1, 100.0)],
        workers: vec![(0.0, 1_000_000)],
        until: 10.0,
        ..World::default()
    }
    .run();
    show("burst", &burst, &[(0.0, 5.0), (5.0, 5.2), (5.2, 10.0)]);
    let near = World {
        load: vec![(0.0, 570.0)],
        until: 60.0,
        patience: 4.0,
        ..World::default()
    }
    .run();
    show("95 %", &near, &[(0.0, 10.0), (10.0, 60.0)]);
    let tiny = World {
        load: vec![(0.0, 10.0), (5.0, 100.0), (15.0, 10.0)],
        workers: vec![(0.0, 1)],
        backends: 2,
        until: 25.0,
        ..World::default()
    }
    .run();
    show(
        "2 backends of one worker, capacity 50",
        &tiny,
        &[(0.0, 5.0), (5.0, 15.0), (15.0, 25.0)],
    );
    let big = World {
        load: vec![(0.0, 6000.0), (4.0, 24000.0), (8.0, 6000.0)],
        backends: 60,
        until: 12.0,
        ..World::default()
    }
    .run();
    show(
        "60 backends, capacity 12000",
        &big,
        &[(0.0, 4.0), (4.0, 8.0), (8.0, 12.0)],
    );
}
