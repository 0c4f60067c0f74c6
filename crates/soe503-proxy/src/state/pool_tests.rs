use std::time::Duration;

use soe503_core::Outcome;
use soe503_core::breaker::State;
use soe503_core::pool::{BackendState, Tried};

use super::*;
use crate::config::from_str;
use crate::control::dns::{Missing, Service};
use crate::state::{Finish, Origin};

const NOW: Tick = Tick::from_secs(1000);

/// The pool of a config with these keys in its table.
fn config(keys: &str) -> Arc<PoolConfig> {
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\npool = \"app\"\n[pools.app]\n{keys}\n"
    );
    let config =
        from_str("test", &text).unwrap_or_else(|report| panic!("{}", report.render(false)));
    Arc::clone(&config.pools[0])
}

fn pool(keys: &str) -> PoolState {
    PoolState::new(config(keys), 1, NOW)
}

fn names(pool: &PoolState) -> Vec<String> {
    let backends = pool.pool.backends();
    backends
        .iter()
        .map(|backend| backend.name.to_string())
        .collect()
}

/// What reaches the backend; two handles of the same connections look the same.
fn service(pool: &PoolState, name: &str) -> String {
    format!("{:?}", pool.pool.backend(name).unwrap().service)
}

fn answer(addresses: &[&str]) -> Result<Answer, DnsError> {
    Ok(Answer {
        addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
        ttl: Duration::from_secs(10),
        ..Answer::default()
    })
}

fn trip(pool: &PoolState) {
    for _ in 0..5 {
        let permit = pool.breaker.admit(NOW).unwrap();
        permit.record(NOW, Outcome::failure(Cause::DependencyConnectRefused));
    }
    assert_eq!(pool.breaker.state(), State::Open);
}

const TWO: &str = "backends = [\"http://10.0.0.1:80\", \"http://10.0.0.2:80\"]";

#[test]
fn fm28_a_reload_keeps_what_was_learned() {
    let before = pool(TWO);
    before.counters.finish(&Finish {
        status: Some(200),
        origin: Origin::Upstream,
        cause: None,
        attempts: 1,
        prevented: false,
        hedged: false,
        took: Duration::from_millis(20),
        degraded: None,
    });
    before
        .pool
        .disable("10.0.0.1:80", "upgrade", None, NOW)
        .unwrap();
    trip(&before);
    assert!(before.budget.withdraw(NOW));
    let kept = service(&before, "10.0.0.1:80");

    let three = "backends = [\"http://10.0.0.3:80\", { url = \"http://10.0.0.1:80\", weight = 4 }]";
    let after = before.reconfigured(config(three), 2, NOW);
    assert_eq!(names(&after), ["10.0.0.3:80", "10.0.0.1:80"]);
    let first = after.pool.backend("10.0.0.1:80").unwrap();
    assert_eq!((first.state(), first.weight), (BackendState::Disabled, 4));
    assert_eq!(
        service(&after, "10.0.0.1:80"),
        kept,
        "its connections live on"
    );
    assert_eq!(after.counters.requests(), 1);
    assert_eq!(after.breaker.state(), State::Open, "the same circuit");
    assert_eq!(after.budget.snapshot(NOW).spent, 1);
}

#[test]
fn other_settings_take_hold() {
    let before = pool(TWO);
    trip(&before);
    let kept = service(&before, "10.0.0.1:80");
    let keys = format!(
        "{TWO}\nconnect_timeout = \"99ms\"\nmax_in_flight = 7\ncircuit_breaker = {{ consecutive_failures = 50 }}\nretry_budget = {{ min_per_second = 9 }}"
    );
    let after = before.reconfigured(config(&keys), 2, NOW);
    assert_eq!(
        after.breaker.state(),
        State::Closed,
        "a circuit with other rules"
    );
    assert_eq!(after.breaker.config().consecutive_failures, Some(50));
    assert_eq!(after.limit.limit(), 7);
    assert_eq!(after.budget.config().min_per_second, 9);
    assert_ne!(service(&after, "10.0.0.1:80"), kept);
    let counts = after.circuit_counts();
    assert_eq!(counts.open, 1, "counters go on");
    trip_fifty(&after);
    assert_eq!(after.circuit_news().len(), 1);
    assert_eq!(after.circuit_counts().open, 2);
}

fn trip_fifty(pool: &PoolState) {
    for _ in 0..50 {
        let permit = pool.breaker.admit(NOW).unwrap();
        permit.record(NOW, Outcome::failure(Cause::DependencyConnectRefused));
    }
}

#[test]
fn switched_off_means_off() {
    let off = pool(
        "backends = [\"http://10.0.0.1:80\", \"http://10.0.0.2:80\"]\ncircuit_breaker = { enabled = false }\nejection = { enabled = false }",
    );
    trip_fifty(&off);
    assert_eq!(off.breaker.state(), State::Closed);
    let mut rng = fastrand::Rng::with_seed(1);
    for _ in 0..50 {
        let lease = off
            .pool
            .pick(NOW, &Tried::default(), true, &mut rng)
            .unwrap();
        lease.record(NOW, Outcome::failure(Cause::DependencyConnectRefused));
    }
    assert!(
        off.pool
            .backends()
            .iter()
            .all(|backend| backend.state() == BackendState::Up)
    );
}

#[test]
fn names_stand_for_their_addresses_and_survive_a_reload() {
    let dns = "backends = [\"http://app.internal:8080\", { url = \"http://10.0.0.9:80\", name = \"fixed\" }]";
    let before = pool(dns);
    assert_eq!(names(&before), ["fixed"]);
    before.learn("app.internal", answer(&["10.0.0.1", "2001:db8::1"]), NOW);
    let resolved = [
        "app.internal:8080/10.0.0.1:8080",
        "app.internal:8080/[2001:db8::1]:8080",
        "fixed",
    ];
    assert_eq!(names(&before), resolved);
    let hosts: Vec<_> = before.destinations().map(|(_, _, host, _)| host).collect();
    assert_eq!(
        hosts,
        ["app.internal:8080", "app.internal:8080", "10.0.0.9"]
    );
    let after = before.reconfigured(config(&format!("{dns}\nslow_start = \"1s\"")), 2, NOW);
    assert_eq!(names(&after), resolved, "no gap until the next answer");
}

#[test]
fn an_older_configuration_that_speaks_last_is_spoken_over() {
    let before = pool("backends = [\"http://app.internal:8080\"]");
    let after = before.reconfigured(config(TWO), 2, NOW);
    before.learn("app.internal", answer(&["10.0.0.7"]), NOW);
    assert_eq!(
        names(&after),
        ["app.internal:8080/10.0.0.7:8080"],
        "they share the pool"
    );
    after.republish(NOW);
    assert_eq!(names(&after), ["10.0.0.1:80", "10.0.0.2:80"]);
}

#[test]
fn only_a_name_without_any_address_is_to_blame() {
    let nxdomain = || {
        Err(DnsError {
            rcode: Some(3),
            text: "no such name".into(),
        })
    };
    let pool = pool("backends = [\"http://app.internal:8080\"]");
    assert_eq!(pool.unresolved(), None, "nobody has answered yet");
    pool.learn("app.internal", nxdomain(), NOW);
    assert_eq!(pool.unresolved(), Some(Cause::ConfigDnsNxdomain));
    pool.learn("app.internal", answer(&["10.0.0.1"]), NOW);
    pool.learn("app.internal", nxdomain(), NOW);
    assert_eq!(pool.unresolved(), None);
    assert_eq!(names(&pool).len(), 1, "the last good answer is in use");
    assert!(
        pool.answers().trouble().is_some(),
        "and the trouble is visible"
    );
}

#[test]
fn an_address_of_a_name_has_a_companion_in_the_other_family() {
    let pool = pool("backends = [\"http://app.test:80\", \"http://10.0.0.9:80\"]");
    let companion = |name: &str| {
        let backend = pool.pool.backend(name);
        let companion = backend.and_then(|backend| backend.service.companion());
        companion.map(|address| address.to_string())
    };
    pool.learn("app.test", answer(&["10.0.0.1", "10.0.0.2"]), NOW);
    assert_eq!(companion("app.test:80/10.0.0.1:80"), None);
    let both = answer(&[
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.3",
        "2001:db8::1",
        "2001:db8::2",
    ]);
    pool.learn("app.test", both, NOW);
    for (backend, expected) in [
        ("app.test:80/10.0.0.1:80", Some("[2001:db8::1]:80")),
        ("app.test:80/10.0.0.2:80", Some("[2001:db8::2]:80")),
        ("app.test:80/10.0.0.3:80", Some("[2001:db8::1]:80")),
        ("app.test:80/[2001:db8::1]:80", Some("10.0.0.1:80")),
        ("app.test:80/[2001:db8::2]:80", Some("10.0.0.2:80")),
        // An address in the config is meant.
        ("10.0.0.9:80", None),
    ] {
        assert!(
            pool.pool.backend(backend).is_some(),
            "{backend} in {:?}",
            names(&pool)
        );
        assert_eq!(companion(backend).as_deref(), expected, "{backend}");
    }
}

/// The answer of a service: priority, weight, address and target of each place; targets without an address.
fn service_answer(places: &[(u16, u16, &str, &str)], missing: &[&str]) -> Result<Answer, DnsError> {
    let place = |&(priority, weight, address, target): &(u16, u16, &str, &str)| Service {
        priority,
        weight,
        address: address.parse().unwrap(),
        target: target.into(),
    };
    let services: Vec<_> = places.iter().map(place).collect();
    let why = DnsError {
        rcode: Some(2),
        text: "no".into(),
    };
    let missing = missing.iter().map(|target| Missing {
        target: (*target).into(),
        why: why.clone(),
    });
    Ok(Answer {
        addresses: services.iter().map(|place| place.address.ip()).collect(),
        missing: missing.collect(),
        services,
        ..Answer::default()
    })
}

const SERVICE: &str = "_http._tcp.shop.internal";

/// A pool of that service, and what its backends are: name, level, weight.
fn of_service() -> PoolState {
    pool(
        "backends = [{ url = \"http://_http._tcp.shop.internal\", name = \"shop\", weight = 2, priority = 1 }]",
    )
}

fn levels(pool: &PoolState) -> Vec<(String, u8, u32)> {
    let backends = pool.pool.backends();
    let level = |backend: &Arc<soe503_core::pool::Backend<Upstream>>| {
        let name = backend.name.to_string();
        (name, backend.priority, backend.weight)
    };
    backends.iter().map(level).collect()
}

#[test]
fn a_service_is_a_backend_for_each_of_its_places() {
    let pool = of_service();
    assert!(names(&pool).is_empty());
    let places = [
        (10, 3, "10.0.0.1:8080", "a"),
        (10, 1, "10.0.0.2:8081", "b"),
        (20, 0, "10.0.0.3:8082", "c"),
    ];
    let change = pool.learn(SERVICE, service_answer(&places, &[]), NOW);
    assert_eq!(change, Change::Addresses);
    let shop = |address: &str| format!("shop/{address}");
    assert_eq!(
        levels(&pool),
        [
            (shop("10.0.0.1:8080"), 1, 6),
            (shop("10.0.0.2:8081"), 1, 2),
            (shop("10.0.0.3:8082"), 2, 2),
        ]
    );
    let host = pool.destinations().next().unwrap().2;
    assert_eq!(host, "shop.internal");
    // Another share: the same backend, with its state.
    pool.pool
        .disable("shop/10.0.0.1:8080", "upgrade", None, NOW)
        .unwrap();
    let places = [(10, 9, "10.0.0.1:8080", "a"), (10, 1, "10.0.0.4:80", "d")];
    pool.learn(SERVICE, service_answer(&places, &[]), NOW);
    let first = pool.pool.backend("shop/10.0.0.1:8080").unwrap();
    assert_eq!((first.state(), first.weight), (BackendState::Disabled, 18));
    assert_eq!(names(&pool), [shop("10.0.0.1:8080"), shop("10.0.0.4:80")]);
}

#[test]
fn a_services_last_good_answer_stays() {
    let pool = of_service();
    let off = || {
        Err(DnsError {
            rcode: Some(0),
            text: "not offered".into(),
        })
    };
    pool.learn(SERVICE, off(), NOW);
    assert_eq!(pool.unresolved(), Some(Cause::ConfigDnsNxdomain));
    let places = [(1, 1, "10.0.0.1:80", "a"), (1, 1, "10.0.0.2:80", "b")];
    pool.learn(SERVICE, service_answer(&places, &[]), NOW);
    assert_eq!(pool.unresolved(), None);
    assert_eq!(pool.learn(SERVICE, off(), NOW), Change::Trouble);
    assert_eq!(names(&pool).len(), 2);
    assert_eq!(&*pool.answers().trouble().unwrap().1.text, "not offered");
    // One target cannot be resolved any more: it stays where it was, and that is told.
    let change = pool.learn(SERVICE, service_answer(&places[..1], &["b"]), NOW);
    assert_eq!(change, Change::Trouble);
    assert_eq!(names(&pool), ["shop/10.0.0.1:80", "shop/10.0.0.2:80"]);
    let answers = pool.answers();
    assert_eq!(
        answers.trouble().unwrap().1.cause,
        Cause::DependencyDnsFailure
    );
    // It is gone from the records: so it is from the pool.
    pool.learn(SERVICE, service_answer(&places[..1], &[]), NOW);
    assert_eq!(names(&pool), ["shop/10.0.0.1:80"]);
    assert!(pool.answers().trouble().is_none());
}
