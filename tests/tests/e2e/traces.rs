//! Traces, as a collector gets them. What the bytes say is looked into by `tests/traces/run`, with OpenTelemetry's own code.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Connection, Request, get, once, post};
use soe503_tests::proxy::{Proxy, config, eventually, free_address};
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TAKEN: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
/// `partial_success { rejected_spans: 1 }`
const PARTIAL: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 4\r\n\r\n\x0a\x02\x08\x01";

/// What a collector got.
#[derive(Clone, Default)]
struct Got(Arc<Mutex<Vec<Request>>>);

impl Got {
    fn all(&self) -> Vec<Request> {
        self.0.lock().unwrap().clone()
    }

    /// All bodies, as text with holes.
    fn text(&self) -> String {
        let bodies = self.all().into_iter().map(|request| request.body);
        String::from_utf8_lossy(&bodies.collect::<Vec<_>>().concat()).into_owned()
    }

    async fn has(&self, what: &str) {
        eventually(what, async || self.text().contains(what)).await;
    }
}

/// A collector that gives these answers, the last one again and again.
async fn collector(answers: &'static [&'static str]) -> (SocketAddr, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let got = Got::default();
    let seen = got.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut connection = Connection::from(stream).patient();
                while let Ok(Some(request)) = connection.request().await {
                    let number = {
                        let mut seen = seen.0.lock().unwrap();
                        seen.push(request);
                        seen.len()
                    };
                    let answer = answers[(number - 1).min(answers.len() - 1)];
                    if connection.send(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, got)
}

fn traced(backends: &[SocketAddr], collector: SocketAddr, more: &str) -> String {
    let traces = format!(
        "[telemetry.traces]\nendpoint = \"http://{collector}\"\nexport_interval = \"10ms\"\n{more}\n"
    );
    config(backends, &traces)
}

async fn metric(proxy: &Proxy, series: &str) -> u64 {
    let page = get(proxy.admin(), "/metrics").await.unwrap().text();
    let line = page.lines().find_map(|line| line.strip_prefix(series));
    line.and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}

async fn ask(proxy: &Proxy, fields: &str) -> u16 {
    let request = format!(
        "GET /orders?card=4111 HTTP/1.1\r\nHost: shop.example\r\n{fields}Connection: close\r\n\r\n"
    );
    once(proxy.address(), &request).await.unwrap().status
}

#[tokio::test]
async fn a_sampled_request_is_told_to_backend_and_collector() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let (collector, got) = collector(&[TAKEN]).await;
    let more = "sample_ratio = 0.0\nheaders = { x-tenant = \"shop\" }";
    let proxy = Proxy::start(&traced(&[backend.address()], collector, more)).await;
    let fields = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\ntracestate: a=b\r\n");
    assert_eq!(ask(&proxy, &fields).await, 200);
    let seen = backend.last().unwrap();
    let parent = seen.header("traceparent").unwrap().to_owned();
    assert!(
        parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-01"),
        "{parent}"
    );
    assert!(
        !parent.contains("00f067aa0ba902b7"),
        "a span of ours: {parent}"
    );
    assert_eq!(seen.header("tracestate"), Some("a=b"));
    got.has("soe503.pool").await;
    let request = got.all().remove(0);
    assert_eq!((&*request.method, &*request.target), ("POST", "/v1/traces"));
    assert_eq!(
        request.header("content-type"),
        Some("application/x-protobuf")
    );
    assert_eq!(request.header("x-tenant"), Some("shop"));
    let text = got.text();
    assert!(
        text.contains("/orders") && !text.contains("4111"),
        "no query: {text}"
    );
    let span: Vec<u8> = (0..8)
        .map(|at| u8::from_str_radix(&parent[36 + 2 * at..38 + 2 * at], 16).unwrap())
        .collect();
    let known = request.body.windows(8).any(|bytes| bytes == span);
    assert!(known, "the backend's parent is a span that was exported");
    eventually("both spans are counted", async || {
        metric(&proxy, "soe503_traces_exported_total ").await == 2
    })
    .await;
}

#[tokio::test]
async fn what_is_not_sampled_is_exported_only_if_it_fails() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let (collector, got) = collector(&[TAKEN]).await;
    let good = traced(&[backend.address()], collector, "sample_ratio = 0.0");
    let proxy = Proxy::start(&good).await;
    let fields = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-00\r\n");
    assert_eq!(ask(&proxy, &fields).await, 200);
    let told = backend.last().unwrap();
    assert!(told.header("traceparent").unwrap().ends_with("-00"));
    // A reload changes them, and the failure comes after the success.
    proxy.rewrite(&traced(&[free_address()], collector, "sample_ratio = 0.0"));
    assert_eq!(
        post(proxy.admin(), "/api/v1/config/reload")
            .await
            .unwrap()
            .status,
        200
    );
    assert_eq!(ask(&proxy, &fields).await, 503);
    // Nobody has ever been there.
    got.has("misconfiguration/wrong_port").await;
    let text = got.text();
    assert!(
        text.contains("error.type") && text.contains("soe503.cause"),
        "{text}"
    );
    assert_eq!(
        text.matches("soe503.origin").count(),
        1,
        "one request: {text}"
    );
    assert!(
        text.contains("url.full"),
        "its attempts, after the fact: {text}"
    );
}

#[tokio::test]
async fn b3_comes_in_and_goes_out() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let (collector, _got) = collector(&[TAKEN]).await;
    let more = "sample_ratio = 0.0\nextract = [\"b3\", \"b3multi\"]\ninject = [\"b3multi\", \"tracecontext\"]";
    let proxy = Proxy::start(&traced(&[backend.address()], collector, more)).await;
    assert_eq!(
        ask(
            &proxy,
            &format!("b3: {TRACE}-00f067aa0ba902b7-1\r\ntracestate: a=b\r\n")
        )
        .await,
        200
    );
    let seen = backend.last().unwrap();
    assert_eq!(seen.header("x-b3-traceid"), Some(TRACE));
    assert_eq!(seen.header("x-b3-sampled"), Some("1"));
    assert_ne!(seen.header("x-b3-spanid"), Some("00f067aa0ba902b7"));
    assert_eq!(seen.header("b3"), None, "taken in");
    assert_eq!(seen.header("tracestate"), None, "of another trace");
    let parent = seen.header("traceparent").unwrap();
    assert!(
        parent.contains(TRACE) && parent.ends_with("-01"),
        "{parent}"
    );
}

#[tokio::test]
async fn a_collector_that_asks_to_come_back_is_asked_again() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
    let answers: &[&str] = Box::leak(Box::new([busy, PARTIAL]));
    let (collector, got) = collector(answers).await;
    let proxy = Proxy::start(&traced(
        &[backend.address()],
        collector,
        "sample_ratio = 1.0",
    ))
    .await;
    assert_eq!(ask(&proxy, "").await, 200);
    eventually("it takes one of two", async || {
        metric(&proxy, "soe503_traces_exported_total ").await == 1
            && metric(&proxy, "soe503_traces_dropped_total{reason=\"partial\"} ").await == 1
    })
    .await;
    let all = got.all();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].body, all[1].body, "the same batch");
}

#[tokio::test]
async fn what_is_no_collector_costs_spans_and_nothing_else() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";
    let answers: &[&str] = Box::leak(Box::new([page]));
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let (collector, _got) = collector(answers).await;
    let proxy = Proxy::start(&traced(
        &[backend.address()],
        collector,
        "sample_ratio = 1.0",
    ))
    .await;
    for _ in 0..20 {
        assert_eq!(ask(&proxy, "").await, 200);
    }
    eventually("all are counted", async || {
        metric(&proxy, "soe503_traces_dropped_total{reason=\"refused\"} ").await == 40
    })
    .await;
    let complaints = || proxy.log().matches("does not take spans").count();
    eventually("the log says so", async || complaints() > 0).await;
    assert_eq!(complaints(), 1, "{}", proxy.log());
}

#[tokio::test]
async fn a_shutdown_delivers_what_waits_and_does_not_wait_for_the_dead() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let (alive, got) = collector(&[TAKEN]).await;
    let slow = "sample_ratio = 1.0";
    for (address, arrives) in [(alive, true), (free_address(), false)] {
        let config = traced(&[backend.address()], address, slow).replace("10ms", "300s");
        let mut proxy = Proxy::start(&config).await;
        assert_eq!(ask(&proxy, "").await, 200);
        proxy.signal("TERM").await;
        assert!(proxy.ended().await.success(), "{}", proxy.log());
        if arrives {
            assert!(got.text().contains("soe503.pool"), "flushed");
        }
    }
}
