//! What is done to requests and answers on their way, by the real binary.

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Answer, Connection, get, once};
use soe503_tests::proxy::{Proxy, config};

/// A proxy before one backend, with more keys for its listener and its route.
async fn scene(listener: &str, route: &str) -> (FaultyBackend, Proxy) {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let config = config(&[backend.address()], "")
        .replace(
            "explain = \"full\"",
            &format!("explain = \"full\"\n{listener}"),
        )
        .replace("pool = \"app\"", &format!("pool = \"app\"\n{route}"));
    let proxy = Proxy::start(&config).await;
    (backend, proxy)
}

async fn ask(proxy: &Proxy, head: &str) -> Answer {
    let request = format!("{head}\r\nConnection: close\r\n\r\n");
    once(proxy.address(), &request).await.unwrap()
}

#[tokio::test]
async fn a_stranger_cannot_say_who_it_is() {
    let (backend, proxy) = scene("", "").await;
    let head = "GET / HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n\
                X-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 6.6.6.6\r\n\
                traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(ask(&proxy, head).await.status, 200);
    let seen = backend.last().unwrap();
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("http"));
    for name in ["x-forwarded-host", "x-real-ip", "forwarded"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert_eq!(seen.header("via"), Some("1.1 soe503"));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(
        seen.header("traceparent"),
        Some(trace),
        "not ours to change"
    );
}

#[tokio::test]
async fn a_trusted_proxy_is_extended_and_its_trace_too() {
    let listener = "trace_context = true\n\
                    forwarded = { trust = [\"127.0.0.0/8\"], style = \"both\" }";
    let (backend, proxy) = scene(listener, "host = \"app.internal\"").await;
    let head = "GET / HTTP/1.0\r\nHost: shop:81\r\nX-Forwarded-For: 192.0.2.1\r\n\
                Forwarded: for=192.0.2.1\r\nX-Forwarded-Proto: https\r\nVia: 1.1 cdn\r\n\
                traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    assert_eq!(ask(&proxy, head).await.status, 200);
    let seen = backend.last().unwrap();
    for (name, value) in [
        ("host", "app.internal"),
        ("x-forwarded-for", "192.0.2.1, 127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop:81"),
        ("x-forwarded-port", "81"),
        (
            "forwarded",
            "for=192.0.2.1, for=127.0.0.1;proto=http;host=\"shop:81\"",
        ),
        ("via", "1.1 cdn, 1.0 soe503"),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    let trace = seen.header("traceparent").unwrap();
    assert!(
        trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "{trace}"
    );
    assert!(
        !trace.contains("00f067aa0ba902b7") && trace.ends_with("-00"),
        "{trace}"
    );
}

/// The pool's backend is the proxy itself (row 47 of the failure modes). Whether it may speak for itself is what
/// `proxy` says; which hop saw the loop is told either way.
#[tokio::test]
async fn fm47_a_loop_ends_with_508_and_says_so() {
    for declared in [true, false] {
        let text = config(
            &["127.0.0.1:1".parse().unwrap()],
            &format!("proxy = {declared}"),
        )
        .replace("127.0.0.1:1", "@listen@")
        .replace(
            "explain = \"full\"",
            "explain = \"full\"\nlimits = { max_hops = 3 }",
        );
        let proxy = Proxy::start(&text).await;
        let answer = ask(&proxy, "GET / HTTP/1.1\r\nHost: a").await;
        assert_eq!(answer.status, 508, "{}", answer.text());
        let tag = answer.header("x-error-code");
        assert_eq!(tag, declared.then_some("SOE-508"));
        let cause = answer.header("soe-cause").unwrap_or_default();
        assert_eq!(
            cause.starts_with("misconfiguration/loop_detected"),
            declared,
            "{cause}"
        );
        let hops = answer.header_list("proxy-status");
        assert!(hops.contains("proxy_loop_detected"), "{hops}");
        assert_eq!(answer.header("retry-after"), None, "waiting does not help");
        assert!(answer.text().contains("misconfiguration/loop_detected"));
        assert!(
            !answer.text().contains("127.0.0.1") && !answer.text().contains("\"scope\""),
            "whoever the listener speaks to, it was a proxy that asked: {}",
            answer.text()
        );
        // Nobody is blamed for it: no circuit opens, and none of these is called a refusal for overload.
        for number in 0..30 {
            let again = ask(&proxy, "GET / HTTP/1.1\r\nHost: a").await;
            assert_eq!(again.status, 508, "{number}: {}", again.text());
            assert!(
                again.text().contains("misconfiguration/loop_detected"),
                "{number}: {}",
                again.text()
            );
        }
    }
}

#[tokio::test]
async fn prefixes_hosts_and_headers_change_as_the_route_says() {
    let route = "match = { path_prefix = \"/api\" }\nstrip_prefix = true\nhost = \"backend\"\n\
                 request_headers = { set = { x-tenant = \"shop\" }, add = { x-tag = \"2\" }, remove = [\"cookie\"] }\n\
                 response_headers = { set = { content-type = \"text/html\", cache-control = \"max-age=60\" }, \
                 remove = [\"x-load-id\"] }";
    let (backend, proxy) = scene("", route).await;
    let head = "GET /api/items?q=1 HTTP/1.1\r\nHost: shop\r\nCookie: a=b\r\nX-Tenant: evil\r\nX-Tag: 1\r\nX-Load-Id: 7";
    let answer = ask(&proxy, head).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    assert_eq!(answer.header("x-load-id"), None);
    let seen = backend.last().unwrap();
    let address = backend.address().to_string();
    assert_eq!(seen.target, "/items?q=1");
    for (name, value) in [
        ("host", Some(&*address)),
        ("x-forwarded-host", Some("shop")),
        ("x-forwarded-prefix", Some("/api")),
        ("x-tenant", Some("shop")),
        ("cookie", None),
    ] {
        assert_eq!(seen.header(name), value, "{name}");
    }
    let tags = seen.headers.iter().filter(|(name, _)| name == "x-tag");
    assert_eq!(
        tags.map(|(_, value)| &**value).collect::<Vec<_>>(),
        ["1", "2"]
    );
    // What we say ourselves is not for caches, whatever the rule for pages.
    backend.stop().await;
    let answer = ask(&proxy, "GET /api HTTP/1.1\r\nHost: shop").await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_ne!(answer.header("content-type"), Some("text/html"));
}

#[tokio::test]
async fn a_body_above_the_limit_gets_413() {
    let (backend, proxy) = scene("", "max_body = \"1KiB\"").await;
    let fits = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1024\r\n\r\n{}",
        "x".repeat(1024)
    );
    assert_eq!(once(proxy.address(), &fits).await.unwrap().status, 200);
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
    let chunked =
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let fits = format!("{chunked}{chunk}0\r\n\r\n");
    assert_eq!(once(proxy.address(), &fits).await.unwrap().status, 200);
    assert_eq!(backend.counts().requests, 2);
    // Announced: refused before the body is sent, which a client that asks first is told in time.
    for expect in ["", "Expect: 100-continue\r\n"] {
        let announced =
            format!("POST / HTTP/1.1\r\nHost: a\r\n{expect}Content-Length: 1025\r\n\r\n");
        let mut client = Connection::open(proxy.address()).await.unwrap();
        client.send(announced.as_bytes()).await.unwrap();
        let answer = client.answer(false).await.unwrap();
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
    // Not announced: found while it is sent on, and the backend gets no complete request.
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client
        .send(format!("{chunked}{chunk}").as_bytes())
        .await
        .unwrap();
    client.send(b"1\r\nx\r\n").await.unwrap();
    let answer = client.answer(false).await.unwrap();
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert_eq!(backend.counts().requests, 2);
    blameless(&proxy).await;
}

/// Row 34 of the failure modes: the client is at fault, and no backend is blamed.
#[tokio::test]
async fn fm34_a_body_that_stops_coming_is_not_waited_for() {
    let (backend, proxy) = scene("limits = { body_read_timeout = \"200ms\" }", "").await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client
        .send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        .await
        .unwrap();
    let said = client.rest().await.unwrap();
    let said = String::from_utf8_lossy(&said);
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert_eq!(backend.counts().requests, 0);
    blameless(&proxy).await;
}

#[tokio::test]
async fn a_body_that_is_none_gets_400() {
    let (backend, proxy) = scene("", "").await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    client
        .send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n")
        .await
        .unwrap();
    let answer = client.answer(false).await.unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(backend.counts().requests, 0);
    blameless(&proxy).await;
}

/// Nobody but the client was to blame: the backend is up, and nothing is left unexplained.
async fn blameless(proxy: &Proxy) {
    let pool = proxy.pool().await;
    assert_eq!(pool["backends"][0]["state"], "up", "{pool}");
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let unexplained = "soe503_unexplained_total{pool=\"app\"} 0";
    assert!(metrics.contains(unexplained), "{metrics}");
}

#[tokio::test]
async fn a_long_target_gets_414() {
    let (backend, proxy) = scene("limits = { max_target_bytes = \"300B\" }", "").await;
    let target = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a", "x".repeat(length - 1));
    assert_eq!(ask(&proxy, &target(300)).await.status, 200);
    assert_eq!(ask(&proxy, &target(301)).await.status, 414);
    assert_eq!(backend.counts().requests, 1);
}

#[tokio::test]
async fn fm34_a_client_has_as_many_connections_as_it_may() {
    let (_backend, proxy) = scene("limits = { max_connections_per_client = 2 }", "").await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        client
            .send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(client.answer(false).await.unwrap().status, 200);
        held.push(client);
    }
    let mut third = Connection::open(proxy.address()).await.unwrap();
    // The connection may be reset before or after this is sent.
    let _ = third.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(third.answer(false).await.is_err());
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let line = "soe503_connections_refused_total{reason=\"per_client\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    // Who leaves makes room.
    held.pop();
    soe503_tests::proxy::eventually("there is room again", async || {
        get(proxy.address(), "/")
            .await
            .is_ok_and(|answer| answer.status == 200)
    })
    .await;
}
