//! What valid configs mean.

use std::time::Duration;

use http::Method;
use soe503_core::health::Health;
use soe503_proxy::config::{
    BackendProtocol, Config, Exposure, Host, Probe, Protocols, Target, Window, from_str,
};

const SMALLEST: &str = include_str!("../../../config/smallest.toml");

fn config(text: &str) -> Config {
    from_str("test", text).unwrap_or_else(|report| panic!("{report}"))
}

/// The smallest config with more keys in the table of its pool.
fn with_pool_keys(keys: &str) -> Config {
    config(&format!("{SMALLEST}{keys}\n"))
}

#[test]
fn the_smallest_config_is_safe() {
    let config = config(SMALLEST);
    let (listener, route, pool) = (&config.listeners[0], &config.routes[0], &config.pools[0]);
    assert_eq!(listener.protocols, Protocols::Both);
    assert_eq!(listener.explain, Exposure::Internal);
    assert_eq!(route.pool.name, pool.name);
    assert_eq!(route.timeout, Duration::from_secs(15));
    assert_eq!(route.retry.attempts.get(), 3);
    assert_eq!(route.retry.on_status, [500, 502, 503, 504]);
    assert_eq!(pool.backends.len(), 3);
    assert!(pool.circuit_breaker.is_some());
    assert!(pool.ejection.is_some());
    assert!(pool.health_check.is_none());
    assert!(config.admin.is_some());
}

#[test]
fn the_most_specific_route_has_a_request() {
    let config = config(
        r#"
        [[listeners]]
        address = "0.0.0.0:80"
        [[routes]]
        pool = "rest"
        [[routes]]
        match = { path_prefix = "/api" }
        pool = "api"
        [[routes]]
        match = { path_prefix = "/api/v2/" }
        pool = "v2"
        [[routes]]
        match = { host = "*.example" }
        pool = "under"
        [[routes]]
        match = { host = "*.eu.example" }
        pool = "eu"
        [[routes]]
        match = { host = "Shop.example" }
        pool = "shop"
        [[routes]]
        match = { host = "shop.example", methods = ["POST", "PUT"] }
        pool = "orders"
        [pools.rest]
        backends = ["http://127.0.0.1:1"]
        [pools.api]
        backends = ["http://127.0.0.1:2"]
        [pools.v2]
        backends = ["http://127.0.0.1:3"]
        [pools.under]
        backends = ["http://127.0.0.1:4"]
        [pools.eu]
        backends = ["http://127.0.0.1:5"]
        [pools.shop]
        backends = ["http://127.0.0.1:6"]
        [pools.orders]
        backends = ["http://127.0.0.1:7"]
        "#,
    );
    for (host, path, method, pool) in [
        (None, "/", Method::GET, "rest"),
        (Some("other"), "/apix", Method::GET, "rest"),
        (Some("other"), "/api", Method::GET, "api"),
        (Some("other"), "/api/v1", Method::GET, "api"),
        (Some("other"), "/api/v2", Method::GET, "v2"),
        (Some("other"), "/api/v2/x", Method::GET, "v2"),
        (Some("a.example"), "/api/v2/x", Method::GET, "under"),
        (Some("a.eu.example"), "/", Method::GET, "eu"),
        (Some("eu.example"), "/", Method::GET, "under"),
        (Some("shop.example:80"), "/", Method::GET, "shop"),
        (Some("SHOP.EXAMPLE"), "/", Method::PUT, "orders"),
    ] {
        let route = config.route(host, path, &method).unwrap();
        assert_eq!(&*route.pool.name, pool, "{host:?} {path} {method}");
    }
    let by_name: Vec<_> = config.pools.iter().map(|pool| &*pool.name).collect();
    assert_eq!(
        by_name,
        ["api", "eu", "orders", "rest", "shop", "under", "v2"]
    );
    assert_eq!(config.listeners[0].explain, Exposure::Public);
}

#[test]
fn backends_have_names_and_weights() {
    let config = config(&SMALLEST.replace(
        "\"http://127.0.0.1:8082\"",
        "{ url = \"http://App.Internal\", name = \"b\", weight = 2 }, \"http://[::1]:9\"",
    ));
    let backends = &config.pools[0].backends;
    let names: Vec<_> = backends.iter().map(|b| &*b.name).collect();
    assert_eq!(names, ["127.0.0.1:8081", "b", "[::1]:9", "127.0.0.1:8083"]);
    assert_eq!(backends[1].weight.get(), 2);
    assert_eq!(backends[1].target.to_string(), "app.internal:80");
    assert!(matches!(backends[1].target, Target::Dns { .. }));
    assert_eq!(
        backends[2].target,
        Target::Address("[::1]:9".parse().unwrap())
    );
}

#[test]
fn a_default_gives_way_to_what_is_written() {
    let breaker = "circuit_breaker = { open_for = \"10s\" }";
    let pool = with_pool_keys(breaker).pools[0].clone();
    assert_eq!(
        pool.circuit_breaker.as_ref().unwrap().max_open_for,
        Duration::from_secs(10)
    );
    let pool = with_pool_keys("ejection = { base = \"1m\" }").pools[0].clone();
    assert_eq!(pool.ejection.as_ref().unwrap().max, Duration::from_secs(60));
    let check = "health_check = { path = \"/\", interval = \"100ms\" }";
    let pool = with_pool_keys(check).pools[0].clone();
    let check = pool.health_check.as_ref().unwrap();
    assert_eq!(check.timeout, Duration::from_millis(100));
    assert_eq!(check.fast_interval, Duration::from_millis(100));
    let check = "health_check = { path = \"/\", interval = \"10s\" }";
    let pool = with_pool_keys(check).pools[0].clone();
    let check = pool.health_check.as_ref().unwrap();
    assert_eq!(check.fast_interval, Duration::from_millis(500));
    assert_eq!(check.down_interval, Duration::from_secs(10));
    let config = config(&SMALLEST.replace("pool =", "timeout = \"2s\"\npool ="));
    assert_eq!(
        config.routes[0].retry.attempt_timeout,
        Duration::from_secs(2)
    );
}

#[test]
fn guards_can_be_switched_off() {
    let config =
        with_pool_keys("circuit_breaker = { enabled = false }\nejection = { enabled = false }");
    assert!(config.pools[0].circuit_breaker.is_none());
    assert!(config.pools[0].ejection.is_none());
    let config = with_pool_keys("[admin]\nenabled = false");
    assert!(config.admin.is_none());
    let one_rule = "circuit_breaker = { consecutive_failures = 0, slow_rate = 0.5, window = 100 }";
    let config = with_pool_keys(one_rule);
    let breaker = config.pools[0].circuit_breaker.as_ref().unwrap();
    assert!(breaker.consecutive_failures.is_none());
    assert!(matches!(breaker.window, Window::Count(n) if n.get() == 100));
}

#[test]
fn a_check_has_a_path_or_is_a_connection() {
    let tcp = with_pool_keys("health_check = { type = \"tcp\" }");
    assert_eq!(
        tcp.pools[0].health_check.as_ref().unwrap().probe,
        Probe::Tcp
    );
    let http = with_pool_keys(
        "health_check = { path = \"/h?x=1\", host = \"A.example\", expect = \"200,404\" }",
    );
    let check = http.pools[0].health_check.as_ref().unwrap();
    let Probe::Http {
        path,
        host,
        expect,
        protocol,
    } = &check.probe
    else {
        panic!("not HTTP");
    };
    assert_eq!((&**path, host.as_deref()), ("/h?x=1", Some("a.example")));
    assert!(expect.contains(404) && !expect.contains(301));
    assert_eq!(*protocol, BackendProtocol::H1);
}

#[test]
fn a_check_by_grpc_asks_about_a_service_or_about_all() {
    let probe = |keys: &str| {
        let check = format!("protocol = \"h2\"\nhealth_check = {{ type = \"grpc\"{keys} }}");
        let pool = with_pool_keys(&check).pools[0].clone();
        pool.health_check.as_ref().unwrap().probe.clone()
    };
    let grpc = |service: &str, host: Option<&str>| Probe::Grpc {
        service: service.into(),
        host: host.map(Into::into),
    };
    assert_eq!(probe(""), grpc("", None));
    assert_eq!(
        probe(", service = \"shop.Orders\", host = \"shop.internal\""),
        grpc("shop.Orders", Some("shop.internal"))
    );
}

#[test]
fn a_check_by_tls_needs_nothing_else() {
    let https = SMALLEST.replace("http://", "https://");
    let config = config(&format!("{https}health_check = {{ type = \"tls\" }}"));
    let check = config.pools[0].health_check.as_ref().unwrap();
    assert_eq!(check.probe, Probe::Tls);
}

#[test]
fn new_backends_are_what_the_check_says() {
    for (written, initial) in [
        ("", Health::Up),
        (", initial = \"up\"", Health::Up),
        (", initial = \"starting\"", Health::Starting),
        (", initial = \"down\"", Health::Down),
    ] {
        let keys = format!("health_check = {{ type = \"tcp\"{written} }}");
        let config = with_pool_keys(&keys);
        let pool = &config.pools[0];
        assert_eq!(pool.decisions().initial_health, initial, "{written}");
        let check = pool.health_check.as_ref().unwrap();
        assert_eq!(check.decisions().initial, initial, "{written}");
    }
    let plain = with_pool_keys("");
    assert_eq!(plain.pools[0].decisions().initial_health, Health::Up);
}

#[test]
fn http2_to_backends_and_in_their_checks() {
    let config = with_pool_keys(
        "protocol = \"h2\"\nmax_h2_connections = 2\nh2_ping_interval = \"0s\"\n\
         health_check = { path = \"/h\" }",
    );
    let pool = &config.pools[0];
    assert_eq!(pool.protocol, BackendProtocol::H2);
    assert_eq!(pool.max_h2_connections.get(), 2);
    assert!(pool.h2_ping_interval.is_zero());
    assert_eq!(pool.h2_ping_timeout, Duration::from_secs(5));
    let probe = &pool.health_check.as_ref().unwrap().probe;
    let Probe::Http { protocol, .. } = probe else {
        panic!("not HTTP");
    };
    assert_eq!(*protocol, BackendProtocol::H2);
}

#[test]
fn two_listeners_may_have_any_free_port() {
    let config = config(&SMALLEST.replace(
        "address = \"127.0.0.1:8080\"",
        "address = \"127.0.0.1:0\"\n[[listeners]]\naddress = \"127.0.0.1:0\"\nprotocols = [\"h2\"]",
    ));
    assert_eq!(config.listeners.len(), 2);
    assert_eq!(config.listeners[1].protocols, Protocols::H2);
}

#[test]
fn a_pool_without_a_file() {
    let urls = [
        "http://127.0.0.1:1".to_owned(),
        "http://app.internal:2".to_owned(),
    ];
    let config = Config::for_targets("127.0.0.1:80".parse().unwrap(), &urls).unwrap();
    assert_eq!(config.listeners[0].address.port(), 80);
    assert_eq!(config.routes[0].matches.host, Host::Any);
    assert_eq!(config.pools[0].backends.len(), 2);

    for (urls, said) in [
        (&["\"]\n[x]\n".to_owned()][..], "the URL has no scheme"),
        (&["ftp://a".to_owned()], "http:// or https://"),
        (&["http://a".to_owned(), "http://a".to_owned()], "twice"),
        (&[], "no backends"),
    ] {
        let report = Config::for_targets("127.0.0.1:80".parse().unwrap(), urls).unwrap_err();
        assert!(report.to_string().contains(said), "{report}");
        assert_eq!(report.problems().len(), 1, "{report}");
    }
}
