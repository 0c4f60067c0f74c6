//! Backends that may have so many requests in flight: the others get the rest, and then requests wait.

use std::net::SocketAddr;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, Connection, get, once};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};
use tokio::task::JoinHandle;

async fn backend(behaviour: Behaviour) -> FaultyBackend {
    FaultyBackend::start(behaviour).await.unwrap()
}

fn holding() -> Behaviour {
    Behaviour::traffic_only(Fault::Hold)
}

fn ask(address: SocketAddr) -> JoinHandle<Answer> {
    let request =
        "GET / HTTP/1.1\r\nHost: shop\r\nAccept: application/json\r\nConnection: close\r\n\r\n";
    tokio::spawn(async move { once(address, request).await.unwrap() })
}

async fn in_flight(proxy: &Proxy, backend: usize) -> u64 {
    proxy.pool().await["backends"][backend]["in_flight"]
        .as_u64()
        .unwrap()
}

async fn places(proxy: &Proxy, waiting: u64) {
    eventually("they wait for a place", async || {
        proxy.pool().await["queue"]["for_backends"] == waiting
    })
    .await;
}

#[tokio::test]
async fn a_slow_backend_keeps_what_it_may_have_and_the_others_get_the_rest() {
    let (slow, quick) = (backend(holding()).await, backend(Behaviour::OK).await);
    let more = "max_in_flight_per_backend = 2\nadaptive_limit = false\nbalance = \"round_robin\"";
    let proxy = Proxy::start(&config(&[slow.address(), quick.address()], more)).await;
    let mut held = Vec::new();
    // In turn: those that the slow one keeps are not answered.
    while in_flight(&proxy, 0).await < 2 {
        held.push(ask(proxy.address()));
        let before = held.len() as u64;
        eventually("it has arrived", async || {
            slow.counts().requests + quick.counts().requests >= before
        })
        .await;
    }
    for _ in 0..50 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    assert_eq!(slow.counts().requests, 2);
    let pool = &proxy.pool().await;
    assert_eq!(pool["backends"][0]["max_in_flight"], 2);
    let shown = lbctl(&proxy, &["pool", "status", "-o", "wide"])
        .await
        .stdout;
    assert!(
        shown.contains("2 of 2") && shown.contains("0 of 2"),
        "{shown}"
    );
    slow.set(Behaviour::OK);
    for one in held {
        assert_eq!(one.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn when_all_are_full_requests_wait_and_are_served_or_told() {
    let (a, b) = (backend(holding()).await, backend(holding()).await);
    let more = "max_in_flight_per_backend = 1\nadaptive_limit = false\nqueue = { max_waiting = 1, max_wait = \"1m\" }";
    let proxy = Proxy::start(&config(&[a.address(), b.address()], more)).await;
    let held = [ask(proxy.address()), ask(proxy.address())];
    a.received(1).await;
    b.received(1).await;
    let waits = ask(proxy.address());
    places(&proxy, 1).await;

    let answer = ask(proxy.address()).await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("overload/queue_full"), "{cause}");
    let problem = answer.json();
    assert_eq!(problem["cause"], "overload/queue_full");
    let evidence = problem["evidence"].to_string();
    let said = "all 2 backends together have 2 in flight of 2 allowed, 1 waiting";
    assert!(evidence.contains(said), "{evidence}");

    let shown = lbctl(&proxy, &["pool", "status"]).await.stdout;
    assert!(shown.contains("1 waiting for a place"), "{shown}");
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    for line in [
        "soe503_queue_for_backends_depth{pool=\"app\"} 1",
        "soe503_queue_for_backends_total{pool=\"app\",result=\"refused\"} 1",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line}\n{metrics}");
    }
    assert!(
        metrics.contains("soe503_backend_in_flight_limit{"),
        "{metrics}"
    );

    a.set(Behaviour::OK);
    b.set(Behaviour::OK);
    for one in held {
        assert_eq!(one.await.unwrap().status, 200);
    }
    assert_eq!(waits.await.unwrap().status, 200);
    places(&proxy, 0).await;
}

#[tokio::test]
async fn whoever_waits_for_too_long_is_told_and_a_client_that_leaves_waits_no_more() {
    let only = backend(holding()).await;
    let more =
        "max_in_flight_per_backend = 1\nadaptive_limit = false\nqueue = { max_wait = \"100ms\" }";
    let proxy = Proxy::start(&config(&[only.address()], more)).await;
    let _held = ask(proxy.address());
    only.received(1).await;
    let answer = ask(proxy.address()).await.unwrap();
    assert_eq!(answer.status, 503);
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("overload/queue_timeout"), "{cause}");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(proxy.pool().await["circuit"]["state"], "closed");
    let longer = more.replace("100ms", "1m");
    proxy.rewrite(&config(&[only.address()], &longer));
    proxy.signal("HUP").await;
    let mut leaves = Connection::open(proxy.address()).await.unwrap();
    leaves
        .send(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        .await
        .unwrap();
    places(&proxy, 1).await;
    drop(leaves);
    places(&proxy, 0).await;
}

#[tokio::test]
async fn a_retry_finds_another_backend_with_room() {
    let (bad, good) = (
        backend(Behaviour::traffic_only(Fault::Status(503))).await,
        backend(Behaviour::OK).await,
    );
    let more =
        "max_in_flight_per_backend = 1\nadaptive_limit = false\nejection = { enabled = false }";
    let proxy = Proxy::start(&config(&[bad.address(), good.address()], more)).await;
    for _ in 0..20 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    for backend in 0..2 {
        assert_eq!(in_flight(&proxy, backend).await, 0, "nothing leaks");
    }
}
