use soe503_core::Outcome;
use soe503_core::health::{Health, HealthReport};
use soe503_core::pool::Tried;

use super::*;
use crate::config::from_str;
use crate::control::dns::Answer;

const fn at(second: u64) -> Tick {
    Tick::from_secs(1_000 + second)
}

fn pool(backends: &str) -> PoolState {
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\npool = \"app\"\n[pools.app]\nbackends = [{backends}]\n"
    );
    let config =
        from_str("test", &text).unwrap_or_else(|report| panic!("{}", report.render(false)));
    PoolState::new(Arc::clone(&config.pools[0]), 1, at(0))
}

/// A pool whose backends have these addresses, by DNS.
fn learned(addresses: &[&str]) -> PoolState {
    let pool = pool("\"http://app.example:80\"");
    learn(&pool, addresses, at(0));
    pool
}

fn learn(pool: &PoolState, addresses: &[&str], now: Tick) {
    let answer = Answer {
        addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
        ttl: std::time::Duration::from_secs(10),
        ..Answer::default()
    };
    pool.learn("app.example", Ok(answer), now);
}

fn refuse(pool: &PoolState, name: &str, now: Tick) {
    let refused = HealthReport {
        health: Health::Down,
        cause: Some(Cause::DependencyConnectRefused),
        ..HealthReport::default()
    };
    pool.pool.set_health(name, refused, now).unwrap();
}

fn ask(pool: &PoolState, now: Tick) {
    let mut rng = fastrand::Rng::with_seed(1);
    let lease = pool
        .pool
        .pick(now, &Tried::default(), false, &mut rng)
        .unwrap();
    lease.record(now, Outcome::SUCCESS);
}

fn departures(trends: &PoolTrends) -> Vec<(&str, Option<Tick>)> {
    let departures = trends.departures.iter();
    departures.map(|d| (&*d.name, d.refused)).collect()
}

const TWO: [&str; 2] = ["10.0.0.1", "10.0.0.2"];

#[test]
fn who_leaves_has_departed_and_who_had_refused_is_told_so() {
    let pool = learned(&TWO);
    let mut trends = PoolTrends::new(&pool, at(0));
    trends.gather(&pool, at(1));
    assert!(departures(&trends).is_empty());
    refuse(&pool, "app.example:80/10.0.0.2:80", at(2));
    trends.gather(&pool, at(3));
    // It has not left yet.
    assert!(departures(&trends).is_empty());
    learn(&pool, &["10.0.0.3"], at(20));
    trends.gather(&pool, at(21));
    assert_eq!(
        departures(&trends),
        [
            ("app.example:80/10.0.0.1:80", None),
            ("app.example:80/10.0.0.2:80", Some(at(2))),
        ]
    );
}

#[test]
fn who_drains_departs_once() {
    let pool = learned(&TWO);
    let mut trends = PoolTrends::new(&pool, at(0));
    let first = "app.example:80/10.0.0.1:80";
    pool.pool.drain(first, "deploy", None, at(1)).unwrap();
    trends.gather(&pool, at(2));
    trends.gather(&pool, at(3));
    learn(&pool, &["10.0.0.2"], at(20));
    trends.gather(&pool, at(21));
    assert_eq!(departures(&trends), [(first, None)]);
}

#[test]
fn only_histograms_of_backends_that_were_asked_are_copied() {
    let pool = pool("\"http://10.0.0.1:80\", \"http://10.0.0.2:80\"");
    let mut trends = PoolTrends::new(&pool, at(0));
    trends.gather(&pool, at(1));
    let copies = |trends: &PoolTrends| {
        let seen = trends.followed.iter();
        seen.filter(|(_, seen)| seen.latencies.is_some()).count()
    };
    assert_eq!(copies(&trends), 0);
    ask(&pool, at(2));
    trends.gather(&pool, at(3));
    assert_eq!(copies(&trends), 1);
    let attempts = |trends: &PoolTrends| -> u32 {
        let backends = trends.history.backends().iter();
        backends
            .flat_map(|backend| backend.after(0))
            .map(|second| second.attempts)
            .sum()
    };
    assert_eq!(attempts(&trends), 1);
}

#[test]
fn of_a_large_pool_some_backends_are_followed_and_the_past_of_one_that_moves_up_is_not_told_as_new()
{
    let all: Vec<String> = (1..=100).map(|n| format!("10.0.0.{n}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let pool = learned(&all);
    for _ in 0..1_000 {
        ask(&pool, at(1));
    }
    let mut trends = PoolTrends::new(&pool, at(1));
    assert_eq!(trends.followed.len(), History::MOST_BACKENDS);
    learn(&pool, &all[50..], at(20));
    trends.gather(&pool, at(21));
    assert_eq!(trends.followed.len(), 50);
    let mut backends = trends.history.backends().iter();
    assert!(backends.all(|backend| backend.after(0).all(|second| second.attempts == 0)));
}
