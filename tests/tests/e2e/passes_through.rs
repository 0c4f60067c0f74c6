//! What is not broken is passed on as it is.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Connection, once};
use soe503_tests::proxy::Proxy;
use tokio::net::{TcpListener, TcpStream};

async fn scene() -> (FaultyBackend, Proxy) {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let proxy = Proxy::before(&[backend.address()], "").await;
    (backend, proxy)
}

#[tokio::test]
async fn many_requests_on_one_connection() {
    let (backend, proxy) = scene().await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    for number in 0..20 {
        let request = format!("GET /{number} HTTP/1.1\r\nHost: a\r\nX-Load-Id: {number}\r\n\r\n");
        client.send(request.as_bytes()).await.unwrap();
        let answer = client.answer(false).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, [b'x'; 1024]);
        assert_eq!(answer.header("x-load-id"), Some(&*number.to_string()));
        assert!(answer.reusable);
    }
    assert_eq!(backend.counts().requests, 20);
    assert_eq!(
        backend.counts().connections,
        1,
        "backend connections are kept"
    );
}

#[tokio::test]
async fn bodies_with_a_length_and_in_chunks() {
    let (backend, proxy) = scene().await;
    let chunked = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\
                   Connection: close\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n";
    let sized = "POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\
                 Connection: close\r\n\r\nhello world";
    for request in [chunked, sized] {
        let answer = once(proxy.address(), request).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(backend.last().unwrap().body, b"hello world");
    }
}

#[tokio::test]
async fn fm38_head_keeps_the_length_and_has_no_body() {
    let (_backend, proxy) = scene().await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client
        .send(b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let answer = client.answer(true).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-length"), Some("1024"));
    assert_eq!(client.rest().await.unwrap(), b"");
}

#[tokio::test]
async fn fm05_a_client_that_waits_for_100_continue_is_not_left_waiting() {
    let (backend, proxy) = scene().await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client
        .send(b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(client.interim().await.unwrap().status, 100);
    client.send(b"body").await.unwrap();
    assert_eq!(client.answer(false).await.unwrap().status, 200);
    assert_eq!(backend.last().unwrap().body, b"body");
}

// --- Interim answers ---

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\
                     Connection: X-Hop\r\nX-Hop: mine\r\nKeep-Alive: timeout=5\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn listeners<const N: usize>() -> ([TcpListener; N], Vec<SocketAddr>) {
    let mut all = Vec::new();
    for _ in 0..N {
        all.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
    }
    let addresses = all.iter().map(|one| one.local_addr().unwrap()).collect();
    (all.try_into().unwrap(), addresses)
}

/// The backend's end of a connection that has brought a request.
async fn asked(listener: &TcpListener) -> Connection {
    let mut backend = Connection::from(listener.accept().await.unwrap().0);
    backend.request().await.unwrap().unwrap();
    backend
}

async fn client(proxy: &Proxy, request: &str) -> Connection {
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client.send(request.as_bytes()).await.unwrap();
    client
}

#[tokio::test]
async fn early_hints_arrive_before_the_answer_is_there() {
    let ([listener], addresses) = listeners().await;
    let proxy = Proxy::before(&addresses, "").await;
    let mut client = client(&proxy, GET).await;
    let mut backend = asked(&listener).await;
    for _ in 0..2 {
        backend.send(HINTS.as_bytes()).await.unwrap();
        let hints = client.interim().await.unwrap();
        assert_eq!(hints.status, 103);
        assert_eq!(hints.header("link"), Some("</a.css>; rel=preload"));
        assert_eq!(hints.headers.len(), 1, "{:?}", hints.headers);
    }
    // Some more than a client gets, an answer to nobody's question, and all of it at once.
    let flood = HINTS.repeat(20) + "HTTP/1.1 100 Continue\r\n\r\n" + OK;
    backend.send(flood.as_bytes()).await.unwrap();
    for number in 2..16 {
        assert_eq!(client.interim().await.unwrap().status, 103, "{number}");
    }
    let answer = client.interim().await.unwrap();
    assert_eq!(answer.status, 200, "sixteen are enough");
}

#[tokio::test]
async fn fm06_early_hints_do_not_begin_the_answer() {
    let ([one, other], addresses) = listeners().await;
    let proxy = Proxy::before(&addresses, "").await;
    let mut client = client(&proxy, GET).await;
    let (mut first, next) = tokio::select! {
        backend = asked(&one) => (backend, other),
        backend = asked(&other) => (backend, one),
    };
    first.send(HINTS.as_bytes()).await.unwrap();
    assert_eq!(client.interim().await.unwrap().status, 103);
    drop(first);
    let mut second = asked(&next).await;
    second
        .send((HINTS.to_owned() + OK).as_bytes())
        .await
        .unwrap();
    assert_eq!(client.interim().await.unwrap().status, 103);
    let answer = client.interim().await.unwrap();
    assert_eq!(answer.status, 200, "{:?}", answer.headers);
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_no_early_hints() {
    let ([listener], addresses) = listeners().await;
    let proxy = Proxy::before(&addresses, "").await;
    let mut client = client(&proxy, "GET / HTTP/1.0\r\n\r\n").await;
    let mut backend = asked(&listener).await;
    backend
        .send((HINTS.to_owned() + OK).as_bytes())
        .await
        .unwrap();
    assert_eq!(client.interim().await.unwrap().status, 200);
    assert_eq!(client.rest().await.unwrap(), b"ok");
}

#[tokio::test]
async fn fm36_headers_of_one_hop_stay_on_it() {
    let (backend, proxy) = scene().await;
    let request = "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close, X-Hop\r\n\
                   X-Hop: mine\r\nKeep-Alive: timeout=5\r\nTE: gzip\r\nX-End: yours\r\n\r\n";
    once(proxy.address(), request).await.unwrap();
    let seen = backend.last().unwrap();
    for name in ["x-hop", "keep-alive", "te"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert_eq!(seen.header("x-end"), Some("yours"));
    assert_eq!(seen.header("host"), Some("shop.example"));
}

// --- HTTP/2 with prior knowledge ---

async fn h2(address: SocketAddr, method: Method, body: &'static str) -> Response<Incoming> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{address}/h2"))
        .header("x-load-id", "h2")
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap();
    sender.send_request(request).await.unwrap()
}

#[tokio::test]
async fn http2_with_prior_knowledge() {
    let (backend, proxy) = scene().await;
    let answer = h2(proxy.address(), Method::POST, "hello").await;
    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-load-id"], "h2");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, [b'x'; 1024].as_slice());
    assert_eq!(backend.last().unwrap().body, b"hello");
}

#[tokio::test]
async fn failures_are_tagged_over_http2_too() {
    let (backend, proxy) = scene().await;
    assert_eq!(h2(proxy.address(), Method::GET, "").await.status(), 200);
    backend.stop().await;
    let answer = h2(proxy.address(), Method::GET, "").await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["x-error-code"], "SOE-503");
    let cause = answer.headers()["soe-cause"].to_str().unwrap().to_owned();
    assert!(
        cause.starts_with("dependency_failure/connect_refused"),
        "{cause}"
    );
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], 503);
}
