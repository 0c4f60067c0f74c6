//! What becomes of backends, and of requests on their way to them.

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Connection, get, post};
use soe503_tests::proxy::{Proxy, config, eventually};

use super::scene::GET;

async fn backend(fault: Fault) -> FaultyBackend {
    let behaviour = Behaviour::traffic_only(fault);
    FaultyBackend::start(behaviour).await.unwrap()
}

/// A reload that takes the backend out of its pool leaves the request that is there alone.
#[tokio::test]
async fn fm28_a_request_in_flight_outlives_a_reload_that_removes_its_backend() {
    let (old, new) = (
        backend(Fault::Hold).await,
        backend(Fault::Status(201)).await,
    );
    let proxy = Proxy::before(&[old.address()], "").await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client.send(GET.as_bytes()).await.unwrap();
    old.received(1).await;
    proxy.rewrite(&config(&[new.address()], ""));
    let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    eventually("the new backend has taken over", async || {
        let pool = proxy.pool().await;
        let address = new.address().to_string();
        pool["backends"][0]["address"] == address.as_str()
            && pool["backends"].as_array().unwrap().len() == 1
    })
    .await;
    old.set(Behaviour::OK);
    let answer = client.answer(false).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 1024));
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 201);
    assert_eq!(old.counts().requests, 1);
}

/// `Retry-After: 60` of one backend speaks for that one. Its siblings are there, and no client waits.
#[tokio::test]
async fn fm44_who_asks_to_be_left_alone_for_a_minute_costs_nobody_an_answer() {
    let sheds = backend(Fault::RetryAfter(60)).await;
    let good = [backend(Fault::Ok).await, backend(Fault::Ok).await];
    let all = [sheds.address(), good[0].address(), good[1].address()];
    // By turns: which of random ones is asked is chance.
    let more = "balance = \"round_robin\"\nretry_budget = { min_per_second = 1000 }";
    let proxy = Proxy::before(&all, more).await;
    for number in 0..30 {
        let answer = get(proxy.address(), "/").await.unwrap();
        assert_eq!(answer.status, 200, "{number}: {}", answer.text());
    }
    assert!(sheds.counts().requests > 0, "it was never asked");
}

/// Out of descriptors, nothing can be said about a backend: it is not blamed, the answer names what is
/// missing, and all is well as soon as there is room.
#[tokio::test]
async fn fm46_out_of_descriptors_the_proxy_blames_itself() {
    let backend = backend(Fault::Ok).await;
    let proxy = Proxy::start_with_descriptors(&config(&[backend.address()], ""), 64).await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client.send(b"GET /nowhere").await.unwrap();
    let mut crowd = Vec::new();
    eventually("no connection can be accepted any more", async || {
        crowd.push(Connection::open(proxy.address()).await.unwrap());
        proxy.log().contains("the process is at a limit")
    })
    .await;
    client.send(b" HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = client.answer(false).await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("resource_exhaustion/fd_limit"), "{cause}");
    assert_eq!(backend.counts().requests, 0);

    drop(crowd);
    eventually("there is room again", async || {
        let answer = get(proxy.address(), "/").await;
        answer.is_ok_and(|answer| answer.status == 200)
    })
    .await;
    let pool = proxy.pool().await;
    assert_eq!(pool["circuit"]["state"], "closed", "{pool}");
    assert_eq!(pool["backends"][0]["state"], "up", "{pool}");
    assert_eq!(pool["backends"][0]["failures"], 0, "{pool}");
}
