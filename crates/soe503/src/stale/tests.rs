use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use super::{StaleCache, StaleConfig};
use crate::explain::{Degraded, Explained};
use crate::{BoxError, ExplainLayer, Explainer};

/// How the backend fails, when it does.
#[derive(Clone, Copy)]
enum Failure {
    /// It cannot be reached.
    Error,
    /// It answers so.
    Status(u16),
}

/// A backend that answers `GET` with its fields and counts, or fails.
struct Scene {
    cache: StaleCache,
    fields: Vec<(&'static str, &'static str)>,
    failure: Failure,
    down: Arc<AtomicBool>,
    served: Arc<AtomicU32>,
}

impl Scene {
    fn new(fields: &[(&'static str, &'static str)]) -> Self {
        Self {
            cache: StaleCache::new("shop", StaleConfig::default()),
            fields: fields.to_vec(),
            failure: Failure::Error,
            down: Arc::default(),
            served: Arc::default(),
        }
    }

    fn failing(mut self, failure: Failure) -> Self {
        self.failure = failure;
        self
    }

    async fn ask(&self, request: Request<()>) -> (Response<()>, String) {
        let backend = service_fn(|_: Request<()>| async {
            if self.down.load(Ordering::Relaxed) {
                return match self.failure {
                    Failure::Error => Err(BoxError::from("no")),
                    Failure::Status(status) => Ok(reply(status, &[], "sorry")),
                };
            }
            let number = self.served.fetch_add(1, Ordering::Relaxed) + 1;
            Ok(reply(200, &self.fields, &format!("answer {number}")))
        });
        let explainer = Explainer::builder("edge").keep(self.cache.clone()).build();
        let service = ExplainLayer::new(explainer).layer(backend);
        let answered: Result<_, Infallible> = service.oneshot(request).await;
        let (parts, body) = answered.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (Response::from_parts(parts, ()), text)
    }

    /// One good answer, and then `after` the backend is down.
    async fn fill(&self, request: Request<()>, after: Duration) {
        let (head, _) = self.ask(request).await;
        assert_eq!(head.status(), 200);
        self.down.store(true, Ordering::Relaxed);
        tokio::time::advance(after).await;
    }
}

fn reply(status: u16, fields: &[(&str, &str)], body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(Full::from(body.to_owned())).unwrap()
}

fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("host", "shop.example");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn get(path: &str) -> Request<()> {
    request("GET", path, &[])
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn the_last_good_answer_stands_in_for_every_kind_of_failure() {
    for failure in [
        Failure::Error,
        Failure::Status(500),
        Failure::Status(502),
        Failure::Status(503),
        Failure::Status(504),
    ] {
        let scene = Scene::new(&[("cache-control", "max-age=10"), ("etag", "\"1\"")]);
        let scene = scene.failing(failure);
        scene.fill(get("/a?x=1"), MINUTE).await;
        let (head, body) = scene.ask(get("/a?x=1")).await;
        assert_eq!((head.status().as_u16(), &*body), (200, "answer 1"));
        let field = |name: &str| head.headers().get(name).and_then(|v| v.to_str().ok());
        assert_eq!(field("x-soe-degraded"), Some("stale"));
        assert_eq!(field("age"), Some("60"));
        assert_eq!(field("cache-status"), Some("\"shop\"; hit; ttl=-50"));
        assert_eq!(field("etag"), Some("\"1\""));
        // What failed is still told.
        assert!(field("proxy-status").is_some());
        assert_eq!(head.extensions().get(), Some(&Degraded::Stale));
        let explained = head.extensions().get::<Explained>();
        let ours = matches!(failure, Failure::Error);
        assert_eq!(explained.is_some(), ours);
        assert_eq!(explained.and_then(|e| e.degraded).is_some(), ours);
        assert_eq!(scene.cache.snapshot().given, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_answers_is_always_asked() {
    let scene = Scene::new(&[("cache-control", "max-age=3600")]);
    for number in 1..4 {
        let (head, body) = scene.ask(get("/")).await;
        assert_eq!(body, format!("answer {number}"));
        assert!(!head.headers().contains_key("x-soe-degraded"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_kept_is_not() {
    let never = [
        &[("cache-control", "no-store")][..],
        &[("cache-control", "private, max-age=60")],
        &[("cache-control", "no-cache")],
        &[("cache-control", "max-age=60"), ("set-cookie", "a=1")],
        &[("cache-control", "max-age=60"), ("vary", "*")],
        &[("cache-control", "max-age=0, must-revalidate")],
        &[("cache-control", "max-age=0, stale-if-error=0")],
    ];
    for fields in never {
        let scene = Scene::new(fields);
        scene.fill(get("/"), Duration::ZERO).await;
        let (head, _) = scene.ask(get("/")).await;
        assert!(head.status().is_server_error(), "{fields:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_itself_for_how_long() {
    // Seconds in which it is given, and in which it is not any more.
    for (control, given, gone) in [
        ("max-age=10, stale-if-error=20", 30, 31),
        ("max-age=10, must-revalidate", 10, 11),
        ("s-maxage=10", 10, 11),
        ("max-age=10", 3610, 3611),
    ] {
        for (after, status) in [(given, 200), (gone, 502)] {
            let fields = [("cache-control", control)];
            let scene = Scene::new(&fields).failing(Failure::Status(502));
            scene.fill(get("/"), Duration::from_secs(after)).await;
            let (head, _) = scene.ask(get("/")).await;
            assert_eq!(head.status().as_u16(), status, "{control} after {after} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_the_answer_to_the_same_request() {
    let fields = [("cache-control", "max-age=60"), ("vary", "accept-language")];
    let german = [("accept-language", "de")];
    let scene = Scene::new(&fields);
    scene.fill(request("GET", "/", &german), MINUTE).await;
    for (other, found) in [
        (request("GET", "/", &german), true),
        (request("HEAD", "/", &german), true),
        (request("GET", "/", &[("accept-language", "fr")]), false),
        (request("GET", "/?page=2", &german), false),
        (request("POST", "/", &german), false),
        (
            request("GET", "/", &[german[0], ("cache-control", "no-cache")]),
            false,
        ),
        (
            request("GET", "/", &[german[0], ("pragma", "no-cache")]),
            false,
        ),
    ] {
        let text = format!("{other:?}");
        let head_only = other.method() == "HEAD";
        let (head, body) = scene.ask(other).await;
        assert_eq!(head.status() == StatusCode::OK, found, "{text}");
        if head_only {
            assert_eq!(body, "");
            assert_eq!(head.headers()["content-length"], "8");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_one_person_is_kept_only_if_it_says_public() {
    let cookie = [("cookie", "session=1")];
    for (control, kept) in [("max-age=60", false), ("public, max-age=60", true)] {
        let scene = Scene::new(&[("cache-control", control)]);
        scene
            .fill(request("GET", "/", &cookie), Duration::ZERO)
            .await;
        let (head, _) = scene.ask(get("/")).await;
        assert_eq!(head.status() == StatusCode::OK, kept, "{control}");
    }
    let scene = Scene::new(&[("cache-control", "max-age=60")]);
    let signed = [("authorization", "Bearer x")];
    scene
        .fill(request("GET", "/", &signed), Duration::ZERO)
        .await;
    let (head, _) = scene.ask(request("GET", "/", &signed)).await;
    assert!(head.status().is_server_error());
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_can_be_emptied() {
    let config = StaleConfig {
        max_bytes: 200_000,
        max_object: 8,
        ..StaleConfig::default()
    };
    let mut scene = Scene::new(&[("cache-control", "max-age=60")]);
    scene.cache = StaleCache::new("shop", config);
    for number in 0..2_000 {
        scene.ask(get(&format!("/{number}"))).await;
    }
    let seen = scene.cache.snapshot();
    assert!(seen.entries > 0 && seen.bytes <= 200_000, "{seen:?}");
    // "answer 10" and the later ones are one byte too long.
    assert_eq!(seen.kept, 9);
    assert_eq!(scene.cache.flush(), seen.entries);
    assert_eq!(scene.cache.snapshot().bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_whole_is_not_kept() {
    let scene = Scene::new(&[("cache-control", "max-age=60")]);
    let backend = service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(reply(200, &[("cache-control", "max-age=60")], "answer"))
    });
    let explainer = Explainer::builder("edge").keep(scene.cache.clone()).build();
    let service = ExplainLayer::new(explainer).layer(backend);
    drop(service.oneshot(get("/")).await.unwrap());
    assert_eq!(scene.cache.snapshot().kept, 0);
}

#[tokio::test(start_paused = true)]
async fn a_target_is_copied_once_in_a_second() {
    let scene = Scene::new(&[("cache-control", "max-age=60")]);
    for _ in 0..5 {
        scene.ask(get("/")).await;
    }
    assert_eq!(scene.cache.snapshot().kept, 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    scene.ask(get("/")).await;
    assert_eq!(scene.cache.snapshot().kept, 2);
}
