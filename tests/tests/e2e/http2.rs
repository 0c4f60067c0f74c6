//! HTTP/2 clients that are slow, quiet or gone, before the real binary.

use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::h2::{H2Client, Written, trailer};
use soe503_tests::http::get;
use soe503_tests::proxy::{Proxy, config, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// SETTINGS that say nothing.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
/// SETTINGS with SETTINGS_INITIAL_WINDOW_SIZE = 0.
const NO_WINDOW: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";
/// `GET http://a/` on stream 1 (RFC 7541, appendix A, and a literal authority).
const GET: &[u8] = b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01a";

const RST_STREAM: u8 = 3;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

struct Frame {
    kind: u8,
    flags: u8,
    payload: Vec<u8>,
}

/// A client that does only what it is told.
struct Raw(TcpStream);

impl Raw {
    async fn open(proxy: &Proxy, says: &[&[u8]]) -> Self {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(&says.concat()).await.unwrap();
        Self(stream)
    }

    /// The next frame; `None` at the end.
    async fn frame(&mut self) -> Option<Frame> {
        timeout(PATIENCE, async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.0.read_exact(&mut payload).await.ok()?;
            Some(Frame {
                kind: head[3],
                flags: head[4],
                payload,
            })
        })
        .await
        .expect("a frame, or the end")
    }

    async fn until(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.frame().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// How many frames of this kind come before the end.
    async fn rest(&mut self, kind: u8) -> usize {
        let mut count = 0;
        while self.until(kind).await.is_some() {
            count += 1;
        }
        count
    }
}

async fn scene(behaviour: Behaviour, limits: &str) -> (FaultyBackend, Proxy) {
    let backend = FaultyBackend::start(behaviour).await.unwrap();
    let limits = format!("explain = \"full\"\nlimits = {{ {limits} }}");
    let config = config(&[backend.address()], "").replace("explain = \"full\"", &limits);
    let proxy = Proxy::start(&config).await;
    (backend, proxy)
}

/// Waits until the proxy has so many requests in hand.
async fn in_hand(proxy: &Proxy, count: usize) {
    let line = format!("soe503_pool_in_flight{{pool=\"app\"}} {count}\n");
    eventually(&line, async || {
        let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
        metrics.contains(&line)
    })
    .await;
}

#[tokio::test]
async fn a_body_that_stops_coming_gets_408_and_the_other_streams_go_on() {
    let (backend, proxy) = scene(Behaviour::OK, "body_read_timeout = \"300ms\"").await;
    let client = H2Client::open(proxy.address()).await;
    let (pen, body) = Written::new();
    assert!(pen.write("hello").await);
    let answer = client.send("POST", &[], body).await.unwrap();
    assert_eq!(answer.status(), 408);
    let (problem, _none) = trailer(answer.into_body()).await.unwrap();
    assert!(String::from_utf8_lossy(&problem).contains("did not arrive in time"));
    // Whoever still sends is told that nobody reads.
    timeout(PATIENCE, pen.dropped()).await.unwrap();
    assert_eq!(backend.counts().requests, 0);
    let answer = client.send("GET", &[], Written::empty()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let pool = proxy.pool().await;
    assert_eq!(pool["backends"][0]["state"], "up", "{pool}");
}

#[tokio::test]
async fn a_body_that_is_called_off_blames_nobody() {
    let (backend, proxy) = scene(Behaviour::OK, "").await;
    let client = H2Client::open(proxy.address()).await;
    let (pen, body) = Written::new();
    assert!(pen.write("hello").await);
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.send("POST", &[], body).await.map(drop) }
    });
    in_hand(&proxy, 1).await;
    asking.abort();
    in_hand(&proxy, 0).await;
    drop(pen);
    let answer = client.send("GET", &[], Written::empty()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(backend.counts().requests, 1);
}

#[tokio::test]
async fn who_expects_100_is_asked_for_the_body() {
    let (backend, proxy) = scene(Behaviour::OK, "").await;
    // POST http://a/ with `expect: 100-continue` on stream 1.
    let head = b"\0\0\x1b\x01\x04\0\0\0\x01\x83\x86\x84\x41\x01a\0\x06expect\x0c100-continue";
    let mut client = Raw::open(&proxy, &[PREFACE, SETTINGS, head]).await;
    let interim = client.until(1).await.unwrap();
    assert_eq!(interim.flags & 1, 0, "it does not end the stream");
    // `:status: 100` as a literal: only 200, 204, 206 … are in the static table.
    assert!(interim.payload.windows(3).any(|w| w == b"100"));
    client
        .0
        .write_all(b"\0\0\x02\0\x01\0\0\0\x01hi")
        .await
        .unwrap();
    assert!(client.until(1).await.is_some());
    let seen = backend.last().unwrap();
    assert_eq!((seen.header("expect"), &seen.body[..]), (None, &b"hi"[..]));
}

#[tokio::test]
async fn a_client_without_a_preface_is_not_waited_for() {
    let (_backend, proxy) = scene(Behaviour::OK, "header_read_timeout = \"300ms\"").await;
    for says in [&PREFACE[..10], PREFACE] {
        let mut client = Raw::open(&proxy, &[says]).await;
        assert_eq!(client.rest(PING).await, 0);
    }
}

#[tokio::test]
async fn a_connection_without_streams_is_closed_in_order() {
    let (_backend, proxy) = scene(Behaviour::OK, "idle_timeout = \"300ms\"").await;
    for says in [&[PREFACE, SETTINGS][..], &[PREFACE, SETTINGS, GET]] {
        let mut client = Raw::open(&proxy, says).await;
        let goodbye = client.until(GOAWAY).await.unwrap();
        assert_eq!(goodbye.payload[4..8], [0; 4], "NO_ERROR");
        assert!(client.frame().await.is_none());
    }
}

#[tokio::test]
async fn a_quiet_client_with_a_request_is_asked_whether_it_is_there() {
    let limits = "idle_timeout = \"300ms\", header_read_timeout = \"1s\"";
    let (_backend, proxy) = scene(Behaviour::traffic_only(Fault::Hang), limits).await;
    let mut client = Raw::open(&proxy, &[PREFACE, SETTINGS, GET]).await;
    for _ in 0..2 {
        let ping = client.until(PING).await.unwrap();
        let answer = [b"\0\0\x08\x06\x01\0\0\0\0", &ping.payload[..]].concat();
        client.0.write_all(&answer).await.unwrap();
    }
    // This time without an answer.
    assert_eq!(client.rest(PING).await, 1);
}

#[tokio::test]
async fn a_client_that_opens_no_window_is_not_waited_for() {
    let limits = "idle_timeout = \"500ms\"";
    let (_backend, proxy) = scene(Behaviour::OK, limits).await;
    let mut client = Raw::open(&proxy, &[PREFACE, NO_WINDOW, GET]).await;
    let mut kinds = Vec::new();
    while let Some(frame) = client.frame().await {
        if frame.kind == PING && frame.flags == 0 {
            let answer = [b"\0\0\x08\x06\x01\0\0\0\0", &frame.payload[..]].concat();
            client.0.write_all(&answer).await.unwrap();
        }
        kinds.push(frame.kind);
    }
    assert!(kinds.contains(&RST_STREAM), "{kinds:?}");
}
