//! What the comparisons measure with must itself work: every client against the backend, alone and
//! through both floors.

use std::net::SocketAddr;

use soe503_tests::bench::{Backend, Backends, Load, Tally, parse_and_relay, relay, websockets};
use soe503_tests::http::Connection;
use tokio::net::TcpListener;

/// The backend, and the two floors in front of it.
async fn everything() -> [SocketAddr; 3] {
    let backend = Backend::listen(anywhere(), false).unwrap();
    let address = backend.address().unwrap();
    tokio::spawn(backend.serve());
    let (bytes, bare) = (listener().await, listener().await);
    let addresses = [address, local(&bytes), local(&bare)];
    let backends = || Backends::new(vec![address]).unwrap();
    tokio::task::spawn_local(ended(relay(bytes, backends())));
    tokio::task::spawn_local(ended(parse_and_relay(bare, backends())));
    addresses
}

async fn ended(serving: impl Future<Output = std::io::Result<()>>) {
    serving.await.unwrap();
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn listener() -> TcpListener {
    TcpListener::bind(anywhere()).await.unwrap()
}

fn local(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap()
}

async fn for_each(check: impl AsyncFn(SocketAddr)) {
    tokio::task::LocalSet::new()
        .run_until(async {
            for address in everything().await {
                check(address).await;
            }
        })
        .await;
}

#[tokio::test]
async fn a_get_is_answered_with_a_kibibyte_and_the_id() {
    for_each(async |address| {
        let mut client = Connection::open(address).await.unwrap();
        for _ in 0..2 {
            client
                .send(b"GET / HTTP/1.1\r\nHost: b\r\nX-Load-Id: a-1\r\n\r\n")
                .await
                .unwrap();
            let answer = client.answer(false).await.unwrap();
            assert_eq!((answer.status, answer.body.len()), (200, 1024));
            assert_eq!(answer.header("x-load-id"), Some("a-1"));
            assert!(answer.reusable);
        }
    })
    .await;
}

#[tokio::test]
async fn a_post_comes_back_and_what_follows_it_is_answered_too() {
    for_each(async |address| {
        let body: Vec<u8> = (0..16 * 1024).map(|at| b'a' + (at % 23) as u8).collect();
        let mut bytes = b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 16384\r\n\r\n".to_vec();
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(b"GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n");
        let mut client = Connection::open(address).await.unwrap();
        client.send(&bytes).await.unwrap();
        assert_eq!(client.answer(false).await.unwrap().body, body);
        let last = client.answer(false).await.unwrap();
        assert_eq!((last.body.len(), last.reusable), (1024, false));
    })
    .await;
}

#[tokio::test]
async fn a_download_has_ten_mebibytes() {
    for_each(async |address| {
        let mut client = Connection::open(address).await.unwrap();
        client
            .send(b"GET /10m HTTP/1.1\r\nHost: b\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(client.answer(false).await.unwrap().body.len(), 10 << 20);
    })
    .await;
}

#[tokio::test]
async fn websockets_count_echoes_and_notice_when_there_are_none() {
    let [backend, bytes, bare] = std::array::from_fn(|at| at);
    let tallies = std::cell::RefCell::new(Vec::<Tally>::new());
    for_each(async |target| {
        let tally = websockets(Load {
            target,
            connections: 3,
            seconds: 0.2,
        })
        .await;
        tallies.borrow_mut().push(tally);
    })
    .await;
    let tallies = tallies.into_inner();
    for at in [backend, bytes] {
        assert_eq!(tallies[at].failed, 0, "{:?}", tallies[at].error);
        assert!(tallies[at].done >= 3);
    }
    // The bare relay knows no upgrades: nothing comes back, and that is no success.
    assert_eq!(tallies[bare].done, 0);
}
