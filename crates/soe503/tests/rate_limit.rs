//! A caller that sends too much is told so, in every form, and nobody else pays for it.

mod support;

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::{BodyExt, Empty};
use soe503::explain::Explained;
use soe503::rate_limit::{
    ClientAddress, ClientPrefix, Counted, Key, KeyBy, KeyExtractor, Limit, Quota, RateConfig,
    take_all,
};
use soe503::{Component, ExplainLayer, Explainer, RateLimitLayer, Rejected};
use soe503_core::{Cause, Tick};
use tower::{Layer, Service, ServiceExt, service_fn};

fn limit(requests: u32, per: u64) -> Limit {
    let requests = NonZeroU32::new(requests).unwrap();
    let quota = Quota::new(requests, Duration::from_secs(per));
    Limit::new("api", RateConfig::new(quota))
}

fn stack(
    limit: Limit,
    by: KeyBy,
) -> impl Service<
    Request<()>,
    Response = Response<impl http_body::Body<Data = Bytes>>,
    Error = std::convert::Infallible,
> + Clone {
    let inner = service_fn(|_: Request<()>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let limited = RateLimitLayer::new(limit, by).layer(inner);
    ExplainLayer::new(Explainer::builder("edge").build()).layer(limited)
}

fn get(key: &str, accept: &str) -> Request<()> {
    let request = Request::get("/").header("x-api-key", key);
    request.header("accept", accept).body(()).unwrap()
}

fn api_key() -> KeyBy {
    KeyBy::Header(HeaderName::from_static("x-api-key"))
}

#[tokio::test(start_paused = true)]
async fn too_much_is_429_with_all_fields_and_room_comes_back() {
    let limit = limit(2, 20);
    let service = stack(limit.clone(), api_key());
    let call = |key| service.clone().oneshot(get(key, "*/*"));
    for _ in 0..2 {
        assert_eq!(call("a").await.unwrap().status(), 200);
    }
    let refused = call("a").await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(
        refused.extensions().get::<Explained>().unwrap().cause,
        Cause::OverloadRateLimited
    );
    let field = |name: &str| refused.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(field("ratelimit-policy"), r#""api";q=2;w=20"#);
    assert_eq!(field("ratelimit"), r#""api";r=0;t=10"#);
    let retry_after: u32 = field("retry-after").parse().unwrap();
    assert!((10..=12).contains(&retry_after), "{retry_after}");
    assert_eq!(field("x-error-code"), "SOE-429");
    assert!(field("soe-cause").starts_with("overload/rate_limited;"));
    assert!(field("proxy-status").contains("error=http_request_error"));
    let body = refused.into_body().collect().await.ok().unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains(r#""violated-policies":["api"]"#), "{body}");

    assert_eq!(call("b").await.unwrap().status(), 200, "nobody else pays");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(call("a").await.unwrap().status(), 200);
    let seen = limit.snapshot(soe503::clock::now());
    assert_eq!((seen.allowed, seen.limited), (4, 1));
}

/// All values of this field in the next answer.
async fn fields<S, B>(service: &S, name: &str) -> String
where
    S: Service<Request<()>, Response = Response<B>> + Clone,
    S::Error: std::fmt::Debug,
{
    let answer = service.clone().oneshot(get("a", "*/*")).await.unwrap();
    let all = answer.headers().get_all(name).iter();
    let all: Vec<_> = all.map(|value| value.to_str().unwrap()).collect();
    all.join(", ")
}

/// Who is let through is told what is left; a shadow and a limit that is to be silent tell nobody.
#[tokio::test(start_paused = true)]
async fn answers_say_what_is_left() {
    let service = stack(limit(3, 60), api_key());
    assert_eq!(fields(&service, "ratelimit").await, r#""api";r=2;t=20"#);
    assert_eq!(
        fields(&service, "ratelimit-policy").await,
        r#""api";q=3;w=60"#
    );
    // The last one: from then on it is the time until the next.
    assert_eq!(fields(&service, "ratelimit").await, r#""api";r=0;t=20"#);

    let silent = |change: fn(&mut RateConfig)| {
        let quota = Quota::new(NonZeroU32::new(3).unwrap(), Duration::from_secs(60));
        let mut config = RateConfig::new(quota);
        change(&mut config);
        stack(Limit::new("api", config), api_key())
    };
    for change in [
        |c: &mut RateConfig| c.shadow = true,
        |c: &mut RateConfig| c.announce = false,
    ] {
        assert_eq!(fields(&silent(change), "ratelimit").await, "");
    }

    // Fields of the service, and of a second limit, stand beside ours.
    let inner = service_fn(|_: Request<()>| async {
        let mut answer = Response::new(Empty::<Bytes>::new());
        let theirs = http::HeaderValue::from_static(r#""theirs";r=9;t=1"#);
        answer.headers_mut().append("ratelimit", theirs);
        Ok::<_, std::convert::Infallible>(answer)
    });
    let both = RateLimitLayer::new(limit(5, 60), api_key())
        .layer(RateLimitLayer::new(limit(3, 60), api_key()).layer(inner));
    let all = fields(&both, "ratelimit").await;
    assert_eq!(all, r#""theirs";r=9;t=1, "api";r=2;t=20, "api";r=4;t=12"#);
}

#[tokio::test(start_paused = true)]
async fn the_form_is_negotiated_and_grpc_gets_its_own() {
    let limit = limit(1, 60);
    let service = stack(limit.clone(), KeyBy::Everyone);
    let call = |request| service.clone().oneshot(request);
    assert_eq!(call(get("a", "*/*")).await.unwrap().status(), 200);
    let html = call(get("b", "text/html")).await.unwrap();
    assert_eq!(
        (html.status().as_u16(), &html.headers()["content-type"]),
        (429, &"text/html; charset=utf-8".parse().unwrap())
    );
    let grpc = Request::post("/").header("content-type", "application/grpc");
    let grpc = call(grpc.body(()).unwrap()).await.unwrap();
    assert_eq!(grpc.status(), 200);
    assert_eq!(grpc.headers()["grpc-status"], "8", "RESOURCE_EXHAUSTED");
    let pushback: u32 = grpc.headers()["grpc-retry-pushback-ms"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((60_000..=72_000).contains(&pushback), "{pushback}");
    assert!(grpc.headers().contains_key("ratelimit"));
}

#[tokio::test(start_paused = true)]
async fn clients_are_told_apart_by_their_network() {
    let limit = limit(1, 60);
    let service = RateLimitLayer::new(limit, KeyBy::Client(ClientPrefix::default())).layer(
        service_fn(|_: Request<()>| async { Ok::<_, std::convert::Infallible>(Response::new(())) }),
    );
    let from = |address: &str| {
        let mut request = Request::new(());
        let address = ClientAddress(address.parse().unwrap());
        request.extensions_mut().insert(address);
        service.clone().oneshot(request)
    };
    assert!(from("2001:db8::1").await.is_ok());
    let error = from("2001:db8::2").await.unwrap_err();
    let rejected = Rejected::find(&*error).unwrap();
    assert_eq!(
        (
            rejected.component(),
            rejected.name(),
            rejected.retry_after()
        ),
        (Component::RateLimit, "api", Some(Duration::from_secs(60)))
    );
    assert!(!rejected.upstream_touched());
    assert!(from("2001:db8:0:1::1").await.is_ok());
}

#[test]
fn what_a_later_limit_refuses_costs_the_earlier_ones_nothing() {
    let (wide, narrow) = (limit(10, 60), limit(1, 60));
    let limits = [
        Counted::new(wide.clone(), KeyBy::Everyone),
        Counted::new(narrow, api_key()),
    ];
    let (headers, _) = get("a", "*/*").into_parts();
    let take = || take_all(&limits, &headers.headers, None, Tick::ZERO);
    assert!(take().is_ok());
    for _ in 0..20 {
        assert!(take().is_err());
    }
    assert_eq!(wide.snapshot(Tick::ZERO).allowed, 1);
    let left = wide.take(wide.key(()), Tick::ZERO).unwrap();
    assert_eq!(left.requests, 8);
}

/// Those with a key only; the others are let through, and are told nothing.
#[derive(Clone)]
struct Keyed;

impl KeyExtractor for Keyed {
    fn key<B>(&self, request: &Request<B>, limit: &Limit) -> Option<Key> {
        Some(limit.key(request.headers().get("x-api-key")?.as_bytes()))
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_key_of_ones_own_making_is_not_counted() {
    let limit = limit(1, 60);
    let inner = service_fn(|_: Request<()>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let service = RateLimitLayer::new(limit.clone(), Keyed).layer(inner);
    for _ in 0..5 {
        let answer = service.clone().oneshot(Request::new(())).await.unwrap();
        assert!(!answer.headers().contains_key("ratelimit"));
    }
    assert_eq!(limit.snapshot(soe503::clock::now()).allowed, 0);
    let answer = service.clone().oneshot(get("a", "*/*")).await.unwrap();
    assert!(answer.headers().contains_key("ratelimit"));
    service.oneshot(get("a", "*/*")).await.unwrap_err();
}
