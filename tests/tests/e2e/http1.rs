//! HTTP/1 to the letter, on both sides: a backend and a client whose every byte is written here.

use soe503_tests::http::Wire;
use soe503_tests::proxy::{Proxy, config};
use tokio::net::TcpListener;

/// A proxy before a backend that is played by hand.
struct Scene {
    proxy: Proxy,
    backend: TcpListener,
}

impl Scene {
    async fn set(limits: &str) -> Self {
        let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = backend.local_addr().unwrap();
        let limits = format!("explain = \"full\"\nlimits = {{ {limits} }}");
        // No deadline of ours may end what a test waits for.
        let config = config(&[address], "")
            .replace("explain = \"full\"", &limits)
            .replace(
                "pool = \"app\"",
                "pool = \"app\"\ntimeout = \"1h\"\nretry = { attempts = 1 }",
            );
        let proxy = Proxy::start(&config).await;
        Self { proxy, backend }
    }

    /// A client has sent `request`; what the backend got of it has begun to arrive.
    async fn asked(&self, request: &str) -> (Wire, Wire) {
        let client = self.client(request).await;
        (client, Wire::from(self.backend.accept().await.unwrap().0))
    }

    async fn client(&self, request: &str) -> Wire {
        let mut client = Wire::to(self.proxy.address()).await;
        client.say(request).await;
        client
    }
}

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\
                       Upgrade: echo\r\n\r\n";

#[tokio::test]
async fn fm39_an_accepted_upgrade_is_a_tunnel_in_both_directions() {
    let scene = Scene::set("").await;
    let (mut client, mut backend) = scene.asked(UPGRADE).await;
    let request = backend.head().await;
    assert!(request.contains("\r\nconnection: upgrade\r\n"), "{request}");
    assert!(request.contains("\r\nupgrade: echo\r\n"), "{request}");
    // The backend speaks first, in the same packet as its consent.
    backend
        .say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhi")
        .await;
    let answer = client.head().await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(
        answer.to_lowercase().contains("\r\nupgrade: echo\r\n"),
        "{answer}"
    );
    client.hear("hi").await;
    client.say("GET /not HTTP/1.1\r\n\r\n").await;
    assert_eq!(backend.head().await, "GET /not HTTP/1.1\r\n\r\n");
    // One direction may end before the other.
    client.end().await;
    assert_eq!(backend.rest().await, "");
    backend.say("still here").await;
    drop(backend);
    assert_eq!(client.rest().await, "still here");
}

#[tokio::test]
async fn an_upgrade_that_the_backend_ignores_is_a_request() {
    let scene = Scene::set("").await;
    let (mut client, mut backend) = scene.asked(UPGRADE).await;
    backend.head().await;
    backend
        .say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
        .await;
    client.head().await;
    client.hear("no").await;
    client.say("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(backend.head().await.starts_with("GET /next "));
}

#[tokio::test]
async fn h2c_is_never_asked_of_a_backend() {
    let scene = Scene::set("").await;
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
                   Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    let (_client, mut backend) = scene.asked(request).await;
    let request = backend.head().await.to_lowercase();
    assert!(
        !request.contains("upgrade") && !request.contains("http2-settings"),
        "{request}"
    );
}

#[tokio::test]
async fn fm39_a_101_that_nobody_asked_for_is_no_answer() {
    let scene = Scene::set("").await;
    let (mut client, mut backend) = scene
        .asked("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        .await;
    backend.head().await;
    backend
        .say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 502 "));
}

#[tokio::test]
async fn fm04_an_answer_that_comes_before_the_request_is_complete_is_passed_on() {
    let scene = Scene::set("").await;
    let (mut client, mut backend) = scene
        .asked("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome")
        .await;
    backend.head().await;
    backend
        .say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch")
        .await;
    let answer = client.head().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // What is left of the request cannot be told from the next one.
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    client.hear("much").await;
    assert_eq!(client.rest().await, "");
    // Nor can the backend: its connection is not used again.
    assert_eq!(backend.rest().await, "some");
}

#[tokio::test]
async fn fm04_an_upload_that_is_refused_may_go_on_and_the_answer_is_there_in_the_end() {
    // More than the buffers of two kernels hold, by somebody who does not look before all is sent.
    const UPLOAD: usize = 15_000_000;
    let scene = Scene::set("").await;
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {UPLOAD}\r\n\r\n");
    let (mut client, mut backend) = scene.asked(&head).await;
    backend.head().await;
    backend
        .say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch")
        .await;
    drop(backend);
    client.say(&"u".repeat(UPLOAD)).await;
    let answer = client.head().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(client.rest().await, "much");
}

#[tokio::test]
async fn both_directions_at_once() {
    let scene = Scene::set("").await;
    let (mut client, mut backend) = scene
        .asked("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    backend.head().await;
    backend
        .say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    client.head().await;
    for piece in ["1\r\na\r\n", "2\r\nbb\r\n", "3\r\nccc\r\n"] {
        client.say(piece).await;
        backend.hear(piece).await;
        backend.say(piece).await;
        client.hear(piece).await;
    }
    client.say("0\r\n\r\n").await;
    backend.hear("0\r\n\r\n").await;
    backend.say("0\r\n\r\n").await;
    client.hear("0\r\n\r\n").await;
}

#[tokio::test]
async fn trailers_pass_both_ways_and_extensions_do_not() {
    let scene = Scene::set("").await;
    let (mut client, mut backend) = scene
        .asked("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=1\r\nwiki\r\n0\r\nX-Sum: 9\r\nHost: evil\r\n\r\n")
        .await;
    backend.head().await;
    backend.hear("4\r\nwiki\r\n0\r\nx-sum: 9\r\n\r\n").await;
    backend
        .say(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n",
        )
        .await;
    client.head().await;
    client.hear("2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n").await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_completed() {
    for (answer, whole) in [
        (
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "5\r\nhello\r\n",
        ),
        // Too long to be waited for.
        ("Content-Length: 100000\r\n\r\nhello", "hello"),
    ] {
        let scene = Scene::set("").await;
        let (mut client, mut backend) = scene.asked("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        backend.head().await;
        backend.say(&format!("HTTP/1.1 200 OK\r\n{answer}")).await;
        client.head().await;
        client.hear(whole).await;
        drop(backend);
        assert_eq!(client.rest().await, "");
    }
}

#[tokio::test]
async fn interim_answers_are_not_the_answer_and_the_backends_version_is_its_own() {
    let scene = Scene::set("").await;
    let (mut client, mut backend) = scene.asked("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    backend.head().await;
    backend
        .say("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.0 200 Fine\r\nX: y\r\n\r\nto the end")
        .await;
    drop(backend);
    let hints = client.head().await;
    assert_eq!(hints, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    let answer = client.head().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        answer.contains("\r\ntransfer-encoding: chunked\r\n"),
        "{answer}"
    );
    client.hear("a\r\nto the end\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn fm40_a_client_of_1_0_gets_no_chunks() {
    let scene = Scene::set("").await;
    let (mut client, mut backend) = scene
        .asked("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        .await;
    let request = backend.head().await;
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    backend
        .say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        .await;
    let answer = client.head().await;
    assert!(!answer.contains("transfer-encoding"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert_eq!(client.rest().await, "ok");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let scene = Scene::set("").await;
    let two = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut client, mut backend) = scene.asked(two).await;
    for number in ["1", "2"] {
        let request = backend.head().await;
        assert!(request.starts_with(&format!("GET /{number} ")), "{request}");
        backend
            .say(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"
            ))
            .await;
        client.head().await;
        client.hear(number).await;
    }
}

#[tokio::test]
async fn a_head_in_pieces_is_a_head_and_one_that_never_ends_is_told_so() {
    let scene = Scene::set("header_read_timeout = \"1s\"").await;
    let mut client = scene.client("GE").await;
    client.say("T / HTTP/1.1\r\nHost: a\r\n\r").await;
    client.say("\n").await;
    let mut backend = Wire::from(scene.backend.accept().await.unwrap().0);
    backend.head().await;
    backend
        .say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    client.head().await;
    client.say("GET / HTTP/1.1\r\nHo").await;
    let answer = client.head().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    client.rest().await;
    // Who never says a word is not answered either.
    let mut silent = scene.client("").await;
    assert_eq!(silent.rest().await, "");
}

#[tokio::test]
async fn fm42_a_client_that_leaves_takes_its_request_with_it() {
    let scene = Scene::set("").await;
    let (client, mut backend) = scene.asked("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    backend.head().await;
    drop(client);
    assert_eq!(backend.rest().await, "", "the backend's connection closes");
}
