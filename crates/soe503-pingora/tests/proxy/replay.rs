//! What is sent twice, and what is not.

use async_trait::async_trait;
use pingora::prelude::HttpPeer;
use pingora::proxy::{ProxyHttp, Session};
use pingora::{Error, Result};
use soe503_core::pool::Balance;
use soe503_pingora::{Config, ResilientProxy};

use crate::support::{Answer, Backend, Client, Does, Front, front, get, hasty, post};

/// A proxy as it is written first, to one backend: when there is another attempt is decided by the default of the
/// Pingora that is linked here.
struct ByDefault(HttpPeer);

#[async_trait]
impl ProxyHttp for ByDefault {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(self.0.clone()))
    }
}

/// The same with the default of 0.8, which is in programs that overrode the hook then: that one cannot be linked here, so it
/// is written down.
struct AsOf08(HttpPeer);

#[async_trait]
impl ProxyHttp for AsOf08 {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(self.0.clone()))
    }

    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        e: Box<Error>,
        _: &mut (),
        client_reused: bool,
    ) -> Box<Error> {
        let mut e = e.more_context(format!("Peer: {peer}"));
        let whole = !session.as_ref().retry_buffer_truncated();
        e.retry.decide_reuse(client_reused && whole);
        e
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Backends are asked one after the other, whatever they are like, and there is budget for that.
fn in_turn() -> Config {
    let mut config = hasty();
    config.pool.balance = Balance::RoundRobin;
    config.budget.min_per_second = 100;
    config
}

/// A request with this method and a body of four bytes, after enough GETs that it finds a connection which has served one.
async fn on_a_reused_connection(front: &Front, method: &str) -> Answer {
    let mut client = Client::to(front.address).await;
    for _ in 0..8 {
        assert_eq!(client.ask(GET).await.status, 200);
    }
    let request = format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    client.ask(&request).await
}

#[tokio::test]
async fn a_post_on_a_reused_connection_runs_twice_by_the_rule_of_pingora_0_8() {
    let backend = Backend::that(Does::ClosesOn("POST")).await;
    let front = Front::of(AsOf08(backend.peer())).await;
    assert_eq!(on_a_reused_connection(&front, "POST").await.status, 502);
    assert_eq!(backend.posts(), 2, "read, broken off, and sent again");
}

/// If this fails after an update of Pingora, its default has changed, and what the crate's page says about it is not true
/// any more.
#[tokio::test]
async fn and_once_by_the_default_of_the_pingora_that_is_linked() {
    let backend = Backend::that(Does::ClosesOn("POST")).await;
    let front = Front::of(ByDefault(backend.peer())).await;
    assert_eq!(on_a_reused_connection(&front, "POST").await.status, 502);
    assert_eq!(backend.posts(), 1);
    // It does decide here: what may run twice it sends again.
    let backend = Backend::that(Does::ClosesOn("PUT")).await;
    let front = Front::of(ByDefault(backend.peer())).await;
    assert_eq!(on_a_reused_connection(&front, "PUT").await.status, 502);
    assert_eq!(backend.read("PUT ").len(), 2);
}

#[tokio::test]
async fn and_once_here_whatever_the_proxy_inside_would_do() {
    let backends = [
        Backend::that(Does::ClosesOn("POST")).await,
        Backend::that(Does::ClosesOn("POST")).await,
    ];
    let (_, balanced) = front(hasty(), &backends.each_ref()).await;
    let inside = AsOf08(backends[0].peer());
    let front = Front::of(ResilientProxy::around(inside, balanced.stack)).await;
    let answer = on_a_reused_connection(&front, "POST").await;
    assert_eq!(answer.status, 502, "{}", answer.body);
    assert_eq!(
        answer.cause(),
        Some("dependency_failure/reset_before_response")
    );
    assert!(answer.body.contains("is not idempotent"), "{}", answer.body);
    assert_eq!(backends.iter().map(Backend::posts).sum::<usize>(), 1);
}

#[tokio::test]
async fn a_get_goes_elsewhere() {
    for does in [
        Does::Closes,
        Does::Resets,
        Does::Babbles,
        Does::Status(500),
        Does::Status(503),
    ] {
        let bad = Backend::that(does).await;
        let good = Backend::that(Does::Answers).await;
        let (front, _) = front(in_turn(), &[&bad, &good]).await;
        for _ in 0..4 {
            let answer = get(front.address).await;
            assert_eq!((answer.status, &*answer.body), (200, "ok\n"), "{does:?}");
        }
        assert!(bad.requests() >= 1, "{does:?}");
    }
}

#[tokio::test]
async fn a_get_leaves_a_backend_that_does_not_answer() {
    let bad = Backend::that(Does::Hangs).await;
    let good = Backend::that(Does::Answers).await;
    let (front, _) = front(in_turn(), &[&bad, &good]).await;
    for _ in 0..2 {
        assert_eq!(get(front.address).await.status, 200);
    }
    assert!(bad.requests() >= 1);
    assert_eq!(good.requests(), 2);
}

#[tokio::test]
async fn a_post_that_found_no_connection_goes_elsewhere() {
    let good = Backend::that(Does::Answers).await;
    let gone = Backend::that(Does::Answers).await;
    let (front, _) = front(Config::default(), &[&gone, &good]).await;
    gone.kill().await;
    for _ in 0..6 {
        let answer = post(front.address).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(good.posts(), 6);
}

#[tokio::test]
async fn a_post_that_was_read_does_not() {
    for does in [Does::Closes, Does::Resets, Does::Status(503)] {
        let (one, other) = (Backend::that(does).await, Backend::that(does).await);
        let (front, _) = front(hasty(), &[&one, &other]).await;
        let answer = post(front.address).await;
        assert!(answer.status >= 502, "{does:?}: {}", answer.status);
        assert_eq!(one.posts() + other.posts(), 1, "{does:?}");
    }
}

#[tokio::test]
async fn a_body_that_pingora_does_not_keep_is_not_sent_again() {
    let (one, other) = (
        Backend::that(Does::Closes).await,
        Backend::that(Does::Closes).await,
    );
    let (front, _) = front(hasty(), &[&one, &other]).await;
    let body = "x".repeat(200 * 1024);
    let request = format!(
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = Client::to(front.address).await.ask(&request).await;
    assert_eq!(answer.status, 502, "{}", answer.body);
    assert_eq!(one.requests() + other.requests(), 1);
    assert!(
        answer.body.contains("larger than what is kept"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_short_body_is_sent_again() {
    let bad = Backend::that(Does::Closes).await;
    let good = Backend::that(Does::Answers).await;
    let (front, _) = front(in_turn(), &[&bad, &good]).await;
    let request = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    for _ in 0..4 {
        let answer = Client::to(front.address).await.ask(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(good.requests(), 4);
    assert!(bad.requests() >= 1);
}

#[tokio::test]
async fn the_budget_bounds_retries() {
    let bad = Backend::that(Does::Status(500)).await;
    let other = Backend::that(Does::Status(500)).await;
    let mut config = hasty();
    config.breaker.consecutive_failures = None;
    config.budget.min_per_second = 0;
    let (front, balanced) = front(config, &[&bad, &other]).await;
    for _ in 0..20 {
        assert_eq!(get(front.address).await.status, 500);
    }
    let attempts = bad.requests() + other.requests();
    assert!((20..=24).contains(&attempts), "20 and a fifth: {attempts}");
    assert!(balanced.budget.snapshot(soe503::clock::now()).refused > 0);
}

#[tokio::test]
async fn nobody_is_asked_more_often_than_configured() {
    let mut config = Config::default();
    config.breaker.consecutive_failures = None;
    config.breaker.ride_out = std::time::Duration::ZERO;
    config.retry.attempts = 2;
    let backends = [
        Backend::that(Does::Closes).await,
        Backend::that(Does::Closes).await,
        Backend::that(Does::Closes).await,
    ];
    let (front, _) = front(config, &backends.each_ref()).await;
    let answer = get(front.address).await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.field("soe-attempts"), Some("2"));
    assert_eq!(backends.iter().map(Backend::requests).sum::<usize>(), 2);
}
