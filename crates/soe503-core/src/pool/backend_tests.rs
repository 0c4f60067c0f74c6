//! What an attempt on a backend is expected to cost, with figures worked out by hand.

use super::*;
use crate::histogram::Histogram;
use crate::orca::LoadReport;
use crate::pool::{Pool, PoolConfig};

const NOW: Tick = Tick::from_secs(100);
const SLOW_START: Duration = Duration::from_secs(10);

#[test]
fn a_backend_stays_small() {
    // The shell needs room for its part; latencies add 0.25 KiB per section in use.
    let bytes = size_of::<Backend<()>>() + size_of::<Vitals>();
    assert!(bytes <= 560, "{bytes}");
    assert!(size_of::<Histogram>() <= 128);
}

/// A pool whose backends, `b0`, `b1`, …, have these weights.
fn pool(weights: &[u32], config: PoolConfig) -> Pool<()> {
    let pool = Pool::new("app", config, 7);
    let spec = |(n, &weight): (usize, &u32)| BackendSpec {
        name: format!("b{n}").into(),
        weight,
        ..BackendSpec::new(format!("10.0.0.{n}:80"), ())
    };
    pool.set_backends(weights.iter().enumerate().map(spec).collect(), Tick::ZERO);
    pool
}

fn listening() -> PoolConfig {
    PoolConfig {
        load_reports: Some(Duration::from_secs(60)),
        ..PoolConfig::default()
    }
}

fn report(cpu: f64) -> LoadReport {
    LoadReport {
        cpu,
        ..LoadReport::default()
    }
}

fn near(got: f32, expected: f32) -> bool {
    (got / expected - 1.0).abs() < 1e-3
}

/// Of weights 1, 1 and 4 the mean is 2: an attempt counts 2, 2 and a half.
#[test]
fn load_counts_relative_to_the_weight() {
    let pool = pool(&[1, 1, 4], PoolConfig::default());
    for (name, in_flight, load) in [
        ("b0", 0, 1.0),
        ("b0", 3, 7.0),
        ("b2", 0, 1.0),
        ("b2", 3, 2.5),
        ("b2", 8, 5.0),
    ] {
        let backend = pool.backend(name).unwrap();
        backend.vitals.in_flight.store(in_flight, Ordering::Relaxed);
        let flags = backend.flags();
        assert!(near(backend.load(flags, NOW, SLOW_START), load), "{name}");
        let weight = if name == "b2" { 4_000 } else { 1_000 };
        assert_eq!(backend.share(flags, NOW, SLOW_START), weight);
    }
}

/// A tenth at first, then what of its time has passed.
#[test]
fn a_slow_start_counts_what_it_has_for_more() {
    let pool = pool(&[3, 3], PoolConfig::default());
    let backend = pool.backend("b0").unwrap();
    backend.vitals.warm(NOW);
    backend.vitals.in_flight.store(1, Ordering::Relaxed);
    let flags = backend.flags();
    for (seconds, warmth, load) in [
        (0, 100, 11.0),
        (1, 100, 11.0),
        (2, 200, 6.0),
        (5, 500, 3.0),
        (10, 1_000, 2.0),
        (90, 1_000, 2.0),
    ] {
        let now = NOW.after(Duration::from_secs(seconds));
        assert_eq!(backend.warmth(now, SLOW_START), warmth, "{seconds} s");
        assert_eq!(backend.share(flags, now, SLOW_START), 3 * warmth);
        assert!(near(backend.load(flags, now, SLOW_START), load));
    }
    assert_eq!(backend.warmth(NOW, Duration::ZERO), 1_000, "at once");
}

/// Four times as dear for each failure, which fades within two seconds to a part of 1/e; and by what is free of it.
#[test]
fn failures_and_reports_make_it_dearer() {
    let pool = pool(&[1, 1], listening());
    let backend = pool.backend("b0").unwrap();
    assert!(near(backend.dearness(NOW), 1.0));
    for (cpu, times) in [(0.5, 2.0), (0.8, 5.0), (0.9, 10.0), (2.0, 10.0)] {
        backend.report(NOW, &report(cpu));
        assert!(near(backend.dearness(NOW), times), "{cpu}");
    }
    backend.report(NOW, &report(0.5));
    backend.vitals.penalty.add(NOW);
    assert!(near(backend.dearness(NOW), 5.0 * 2.0));
    let later = NOW.after(Duration::from_secs(2));
    assert!(near(
        backend.dearness(later),
        2.0 * (1.0 + 4.0 / core::f32::consts::E)
    ));
    backend.vitals.penalty.add(NOW);
    assert!(near(backend.dearness(NOW), 9.0 * 2.0));
}

/// Who has said nothing, or not lately, counts as the mean of those who have.
#[test]
fn silence_attracts_no_load() {
    let pool = pool(&[1, 1, 1], listening());
    let backend = |name| pool.backend(name).unwrap();
    let refresh = |now| {
        let all = pool.backends();
        let first = backend("b0");
        let reports = &first.climate.reports;
        reports.refresh(now, all.len(), |n| &all[n].vitals.reported);
    };
    backend("b0").report(NOW, &report(0.5));
    backend("b1").report(NOW, &report(0.8));
    refresh(NOW);
    // (2 + 5) / 2.
    assert!(near(backend("b2").dearness(NOW), 3.5));
    let held = |seconds| {
        let now = NOW.after(Duration::from_secs(seconds));
        backend("b1").utilization(now)
    };
    assert!(held(59).is_some_and(|u| (u - 0.8).abs() < 1e-6));
    assert_eq!(held(61), None);
    // It holds for less than that time. Stamps count 2^20 ns.
    let over = Duration::from_nanos(1 << 30);
    backend("b1").climate.reports.set_expiry(Some(over));
    backend("b1").report(NOW, &report(0.8));
    let before = over - Duration::from_nanos(1 << 20);
    assert!(backend("b1").utilization(NOW.after(before)).is_some());
    assert_eq!(backend("b1").utilization(NOW.after(over)), None);
    let deaf = self::pool(&[1], PoolConfig::default());
    let alone = deaf.backend("b0").unwrap();
    alone.report(NOW, &report(0.5));
    assert_eq!((alone.utilization(NOW), alone.dearness(NOW)), (None, 1.0));
}

/// Requests per second by utilization, where errors count as that: 100 by 0.5, 100 by 0.25 + 0.25, 300 by 0.5.
#[test]
fn turns_are_left_by_what_a_backend_gets_done() {
    let pool = pool(&[1, 1, 1, 1], listening());
    let backend = |name| pool.backend(name).unwrap();
    assert_eq!(backend("b0").chance(NOW), None, "nobody has said anything");
    for (name, application, rps, eps) in [
        ("b0", 0.5, 100.0, 0.0),
        ("b1", 0.25, 100.0, 25.0),
        ("b2", 0.5, 300.0, 0.0),
    ] {
        let report = LoadReport {
            application,
            rps,
            eps,
            ..LoadReport::default()
        };
        backend(name).report(NOW, &report);
    }
    let all = pool.backends();
    let first = backend("b0");
    let reports = &first.climate.reports;
    reports.refresh(NOW, all.len(), |n| &all[n].vitals.reported);
    // Rates 200, 200 and 600: the mean is 333, and twice that is all.
    for (name, chance) in [("b0", 0.3), ("b1", 0.3), ("b2", 0.9), ("b3", 0.5)] {
        let got = backend(name).chance(NOW).unwrap();
        assert!(near(got, chance), "{name}: {got}");
    }
}

/// An estimate of so many milliseconds, by the load, by what failures add.
#[test]
fn cost_is_latency_by_load() {
    let pool = pool(&[1, 1], PoolConfig::default());
    let backend = pool.backend("b0").unwrap();
    let decay = backend.climate.decay();
    backend
        .vitals
        .estimate
        .observe(NOW, Duration::from_micros(500), decay);
    backend.vitals.in_flight.store(2, Ordering::Relaxed);
    let flags = backend.flags();
    let cost = || backend.cost(flags, NOW, SLOW_START);
    assert!(near(cost(), 500_000.0 * 3.0), "{}", cost());
    backend.vitals.penalty.add(NOW);
    assert!(near(cost(), 500_000.0 * 3.0 * 5.0), "{}", cost());
}

/// Steps of √2: a factor of 5 is four of them and a bit.
#[test]
fn what_is_left_of_an_old_failure_does_not_decide() {
    let pool = pool(&[1, 1], PoolConfig::default());
    let backend = pool.backend("b0").unwrap();
    let flags = backend.flags();
    let cost = |now| backend.load_cost(flags, now, SLOW_START);
    assert!(near(cost(NOW), 1.0));
    assert!(near(backend.caution(NOW), 1.0));
    backend.vitals.penalty.add(NOW);
    // log2 5 = 2.32: 4 halves of it, and 9 quarters, which count twice.
    assert!(near(cost(NOW), 4.0), "{}", cost(NOW));
    let caution = backend.caution(NOW);
    assert!(near(caution, 4.5_f32.exp2()), "{caution}");
    // After twelve seconds 1 + 4 / e^6 are 1.01.
    let later = NOW.after(Duration::from_secs(12));
    assert!(near(cost(later), 1.0));
    assert!(near(backend.caution(later), 1.0));
    backend.vitals.in_flight.store(3, Ordering::Relaxed);
    assert!(near(cost(NOW), 16.0));
}

#[test]
fn backends_are_named_by_number_or_name() {
    for (key, text) in [
        (Key::from(7), "7"),
        (Key::from("b0"), "b0"),
        (Key::from(&Arc::from("b1")), "b1"),
    ] {
        assert_eq!(key.to_string(), text);
    }
    let pool = pool(&[1, 1], PoolConfig::default());
    let second = pool.backend("b1").unwrap();
    assert_eq!(pool.backend(second.id).unwrap().name, second.name);
}
