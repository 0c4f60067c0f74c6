//! Answers that are much longer than any buffer, which the kernel passes on where it can.

use std::net::SocketAddr;
use std::time::Duration;

use soe503_tests::http::Wire;
use soe503_tests::proxy::{Proxy, config, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longer than what the sockets in between hold together.
const LENGTH: usize = 48 << 20;

fn body() -> Vec<u8> {
    (0..LENGTH as u32).map(|at| (at % 251) as u8).collect()
}

fn head(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async fn scene(more: &str) -> (TcpListener, Proxy) {
    let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = backend.local_addr().unwrap();
    let config =
        config(&[address], "").replace("pool = \"app\"", "pool = \"app\"\ntimeout = \"1h\"");
    let proxy = Proxy::start(&format!("{more}{config}")).await;
    (backend, proxy)
}

async fn asked(backend: &TcpListener, proxy: &Proxy) -> (TcpStream, TcpStream) {
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    client.write_all(GET).await.unwrap();
    let (backend, _) = backend.accept().await.unwrap();
    (client, backend)
}

/// Reads a head, byte by byte.
async fn skip_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
}

#[tokio::test]
async fn a_long_answer_arrives_whole_and_both_connections_are_used_again() {
    let (listener, proxy) = scene("access_log = { path = \"stdout\" }\n").await;
    let (mut client, mut backend) = asked(&listener, &proxy).await;
    let sent = body();
    for _ in 0..2 {
        skip_head(&mut backend).await;
        let says = async {
            backend.write_all(head(LENGTH).as_bytes()).await.unwrap();
            backend.write_all(&sent).await.unwrap();
        };
        let hears = async {
            skip_head(&mut client).await;
            let mut got = vec![0; LENGTH];
            client.read_exact(&mut got).await.unwrap();
            got
        };
        let ((), got) = tokio::join!(says, hears);
        assert!(got == sent, "the bytes are others");
        client.write_all(GET).await.unwrap();
    }
    let logged = format!("\"bytes\":{LENGTH}");
    eventually("both are logged in full", async || {
        proxy.log().replace(' ', "").matches(&logged).count() == 2
    })
    .await;
}

#[tokio::test]
async fn a_long_answer_that_breaks_off_is_not_completed() {
    let (listener, proxy) = scene("access_log = { path = \"stdout\" }\n").await;
    let (mut client, mut backend) = asked(&listener, &proxy).await;
    skip_head(&mut backend).await;
    let sent = body();
    let says = async {
        backend
            .write_all(head(LENGTH + 1).as_bytes())
            .await
            .unwrap();
        backend.write_all(&sent).await.unwrap();
        backend.shutdown().await.unwrap();
    };
    let hears = async {
        skip_head(&mut client).await;
        let mut got = Vec::new();
        let _cut = client.read_to_end(&mut got).await;
        got
    };
    let ((), got) = tokio::join!(says, hears);
    assert!(got == sent, "{} of {LENGTH} bytes", got.len());
    eventually("the access log tells", async || {
        proxy.log().contains("response_truncated")
    })
    .await;
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_backend_back_and_one_that_leaves_ends_it() {
    let (listener, proxy) = scene("").await;
    let (mut client, mut backend) = asked(&listener, &proxy).await;
    skip_head(&mut backend).await;
    let length = 1 << 30;
    backend.write_all(head(length).as_bytes()).await.unwrap();
    skip_head(&mut client).await;
    let piece = vec![0; 1 << 20];
    let mut sent = 0;
    // A second without room for one byte: it is held back.
    while let Ok(written) =
        tokio::time::timeout(Duration::from_secs(1), backend.write(&piece)).await
    {
        sent += written.unwrap();
        assert!(sent < length / 4, "nobody reads, and it goes on");
    }
    drop(client);
    let ends = async { while backend.write(&piece).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(30), ends)
        .await
        .expect("the backend learns that nobody listens");
    // And the proxy serves on.
    let mut wire = Wire::to(proxy.address()).await;
    wire.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut backend = Wire::from(listener.accept().await.unwrap().0);
    backend.head().await;
    backend
        .say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .await;
    wire.hear("ok").await;
}
