//! Backends that write the fields with which this proxy explains its own failures.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::h2::{H2Backend, Written};
use soe503_tests::http::once;
use soe503_tests::proxy::{Proxy, config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const FORGED: [(&str, &str); 6] = [
    (
        "Soe-Cause",
        "overload/queue_full; inc=\"01KAPX3Q\"; grade=proven; at=@1795369268",
    ),
    ("X-Error-Code", "SOE-503"),
    ("Soe-Attempts", "9;scope=host"),
    ("X-SOE-Degraded", "stale"),
    ("Soe-Anything", "1"),
    ("Soe-Anything", "2"),
];

/// A backend that answers each request with `status` and all of it.
async fn forger(status: u16) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let fields: String = FORGED
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let answer = format!(
        "HTTP/1.1 {status} x\r\nServer: forger\r\n{fields}Content-Length: 2\r\nConnection: close\r\n\r\nno"
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0
            {
            }
            // A client that has left has nothing to complain about.
            let _written = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// Its twin that speaks HTTP/2.
async fn h2_forger(status: u16) -> H2Backend {
    H2Backend::start(100, move |_: Request<Incoming>| async move {
        let mut response = Response::builder()
            .status(status)
            .header("server", "forger");
        for (name, value) in FORGED {
            response = response.header(name, value);
        }
        response.body(Written::empty()).unwrap()
    })
    .await
    .unwrap()
}

async fn h1_fields(proxy: &Proxy) -> (u16, Vec<(String, String)>) {
    let request = "GET /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = once(proxy.address(), request).await.unwrap();
    let field = |name: &str| Some((name.to_owned(), answer.header(name)?.to_owned()));
    (
        answer.status,
        NAMES.iter().filter_map(|name| field(name)).collect(),
    )
}

async fn h2_fields(proxy: &Proxy) -> (u16, Vec<(String, String)>) {
    let stream = TcpStream::connect(proxy.address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .uri(format!("http://{}/orders", proxy.address()))
        .body(Full::<Bytes>::default())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let (head, body) = answer.into_parts();
    body.collect().await.unwrap();
    (head.status.as_u16(), listed(&head.headers))
}

fn listed(headers: &HeaderMap) -> Vec<(String, String)> {
    let field = |name: &str| {
        let value = headers.get(name)?.to_str().unwrap();
        Some((name.to_owned(), value.to_owned()))
    };
    NAMES.iter().filter_map(|name| field(name)).collect()
}

const NAMES: [&str; 6] = [
    "server",
    "soe-cause",
    "x-error-code",
    "soe-attempts",
    "x-soe-degraded",
    "soe-anything",
];

/// What may reach the client of an answer with `status`: the field that is anybody's, and our own count.
fn expected(status: u16) -> Vec<(String, String)> {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut all = vec![field("server", "forger")];
    if status >= 500 {
        all.push(field("soe-attempts", "1"));
    }
    all
}

/// Nothing is tried again: what is counted is known.
async fn before(backend: SocketAddr, more: &str) -> Proxy {
    let route = "pool = \"app\"\nretry = { attempts = 1 }";
    let text = config(&[backend], more).replace("pool = \"app\"", route);
    Proxy::start(&text).await
}

#[tokio::test]
async fn a_backend_that_is_no_proxy_cannot_speak_as_one() {
    for status in [200, 404, 503] {
        let backend = forger(status).await;
        let proxy = before(backend, "").await;
        assert_eq!(h1_fields(&proxy).await, (status, expected(status)));
        assert_eq!(h2_fields(&proxy).await, (status, expected(status)));
        let backend = h2_forger(status).await;
        let proxy = before(backend.address(), "protocol = \"h2\"").await;
        assert_eq!(h1_fields(&proxy).await, (status, expected(status)));
        assert_eq!(h2_fields(&proxy).await, (status, expected(status)));
    }
}

/// One that is declared to be a proxy is believed, and its word goes on.
#[tokio::test]
async fn a_proxy_may_speak() {
    for status in [200, 503] {
        let backend = forger(status).await;
        let proxy = before(backend, "proxy = true").await;
        let (answered, fields) = h1_fields(&proxy).await;
        assert_eq!(answered, status);
        let cause = fields.iter().find(|(name, _)| name == "soe-cause");
        assert_eq!(cause.map(|(_, value)| &**value), Some(FORGED[0].1));
        let names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, NAMES);
    }
}

/// What we say ourselves about a backend that forges is not touched.
#[tokio::test]
async fn our_own_answers_keep_what_they_say() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Reset))
        .await
        .unwrap();
    let inner = Proxy::start(&config(&[backend.address()], "")).await;
    let edge = Proxy::before(&[inner.address()], "").await;
    let (status, own) = h1_fields(&inner).await;
    assert_eq!(status, 502);
    assert!(own.iter().any(|(name, _)| name == "soe-cause"), "{own:?}");
    // The same answer once more, through one that was not told that there is a proxy behind it.
    let (status, fields) = h1_fields(&edge).await;
    assert_eq!(status, 502);
    let names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["soe-attempts"]);
}
