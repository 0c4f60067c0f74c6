//! Proxies in a row: their retries do not multiply, their deadlines add up, and their reasons come through.

use std::net::SocketAddr;
use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, once};
use soe503_tests::proxy::{Proxy, config};

/// Three attempts of 400 ms each, 2 s in all, and a budget that is in nobody's way.
const ROUTE: &str = "timeout = \"2s\"\nretry = { attempts = 3, attempt_timeout = \"400ms\" }";
const BUDGET: &str = "retry_budget = { min_per_second = 1000 }";
/// Several failures must not keep the later attempts away: it is those that are counted.
const OPEN: &str = "circuit_breaker = { enabled = false }\nejection = { enabled = false }";

/// A proxy in a row: before `backends`, which may be `proxies`.
async fn hop(backends: &[SocketAddr], proxies: bool) -> Proxy {
    let pool = format!("{BUDGET}\n{OPEN}\nproxy = {proxies}");
    let text = config(backends, &pool)
        .replace("pool = \"app\"", &format!("pool = \"app\"\n{ROUTE}"))
        .replace(
            "explain = \"full\"",
            "explain = \"full\"\nforwarded = { trust = [\"127.0.0.0/8\"] }",
        );
    Proxy::start(&text).await
}

async fn leaves(fault: Fault) -> Vec<FaultyBackend> {
    let mut all = Vec::new();
    for _ in 0..4 {
        let behaviour = Behaviour::traffic_only(fault);
        all.push(FaultyBackend::start(behaviour).await.unwrap());
    }
    all
}

fn addresses(backends: &[FaultyBackend]) -> Vec<SocketAddr> {
    backends.iter().map(FaultyBackend::address).collect()
}

async fn get(proxy: &Proxy, fields: &str) -> Answer {
    let request =
        format!("GET / HTTP/1.1\r\nHost: a\r\nX-Load-Id: 1\r\n{fields}Connection: close\r\n\r\n");
    once(proxy.address(), &request).await.unwrap()
}

fn attempts(backends: &[FaultyBackend]) -> u64 {
    backends.iter().map(|one| one.counts().requests).sum()
}

/// Sends one request through three proxies; returns the attempts on the last backends, and the answer.
async fn through_three(fault: Fault, told: bool) -> (u64, Answer) {
    let backends = leaves(fault).await;
    // Two of each, so that there is always another one to try.
    let leaves = addresses(&backends);
    let inner = tokio::join!(hop(&leaves, false), hop(&leaves, false));
    let inner_at = [inner.0.address(), inner.1.address()];
    let middle = tokio::join!(hop(&inner_at, told), hop(&inner_at, told));
    let edge = hop(&[middle.0.address(), middle.1.address()], told).await;
    let answer = get(&edge, "").await;
    (attempts(&backends), answer)
}

#[tokio::test]
async fn fm09_three_proxies_of_three_attempts_make_four_at_most() {
    for fault in [
        Fault::Status(500),
        Fault::Reset,
        Fault::Close,
        Fault::Truncate,
        Fault::Garbage,
        Fault::Hang,
    ] {
        let (attempts, answer) = through_three(fault, true).await;
        assert!(answer.status >= 500, "{fault:?}: {}", answer.status);
        assert!(
            (1..=4).contains(&attempts),
            "{fault:?}: {attempts} attempts"
        );
    }
}

/// What the test above would find if nobody told anybody.
#[tokio::test]
async fn three_proxies_that_tell_each_other_nothing_multiply() {
    let (attempts, _) = through_three(Fault::Status(500), false).await;
    assert!(attempts > 4, "{attempts}");
}

#[tokio::test]
async fn a_dead_proxy_in_the_middle_costs_nothing() {
    let backends = leaves(Fault::Ok).await;
    let inner = hop(&addresses(&backends), false).await;
    let dead = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let address = dead.address();
    dead.stop().await;
    let edge = hop(&[address, inner.address()], true).await;
    for _ in 0..20 {
        assert_eq!(get(&edge, "").await.status, 200);
    }
    assert_eq!(attempts(&backends), 20);
}

#[tokio::test]
async fn the_reason_of_the_last_one_is_the_reason_of_the_first() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let inner = hop(&[backend.address()], false).await;
    let edge = hop(&[inner.address()], true).await;
    assert_eq!(get(&edge, "").await.status, 200);
    backend.stop().await;
    let answer = get(&edge, "").await;
    assert_eq!(answer.status, 503);
    let cause = answer.header("soe-cause").unwrap();
    assert!(
        cause.starts_with("dependency_failure/connect_refused"),
        "{cause}"
    );
    // RFC 9209: the member nearest the failure comes first.
    let hops = answer.header_list("proxy-status");
    assert_eq!(hops.matches("edge-test").count(), 2, "{hops}");
}

/// What a request with `fields` costs behind one proxy that believes us, or does not.
async fn with_fields(fields: &str, believed: bool) -> u64 {
    let backends = leaves(Fault::Status(500)).await;
    let pool = format!("{BUDGET}\n{OPEN}");
    let mut text = config(&addresses(&backends), &pool)
        .replace("pool = \"app\"", &format!("pool = \"app\"\n{ROUTE}"));
    if believed {
        text = text.replace(
            "explain = \"full\"",
            "explain = \"full\"\nforwarded = { trust = [\"127.0.0.0/8\"] }",
        );
    }
    let proxy = Proxy::start(&text).await;
    let answer = get(&proxy, fields).await;
    let made = attempts(&backends);
    assert_eq!(answer.status, 500);
    assert_eq!(answer.header("soe-attempts"), Some(&*made.to_string()));
    made
}

#[tokio::test]
async fn what_others_have_spent_is_not_spent_again() {
    for (fields, made) in [
        ("", 3),
        ("Soe-Hop: attempts=1\r\n", 1),
        ("Soe-Hop: attempts=2, timeout=1900\r\n", 2),
        ("X-Envoy-Attempt-Count: 1\r\n", 3),
        ("X-Envoy-Attempt-Count: 3\r\n", 2),
        ("Grpc-Previous-Rpc-Attempts: 3\r\n", 1),
        ("Soe-Hop: nonsense=(\r\n", 3),
    ] {
        assert_eq!(with_fields(fields, true).await, made, "{fields}");
    }
    // Strangers have no say.
    assert_eq!(with_fields("Soe-Hop: attempts=1\r\n", false).await, 3);
}

#[tokio::test]
async fn the_time_that_is_left_travels() {
    for fields in [
        "Soe-Hop: timeout=300\r\n",
        "X-Envoy-Expected-Rq-Timeout-Ms: 300\r\n",
    ] {
        let backends = leaves(Fault::Hang).await;
        let proxy = hop(&addresses(&backends), false).await;
        let began = tokio::time::Instant::now();
        let answer = get(&proxy, fields).await;
        let took = began.elapsed();
        assert_eq!(answer.status, 504, "{fields}");
        // The route alone would wait for 2 s.
        assert!(took >= Duration::from_millis(300), "{took:?}");
        assert!(took < Duration::from_millis(1900), "{took:?}");
    }
}

#[tokio::test]
async fn backends_that_are_proxies_are_told_and_others_are_not() {
    for proxies in [true, false] {
        let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
        let proxy = hop(&[backend.address()], proxies).await;
        // What came in is for this proxy alone.
        assert_eq!(get(&proxy, "Soe-Hop: attempts=9\r\n").await.status, 200);
        let request = backend.last().unwrap();
        let count = request.header("x-envoy-attempt-count");
        if proxies {
            assert_eq!(request.header("soe-hop"), Some("attempts=8, timeout=380"));
            assert_eq!(
                request.header("x-envoy-expected-rq-timeout-ms"),
                Some("380")
            );
            assert_eq!(count, Some("1"));
        } else {
            assert_eq!((request.header("soe-hop"), count), (None, None));
        }
    }
}
