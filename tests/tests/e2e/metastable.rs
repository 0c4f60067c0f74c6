//! An overload that keeps itself going: that it is noticed, said, and left.

use std::net::SocketAddr;
use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{get, once};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};
use tokio::task::JoinSet;

/// Clients that do not wait for one another, nor for very long for an answer: forty a second until it is
/// dropped.
fn impatient(address: SocketAddr) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        clients.spawn(async move {
            let mut next = tokio::time::interval(Duration::from_millis(200));
            loop {
                next.tick().await;
                let request = "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";
                let asked = once(address, request);
                // Late or failed, it asks again: that is what is tested.
                let _ = tokio::time::timeout(Duration::from_millis(190), asked).await;
            }
        });
    }
    clients
}

async fn stage(proxy: &Proxy) -> String {
    let overload = &proxy.pool().await["overload"];
    overload["stage"].as_str().unwrap_or("normal").to_owned()
}

/// Clients leave before any timeout of ours, so no circuit ever opens: nobody else would notice.
#[tokio::test]
async fn fm50_it_is_noticed_said_and_left() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let proxy = Proxy::start(&config(&[backend.address()], "adaptive_limit = false")).await;
    let clients = impatient(proxy.address());
    backend.received(400).await;
    assert_eq!(stage(&proxy).await, "normal");

    backend.set(Behaviour::traffic_only(Fault::Hold));
    eventually("retries are cut", async || {
        stage(&proxy).await == "retries_cut"
    })
    .await;
    assert_eq!(proxy.pool().await["retry_budget"]["available"], 0);
    eventually("the queue is cut", async || {
        stage(&proxy).await == "queue_cut"
    })
    .await;
    eventually("less is let in", async || stage(&proxy).await == "shedding").await;
    let pool = proxy.pool().await;
    assert_eq!(pool["circuit"]["state"], "closed");
    assert!(pool["overload"]["usual"].as_f64().unwrap() > 10.0, "{pool}");
    let shown = lbctl(&proxy, &["pool", "status"]).await.stdout;
    assert!(shown.contains("OVERLOAD keeps itself going"), "{shown}");
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let line = "soe503_pool_overload_stage{pool=\"app\",stage=\"shedding\"} 1";
    assert!(metrics.lines().any(|l| l == line), "{metrics}");

    backend.set(Behaviour::OK);
    eventually("it is over", async || stage(&proxy).await == "normal").await;
    assert_ne!(proxy.pool().await["retry_budget"]["available"], 0);
    drop(clients);
    eventually("the log tells", async || {
        proxy.log().contains("overload keeps itself going")
    })
    .await;
}

#[tokio::test]
async fn a_pool_that_is_dead_is_left_to_its_circuit() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let proxy = Proxy::start(&config(&[backend.address()], "")).await;
    let clients = impatient(proxy.address());
    backend.received(400).await;
    backend.stop().await;
    eventually("the circuit opens", async || {
        proxy.pool().await["circuit"]["state"] != "closed"
    })
    .await;
    // Longer than any stage needs to be entered.
    for _ in 0..120 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(stage(&proxy).await, "normal");
    }
    drop(clients);
}
