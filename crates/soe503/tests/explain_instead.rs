//! Pages of the operator's own, and answers instead of failures.

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use soe503::explain::{Builder, Class, Explained, Fallback, Page};
use soe503::{ExplainLayer, Explainer};
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
    let (head, _) = answer(fallback(Class::Any), grpc).await;
    assert_eq!(head.headers()["grpc-status"], "14");
}
