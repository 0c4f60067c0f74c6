//! When an older answer is given instead of a failure, and which answers are kept for that.

mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty};
use soe503::explain::{Background, ExplainBody};
use soe503::stale::{StaleCache, StaleConfig};
use soe503::{
    BoxError, Component, ExplainLayer, Explainer, Rejected, RequestBodyError, clock, rate_limit,
};
use support::{REFUSED, Script, Step, errno};
use tower::{Layer, ServiceExt, service_fn};

type Told = Response<ExplainBody<Script>>;
type Answered = Result<Response<Script>, BoxError>;

/// A service that does what it is told next, with answers that are kept.
#[derive(Clone)]
struct Scene {
    cache: StaleCache,
    next: Arc<Mutex<Option<Answered>>>,
}

impl Scene {
    fn new() -> Self {
        Self {
            cache: StaleCache::new("shop", StaleConfig::default()),
            next: Arc::default(),
        }
    }

    async fn ask(&self, request: Request<Empty<Bytes>>, next: Answered) -> Told {
        *self.next.lock().unwrap() = Some(next);
        let backend = service_fn(|_: Request<_>| {
            let next = self.next.lock().unwrap().take();
            std::future::ready(next.expect("asked once"))
        });
        let explainer = Explainer::builder("edge").keep(self.cache.clone()).build();
        let told: Result<_, Infallible> = ExplainLayer::new(explainer)
            .layer(backend)
            .oneshot(request)
            .await;
        told.unwrap()
    }

    /// One good answer with this body, of which all that comes is read.
    async fn fill(&self, steps: impl IntoIterator<Item = Step>) {
        let answer = Response::builder()
            .header("cache-control", "max-age=60")
            .body(Script::new(steps))
            .unwrap();
        let mut body = self.ask(get(), Ok(answer)).await.into_body();
        // Also beyond an error, as nobody should.
        while body.frame().await.is_some() {}
    }

    /// Whether an older answer is given instead of this.
    async fn is_stale_after(&self, failed: Result<Response<Script>, BoxError>) -> bool {
        is_stale(&self.ask(get(), failed).await)
    }
}

fn is_stale(told: &Told) -> bool {
    told.headers()
        .get("x-soe-degraded")
        .is_some_and(|degraded| degraded == "stale")
}

fn get() -> Request<Empty<Bytes>> {
    let request = Request::get("/a").header("host", "shop.example");
    request.body(Empty::new()).unwrap()
}

fn refused() -> Result<Response<Script>, BoxError> {
    Err(errno(REFUSED))
}

fn status(code: u16) -> Result<Response<Script>, BoxError> {
    let answer = Response::builder().status(code);
    Ok(answer.body(Script::new([Step::End])).unwrap())
}

/// An answer is kept as it was, or not at all.
#[tokio::test(start_paused = true)]
async fn what_did_not_come_as_a_whole_is_not_kept() {
    use Step::{Data, End, Error, Trailers};
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "7".parse().unwrap())]);
    for (steps, kept) in [
        (vec![Data("a"), End], true),
        (vec![Data("a"), Data("b"), End], true),
        (vec![Data("a"), Trailers(trailers), End], false),
        (vec![Data("a"), Error(104), End], false),
    ] {
        let scene = Scene::new();
        let row = format!("{steps:?}");
        scene.fill(steps).await;
        assert_eq!(scene.is_stale_after(refused()).await, kept, "{row}");
    }
}

/// RFC 5861 §4: the other statuses say something about the request.
#[tokio::test(start_paused = true)]
async fn it_stands_in_for_four_statuses() {
    let scene = Scene::new();
    scene.fill([Step::Data("a"), Step::End]).await;
    for (code, stale) in [
        (404, false),
        (429, false),
        (500, true),
        (501, false),
        (502, true),
        (503, true),
        (504, true),
        (505, false),
    ] {
        assert_eq!(scene.is_stale_after(status(code)).await, stale, "{code}");
    }
}

/// Who sends too much must know, and who has broken its request off reads nothing; nobody reads what is asked for
/// in the background, which is there to find out.
#[tokio::test(start_paused = true)]
async fn not_everybody_is_given_it() {
    let scene = Scene::new();
    scene.fill([Step::Data("a"), Step::End]).await;
    // With the status of an outage, as some want it.
    let mut config = rate_limit::RateConfig::default();
    config.status = 503;
    let limit = rate_limit::Limit::new("api", config);
    let key = limit.key(());
    let limited = loop {
        if let Err(limited) = limit.take(key, clock::now()) {
            break limited;
        }
    };
    let refusal = soe503_core::ledger::Refusal::RateLimited(Arc::new(limited));
    let limited = Rejected::new(Component::RateLimit, "api", refusal);
    assert!(!scene.is_stale_after(Err(limited.into())).await);
    let broken = RequestBodyError::new("gone");
    assert!(!scene.is_stale_after(Err(broken.into())).await);
    let mut background = get();
    background.extensions_mut().insert(Background);
    assert!(!is_stale(&scene.ask(background, refused()).await));
    assert!(scene.is_stale_after(refused()).await);
}
