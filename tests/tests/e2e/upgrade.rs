//! One process takes over from another, and nobody notices.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};

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
async fn until_the_successor_is_ready_the_old_process_serves() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut old = Proxy::start(&upgradable(&backend, 1)).await;
    backend.set(Behaviour::traffic_only(Fault::Hang));
    let check = "health_check = { path = \"/new\", interval = \"100ms\", timeout = \"100ms\" }";
    let text = upgradable(&backend, 1);
    old.rewrite(&format!("{text}{check}\n"));
    let before = backend.counts().requests;
    let mut new = old.successor();
    // It has tried, and tried again, and nothing has passed.
    backend.received(before + 8).await;
    eventually("the old process is told", async || {
        old.log().contains("a new process asks")
    })
    .await;
    assert!(!old.log().contains("draining"), "{}", old.log());
    assert_eq!(get(old.admin(), "/readyz").await.unwrap().status, 200);
    backend.set(Behaviour::OK);
    assert_eq!(old.ended().await.code(), Some(0), "{}", old.log());
    assert_eq!(get(old.address(), "/").await.unwrap().status, 200);
    new.kill().await.unwrap();
}

#[tokio::test]
async fn a_successor_that_fails_changes_nothing_and_the_next_one_takes_over() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut old = Proxy::start(&upgradable(&backend, 1)).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let more = format!("[[listeners]]\naddress = \"{address}\"\n[[listeners]]");
    old.rewrite(&upgradable(&backend, 1).replace("[[listeners]]", &more));
    let status = old.successor().wait().await.unwrap();
    assert_eq!(status.code(), Some(1));
    eventually("the old process is told why", async || {
        let told = old.log();
        told.contains("the upgrade has failed") && told.contains(&address.to_string())
    })
    .await;
    for _ in 0..20 {
        assert_eq!(get(old.address(), "/").await.unwrap().status, 200);
    }
    assert_eq!(get(old.admin(), "/readyz").await.unwrap().status, 200);
    assert!(!old.log().contains("draining"), "{}", old.log());
    old.rewrite(&upgradable(&backend, 1));
    let mut new = old.successor();
    assert_eq!(old.ended().await.code(), Some(0), "{}", old.log());
    assert_eq!(get(old.address(), "/").await.unwrap().status, 200);
    new.kill().await.unwrap();
}

/// The sockets that listen at `address`, by the numbers of their inodes (proc_pid_net(5)).
#[cfg(target_os = "linux")]
fn listening(address: SocketAddr) -> BTreeSet<String> {
    let SocketAddr::V4(v4) = address else {
        panic!("{address}");
    };
    let ip = u32::from_ne_bytes(v4.ip().octets());
    let local = format!("{ip:08X}:{:04X}", v4.port());
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let rows = table.lines().map(|row| row.split_whitespace().collect());
    let rows = rows.filter(|row: &Vec<&str>| row[1] == local && row[3] == "0A");
    rows.map(|row| row[9].to_owned()).collect()
}

/// Who waits in the queue of a socket is lost with it, so the successor has these sockets and no others.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_sockets_themselves_are_handed_over() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut old = Proxy::start(&upgradable(&backend, 3)).await;
    let of = |old: &Proxy| [old.address(), old.admin()].map(listening);
    let before = of(&old);
    assert_eq!(before.each_ref().map(BTreeSet::len), [3, 1]);
    let mut new = old.successor();
    assert_eq!(old.ended().await.code(), Some(0), "{}", old.log());
    assert_eq!(of(&old), before);
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
