//! SIGTERM: not ready, then no new work, the work in hand is finished, then exit 0.

use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Connection, get};
use soe503_tests::proxy::{Proxy, config, eventually};
use tokio::net::TcpStream;
use tokio::time::Instant;

async fn held(grace: &str) -> (FaultyBackend, Proxy, Connection) {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hold))
        .await
        .unwrap();
    let config = config(&[backend.address()], "").replace(
        "workers = 1",
        &format!("workers = 1\nshutdown_grace = \"{grace}\""),
    );
    let proxy = Proxy::start(&config).await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client
        .send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    backend.received(1).await;
    (backend, proxy, client)
}

#[tokio::test]
async fn fm29_what_is_in_flight_is_finished() {
    let (backend, mut proxy, mut client) = held("20s").await;
    let mut idle = Connection::open(proxy.address()).await.unwrap();
    proxy.signal("TERM").await;
    eventually("it is not ready any more", async || {
        // Not ready, or not even there: both tell a load balancer to stay away.
        get(proxy.admin(), "/readyz")
            .await
            .map_or(true, |answer| answer.status == 503)
    })
    .await;
    // An idle connection is closed in order; there is nothing to finish on it.
    assert_eq!(idle.rest().await.unwrap(), b"");

    backend.set(Behaviour::OK);
    let answer = client.answer(false).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, [b'x'; 1024]);
    assert_eq!(client.rest().await.unwrap(), b"");
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
}

#[tokio::test]
async fn fm29_what_does_not_finish_is_given_up_after_the_grace() {
    let (_backend, mut proxy, mut client) = held("300ms").await;
    proxy.signal("TERM").await;
    proxy.ended().await;
    // Either told so, or cut off; in no case kept waiting.
    if let Ok(answer) = client.answer(false).await {
        assert_eq!(answer.status, 503, "{}", answer.text());
    }
}

#[tokio::test]
async fn with_nothing_to_do_it_ends_at_once() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut proxy = Proxy::before(&[backend.address()], "").await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    proxy.signal("TERM").await;
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
}

/// From when its sockets take connections, nobody who was let in is cut off.
#[tokio::test]
async fn fm29_told_to_end_while_it_starts_it_ends_in_order() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    for _ in 0..5 {
        let (mut proxy, _file) = Proxy::spawn(&config(&[backend.address()], ""));
        while TcpStream::connect(proxy.address()).await.is_err() {
            tokio::task::yield_now().await;
        }
        proxy.signal("TERM").await;
        assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
    }
}

/// An hour: who waits for its end waits for a signal.
const LONG: &str = "drain_delay = \"3600s\"\nshutdown_grace = \"3600s\"";

/// Waits until `/readyz` is 503 with this in its reason; returns the document.
async fn not_ready(proxy: &Proxy, reason: &str) -> serde_json::Value {
    let mut said = serde_json::Value::Null;
    eventually(reason, async || {
        let Ok(answer) = get(proxy.admin(), "/readyz").await else {
            return false;
        };
        said = answer.json();
        answer.status == 503 && said["reason"].as_str().is_some_and(|r| r.contains(reason))
    })
    .await;
    said
}

async fn with(backend: &FaultyBackend, server: &str) -> Proxy {
    let config = config(&[backend.address()], "");
    let server = format!("workers = 1\n{server}");
    Proxy::start(&config.replace("workers = 1", &server)).await
}

/// Load balancers that ask are told first, and whoever comes before they have noticed is served as ever.
#[tokio::test]
async fn fm29_not_ready_comes_before_the_listener_closes() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut proxy = with(&backend, LONG).await;
    let mut kept = Connection::open(proxy.address()).await.unwrap();
    let mut again = async || {
        let asked = kept.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        asked.unwrap();
        kept.answer(false).await.unwrap()
    };
    assert!(again().await.reusable);
    proxy.signal("TERM").await;
    let said = not_ready(&proxy, "serves until its listeners close").await;
    assert!(said["closes_at"].is_string(), "{said}");
    for _ in 0..3 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
        // Nobody is sent away to connect again, here.
        let answer = again().await;
        assert_eq!((answer.status, answer.reusable), (200, true));
    }
    assert_eq!(get(proxy.admin(), "/readyz").await.unwrap().status, 503);

    // A second signal: now they close, and there is nothing to finish.
    proxy.signal("TERM").await;
    eventually("it is closed", async || {
        TcpStream::connect(proxy.address()).await.is_err()
    })
    .await;
    assert_eq!(kept.rest().await.unwrap(), b"");
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
}

#[tokio::test]
async fn fm29_the_delay_ends_by_itself_and_not_before_its_time() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut proxy = with(&backend, "drain_delay = \"1s\"").await;
    let told = Instant::now();
    proxy.signal("TERM").await;
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
    assert!(told.elapsed() >= Duration::from_secs(1), "{}", proxy.log());
}

/// The second signal ends the delay alone: what is in flight keeps its grace, which the third one ends.
#[tokio::test]
async fn fm29_a_second_signal_ends_the_delay_and_a_third_one_the_grace() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hold))
        .await
        .unwrap();
    for third in [false, true] {
        backend.set(Behaviour::traffic_only(Fault::Hold));
        let mut proxy = with(&backend, LONG).await;
        let before = backend.counts().requests;
        let mut client = Connection::open(proxy.address()).await.unwrap();
        let slow = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
        client.send(slow).await.unwrap();
        backend.received(before + 1).await;
        proxy.signal("TERM").await;
        not_ready(&proxy, "serves until its listeners close").await;
        proxy.signal("TERM").await;
        not_ready(&proxy, "takes nothing new").await;
        if third {
            proxy.signal("TERM").await;
        } else {
            backend.set(Behaviour::OK);
            assert_eq!(client.answer(false).await.unwrap().status, 200);
        }
        assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
    }
}
