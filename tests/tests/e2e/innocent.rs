//! Clients that leave, ask for what is not there, or talk nonsense: no breaker moves, and no
//! backend is blamed.

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Connection, get};
use soe503_tests::proxy::{Proxy, eventually};

/// More than any default threshold of consecutive failures.
const MANY: u64 = 12;

async fn scene(fault: Fault) -> (FaultyBackend, Proxy) {
    let backend = FaultyBackend::start(Behaviour::traffic_only(fault))
        .await
        .unwrap();
    let proxy = Proxy::before(&[backend.address()], "").await;
    (backend, proxy)
}

/// The circuit never opened, and the only backend has not one failure.
async fn nobody_is_blamed(proxy: &Proxy) {
    let mut pool = proxy.pool().await;
    // Cancelled requests end on the proxy's side a moment after the client has left.
    eventually("nothing is in flight", async || {
        pool = proxy.pool().await;
        pool["backends"][0]["in_flight"] == 0
    })
    .await;
    assert_eq!(pool["state"], "ok", "{pool}");
    assert_eq!(pool["circuit"]["state"], "closed", "{pool}");
    assert!(pool["circuit"]["opened_at"].is_null(), "{pool}");
    let backend = &pool["backends"][0];
    assert_eq!(backend["state"], "up", "{pool}");
    assert_eq!(backend["failures"], 0, "{pool}");
    assert_eq!(backend["consecutive_failures"], 0, "{pool}");
}

#[tokio::test]
async fn fm42_clients_that_leave_before_the_answer() {
    let (backend, proxy) = scene(Fault::Hang).await;
    for number in 1..=MANY {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        client
            .send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        backend.received(number).await;
        if number % 2 == 0 {
            client.reset().unwrap();
        }
    }
    nobody_is_blamed(&proxy).await;
    backend.set(Behaviour::OK);
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
}

#[tokio::test]
async fn clients_that_leave_in_the_middle_of_their_body() {
    let (_backend, proxy) = scene(Fault::Ok).await;
    for _ in 0..MANY {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf of it";
        client.send(request).await.unwrap();
    }
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    nobody_is_blamed(&proxy).await;
}

#[tokio::test]
async fn a_storm_of_4xx() {
    let (backend, proxy) = scene(Fault::Ok).await;
    for status in [400, 401, 403, 404, 409, 422] {
        for _ in 0..MANY {
            let path = format!("/status/{status}");
            let answer = get(proxy.address(), &path).await.unwrap();
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("x-error-code"), None);
        }
    }
    // Nor is one of them tried twice.
    assert_eq!(backend.counts().requests, 6 * MANY);
    nobody_is_blamed(&proxy).await;
}

#[tokio::test]
async fn clients_that_send_garbage() {
    let (backend, proxy) = scene(Fault::Ok).await;
    for number in 0..MANY {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        let garbage: &[u8] = match number % 4 {
            0 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a greeting in TLS\r\n\r\n",
            1 => b"\0\0\0\0\0\0\0\0\r\n\r\n",
            2 => b"GET / HTTP/1.1\r\nHost: a\r\nnot a header\r\n\r\n",
            _ => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nand now something else entirely",
        };
        client.send(garbage).await.unwrap();
        // An answer, or just the end; what matters is that it ends.
        let _ = client.rest().await;
    }
    assert_eq!(backend.counts().requests, 0);
    nobody_is_blamed(&proxy).await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
}

/// A half-open circuit's probe whose client leaves gives its permit back (row 19 of the failure
/// modes); a permit lost for good would keep the pool closed to everybody for ever.
#[tokio::test]
async fn fm19_a_probe_whose_client_leaves_does_not_block_the_way_back() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Status(500)))
        .await
        .unwrap();
    let more = "ride_out = \"0s\"\ncircuit_breaker = { open_for = \"100ms\", max_open_for = \"100ms\", probes = 1 }";
    let proxy = Proxy::before(&[backend.address()], more).await;
    eventually("the circuit opens", async || {
        get(proxy.address(), "/").await.unwrap();
        proxy.pool().await["circuit"]["state"] == "open"
    })
    .await;

    backend.set(Behaviour::traffic_only(Fault::Hang));
    let before = backend.counts().requests;
    eventually("a probe reaches the backend", async || {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        client
            .send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        // Either the circuit answers, or the backend gets the probe and the client leaves.
        tokio::select! {
            _ = client.answer(false) => {}
            () = backend.received(before + 1) => {}
        }
        backend.counts().requests > before
    })
    .await;

    backend.set(Behaviour::OK);
    eventually("the circuit closes", async || {
        get(proxy.address(), "/").await.unwrap().status == 200
    })
    .await;
}
