//! Backends that are taken out though some of their requests are well.

use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::get;
use soe503_tests::proxy::{Proxy, config};

/// Each backend gets its turn, once ejected it stays out for the test, and no failure is tried again: what is seen
/// is what the rules make of it.
const POOL: &str = "balance = \"round_robin\"\ncircuit_breaker = { enabled = false }\n\
    ejection = { base = \"1m\", max = \"1m\", consecutive_failures = 100 }";

/// Three backends, the first of which is `bad`.
async fn one_of_three(bad: Behaviour) -> (Proxy, [FaultyBackend; 3]) {
    let work = Behaviour {
        delay: Duration::from_millis(2),
        ..Behaviour::OK
    };
    let backends = [
        FaultyBackend::start(bad).await.unwrap(),
        FaultyBackend::start(work.clone()).await.unwrap(),
        FaultyBackend::start(work).await.unwrap(),
    ];
    let addresses: Vec<_> = backends.iter().map(FaultyBackend::address).collect();
    let proxy = Proxy::start(&config(&addresses, POOL)).await;
    (proxy, backends)
}

/// Asks, a few at a time, until the first backend is out; what the admin API says of it.
async fn ejected(proxy: &Proxy) -> serde_json::Value {
    for _ in 0..2_000 {
        let address = proxy.address();
        let _ = tokio::join!(get(address, "/"), get(address, "/"), get(address, "/"));
        let pool = proxy.pool().await;
        let backends = pool["backends"].as_array().unwrap();
        assert!(backends[1..].iter().all(|b| b["state"] == "up"), "{pool}");
        if backends[0]["state"] == "ejected" {
            return backends[0].clone();
        }
    }
    panic!("never ejected: {}", proxy.pool().await)
}

#[tokio::test]
async fn one_that_fails_three_requests_in_ten_is_taken_out_with_figures() {
    let bad = Behaviour {
        percent: 30,
        ..Behaviour::everywhere(Fault::Status(500))
    };
    let (proxy, backends) = one_of_three(bad).await;
    let shown = ejected(&proxy).await;
    let text = shown.to_string();
    assert!(
        text.contains("fails ") && text.contains(", the others 0 %"),
        "{text}"
    );
    assert!(text.contains("dependency_failure/upstream_error"), "{text}");
    // It is not asked any more, and nothing fails.
    let before = backends[0].counts().requests;
    for _ in 0..30 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    assert_eq!(backends[0].counts().requests, before);
}

#[tokio::test]
async fn one_that_is_slow_is_taken_out_with_figures() {
    let (proxy, backends) = one_of_three(Behaviour {
        delay: Duration::from_millis(700),
        ..Behaviour::OK
    })
    .await;
    let shown = ejected(&proxy).await;
    let text = shown.to_string();
    assert!(
        text.contains("answers in 7") && text.contains(" ms, the others in "),
        "{text}"
    );
    assert!(
        text.contains("dependency_failure/response_timeout"),
        "{text}"
    );
    let before = backends[0].counts().requests;
    for _ in 0..30 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    assert_eq!(backends[0].counts().requests, before);
}
