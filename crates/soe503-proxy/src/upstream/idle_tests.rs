//! When waiting connections are given up. Times are made up; sockets are real.

use std::future::poll_fn;
use std::task::Poll;

use http::HeaderValue;
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::net::Stream;
use crate::upstream::UpstreamOptions;

const OPTIONS: UpstreamOptions = UpstreamOptions {
    connect_timeout: Duration::from_secs(1),
    idle_timeout: Duration::from_secs(60),
    max_idle: 8,
    proxy: false,
    protocol: crate::upstream::Protocol::H1,
};

/// A connection that has waited since `since`, and the backend's end of it.
async fn connection(listener: &TcpListener, since: Tick) -> (Box<Connection>, TcpStream) {
    let address = listener.local_addr().unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    let connection = Connection::new(Stream::Tcp(near.unwrap()), Duration::ZERO, since);
    (Box::new(connection), far.unwrap().0)
}

async fn backend() -> (Upstream, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (
        Upstream::new(
            listener.local_addr().unwrap(),
            http::HeaderValue::from_static("app"),
            OPTIONS,
        ),
        listener,
    )
}

const fn at(millis: u64) -> Tick {
    Tick::from_millis(1_000_000 + millis)
}

#[tokio::test]
async fn a_backend_that_says_how_long_it_waits_is_not_kept_waiting() {
    let (upstream, listener) = backend().await;
    upstream.keep_alive_hint(at(0), &HeaderValue::from_static("timeout=5, max=100"));
    assert_eq!(upstream.idle_limit(at(0)), Duration::from_secs(4));
    let (first, _far) = connection(&listener, at(0)).await;
    put(&upstream, first);
    let first = take(&upstream, at(3_999)).expect("young enough");
    put(&upstream, first);
    assert!(take(&upstream, at(4_000)).is_none());
}

#[tokio::test]
async fn what_a_backend_closes_teaches_how_long_it_waits() {
    let (upstream, listener) = backend().await;
    for round in [0, 10_000, 20_000] {
        assert_eq!(upstream.idle_limit(at(round)), OPTIONS.idle_timeout);
        let (mut closed, far) = connection(&listener, at(round)).await;
        drop(far);
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if closed.is_spoiled() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        put(&upstream, closed);
        sweep(at(round + 5_500));
    }
    // Open at 4.5 s and closed at 5.5 s, three times.
    assert_eq!(
        upstream.idle_limit(at(30_000)),
        Duration::from_millis(3_600)
    );
    let (old, _far) = connection(&listener, at(30_000)).await;
    put(&upstream, old);
    assert!(take(&upstream, at(33_600)).is_none());
}

#[tokio::test]
async fn what_is_too_old_goes_with_the_sweep_and_teaches_nothing() {
    let (upstream, listener) = backend().await;
    let (old, mut far) = connection(&listener, at(0)).await;
    put(&upstream, old);
    sweep(at(59_999));
    let old = take(&upstream, at(59_999)).expect("not too old yet");
    put(&upstream, old);
    sweep(at(61_000));
    assert!(take(&upstream, at(61_000)).is_none());
    // Closed, not only forgotten.
    let mut byte = [0];
    let read = tokio::io::AsyncReadExt::read(&mut far, &mut byte).await;
    assert_eq!(read.unwrap(), 0);
    assert_eq!(upstream.idle_limit(at(61_000)), OPTIONS.idle_timeout);
}

#[tokio::test]
async fn what_a_backend_closes_soon_teaches_how_many_requests_it_serves() {
    let (upstream, listener) = backend().await;
    for round in [0, 2_000, 4_000] {
        assert_eq!(upstream.requests_per_connection(at(round)), None);
        let (mut closed, far) = connection(&listener, at(round)).await;
        closed.served = 100;
        drop(far);
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if closed.is_spoiled() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        put(&upstream, closed);
        assert!(take(&upstream, at(round + 3)).is_none());
    }
    assert_eq!(upstream.requests_per_connection(at(5_000)), Some(100));
    assert!(upstream.is_used_up(at(5_000), Duration::from_millis(3), 100));
    assert!(!upstream.is_used_up(at(5_000), Duration::from_millis(3), 99));
    assert_eq!(upstream.idle_limit(at(5_000)), OPTIONS.idle_timeout);
}
