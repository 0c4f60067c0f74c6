//! What backends say about their load.

mod common;

use common::{TestPool, at, secs};
use soe503_core::Tick;
use soe503_core::orca::LoadReport;
use soe503_core::pool::{Balance, PoolConfig};

fn pool(size: u32, balance: Balance) -> TestPool {
    let config = PoolConfig {
        balance,
        load_reports: Some(secs(60)),
        ..PoolConfig::default()
    };
    TestPool::with(size, config)
}

fn say(pool: &TestPool, name: &str, now: Tick, text: &str) {
    let report = LoadReport::of_header(format!("TEXT {text}").as_bytes()).unwrap();
    pool.pool.backend(name).unwrap().report(now, &report);
}

fn share(pool: &mut TestPool, name: &str, now: Tick) -> f64 {
    let picks = (0..8_000).filter(|_| &*pool.pick(now).backend().name == name);
    picks.count() as f64 / 8_000.0
}

#[test]
fn a_busy_backend_gets_less_by_cost_until_its_report_is_old() {
    for balance in [Balance::P2c, Balance::LeastRequest] {
        let mut pool = pool(2, balance);
        say(&pool, "b0", at(1), "cpu_utilization=0.9");
        say(&pool, "b1", at(1), "cpu_utilization=0.1");
        assert!(share(&mut pool, "b0", at(1)) < 0.01, "{balance}");
        // It is dearer, not out: nine requests in flight weigh as much.
        let held: Vec<_> = (0..20).map(|_| pool.pick(at(1))).collect();
        assert!(
            held.iter().any(|lease| &*lease.backend().name == "b0"),
            "{balance}"
        );
        drop(held);
        assert_eq!(
            pool.snapshot(at(30)).backends[0].utilization,
            Some(f64::from(0.9_f32))
        );
        let old = share(&mut pool, "b0", at(62));
        assert!((old - 0.5).abs() < 0.03, "{balance}: {old}");
        assert_eq!(pool.snapshot(at(62)).backends[0].utilization, None);
    }
}

#[test]
fn silence_does_not_attract_load() {
    let mut pool = pool(3, Balance::P2c);
    say(&pool, "b0", at(1), "cpu_utilization=0.5");
    say(&pool, "b1", at(1), "cpu_utilization=0.5");
    let silent = share(&mut pool, "b2", at(1));
    assert!((silent - 1.0 / 3.0).abs() < 0.03, "{silent}");
}

/// gRFC A58: the weight is requests per second by utilization and errors.
#[test]
fn turns_follow_what_a_request_costs_there() {
    for balance in [Balance::RoundRobin, Balance::Random] {
        let mut pool = pool(3, balance);
        say(
            &pool,
            "b0",
            at(1),
            "application_utilization=0.5,rps_fractional=100",
        );
        say(
            &pool,
            "b1",
            at(1),
            "application_utilization=0.25,rps_fractional=100",
        );
        say(
            &pool,
            "b2",
            at(1),
            "application_utilization=0.25,rps_fractional=100,eps=25",
        );
        // 200, 400 and 200 per second at full use.
        let got = share(&mut pool, "b1", at(1));
        assert!((got - 0.5).abs() < 0.03, "{balance}: {got}");
        let got = share(&mut pool, "b2", at(1));
        assert!((got - 0.25).abs() < 0.03, "{balance}: {got}");
    }
}

#[test]
fn weights_by_reports_are_bounded() {
    for balance in [Balance::RoundRobin, Balance::Random] {
        let mut pool = pool(4, balance);
        say(
            &pool,
            "b0",
            at(1),
            "cpu_utilization=1000000,rps_fractional=0.001",
        );
        for name in ["b1", "b2", "b3"] {
            say(&pool, name, at(1), "cpu_utilization=0.5,rps_fractional=100");
        }
        // A fifth of the mean, and the others are at four thirds of it.
        let got = share(&mut pool, "b0", at(1));
        assert!((got - 0.2 / 4.2).abs() < 0.02, "{balance}: {got}");
    }
}

#[test]
fn nobody_listens_by_default() {
    for balance in [Balance::P2c, Balance::RoundRobin] {
        let config = PoolConfig {
            balance,
            ..PoolConfig::default()
        };
        let mut pool = TestPool::with(2, config);
        say(&pool, "b0", at(1), "cpu_utilization=0.9,rps_fractional=1");
        say(&pool, "b1", at(1), "cpu_utilization=0.1,rps_fractional=100");
        let got = share(&mut pool, "b0", at(1));
        assert!((got - 0.5).abs() < 0.03, "{balance}: {got}");
        assert_eq!(pool.snapshot(at(1)).backends[0].utilization, None);
    }
}

/// Where nobody says how many requests it serves, all turns count.
#[test]
fn a_round_is_exact_while_nobody_says_what_it_gets_done() {
    for said in ["", "cpu_utilization=0.9"] {
        let mut pool = pool(2, Balance::RoundRobin);
        if !said.is_empty() {
            say(&pool, "b0", at(1), said);
            say(&pool, "b1", at(1), said);
        }
        let picks = (0..100).filter(|_| &*pool.pick(at(1)).backend().name == "b0");
        assert_eq!(picks.count(), 50, "{said}");
    }
}
