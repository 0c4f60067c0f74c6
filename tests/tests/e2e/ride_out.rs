//! A pool that may be back in a moment is waited for.

use soe503_tests::faulty::{Behaviour, Door, FaultyBackend};
use soe503_tests::http::get;
use soe503_tests::proxy::{Proxy, config, eventually};

/// Tried again while its only backend restarts, and let through when it is back; who waits is shown.
#[tokio::test]
async fn a_pool_of_one_that_restarts_loses_nothing() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let more = "retry_budget = { ratio = 1.0 }\ncircuit_breaker = { consecutive_failures = 2 }";
    let proxy = Proxy::start(&config(&[backend.address()], more)).await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    backend.set_door(Door::Killed).await;
    let address = proxy.address();
    let first = tokio::spawn(async move { get(address, "/").await.unwrap().status });
    eventually("the circuit opens", async || {
        proxy.pool().await["circuit"]["state"] == "open"
    })
    .await;
    let asked: Vec<_> = (0..30)
        .map(|_| tokio::spawn(async move { get(address, "/").await.unwrap().status }))
        .collect();
    eventually("they wait", async || {
        let pool = proxy.pool().await;
        pool["waiting"]["depth"].as_u64() >= Some(20)
    })
    .await;
    backend.set_door(Door::Open).await;
    for one in asked {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(first.await.unwrap(), 200);
    let pool = proxy.pool().await;
    assert_eq!(pool["waiting"]["depth"], 0, "{pool}");
    assert!(pool["waiting"]["answered"].as_u64() >= Some(20), "{pool}");
}

/// What lasts longer is an outage: whoever waits is told, and nobody waits any more.
#[tokio::test]
async fn a_pool_that_stays_away_fails_those_who_wait_and_then_at_once() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let more = "ride_out = \"1s\"\n\
        circuit_breaker = { consecutive_failures = 2, open_for = \"60s\", max_open_for = \"60s\" }";
    let proxy = Proxy::start(&config(&[backend.address()], more)).await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    backend.set_door(Door::Killed).await;
    let address = proxy.address();
    let asked: Vec<_> = (0..10)
        .map(|_| tokio::spawn(async move { get(address, "/").await.unwrap() }))
        .collect();
    for one in asked {
        let answer = one.await.unwrap();
        assert_eq!(answer.status, 503);
    }
    // One of them may be the probe that an open circuit lets through, and says what that found.
    let before = proxy.pool().await["waiting"].clone();
    assert!(before["in_vain"].as_u64() > Some(0), "{before}");
    let mut causes = Vec::new();
    for _ in 0..8 {
        let answer = get(address, "/").await.unwrap();
        assert_eq!(answer.status, 503);
        causes.push(answer.header_list("soe-cause"));
    }
    let by_circuit = |cause: &&String| cause.starts_with("circuit_open/");
    assert!(causes.iter().filter(by_circuit).count() >= 4, "{causes:?}");
    // Nobody has waited meanwhile.
    assert_eq!(proxy.pool().await["waiting"], before);
}
