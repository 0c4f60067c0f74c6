//! A head that the layers share is found by all of them, and goes to every attempt.

mod support;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Empty;
use soe503::rate_limit::{ClientAddress, ClientPrefix, KeyBy, Limit, Quota, RateConfig};
use soe503::{
    BoxError, ExplainLayer, RateLimitLayer, RequestContext, RetryLayer, TimeoutLayer, clock,
};
use support::explaining::{explainer, header};
use support::retrying::{budget, policy};
use tower::{Layer, ServiceExt, service_fn};

/// A request whose head is in its context, and nothing of it but the method in itself.
fn shared(method: Method, fields: &[(&'static str, &'static str)]) -> Request<Empty<Bytes>> {
    let mut whole = Request::builder().method(method.clone()).uri("/a?b=c");
    for (name, value) in fields {
        whole = whole.header(*name, *value);
    }
    let (head, ()) = whole.body(()).unwrap().into_parts();
    let idempotent = method.is_idempotent();
    let context = RequestContext::new(clock::now(), idempotent).with_head(Arc::new(head));
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    request.extensions_mut().insert(context);
    request
}

#[test]
fn fields_are_found_in_either_place() {
    let value = |request: &Request<Empty<Bytes>>| {
        let headers: &HeaderMap = RequestContext::headers(request);
        headers["x-own"].to_str().unwrap().to_owned()
    };
    assert_eq!(value(&shared(Method::GET, &[("x-own", "1")])), "1");
    let own = Request::builder().header("x-own", "2");
    assert_eq!(value(&own.body(Empty::new()).unwrap()), "2");
}

#[tokio::test(start_paused = true)]
async fn every_attempt_gets_it_and_a_failure_is_told_by_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let attempts = Arc::clone(&seen);
    let service = service_fn(move |request: Request<_>| {
        let context: &RequestContext = request.extensions().get().unwrap();
        let head = Arc::clone(context.head.as_ref().unwrap());
        assert!(request.headers().is_empty());
        attempts.lock().unwrap().push((
            context.number,
            request.method().clone(),
            head.uri.to_string(),
            head.headers["x-request-id"].clone(),
        ));
        async { Err::<Response<Empty<Bytes>>, BoxError>("broken".into()) }
    });
    let retried = RetryLayer::new(budget(), policy()).layer(service);
    let stack = ExplainLayer::new(explainer()).layer(retried);
    let request = shared(
        Method::PUT,
        &[("x-request-id", "r-7"), ("accept", "text/plain")],
    );
    let response = stack.oneshot(request).await.unwrap();
    assert!(response.status().is_server_error());
    assert_eq!(header(&response, "x-request-id"), "r-7");
    assert!(header(&response, "content-type").starts_with("text/plain"));
    let seen = seen.lock().unwrap();
    let numbers: Vec<u8> = seen.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    for (_, method, uri, id) in &*seen {
        let told = (method.as_str(), uri.as_str(), id.to_str().unwrap());
        assert_eq!(told, ("PUT", "/a?b=c", "r-7"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_callers_deadline_is_read_from_it() {
    let service = service_fn(async |request: Request<Empty<Bytes>>| {
        let context: &RequestContext = request.extensions().get().unwrap();
        let left = context.caller_deadline.map(|at| at.since(context.now));
        assert_eq!(left, Some(Duration::from_secs(3)));
        Ok::<_, BoxError>(Response::new(Empty::<Bytes>::new()))
    });
    let stack = TimeoutLayer::new(Duration::from_secs(60)).layer(service);
    let fields = [("content-type", "application/grpc"), ("grpc-timeout", "3S")];
    let response = stack.oneshot(shared(Method::POST, &fields)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

/// Who the client is stands there too.
#[tokio::test(start_paused = true)]
async fn a_client_is_told_apart_by_it() {
    let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(60));
    let limit = Limit::new("api", RateConfig::new(quota));
    let service = service_fn(async |_: Request<Empty<Bytes>>| {
        Ok::<_, BoxError>(Response::new(Empty::<Bytes>::new()))
    });
    let by = KeyBy::Client(ClientPrefix::default());
    let limited = RateLimitLayer::new(limit, by).layer(service);
    let from = |address: &str| {
        let address = ClientAddress(address.parse().unwrap());
        let whole = Request::get("/").extension(address).body(()).unwrap();
        let head = Arc::new(whole.into_parts().0);
        let mut request = Request::new(Empty::new());
        let context = RequestContext::new(clock::now(), true).with_head(head);
        request.extensions_mut().insert(context);
        limited.clone().oneshot(request)
    };
    assert!(from("192.0.2.1").await.is_ok());
    assert!(from("192.0.2.1").await.is_err());
    assert!(from("192.0.2.2").await.is_ok());
}
