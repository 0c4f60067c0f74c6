//! Health checks beside traffic: neither waits for the other, and neither condemns what the other
//! proves.

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{get, post};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};

/// A check with time to answer on a busy machine.
const CHECK: &str = "health_check = { path = \"/healthz\", interval = \"500ms\", fall = 1 }";
/// One that is made often, and that a busy machine cannot fail.
const OFTEN: &str = "health_check = { path = \"/healthz\", interval = \"20ms\", fall = 100 }";

async fn backend(health: Fault) -> FaultyBackend {
    let behaviour = Behaviour {
        health,
        ..Behaviour::OK
    };
    FaultyBackend::start(behaviour).await.unwrap()
}

#[tokio::test]
async fn fm13_a_path_that_a_refactoring_removed_takes_nobody_out() {
    let gone = Fault::Status(404);
    let (a, b) = (backend(gone).await, backend(gone).await);
    let proxy = Proxy::before(&[a.address(), b.address()], CHECK).await;
    eventually(
        "both are up, and their check is called broken",
        async || {
            assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
            let pool = proxy.pool().await;
            (0..2).all(|index| {
                let backend = &pool["backends"][index];
                backend["health_check"]["overruled"] == true
                    && backend["cause"] == "misconfiguration/health_check_path"
                    && ["up", "warming"].contains(&backend["state"].as_str().unwrap())
            })
        },
    )
    .await;
    let shown = lbctl(&proxy, &["pool", "status", "-o", "wide"]).await;
    assert!(shown.stdout.contains("broken"), "{}", shown.stdout);
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let overruled = |line: &&str| line.starts_with("soe503_backend_check_overruled{");
    let values: Vec<_> = metrics.lines().filter(overruled).collect();
    assert_eq!(values.len(), 2, "{metrics}");
    assert!(values.iter().all(|line| line.ends_with(" 1")), "{values:?}");
    // What the backend itself says is another matter.
    a.set(Behaviour {
        health: Fault::Status(503),
        ..Behaviour::OK
    });
    eventually("it is taken out by its own word", async || {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
        proxy.pool().await["backends"][0]["state"] == "down"
    })
    .await;
}

#[tokio::test]
async fn checks_do_not_wait_behind_requests() {
    let backend = backend(Fault::Ok).await;
    backend.set(Behaviour::traffic_only(Fault::Hold));
    let limits = format!("max_in_flight = 1\nmax_idle_connections = 0\n{OFTEN}");
    let proxy = Proxy::before(&[backend.address()], &limits).await;
    let address = proxy.address();
    let held = tokio::spawn(async move { get(address, "/").await.unwrap().status });
    eventually("the only request that is allowed is there", async || {
        backend.counts().requests > 0
    })
    .await;
    let before = backend.counts().health_checks;
    eventually("checks go on", async || {
        backend.counts().health_checks > before + 10
    })
    .await;
    let pool = proxy.pool().await;
    assert_eq!(pool["backends"][0]["health_check"]["state"], "passing");
    assert_eq!(get(address, "/").await.unwrap().status, 503, "it is full");
    backend.set(Behaviour::OK);
    assert_eq!(held.await.unwrap(), 200);
}

#[tokio::test]
async fn what_a_check_said_goes_with_it() {
    let backend = backend(Fault::Status(503)).await;
    let proxy = Proxy::before(&[backend.address()], CHECK).await;
    let state = async || proxy.pool().await["backends"][0]["state"].clone();
    eventually("it is down", async || state().await == "down").await;
    proxy.rewrite(&config(&[backend.address()], ""));
    let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    eventually("nobody says that it is down any more", async || {
        let state = state().await;
        state == "up" || state == "warming"
    })
    .await;
}
