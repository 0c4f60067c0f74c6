//! Retries are off while most attempts fail, and on again when they do not.

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, get, once};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};

/// Seven of ten fail on both backends: no circuit of this configuration opens, nobody is ejected for what all do.
fn mostly_bad() -> Behaviour {
    Behaviour {
        percent: 70,
        ..Behaviour::traffic_only(Fault::Status(500))
    }
}

async fn ask(proxy: &Proxy) -> Answer {
    let request = "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";
    once(proxy.address(), request).await.unwrap()
}

#[tokio::test]
async fn while_most_attempts_fail() {
    let backends = [
        FaultyBackend::start(mostly_bad()).await.unwrap(),
        FaultyBackend::start(mostly_bad()).await.unwrap(),
    ];
    let pool = "circuit_breaker = { enabled = false }\nejection = { enabled = false }";
    let addresses = [backends[0].address(), backends[1].address()];
    let proxy = Proxy::start(&config(&addresses, pool)).await;
    eventually("retries are off", async || {
        for _ in 0..10 {
            ask(&proxy).await;
        }
        proxy.pool().await["retry_budget"]["cut"] == "most_fail"
    })
    .await;
    assert_eq!(proxy.pool().await["retry_budget"]["available"], 0);
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let line = "soe503_retries_cut{pool=\"app\",reason=\"most_fail\"} 1";
    assert!(metrics.lines().any(|l| l == line), "{metrics}");
    let shown = lbctl(&proxy, &["pool", "status"]).await.stdout;
    assert!(shown.contains("cut: most attempts fail"), "{shown}");
    eventually("the log tells", async || {
        proxy.log().contains("retries are off")
    })
    .await;

    for backend in &backends {
        backend.set(Behaviour::OK);
    }
    eventually("retries are on again", async || {
        for _ in 0..10 {
            ask(&proxy).await;
        }
        proxy.pool().await["retry_budget"]["cut"].is_null()
    })
    .await;
}
