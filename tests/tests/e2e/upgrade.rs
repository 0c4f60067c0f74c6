//! One process takes over from another, and nobody notices.

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Connection, get};
use soe503_tests::proxy::{Proxy, config, eventually, soe503_says};

fn upgradable(backend: &FaultyBackend, workers: u32) -> String {
    config(&[backend.address()], "").replace(
        "workers = 1",
        &format!("workers = {workers}\nupgrade_socket = \"upgrade.sock\""),
    )
}

#[tokio::test]
async fn fm29_the_successor_serves_and_the_old_process_finishes_what_it_has() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hold))
        .await
        .unwrap();
    let mut old = Proxy::start(&upgradable(&backend, 2)).await;
    let mut client = Connection::open(old.address()).await.unwrap();
    client
        .send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    backend.received(1).await;
    // With one worker more, and one less than that afterwards: every queue is somebody's.
    old.rewrite(&upgradable(&backend, 3));
    let mut new = old.successor();
    eventually("the old process drains", async || {
        old.log().contains("draining")
    })
    .await;
    backend.set(Behaviour::OK);
    for _ in 0..50 {
        assert_eq!(get(old.address(), "/").await.unwrap().status, 200);
    }
    assert_eq!(get(old.admin(), "/readyz").await.unwrap().status, 200);
    assert_eq!(client.answer(false).await.unwrap().status, 200);
    assert_eq!(old.ended().await.code(), Some(0), "{}", old.log());
    assert_eq!(get(old.address(), "/").await.unwrap().status, 200);
    new.kill().await.unwrap();
}

/// The address stays ready, so there is nothing to notice: the old process goes when it has finished.
#[tokio::test]
async fn fm29_a_successor_ends_the_old_process_without_a_delay() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let delayed = "upgrade_socket = \"upgrade.sock\"\ndrain_delay = \"3600s\"";
    let config = upgradable(&backend, 1).replace("upgrade_socket = \"upgrade.sock\"", delayed);
    let mut old = Proxy::start(&config).await;
    let mut new = old.successor();
    assert_eq!(old.ended().await.code(), Some(0), "{}", old.log());
    assert_eq!(get(old.address(), "/").await.unwrap().status, 200);
    assert_eq!(get(old.admin(), "/readyz").await.unwrap().status, 200);
    new.kill().await.unwrap();
}

#[tokio::test]
async fn with_nobody_to_replace_it_says_so() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("soe503.toml");
    let text = upgradable(&backend, 1)
        .replace("@listen@", "127.0.0.1:1")
        .replace("@admin@", "127.0.0.1:2");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let said = soe503_says(&["run", "--config", path, "--upgrade"]).await;
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(
        said.stderr.contains("start without --upgrade"),
        "{}",
        said.stderr
    );
}
