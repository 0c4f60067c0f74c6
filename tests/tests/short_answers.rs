//! Short answers are passed on when they are whole: one that is cut off can still be had elsewhere.

use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::once;
use soe503_tests::proxy::{Proxy, config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nX-Load-Id: 1\r\nConnection: close\r\n\r\n";
const POST: &str =
    "POST / HTTP/1.1\r\nHost: a\r\nX-Load-Id: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Answers one request on each connection with a head that announces `length`, then what `rest` says,
/// each after its pause, and closes.
async fn backend(length: usize, rest: &'static [(u64, usize)]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                if stream.read(&mut request).await.unwrap_or(0) == 0 {
                    return;
                }
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                let _ = stream.write_all(head.as_bytes()).await;
                for (pause, count) in rest {
                    tokio::time::sleep(Duration::from_millis(*pause)).await;
                    let _ = stream.write_all(&vec![b'y'; *count]).await;
                }
            });
        }
    });
    address
}

fn route(config: &str, line: &str) -> String {
    config.replace("pool = \"app\"", &format!("pool = \"app\"\n{line}"))
}

#[tokio::test]
async fn one_that_is_cut_off_is_had_from_another_backend() {
    let cut = FaultyBackend::start(Behaviour::traffic_only(Fault::Truncate));
    let (cut, good) = (
        cut.await.unwrap(),
        FaultyBackend::start(Behaviour::OK).await.unwrap(),
    );
    let proxy = Proxy::start(&config(&[cut.address(), good.address()], "")).await;
    for _ in 0..10 {
        let answer = once(proxy.address(), GET).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, 1024));
    }
    assert!(cut.counts().requests > 0, "the bad backend was never tried");
}

#[tokio::test]
async fn one_that_must_not_be_asked_for_twice_fails_as_a_whole_and_with_its_cause() {
    let cut = FaultyBackend::start(Behaviour::traffic_only(Fault::Truncate));
    let cut = cut.await.unwrap();
    let proxy = Proxy::start(&config(&[cut.address()], "")).await;
    let answer = once(proxy.address(), POST).await.unwrap();
    assert_eq!(answer.status, 502, "{}", answer.text());
    let cause = answer.header("soe-cause").unwrap();
    assert!(
        cause.starts_with("dependency_failure/response_truncated"),
        "{cause}"
    );
    assert_eq!(cut.counts().requests, 1);
}

#[tokio::test]
async fn one_that_comes_in_pieces_arrives_whole() {
    let slow = backend(3000, &[(0, 1000), (20, 1000), (20, 1000)]).await;
    let proxy = Proxy::start(&config(&[slow], "")).await;
    let answer = once(proxy.address(), GET).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 3000));
}

#[tokio::test]
async fn one_that_stalls_is_had_from_another_backend() {
    let stalls = backend(3000, &[(0, 1000), (60_000, 2000)]).await;
    let good = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let line = "retry = { attempts = 3, attempt_timeout = \"100ms\" }";
    let proxy = Proxy::start(&route(&config(&[stalls, good.address()], ""), line)).await;
    for _ in 0..4 {
        let answer = once(proxy.address(), GET).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, 1024));
    }
}

/// At the deadline the head is there, and a slow answer is better than none.
#[tokio::test]
async fn at_the_deadline_what_is_there_is_passed_on() {
    let slow = backend(3000, &[(0, 1000), (700, 2000)]).await;
    let proxy = Proxy::start(&route(&config(&[slow], ""), "timeout = \"300ms\"")).await;
    let answer = once(proxy.address(), POST).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 3000));
    assert!(answer.body.iter().all(|byte| *byte == b'y'));
}

#[tokio::test]
async fn a_long_one_is_streamed() {
    let slow = backend(100_000, &[(0, 1000), (700, 99_000)]).await;
    let proxy = Proxy::start(&route(&config(&[slow], ""), "timeout = \"300ms\"")).await;
    let answer = once(proxy.address(), GET).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 100_000));
}
