//! Requests that cannot be understood or are too large: a clear status, then a clean end of the
//! connection. No backend hears of them.

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Answer, Connection, get};
use soe503_tests::proxy::{Proxy, config};

async fn scene(limits: &str) -> (FaultyBackend, Proxy) {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let limits = format!("explain = \"full\"\nlimits = {{ {limits} }}");
    let config = config(&[backend.address()], "").replace("explain = \"full\"", &limits);
    (backend, Proxy::start(&config).await)
}

/// The answer, after which the proxy must have closed in order: a reset could make the client lose
/// the answer.
async fn answer_and_end(proxy: &Proxy, request: &[u8]) -> Answer {
    let shown = String::from_utf8_lossy(&request[..request.len().min(80)]).into_owned();
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client.send(request).await.unwrap();
    let answer = client
        .answer(false)
        .await
        .unwrap_or_else(|error| panic!("{shown:?}: {error}"));
    let rest = client.rest().await;
    assert!(
        rest.as_ref().is_ok_and(Vec::is_empty),
        "{shown:?} is followed by {rest:?}"
    );
    answer
}

#[tokio::test]
async fn an_unparsable_request_gets_400() {
    let (backend, proxy) = scene("").await;
    for request in [
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nName with spaces: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
        "\x01\x02\x03\x04 / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let answer = answer_and_end(&proxy, request.as_bytes()).await;
        assert_eq!(answer.status, 400, "{request:?}");
    }
    let unknown = answer_and_end(&proxy, b"GET / HTTP/9.9\r\nHost: a\r\n\r\n").await;
    assert_eq!(unknown.status, 505);
    assert_eq!(backend.counts().requests, 0);
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
}

/// Requests whose end two servers could see in different places (row 35 of the failure modes).
#[tokio::test]
async fn fm35_ambiguous_framing_gets_400() {
    let (backend, proxy) = scene("").await;
    for framing in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Content-Length: +5",
        "Content-Length: 5,5,6",
        "Content-Length : 5",
        "X: folded\r\n line\r\nContent-Length: 5",
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n0\r\n\r\n");
        let answer = answer_and_end(&proxy, request.as_bytes()).await;
        assert_eq!(answer.status, 400, "{framing:?}");
    }
    assert_eq!(backend.counts().requests, 0);
}

/// RFC 9112 §6.1: refused, or understood by its chunks alone; and then the connection is closed, so
/// that nothing behind them is taken for another request.
#[tokio::test]
async fn fm35_a_length_beside_chunks_smuggles_nothing() {
    let (backend, proxy) = scene("").await;
    for framing in [
        "Content-Length: 44\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 44",
    ] {
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n0\r\n\r\n{smuggled}");
        let mut client = Connection::open(proxy.address()).await.unwrap();
        client.send(request.as_bytes()).await.unwrap();
        let answer = client.answer(false).await.unwrap();
        assert!(matches!(answer.status, 200 | 400), "{}", answer.status);
        // Closed with or without a reset: there was something left that nobody was to read.
        assert!(client.rest().await.unwrap_or_default().is_empty());
        if let Some(seen) = backend.last() {
            assert_eq!(seen.target, "/");
            assert_eq!(seen.body, b"");
        }
    }
}

#[tokio::test]
async fn an_oversized_header_gets_431() {
    let (backend, proxy) = scene("max_header_bytes = \"16KiB\"").await;
    for size in [20 * 1024, 300 * 1024] {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n",
            "x".repeat(size)
        );
        let answer = answer_and_end(&proxy, request.as_bytes()).await;
        assert_eq!(answer.status, 431, "{size}");
    }
    assert_eq!(backend.counts().requests, 0);
    let small = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: {}\r\n\r\n",
        "x".repeat(10 * 1024)
    );
    let answer = answer_and_end(&proxy, small.as_bytes()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn fm41_too_many_headers_get_431() {
    let (backend, proxy) = scene("max_headers = 20").await;
    let request = |count: usize| {
        let headers: String = (0..count).map(|n| format!("X-{n}: y\r\n")).collect();
        format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")
    };
    let answer = answer_and_end(&proxy, request(30).as_bytes()).await;
    assert_eq!(answer.status, 431);
    assert_eq!(backend.counts().requests, 0);
    let answer = answer_and_end(&proxy, request(10).as_bytes()).await;
    assert_eq!(answer.status, 200);
}

/// A client that never finishes its head holds no connection for longer than it is allowed (row
/// 34), and is told that it was too slow, not that the service is unavailable.
#[tokio::test]
async fn fm34_a_head_that_never_ends_is_cut_off() {
    let (backend, proxy) = scene("header_read_timeout = \"200ms\"").await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client
        .send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        .await
        .unwrap();
    let said = client.rest().await.unwrap();
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.is_empty() || said.starts_with("HTTP/1.1 408 "),
        "{said}"
    );
    assert_eq!(backend.counts().requests, 0);
}
