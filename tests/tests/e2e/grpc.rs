//! gRPC through the real binary: all kinds of calls, deadlines, and failures as gRPC tells them.

use std::time::Duration;

use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use soe503_tests::h2::{H2Backend, H2Client, Written, grpc, message, trailer};
use soe503_tests::proxy::{Proxy, config, eventually, free_address};
use tokio::sync::mpsc;

const H2: &str = "protocol = \"h2\"";
const OK: &[(&str, &str)] = &[("grpc-status", "0")];

/// Sends every message back as it comes, and ends well.
async fn echo(request: Request<Incoming>) -> Response<Written> {
    let (pen, body) = Written::new();
    tokio::spawn(async move {
        let mut asked = request.into_body();
        while let Some(Ok(frame)) = asked.frame().await {
            if let Ok(data) = frame.into_data() {
                pen.write(data).await;
            }
        }
        pen.trailers(OK).await;
    });
    grpc(body)
}

/// A trailers-only answer.
fn only(status: &'static str) -> Response<Written> {
    let mut response = grpc(Written::empty());
    response
        .headers_mut()
        .insert("grpc-status", status.parse().unwrap());
    response
}

/// A trailers-only answer of ours.
fn ours(answer: &Response<Incoming>) -> (u16, &str, &str) {
    let field = |name: &str| {
        answer
            .headers()
            .get(name)
            .map_or("", |v| v.to_str().unwrap())
    };
    assert_eq!(field("content-type"), "application/grpc");
    (
        answer.status().as_u16(),
        field("grpc-status"),
        field("grpc-message"),
    )
}

#[tokio::test]
async fn unary_and_all_kinds_of_streams() {
    let backend = H2Backend::start(100, echo).await.unwrap();
    let proxy = Proxy::before(&[backend.address()], H2).await;
    let client = H2Client::open(proxy.address()).await;

    // Unary, and a stream of the client's: all is said before anything is heard.
    for words in [&["one"][..], &["one", "two", "three"]] {
        let (pen, body) = Written::new();
        let all = words.to_vec();
        tokio::spawn(async move {
            for word in all {
                pen.write(message(word)).await;
            }
        });
        let answer = client.call(&[], body).await.unwrap();
        let (data, trailers) = trailer(answer.into_body()).await.unwrap();
        let expected: Vec<u8> = words.iter().flat_map(|word| message(word)).collect();
        assert_eq!(data, expected);
        assert_eq!(trailers["grpc-status"], "0");
    }

    // Both at once: each message is answered before the next is said.
    let (pen, body) = Written::new();
    let mut told = client.call(&[], body).await.unwrap().into_body();
    for word in ["one", "two", "three"] {
        pen.write(message(word)).await;
        let frame = told.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), message(word));
    }
    drop(pen);
    let end = told
        .frame()
        .await
        .unwrap()
        .unwrap()
        .into_trailers()
        .unwrap();
    assert_eq!(end["grpc-status"], "0");
}

#[tokio::test]
async fn a_stream_of_the_servers() {
    let backend = H2Backend::start(100, async |request: Request<Incoming>| {
        let (pen, body) = Written::new();
        tokio::spawn(async move {
            let _asked = request.into_body().collect().await;
            for word in ["one", "two", "three"] {
                pen.write(message(word)).await;
            }
            pen.trailers(&[("grpc-status", "5"), ("grpc-message", "gone")])
                .await;
        });
        grpc(body)
    })
    .await
    .unwrap();
    let proxy = Proxy::before(&[backend.address()], H2).await;
    let client = H2Client::open(proxy.address()).await;
    let answer = client.call(&[], Written::empty()).await.unwrap();
    let (data, trailers) = trailer(answer.into_body()).await.unwrap();
    assert_eq!(data.len(), 3 * 5 + "onetwothree".len());
    assert_eq!(
        (&trailers["grpc-status"], &trailers["grpc-message"]),
        (&"5".parse().unwrap(), &"gone".parse().unwrap())
    );
}

#[tokio::test]
async fn the_backend_hears_of_trailers_and_of_what_is_left_of_the_time() {
    let (seen, mut heard) = mpsc::channel::<HeaderMap>(8);
    let backend = H2Backend::start(100, move |request: Request<Incoming>| {
        let seen = seen.clone();
        async move {
            seen.send(request.headers().clone()).await.unwrap();
            only("0")
        }
    })
    .await
    .unwrap();
    let proxy = Proxy::before(&[backend.address()], H2).await;
    let client = H2Client::open(proxy.address()).await;
    let fields = [("grpc-timeout", "20S"), ("x-mine", "1")];
    let answer = client.call(&fields, Written::empty()).await.unwrap();
    assert_eq!(ours(&answer), (200, "0", ""));
    let headers = heard.recv().await.unwrap();
    assert_eq!(headers["te"], "trailers");
    assert_eq!(headers["x-mine"], "1");
    let left = headers["grpc-timeout"].to_str().unwrap();
    let (digits, unit) = left.split_at(left.len() - 1);
    assert_eq!(unit, "u");
    let left = Duration::from_micros(digits.parse().unwrap());
    assert!(left < Duration::from_secs(20), "{left:?}");
    assert!(left > Duration::from_secs(10), "{left:?}");

    client.call(&[], Written::empty()).await.unwrap();
    assert!(!heard.recv().await.unwrap().contains_key("grpc-timeout"));
}

#[tokio::test]
async fn a_deadline_that_passes_is_status_4() {
    let backend = H2Backend::start(100, async |_| std::future::pending().await)
        .await
        .unwrap();
    let proxy = Proxy::before(&[backend.address()], H2).await;
    let client = H2Client::open(proxy.address()).await;
    let answer = client
        .call(&[("grpc-timeout", "100m")], Written::empty())
        .await
        .unwrap();
    let (status, code, message) = ours(&answer);
    assert_eq!((status, code), (200, "4"), "{message}");
    assert!(
        message.starts_with("dependency_failure/response_timeout"),
        "{message}"
    );
    assert_eq!(trailer(answer.into_body()).await.unwrap().0, "");
}

#[tokio::test]
async fn fm37_our_failures_are_trailers_only() {
    let proxy = Proxy::before(&[free_address()], H2).await;
    let client = H2Client::open(proxy.address()).await;
    let answer = client.call(&[], Written::empty()).await.unwrap();
    let (status, code, message) = ours(&answer);
    assert_eq!((status, code), (200, "14"), "{message}");
    assert_eq!(answer.headers()["x-error-code"], "SOE-503");

    let config = config(&[free_address()], H2).replace(
        "pool = \"app\"",
        "pool = \"app\"\nmatch = { host = \"other.example\" }",
    );
    let proxy = Proxy::start(&config).await;
    let client = H2Client::open(proxy.address()).await;
    let answer = client.call(&[], Written::empty()).await.unwrap();
    let (status, code, message) = ours(&answer);
    assert_eq!((status, code), (200, "12"), "{message}");
    assert!(message.contains("No route"), "{message}");
}

/// A backend that answers `UNAVAILABLE` is one that fails, whatever HTTP's status.
#[tokio::test]
async fn unavailable_backends_open_the_circuit() {
    let backend = H2Backend::start(100, async |_| only("14")).await.unwrap();
    let more = format!("{H2}\nride_out = \"0s\"");
    let proxy = Proxy::before(&[backend.address()], &more).await;
    let client = H2Client::open(proxy.address()).await;
    let mut passed = 0;
    eventually("the circuit opens", async || {
        let answer = client.call(&[], Written::empty()).await.unwrap();
        let (status, code, message) = ours(&answer);
        assert_eq!((status, code), (200, "14"));
        passed += usize::from(message.is_empty());
        message.starts_with("circuit_open/")
    })
    .await;
    assert!(
        passed >= 5,
        "the backend's own answers pass until then: {passed}"
    );
}

#[tokio::test]
async fn unavailable_goes_elsewhere_if_the_call_may_run_twice() {
    let bad = H2Backend::start(100, async |_| only("14")).await.unwrap();
    let good = H2Backend::start(100, echo).await.unwrap();
    // By chance the bad one may get the first four, and a young budget pays for three.
    let paid = format!("{H2}\nretry_budget = {{ min_per_second = 100 }}");
    let proxy = Proxy::before(&[bad.address(), good.address()], &paid).await;
    let client = H2Client::open(proxy.address()).await;
    for _ in 0..20 {
        // Not gRPC's own method, but one that HTTP lets us repeat.
        let fields = [("content-type", "application/grpc"), ("te", "trailers")];
        let answer = client.send("PUT", &fields, Written::empty()).await.unwrap();
        assert_eq!(answer.headers().get("grpc-status"), None, "{answer:?}");
        let (_, trailers) = trailer(answer.into_body()).await.unwrap();
        assert_eq!(trailers["grpc-status"], "0");
    }
}
