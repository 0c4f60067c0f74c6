//! What clients and backends say to each other, to the letter.

use soe503_tests::http::Wire;
use soe503_tests::proxy::{Proxy, free_address};

use super::scene::{GET, Scene, accept};

const UPLOAD: &str = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";

/// The backend has decided without the body: the client gets the answer, and nobody waits for the rest.
#[tokio::test]
async fn fm05_a_final_answer_ends_the_wait_for_a_body() {
    let scene = Scene::set().await;
    let (mut client, mut backend) = scene.asked(&format!("PUT / HTTP/1.1\r\n{UPLOAD}")).await;
    backend.head().await;
    // A backend takes the request, so the client is asked for its body.
    assert!(client.head().await.starts_with("HTTP/1.1 100 "));
    backend
        .say("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno")
        .await;
    let answer = client.head().await;
    assert!(answer.starts_with("HTTP/1.1 417 "), "{answer}");
    client.hear("no").await;
    // What follows could be the body or another request.
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert_eq!(client.rest().await, "");
    assert_eq!(backend.rest().await, "");
}

/// Where no backend takes the request, its body is not even asked for.
#[tokio::test]
async fn fm05_who_waits_for_100_is_told_of_a_failure_at_once() {
    let proxy = Proxy::before(&[free_address()], "").await;
    let mut client = Wire::to(proxy.address()).await;
    client.say(&format!("PUT / HTTP/1.1\r\n{UPLOAD}")).await;
    let first = client.head().await;
    assert!(first.starts_with("HTTP/1.1 503 "), "{first}");
}

/// RFC 9110 §10.1.1: a 100 is nothing that a client of 1.0 could read.
#[tokio::test]
async fn fm05_a_client_of_1_0_is_not_asked_for_its_body() {
    let scene = Scene::set().await;
    let (mut client, mut backend) = scene.asked(&format!("PUT / HTTP/1.0\r\n{UPLOAD}")).await;
    backend.head().await;
    backend.say("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.say("body").await;
    backend.hear("body").await;
    backend
        .say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    let first = client.head().await;
    assert!(first.starts_with("HTTP/1.1 200 "), "{first}");
}

/// On the way back as well, what `Connection` names ends here.
#[tokio::test]
async fn fm36_fields_of_the_backends_hop_stay_on_it() {
    let scene = Scene::set().await;
    let (mut client, mut backend) = scene.asked(GET).await;
    backend.head().await;
    backend
        .say(
            "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: mine\r\nKeep-Alive: timeout=5\r\n\
             Proxy-Connection: keep-alive\r\nX-End: yours\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
    let answer = client.head().await;
    for name in ["x-hop", "keep-alive:", "proxy-connection"] {
        assert!(!answer.to_lowercase().contains(name), "{name}: {answer}");
    }
    assert!(answer.contains("\r\nx-end: yours\r\n"), "{answer}");
}

/// What follows the head of one is the next answer, whatever length it announces.
#[tokio::test]
async fn fm38_answers_without_a_body_have_none() {
    let scene = Scene::set().await;
    let (mut client, mut backend) = scene.asked(GET).await;
    for (answer, length) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", None),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
            Some("content-length: 7"),
        ),
    ] {
        backend.head().await;
        backend.say(answer).await;
        let got = client.head().await;
        assert!(got.starts_with(&answer[..12]), "{got}");
        let framed = got
            .lines()
            .find(|line| line.starts_with("content-length") || line.starts_with("transfer-"));
        assert!(framed.is_none() || framed == length, "{got}");
        client.say(GET).await;
    }
    backend.head().await;
    backend
        .say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
    client.hear("ok").await;
}

/// A tunnel that ends is over: what went through it cannot be sent again.
#[tokio::test]
async fn fm39_after_101_nothing_is_tried_again() {
    let scene = Scene::<2>::set().await;
    let mut client = scene
        .client("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    let [one, other] = &scene.backends;
    let mut backend = tokio::select! {
        backend = accept(one) => backend,
        backend = accept(other) => backend,
    };
    backend.head().await;
    backend
        .say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    drop(backend);
    assert_eq!(client.rest().await, "", "no error page in a tunnel");
    let pool = scene.proxy.pool().await;
    let requests = pool["backends"].as_array().unwrap().iter();
    let requests: u64 = requests.map(|b| b["requests"].as_u64().unwrap()).sum();
    assert_eq!(requests, 1, "{pool}");
}

/// An answer whose head is more than anybody should read is the backend's failure, and called that.
#[tokio::test]
async fn fm41_an_answer_with_too_large_a_head_is_502_and_says_so() {
    let scene = Scene::set().await;
    let (mut client, mut backend) = scene.asked(GET).await;
    backend.head().await;
    let cookie = "x".repeat(1024);
    let head: String = (0..2048).map(|n| format!("X-{n}: {cookie}\r\n")).collect();
    let endless = async {
        // The proxy may have heard enough before all of it is said.
        backend
            .try_say(&format!("HTTP/1.1 200 OK\r\n{head}\r\n"))
            .await;
    };
    let ((), answer) = tokio::join!(endless, client.head());
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    let cause = "soe-cause: dependency_failure/invalid_response";
    assert!(answer.contains(cause), "{answer}");
}

/// Who ends its side of the connection has left, as with most clients that do so; the backend does
/// no work for nobody.
#[tokio::test]
async fn fm43_a_client_that_ends_its_side_has_left() {
    let scene = Scene::set().await;
    let (mut client, mut backend) = scene.asked(GET).await;
    backend.head().await;
    client.end().await;
    assert_eq!(backend.rest().await, "", "the backend's connection closes");
    assert_eq!(client.rest().await, "");
    let pool = scene.proxy.pool().await;
    assert_eq!(pool["backends"][0]["failures"], 0, "{pool}");
}
