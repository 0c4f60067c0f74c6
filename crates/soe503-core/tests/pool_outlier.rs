//! Backends that fail or are slow more than the others, among successes.

mod common;

use std::time::Duration;

use common::{ERROR, TestPool, at, ms, secs, specs};
use soe503_core::pool::{
    BackendState, BackendTransition, Balance, EjectionConfig, Hashing, Lease, PoolConfig, Tried,
};
use soe503_core::{Cause, Outcome, Ratio, Tick};

const USUAL: Duration = ms(40);

/// What a request meets: how long it takes, and whether it fails.
type Meets = (Duration, bool);

/// A pool under a steady load.
struct Load {
    pool: TestPool,
    now: Tick,
    under_way: Vec<(Tick, Lease<()>, bool)>,
    sent: u64,
    ejections: Vec<BackendTransition>,
    failed: u64,
}

impl Load {
    fn new(size: u32, config: PoolConfig) -> Self {
        Self {
            pool: TestPool::with(size, config),
            now: at(10),
            under_way: Vec::new(),
            sent: 0,
            ejections: Vec::new(),
            failed: 0,
        }
    }

    /// A hundred requests a second. `meets` gets the backend, the request's number and a lot from 0 to 1.
    fn run(&mut self, span: Duration, meets: impl Fn(&str, u64, f64) -> Meets) {
        let end = self.now.after(span);
        while self.now < end {
            self.now = self.now.after(ms(10));
            self.finish();
            let lease = self.pool.pick_with(self.now, &Tried::new(), true).unwrap();
            let lot = self.pool.rng.f64();
            let (latency, fails) = meets(&lease.backend().name, self.sent, lot);
            self.sent += 1;
            self.under_way.push((self.now.after(latency), lease, fails));
            let backends = self.pool.pool.backends();
            assert!(backends.iter().any(|b| b.state().in_rotation()));
        }
    }

    fn finish(&mut self) {
        self.under_way.sort_by_key(|(end, ..)| *end);
        while self
            .under_way
            .first()
            .is_some_and(|(end, ..)| *end <= self.now)
        {
            let (end, lease, fails) = self.under_way.remove(0);
            let outcome = if fails { ERROR } else { Outcome::SUCCESS };
            self.failed += u64::from(fails);
            let transition = lease.record(end, outcome).transition;
            let ejection = transition.filter(|t| t.to == BackendState::Ejected);
            self.ejections.extend(ejection);
        }
    }

    fn ejected(&self) -> Vec<&str> {
        self.ejections.iter().map(|e| &*e.backend).collect()
    }

    /// What is said of the first ejection.
    fn why(&self) -> String {
        let first = self.ejections.first().and_then(|e| e.why.as_ref());
        first.map_or_else(String::new, |why| why.text.to_string())
    }
}

fn in_turn() -> PoolConfig {
    PoolConfig {
        balance: Balance::RoundRobin,
        ejection: EjectionConfig {
            jitter: Ratio::ZERO,
            ..EjectionConfig::default()
        },
        ..PoolConfig::default()
    }
}

/// Without the rule for failures in a row.
fn rate_only() -> PoolConfig {
    let mut config = in_turn();
    config.ejection.consecutive_failures = 0;
    config
}

fn fails(share: f64, lot: f64) -> Meets {
    (USUAL, lot < share)
}

#[test]
fn three_failures_in_ten_eject_though_seven_succeed() {
    for balance in [Balance::RoundRobin, Balance::P2c, Balance::LeastRequest] {
        let mut load = Load::new(
            3,
            PoolConfig {
                balance,
                ..rate_only()
            },
        );
        load.run(secs(60), |name, _, lot| {
            fails(if name == "b1" { 0.3 } else { 0.004 }, lot)
        });
        assert!(load.ejected().iter().all(|name| *name == "b1"));
        let why = load.ejections.first().and_then(|e| e.why.clone());
        let why = why.unwrap_or_else(|| panic!("{balance}: never ejected"));
        assert_eq!(why.cause, Some(Cause::DependencyUpstreamError));
        assert!(why.failures >= 6, "{}", why.failures);
        let text = &why.text;
        assert!(text.starts_with("fails "), "{text}");
        assert!(
            text.contains(" % of ") && text.contains(" s, the others "),
            "{text}"
        );
        assert!(
            text.ends_with("mostly dependency_failure/upstream_error (ejection 1)"),
            "{text}"
        );
    }
}

#[test]
fn it_is_found_within_seconds_and_then_hardly_met_again() {
    let mut load = Load::new(3, rate_only());
    load.run(secs(3), |name, _, lot| {
        fails(if name == "b1" { 0.3 } else { 0.0 }, lot)
    });
    assert_eq!(load.ejected(), ["b1"]);
    let before = load.failed;
    // Its probes succeed in seven of ten cases, and it comes back only to fail again: for longer each time.
    load.run(secs(300), |name, _, lot| {
        fails(if name == "b1" { 0.3 } else { 0.0 }, lot)
    });
    let met = load.failed - before;
    assert!(
        met < 300,
        "{met} of 30000 requests, a tenth of them without ejection"
    );
    assert!(load.ejections.len() < 25, "{}", load.ejections.len());
}

#[test]
fn what_fails_everywhere_ejects_nobody() {
    for (seed, share) in [(1, 0.02), (2, 0.05), (3, 0.1), (4, 0.3), (5, 0.5), (6, 0.9)] {
        for balance in [Balance::RoundRobin, Balance::P2c] {
            let mut load = Load::new(
                3,
                PoolConfig {
                    balance,
                    ..rate_only()
                },
            );
            load.pool.rng = fastrand::Rng::with_seed(seed);
            load.run(secs(60), |_, _, lot| fails(share, lot));
            assert_eq!(load.ejected(), [""; 0], "{share}: {}", load.why());
        }
    }
}

#[test]
fn fm16_requests_that_fail_wherever_they_go_eject_nobody() {
    let mut load = Load::new(3, rate_only());
    // Four in ten, of one client: in turn, they meet all alike.
    load.run(secs(60), |_, number, _| (USUAL, number % 10 < 4));
    assert_eq!(load.ejected(), [""; 0]);
    // They begin all at once, after a good while.
    load.run(secs(60), |_, _, lot| fails(0.001, lot));
    load.run(secs(60), |_, number, _| (USUAL, number % 10 < 4));
    assert_eq!(load.ejected(), [""; 0]);
}

#[test]
fn fm15_one_backend_is_never_out_for_its_rate_or_its_latency() {
    let mut load = Load::new(1, rate_only());
    load.run(secs(60), |_, _, lot| (secs(2), lot < 0.5));
    assert_eq!(load.ejected(), [""; 0]);
}

#[test]
fn the_last_one_stays() {
    let mut load = Load::new(2, rate_only());
    load.run(secs(20), |name, _, lot| {
        fails(if name == "b0" { 0.4 } else { 0.0 }, lot)
    });
    assert!(load.ejected().contains(&"b0"));
    // The other one fails too, while the first is out: `run` asserts that one is left at any time.
    load.run(secs(60), |_, _, lot| fails(0.6, lot));
}

#[test]
fn the_rule_can_be_off() {
    let mut config = rate_only();
    config.ejection.failure_rate = None;
    config.ejection.slow_ratio = None;
    let mut load = Load::new(3, config);
    load.run(secs(60), |name, _, lot| {
        let bad = name == "b1";
        (if bad { secs(2) } else { USUAL }, bad && lot < 0.4)
    });
    assert_eq!(load.ejected(), [""; 0]);
}

#[test]
fn fewer_requests_than_the_minimum_prove_nothing() {
    let mut config = rate_only();
    config.ejection.minimum_requests = 500;
    let mut load = Load::new(3, config);
    // 33 requests a second to each.
    load.run(secs(14), |name, _, lot| {
        fails(if name == "b1" { 0.5 } else { 0.0 }, lot)
    });
    assert_eq!(load.ejected(), [""; 0]);
    load.run(secs(10), |name, _, lot| {
        fails(if name == "b1" { 0.5 } else { 0.0 }, lot)
    });
    assert_eq!(load.ejected(), ["b1"]);
}

/// `name` takes two seconds, the others the usual time.
fn slow(name: &'static str) -> impl Fn(&str, u64, f64) -> Meets {
    move |asked, _, _| (if asked == name { secs(2) } else { USUAL }, false)
}

fn usual(_: &str, _: u64, _: f64) -> Meets {
    (USUAL, false)
}

#[test]
fn a_slow_backend_is_ejected() {
    for balance in [Balance::RoundRobin, Balance::LeastRequest, Balance::P2c] {
        let mut load = Load::new(
            3,
            PoolConfig {
                balance,
                ..in_turn()
            },
        );
        load.run(secs(10), usual);
        assert_eq!(load.ejected(), [""; 0]);
        load.run(secs(280), slow("b2"));
        let why = load.ejections.first().and_then(|e| e.why.clone());
        let why = why.unwrap_or_else(|| panic!("{balance}: never ejected"));
        assert_eq!(&*load.ejections[0].backend, "b2");
        assert_eq!(why.cause, Some(Cause::DependencyResponseTimeout));
        let text = &why.text;
        assert!(
            text.starts_with("answers in 2.0 s, the others in 4"),
            "{text}"
        );
        assert!(text.contains(" s were slow"), "{text}");
    }
}

#[test]
fn a_slow_backend_does_not_come_back_slow() {
    let mut load = Load::new(3, in_turn());
    load.run(secs(5), usual);
    load.run(secs(60), slow("b2"));
    // Every probe is answered, slowly.
    assert_eq!(load.ejected(), ["b2"]);
    let shown = load.pool.snapshot(load.now);
    let ejection = shown.backends[2].ejection.as_ref().unwrap();
    let text = &ejection.why.text;
    assert!(
        text.starts_with("probe answered in 2.0 s, the others in 4"),
        "{text}"
    );
    assert!(
        (4..8).contains(&ejection.count),
        "longer each time: {}",
        ejection.count
    );
    // Well again, it is back with the next probe.
    load.run(secs(40), usual);
    assert_eq!(load.pool.state("b2"), BackendState::Up);
    assert_eq!(load.ejected(), ["b2"]);
}

#[test]
fn slow_successes_do_not_shorten_the_next_time_out() {
    let mut load = Load::new(3, in_turn());
    load.run(secs(5), usual);
    // Its probes are fast, and its requests are not. Only probes come more than 900 ms after the one before.
    let last = std::cell::Cell::new(0);
    load.run(secs(120), |name, number, _| {
        if name != "b2" {
            return (USUAL, false);
        }
        let probe = number - last.replace(number) > 90;
        (if probe { USUAL } else { secs(2) }, false)
    });
    let outs: Vec<_> = load
        .ejections
        .iter()
        .map(|e| {
            let why = e.why.as_ref().unwrap();
            why.until.unwrap().since(why.since)
        })
        .collect();
    assert!(outs.starts_with(&[1, 2, 4, 8, 16].map(secs)), "{outs:?}");
}

#[test]
fn one_pause_is_no_slowness() {
    let mut load = Load::new(3, in_turn());
    load.run(secs(5), usual);
    for _ in 0..6 {
        // All requests that come within 1.5 s are answered when it is over.
        let end = load.now.after(ms(1_500));
        for _ in 0..15 {
            let left = end.since(load.now).max(USUAL);
            load.run(ms(100), |name, _, _| {
                (if name == "b0" { left } else { USUAL }, false)
            });
        }
        load.run(secs(10), usual);
    }
    assert_eq!(load.ejected(), [""; 0]);
}

#[test]
fn what_is_slow_everywhere_ejects_nobody() {
    // A route that takes long, of little and of much of the traffic.
    for share in [0.05, 0.3, 0.6] {
        let mut load = Load::new(3, in_turn());
        load.run(secs(90), |_, _, lot| {
            (if lot < share { secs(2) } else { USUAL }, false)
        });
        assert_eq!(load.ejected(), [""; 0], "{share}: {}", load.why());
    }
    // All become slow at once, and are well again.
    let mut load = Load::new(3, in_turn());
    load.run(secs(20), usual);
    load.run(secs(60), |_, _, _| (secs(2), false));
    load.run(secs(20), usual);
    assert_eq!(load.ejected(), [""; 0]);
}

#[test]
fn at_most_a_third_is_out_for_its_latency() {
    let mut load = Load::new(5, in_turn());
    load.run(secs(5), usual);
    load.run(secs(60), |name, _, _| {
        (
            if matches!(name, "b0" | "b1") {
                secs(2)
            } else {
                USUAL
            },
            false,
        )
    });
    let out = load.pool.snapshot(load.now).counts.ejected;
    assert_eq!(out, 1);
}

#[test]
fn a_little_slower_is_not_slow() {
    let mut load = Load::new(3, in_turn());
    // Six times as long, and less than 250 ms more; then 260 ms more, and not five times as long.
    load.run(secs(60), |name, _, _| {
        (if name == "b0" { ms(240) } else { USUAL }, false)
    });
    load.run(secs(60), |_, _, _| (ms(100), false));
    load.run(secs(60), |name, _, _| {
        (if name == "b0" { ms(360) } else { ms(100) }, false)
    });
    assert_eq!(load.ejected().len(), 0, "{}", load.why());
}

#[test]
fn who_starts_may_be_slow() {
    let mut config = in_turn();
    config.slow_start = secs(30);
    let mut load = Load::new(2, config);
    load.run(secs(5), usual);
    let now = load.now;
    load.pool.pool.set_backends(specs(&[1, 1, 1]), now);
    load.run(secs(27), slow("b2"));
    assert_eq!(load.ejected(), [""; 0]);
    load.run(secs(20), slow("b2"));
    assert_eq!(load.ejected(), ["b2"]);
}

#[test]
fn latencies_of_keys_are_not_compared() {
    let balance = Balance::Maglev(Hashing::DEFAULT);
    let mut load = Load::new(
        3,
        PoolConfig {
            balance,
            ..in_turn()
        },
    );
    load.run(secs(60), slow("b2"));
    assert_eq!(load.ejected(), [""; 0]);
}

#[test]
fn a_config_of_ejection_is_checked() {
    let with = |failure_rate, slow_ratio| {
        let ejection = EjectionConfig {
            failure_rate,
            slow_ratio,
            ..EjectionConfig::default()
        };
        PoolConfig {
            ejection,
            ..PoolConfig::default()
        }
        .validate()
    };
    assert!(with(Some(Ratio::percent(90)), Some(1.0)).is_ok());
    assert!(with(None, None).is_ok());
    for rate in [Ratio::ZERO, Ratio::percent(91)] {
        let error = with(Some(rate), None).unwrap_err().to_string();
        assert!(error.contains("ejection.failure_rate"), "{error}");
    }
    for ratio in [0.9, f32::NAN] {
        let error = with(None, Some(ratio)).unwrap_err().to_string();
        assert!(error.contains("ejection.slow_ratio"), "{error}");
    }
}
