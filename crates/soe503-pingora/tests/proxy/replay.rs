//! What is sent twice, and what is not.

use async_trait::async_trait;
use pingora::prelude::HttpPeer;
use pingora::proxy::{ProxyHttp, Session};
use pingora::{Error, Result};
use soe503_pingora::{Config, ResilientProxy};

use crate::support::{Answer, Backend, Client, Does, Front, front, get, hasty, post};

/// A balancer as it is written first: one backend, and Pingora's rules for attempts.
struct ByPingora {
    peer: HttpPeer,
    /// `error_while_proxy` as it was Pingora's default up to 0.8, and is copied since.
    as_in_0_8: bool,
}

#[async_trait]
impl ProxyHttp for ByPingora {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(self.peer.clone()))
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        mut e: Box<Error>,
        _: &mut (),
        client_reused: bool,
    ) -> Box<Error> {
        let whole = !session.as_ref().retry_buffer_truncated();
        // The default of 0.9.1, which the trait does not let us call, asks for the method too.
        let safe = self.as_in_0_8 || session.req_header().method.is_idempotent();
        e.retry.decide_reuse(client_reused && whole && safe);
        e
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";

/// A POST after enough GETs that it finds a connection which has served one.
async fn post_on_a_reused_connection(front: &Front) -> Answer {
    let mut client = Client::to(front.address).await;
    for _ in 0..8 {
        assert_eq!(client.ask(GET).await.status, 200);
    }
    client.ask(POST).await
}

#[tokio::test]
async fn a_post_on_a_reused_connection_runs_twice_behind_pingora_as_of_0_8() {
    let backend = Backend::that(Does::ClosesOnPost).await;
    let peer = backend.peer();
    let front = Front::of(ByPingora {
        peer,
        as_in_0_8: true,
    })
    .await;
    assert_eq!(post_on_a_reused_connection(&front).await.status, 502);
    assert_eq!(backend.posts(), 2, "read, broken off, and sent again");
}

#[tokio::test]
async fn and_once_by_the_rule_of_0_9_1() {
    let backend = Backend::that(Does::ClosesOnPost).await;
    let peer = backend.peer();
    let front = Front::of(ByPingora {
        peer,
        as_in_0_8: false,
    })
    .await;
    assert_eq!(post_on_a_reused_connection(&front).await.status, 502);
    assert_eq!(backend.posts(), 1);
}

#[tokio::test]
async fn and_once_here_whatever_the_proxy_inside_would_do() {
    let backends = [
        Backend::that(Does::ClosesOnPost).await,
        Backend::that(Does::ClosesOnPost).await,
    ];
    let (_, balanced) = front(hasty(), &backends.each_ref()).await;
    let inside = ByPingora {
        peer: backends[0].peer(),
        as_in_0_8: true,
    };
    let front = Front::of(ResilientProxy::around(inside, balanced.stack)).await;
    let answer = post_on_a_reused_connection(&front).await;
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
        let (front, _) = front(hasty(), &[&bad, &good]).await;
        for _ in 0..4 {
            let answer = get(front.address).await;
            assert_eq!((answer.status, &*answer.body), (200, "ok\n"), "{does:?}");
        }
    }
}

#[tokio::test]
async fn a_get_leaves_a_backend_that_does_not_answer() {
    let bad = Backend::that(Does::Hangs).await;
    let good = Backend::that(Does::Answers).await;
    let (front, _) = front(hasty(), &[&bad, &good]).await;
    // Which of the two is asked first is chance.
    for _ in 0..64 {
        assert_eq!(get(front.address).await.status, 200);
        if bad.requests() >= 1 {
            return;
        }
    }
    panic!("it was never asked");
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
    let (front, _) = front(hasty(), &[&bad, &good]).await;
    let request = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    for _ in 0..4 {
        let answer = Client::to(front.address).await.ask(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(good.requests(), 4);
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
