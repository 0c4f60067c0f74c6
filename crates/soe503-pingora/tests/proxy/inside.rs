//! A proxy of one's own inside, and layers of one's own around.

use async_trait::async_trait;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::HttpPeer;
use pingora::proxy::{ProxyHttp, Session};
use pingora::{Error, ErrorType, Result};
use soe503::concurrency_limit::Limit;
use soe503::{ConcurrencyLimitLayer, Explain, Explainer, Pool, Timeout};
use soe503_pingora::{ResilientProxy, Upstream};
use tower_layer::Layer;

use crate::support::{Backend, Client, Does, Front, front, hasty};

/// Refuses a path, and leaves its mark on what goes on.
struct Marks;

#[async_trait]
impl ProxyHttp for Marks {
    type CTX = u32;

    fn new_ctx(&self) -> u32 {
        0
    }

    async fn upstream_peer(&self, _: &mut Session, _: &mut u32) -> Result<Box<HttpPeer>> {
        unreachable!("the pool chooses")
    }

    async fn request_filter(&self, session: &mut Session, count: &mut u32) -> Result<bool> {
        *count += 1;
        match session.req_header().uri.path() {
            "/secret" => Err(Error::new_down(ErrorType::HTTPStatus(403))),
            "/own" => {
                session.respond_error(418).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        count: &mut u32,
    ) -> Result<()> {
        *count += 1;
        if session.req_header().uri.path() == "/breaks" {
            return Err(Error::new_in(ErrorType::InternalError));
        }
        request.insert_header("X-Marked", "yes")
    }

    async fn response_filter(
        &self,
        _: &mut Session,
        head: &mut ResponseHeader,
        count: &mut u32,
    ) -> Result<()> {
        head.insert_header("X-Count", count.to_string())
    }
}

async fn ask(front: &Front, path: &str) -> crate::support::Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    Client::to(front.address).await.ask(&request).await
}

#[tokio::test]
async fn its_hooks_are_its_own() {
    let backend = Backend::that(Does::Answers).await;
    let (_, balanced) = front(hasty(), &[&backend]).await;
    let front = Front::of(ResilientProxy::around(Marks, balanced.stack)).await;
    let answer = ask(&front, "/").await;
    assert_eq!((answer.status, answer.field("x-count")), (200, Some("2")));
    assert_eq!(ask(&front, "/own").await.status, 418);
    assert_eq!(backend.requests(), 1);
}

#[tokio::test]
async fn what_it_fails_with_is_nobodys_failure() {
    let backend = Backend::that(Does::Answers).await;
    let (_, balanced) = front(hasty(), &[&backend]).await;
    let front = Front::of(ResilientProxy::around(Marks, balanced.stack.clone())).await;
    let refused = ask(&front, "/secret").await;
    assert_eq!((refused.status, refused.field("x-error-code")), (403, None));
    for _ in 0..10 {
        assert_eq!(ask(&front, "/breaks").await.status, 500);
    }
    let snapshot = balanced.backends.snapshot(soe503::clock::now());
    assert_eq!(snapshot.backends[0].failures, 0);
    assert_eq!(balanced.breaker.state().as_str(), "closed");
}

#[tokio::test]
async fn layers_of_ones_own() {
    let backend = Backend::that(Does::Hangs).await;
    let backends = soe503::pool::Backends::new("app", Default::default(), 7);
    backends.set_backends(
        vec![Upstream::backend(backend.peer())],
        soe503::clock::now(),
    );
    let limit = ConcurrencyLimitLayer::new(Limit::new("app", 1));
    let stack = limit.layer(Pool::new(backends));
    let stack = Timeout::new(stack, std::time::Duration::from_secs(20));
    let stack = Explain::new(stack, Explainer::builder("edge").build());
    let front = Front::of(ResilientProxy::new(stack)).await;
    let mut first = Client::to(front.address).await;
    first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    while backend.requests() == 0 {
        tokio::task::yield_now().await;
    }
    let second = ask(&front, "/").await;
    assert_eq!(second.status, 503, "{}", second.body);
    assert_eq!(second.cause(), Some("overload/concurrency_limit"));
    // Whoever leaves makes room.
    drop(first);
    loop {
        let mut third = Client::to(front.address).await;
        third.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        tokio::task::yield_now().await;
        if backend.requests() > 1 {
            break;
        }
    }
}
