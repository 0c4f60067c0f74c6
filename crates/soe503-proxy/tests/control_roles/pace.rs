//! How often one address may guess and act, and how long a body may take.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream;
use http::HeaderMap;
use tokio::time::{Instant, advance, sleep};

use super::*;

const GUESSER: &str = "198.51.100.7:40000";
const OTHER: &str = "198.51.100.8:40000";
const WRONG: &str = "nobody-knows-this-one";

impl Scene {
    /// The status, and what `Retry-After` says.
    async fn from(&self, peer: &str, line: &str, token: &str) -> (u16, Option<String>) {
        let (status, headers) = self.send(peer, line, token, Body::empty()).await;
        let field = headers.get("retry-after");
        let field = field.map(|value| value.to_str().unwrap().to_owned());
        (status, field)
    }

    async fn send(&self, peer: &str, line: &str, token: &str, body: Body) -> (u16, HeaderMap) {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("host", "soe503.example");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut request = request.body(body).unwrap();
        let peer: std::net::SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().call(request).await.unwrap();
        (response.status().as_u16(), response.headers().clone())
    }

    fn refused(&self, reason: &str) -> u64 {
        let mut refused = self.proxy.access.turned_away();
        refused.find(|(word, _)| *word == reason).unwrap().1
    }
}

fn told(status: u16) -> (u16, Option<String>) {
    (status, None)
}

fn later() -> (u16, Option<String>) {
    (429, Some("1".into()))
}

#[tokio::test(start_paused = true)]
async fn an_address_that_guesses_is_not_heard_for_a_while_and_others_are() {
    let scene = scene();
    let look = "GET /api/v1/rate_limits";
    for _ in 0..10 {
        assert_eq!(scene.from(GUESSER, look, WRONG).await, told(401));
    }
    assert_eq!(scene.from(GUESSER, look, WRONG).await, later());
    // Before the token is compared: otherwise the right one would be found all the same.
    assert_eq!(scene.from(GUESSER, look, OPERATOR).await, later());
    let act = format!("POST {DRAIN}");
    assert_eq!(scene.from(GUESSER, &act, OPERATOR).await, later());
    assert_eq!(scene.from(OTHER, &act, OPERATOR).await, told(200));
    // What needs no token is no guess, and neither is a request without one.
    assert_eq!(scene.from(GUESSER, "GET /readyz", WRONG).await, told(200));
    for _ in 0..20 {
        assert_eq!(scene.from(GUESSER, look, "").await, told(401));
    }
    assert_eq!(scene.refused("too_many_guesses"), 3);
    assert_eq!(scene.refused("unauthorized"), 30);

    advance(Duration::from_secs(1)).await;
    for _ in 0..20 {
        assert_eq!(scene.from(GUESSER, look, OPERATOR).await, told(200));
    }
    assert_eq!(scene.from(GUESSER, look, WRONG).await, told(401));
    assert_eq!(scene.from(GUESSER, look, OPERATOR).await, later());
}

#[tokio::test(start_paused = true)]
async fn acts_of_one_address_are_limited_and_looking_is_not() {
    let scene = scene();
    let act = format!("POST {DRAIN}");
    for _ in 0..50 {
        assert_eq!(scene.from(OTHER, &act, OPERATOR).await, told(200));
    }
    assert_eq!(scene.from(OTHER, &act, OPERATOR).await, later());
    for _ in 0..100 {
        let look = scene.from(OTHER, "GET /api/v1/rate_limits", OPERATOR);
        assert_eq!(look.await, told(200));
    }
    // What is signed in place of a token is an act too, before it is read.
    let signed = "POST /api/v1/changes/github";
    assert_eq!(scene.from(OTHER, signed, "").await, later());
    assert_eq!(scene.from(GUESSER, signed, "").await, told(403));
    assert_eq!(scene.from(GUESSER, &act, OPERATOR).await, told(200));
    // Who may not act spends nothing.
    for _ in 0..100 {
        assert_eq!(scene.from(GUESSER, &act, READER).await, told(403));
    }
    assert_eq!(scene.from(GUESSER, &act, OPERATOR).await, told(200));
    advance(Duration::from_millis(100)).await;
    assert_eq!(scene.from(OTHER, &act, OPERATOR).await, told(200));
    assert_eq!(scene.from(OTHER, &act, OPERATOR).await, later());
    assert_eq!(scene.refused("too_many_acts"), 3);
}

#[tokio::test(start_paused = true)]
async fn this_machine_may_do_a_hundred_times_as_much() {
    let (scene, local) = (scene(), "127.0.0.1:40000");
    let act = format!("POST {DRAIN}");
    for _ in 0..1_000 {
        assert_eq!(scene.from(local, &act, OPERATOR).await, told(200));
        assert_eq!(scene.from(local, &act, WRONG).await, told(401));
    }
    assert_eq!(scene.from(local, &act, WRONG).await, later());
}

/// A body of which a piece comes after each `pause`.
fn slow(pieces: usize, pause: Duration) -> Body {
    let body = stream::unfold(0, move |at| async move {
        if at == pieces {
            return None;
        }
        sleep(pause).await;
        let piece: &[u8] = if at == 0 { b"{}" } else { b" " };
        Some((Ok::<_, Infallible>(Bytes::from_static(piece)), at + 1))
    });
    Body::from_stream(body)
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_in_time_is_not_waited_for() {
    let (scene, log) = (scene(), Log::capture());
    let act = format!("POST {DRAIN}");
    let second = Duration::from_secs(1);
    // In time, however slowly.
    let (status, _) = scene.send(OTHER, &act, OPERATOR, slow(9, second)).await;
    assert_eq!(status, 200);
    let enable = "POST /api/v1/pools/app/backends/third/enable";
    for never in [slow(1, second * 3600), slow(1_000_000, second / 10)] {
        let asked = Instant::now();
        let (status, headers) = scene.send(OTHER, enable, OPERATOR, never).await;
        assert_eq!(status, 408);
        assert_eq!(headers["connection"], "close");
        assert!((10..12).contains(&asked.elapsed().as_secs()));
    }
    assert_eq!(scene.refused("slow_body"), 2);
    let audit = log.audit();
    assert_eq!(audit.len(), 3, "{audit:?}");
    assert!(audit[2].contains("status=408"), "{audit:?}");
    let pools = scene.ask(Method::GET, "/api/v1/pools", OPERATOR, "").await;
    assert!(pools.text.contains("draining"), "it was not enabled");
}
