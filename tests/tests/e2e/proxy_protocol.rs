//! Behind a load balancer that sends the PROXY protocol.

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Connection, get};
use soe503_tests::proxy::{Proxy, config, eventually};

const V2: &[u8] = b"\r\n\r\n\x00\r\nQUIT\n";

async fn scene(listener: &str) -> (FaultyBackend, Proxy) {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let listener = format!("explain = \"full\"\nproxy_protocol = \"require\"\n{listener}");
    let config = config(&[backend.address()], "").replace("explain = \"full\"", &listener);
    let config = format!("access_log = {{ path = \"stdout\" }}\n{config}");
    (backend, Proxy::start(&config).await)
}

fn v2(command: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [V2, &[command, 0x11], &length, rest].concat()
}

const FROM: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 2, 0x12, 0x34, 1, 0xbb];

#[tokio::test]
async fn the_client_is_whom_the_balancer_names() {
    let (backend, proxy) = scene("trusted = [\"127.0.0.1\"]").await;
    let ssl = [&FROM[..], &[0x20, 0, 5, 1, 0, 0, 0, 0]].concat();
    for (header, client, proto) in [
        (
            b"PROXY TCP4 192.0.2.7 198.51.100.2 4660 443\r\n".to_vec(),
            "192.0.2.7",
            "http",
        ),
        (
            b"PROXY TCP6 2001:db8::7 ::1 4660 443\r\n".to_vec(),
            "2001:db8::7",
            "http",
        ),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1", "http"),
        (v2(0x21, &FROM), "192.0.2.1", "http"),
        (v2(0x21, &ssl), "192.0.2.1", "https"),
        (v2(0x20, &FROM), "127.0.0.1", "http"),
    ] {
        let mut balancer = Connection::open(proxy.address()).await.unwrap();
        // In one segment: what follows the header is not lost.
        let first = [&header[..], b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        for request in [&first[..], b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"] {
            balancer.send(request).await.unwrap();
            assert_eq!(balancer.answer(false).await.unwrap().status, 200);
            let seen = backend.last().unwrap();
            let shown = header.escape_ascii();
            assert_eq!(seen.header("x-forwarded-for"), Some(client), "{shown}");
            assert_eq!(seen.header("x-forwarded-proto"), Some(proto), "{shown}");
        }
    }
    eventually("the access log has the client", async || {
        proxy.log().contains("\"client\":\"2001:db8::7\"")
    })
    .await;
}

#[tokio::test]
async fn http2_behind_a_header() {
    use http_body_util::{BodyExt, Empty};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::io::AsyncWriteExt;

    let (backend, proxy) = scene("trusted = [\"127.0.0.0/8\"]").await;
    let mut stream = tokio::net::TcpStream::connect(proxy.address())
        .await
        .unwrap();
    stream.write_all(&v2(0x21, &FROM)).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = http::Request::builder()
        .uri("http://shop/")
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body().collect().await.unwrap();
    let seen = backend.last().unwrap();
    assert_eq!(seen.header("x-forwarded-for"), Some("192.0.2.1"));
    assert_eq!(seen.header("via"), Some("2.0 soe503"));
}

#[tokio::test]
async fn without_a_header_or_from_a_stranger_there_is_no_answer() {
    let refused = async |proxy: &Proxy, sent: &[u8]| {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        let _ = client.send(sent).await;
        client.rest().await.unwrap_or_default()
    };
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let (backend, proxy) = scene("trusted = [\"127.0.0.1\"]").await;
    let long = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 300], b"\r\n", request].concat();
    let tlvs = [&v2(0x21, &[0; 5000]), &request[..]].concat();
    for sent in [
        request.as_slice(),
        &long,
        &tlvs,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00",
    ] {
        assert_eq!(refused(&proxy, sent).await, b"", "{}", sent.escape_ascii());
    }
    let (_, other) = scene("trusted = [\"10.0.0.0/8\"]").await;
    let sent = [
        b"PROXY TCP4 192.0.2.7 198.51.100.2 1 2\r\n".as_slice(),
        request,
    ]
    .concat();
    assert_eq!(refused(&other, &sent).await, b"");
    for (proxy, count) in [(&proxy, 4), (&other, 1)] {
        let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
        let line = format!("soe503_connections_refused_total{{reason=\"proxy_protocol\"}} {count}");
        assert!(metrics.contains(&line), "{metrics}");
    }
    assert_eq!(backend.counts().requests, 0);
}

#[tokio::test]
async fn a_header_that_never_ends_is_not_waited_for() {
    let limits = "trusted = [\"127.0.0.1\"]\nlimits = { header_read_timeout = \"200ms\" }";
    let (_backend, proxy) = scene(limits).await;
    for part in [b"PROXY TCP4 192.0.2.7 ".as_slice(), &V2[..7], b""] {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        client.send(part).await.unwrap();
        assert_eq!(client.rest().await.unwrap(), b"");
    }
}

/// Limits count the clients behind the balancer, not the balancer.
#[tokio::test]
async fn each_client_behind_the_balancer_is_one() {
    let limits = "trusted = [\"127.0.0.1\"]\nlimits = { max_connections_per_client = 1 }";
    let (_backend, proxy) = scene(limits).await;
    let mut held = Vec::new();
    for (client, served) in [
        ("192.0.2.1", true),
        ("192.0.2.2", true),
        ("192.0.2.1", false),
    ] {
        let mut balancer = Connection::open(proxy.address()).await.unwrap();
        let sent =
            format!("PROXY TCP4 {client} 198.51.100.2 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let _ = balancer.send(sent.as_bytes()).await;
        assert_eq!(balancer.answer(false).await.is_ok(), served, "{client}");
        held.push(balancer);
    }
}
