//! A name with a blackholed address, with real sockets.

use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;

use super::*;
use crate::upstream::UpstreamOptions;
use crate::upstream::eyeballs::{HEAD_START, MEMORY};

const OPTIONS: UpstreamOptions = UpstreamOptions {
    connect_timeout: Duration::from_secs(5),
    idle_timeout: Duration::from_secs(60),
    max_idle: 8,
    proxy: false,
    protocol: crate::upstream::Protocol::H1,
};

/// An address that does not answer: its queue is full, and the kernel drops what comes.
struct Blackhole {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<Socket>,
}

fn blackhole() -> Blackhole {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let queued = (0..8).map(|_| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        // In progress, or queued; both is what is wanted.
        let _in_progress = socket.connect(&address.into());
        socket
    });
    Blackhole {
        address,
        _queued: queued.collect(),
        _listener: listener,
    }
}

#[tokio::test]
async fn fm51_a_blackholed_family_costs_one_head_start_and_no_request() {
    let hole = blackhole();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Upstream::new(hole.address, http::HeaderValue::from_static("app"), OPTIONS)
        .with_companion(Some(other.local_addr().unwrap()));
    let mut times = Vec::new();
    let begin = soe503::clock::now();
    for _ in 0..4 {
        let now = soe503::clock::now();
        let opened = open(&upstream, OPTIONS.connect_timeout, now).await.unwrap();
        times.push(opened.connect_time);
        assert!(upstream.is_detoured(now));
    }
    assert!(times[0] >= HEAD_START, "{times:?}");
    // The winner goes first from now on: all the others together take less than a head start each.
    let rest = times[1..].iter().sum::<Duration>();
    assert!(rest < HEAD_START * 3, "{times:?}");
    assert!(!upstream.is_detoured(begin.after(MEMORY + Duration::from_secs(60))));
}

#[tokio::test]
async fn the_own_address_gets_its_chance_when_the_companion_fails() {
    let own = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hole = blackhole();
    let upstream = Upstream::new(
        own.local_addr().unwrap(),
        http::HeaderValue::from_static("app"),
        OPTIONS,
    )
    .with_companion(Some(hole.address));
    let now = soe503::clock::now();
    upstream.detour(now, true);
    open(&upstream, OPTIONS.connect_timeout, now).await.unwrap();
    assert!(!upstream.is_detoured(now));
}

#[tokio::test]
async fn a_refusal_is_told_at_once() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let upstream = Upstream::new(address, http::HeaderValue::from_static("app"), OPTIONS)
        .with_companion(Some(other.local_addr().unwrap()));
    let refused = open(&upstream, OPTIONS.connect_timeout, soe503::clock::now()).await;
    let Err(ConnectError::Io(error)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(error.raw_os_error(), Some(libc::ECONNREFUSED));
}
