//! SIGTERM: no new work, the work in hand is finished, then exit 0.

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Connection, get};
use soe503_tests::proxy::{Proxy, config, eventually};
use tokio::net::TcpStream;

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
