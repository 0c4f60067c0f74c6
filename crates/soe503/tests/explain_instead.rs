//! Pages of the operator's own, and answers instead of failures.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use soe503::explain::{Builder, Class, Explained, Fallback, Page};
use soe503::rate_limit::{KeyBy, Limit, Quota, RateConfig};
use soe503::{ExplainLayer, Explainer, RateLimitLayer};
use soe503_core::{Category, Cause};
use tower::{Layer, ServiceExt, service_fn};

/// The answer of a stack whose service reaches no host: status, headers, body.
async fn answer(builder: Builder, request: Request<()>) -> (Response<()>, String) {
    let refused = service_fn(|_: Request<()>| async {
        Err::<Response<Empty<Bytes>>, _>(std::io::Error::from_raw_os_error(113))
    });
    let service = ExplainLayer::new(builder.build()).layer(refused);
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    (Response::from_parts(parts, ()), body)
}

fn asked(method: &str, accept: &str) -> Request<()> {
    let request = Request::builder().method(method).header("accept", accept);
    request.body(()).unwrap()
}

fn pages() -> Builder {
    Explainer::builder("edge").pages([
        Page::new(Class::Any, "<p>sorry"),
        Page::new(Class::Category(Category::DependencyFailure), "<p>soon"),
        Page::new(Class::Cause(Cause::DependencyConnectTimeout), "<p>slow"),
    ])
}

#[tokio::test]
async fn people_get_the_page_and_programs_the_document_and_both_our_headers() {
    let (head, body) = answer(pages(), asked("GET", "text/html")).await;
    assert_eq!((head.status().as_u16(), &*body), (502, "<p>soon"));
    assert_eq!(head.headers()["content-type"], "text/html; charset=utf-8");
    for name in ["x-error-code", "soe-cause", "retry-after", "proxy-status"] {
        assert!(head.headers().contains_key(name), "{name}");
    }
    // Ours would keep the page from showing its pictures.
    assert!(!head.headers().contains_key("content-security-policy"));
    let (_, body) = answer(pages(), asked("GET", "*/*")).await;
    assert!(body.contains("dependency_failure/"), "{body}");
    let (head, body) = answer(pages(), asked("HEAD", "text/html")).await;
    assert_eq!(body, "");
    assert_eq!(head.headers()["content-length"], "7");
}

fn fallback(on: Class) -> Builder {
    let kind = HeaderValue::from_static("application/json");
    Explainer::builder("edge").fallback(Fallback::new(vec![on], kind, "[]"))
}

#[tokio::test]
async fn a_fallback_is_marked_and_only_for_its_class_and_for_reading() {
    let dependency = Class::Category(Category::DependencyFailure);
    let (head, body) = answer(fallback(dependency), asked("GET", "text/html")).await;
    assert_eq!((head.status().as_u16(), &*body), (200, "[]"));
    assert_eq!(head.headers()["x-soe-degraded"], "static");
    assert_eq!(head.headers()["content-type"], "application/json");
    assert_eq!(head.headers()["cache-control"], "no-store");
    assert!(head.headers().contains_key("soe-cause"));
    assert!(!head.headers().contains_key("x-error-code"));
    assert!(
        head.extensions()
            .get::<Explained>()
            .unwrap()
            .degraded
            .is_some()
    );
    let overload = Class::Category(Category::Overload);
    for (on, method, kind) in [
        (dependency, "POST", "*/*"),
        (overload, "GET", "*/*"),
        (Class::Cause(Cause::DependencyDnsFailure), "GET", "*/*"),
    ] {
        let (head, _) = answer(fallback(on), asked(method, kind)).await;
        assert_eq!(head.status(), 502, "{on:?} {method}");
        assert!(!head.headers().contains_key("x-soe-degraded"));
        assert!(
            head.extensions()
                .get::<Explained>()
                .unwrap()
                .degraded
                .is_none()
        );
    }
    let mut grpc = asked("GET", "*/*");
    let kind = HeaderValue::from_static("application/grpc");
    grpc.headers_mut().insert("content-type", kind);
    let (head, body) = answer(fallback(Class::Any), grpc).await;
    assert_eq!(head.headers()["grpc-status"], "14");
    assert!(!head.headers().contains_key("x-soe-degraded"));
    assert_eq!(body, "");
}

/// The more exact page is shown, wherever it stands.
#[tokio::test]
async fn a_page_for_the_cause_goes_before_one_for_its_category() {
    let (head, _) = answer(pages(), asked("GET", "*/*")).await;
    let cause = head.extensions().get::<Explained>().unwrap().cause;
    let page = |class, text: &'static str| Page::new(class, text);
    let (any, category) = (Class::Any, Class::Category(cause.category()));
    for pages in [
        [
            page(any, "any"),
            page(category, "category"),
            page(Class::Cause(cause), "cause"),
        ],
        [
            page(Class::Cause(cause), "cause"),
            page(category, "category"),
            page(any, "any"),
        ],
    ] {
        let builder = Explainer::builder("edge").pages(pages);
        let (_, body) = answer(builder, asked("GET", "text/html")).await;
        assert_eq!(body, "cause");
    }
}

/// Who sends too much must know that, unless the operator names it.
#[tokio::test]
async fn a_fallback_is_for_callers_over_their_limit_only_if_that_is_named() {
    let limited = Class::Cause(Cause::OverloadRateLimited);
    let overload = Class::Category(Category::Overload);
    for (on, expected) in [(Class::Any, 429), (overload, 429), (limited, 200)] {
        let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(60));
        let limit = Limit::new("api", RateConfig::new(quota));
        let well = service_fn(|_: Request<()>| async {
            Ok::<_, std::convert::Infallible>(Response::new(Empty::<Bytes>::new()))
        });
        let rated = RateLimitLayer::new(limit, KeyBy::Everyone).layer(well);
        let service = ExplainLayer::new(fallback(on).build()).layer(rated);
        let first = service.clone().oneshot(asked("GET", "*/*")).await.unwrap();
        assert_eq!(first.status(), 200);
        let second = service.oneshot(asked("GET", "*/*")).await.unwrap();
        assert_eq!(second.status(), expected, "{on:?}");
    }
}
