//! HTTP/2 backends behind the real binary: every kind of body, restarts, limits.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::h2::{H2Backend, H2Client, Pen, Written, trailer};
use soe503_tests::http::once;
use soe503_tests::proxy::{Proxy, config, eventually};
use tokio::sync::mpsc;

const H2: &str = "protocol = \"h2\"";

/// Answers with the request's method, fields and body.
async fn mirror(request: Request<Incoming>) -> Response<Written> {
    let (parts, body) = request.into_parts();
    let (pen, answer) = Written::new();
    let mut response = Response::builder();
    for (name, value) in &parts.headers {
        response = response.header(format!("seen-{name}"), value);
    }
    let response = response
        .header("seen-method", parts.method.as_str())
        .header("seen-authority", parts.uri.authority().unwrap().as_str())
        .header("seen-path", parts.uri.path());
    tokio::spawn(async move {
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned();
        let data = collected.to_bytes();
        if !data.is_empty() {
            pen.write(data).await;
        }
        if trailers.is_some_and(|trailers| trailers["sum"] == "up") {
            pen.trailers(&[("sum", "down")]).await;
        }
    });
    response.body(answer).unwrap()
}

async fn mirrored() -> (H2Backend, Proxy) {
    let backend = H2Backend::start(100, mirror).await.unwrap();
    let proxy = Proxy::before(&[backend.address()], H2).await;
    (backend, proxy)
}

#[tokio::test]
async fn http1_clients_reach_http2_backends() {
    let (backend, proxy) = mirrored().await;
    let head = "HTTP/1.1\r\nHost: shop.example\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\
                TE: trailers\r\n";
    let bodies = [
        ("GET", String::new(), ""),
        ("PUT", "Content-Length: 5\r\n\r\nhello".to_owned(), "hello"),
        (
            "POST",
            "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n".to_owned(),
            "hello",
        ),
        ("DELETE", String::new(), ""),
    ];
    for (method, rest, expected) in bodies {
        let rest = if rest.is_empty() { "\r\n" } else { &rest };
        let request = format!("{method} /a/b?c {head}{rest}");
        let answer = once(proxy.address(), &request).await.unwrap();
        assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        assert_eq!(answer.header("seen-method"), Some(method));
        assert_eq!(answer.header("seen-authority"), Some("shop.example"));
        assert_eq!(answer.header("seen-path"), Some("/a/b"));
        for name in ["seen-x-hop", "seen-te", "seen-host", "seen-connection"] {
            assert_eq!(answer.header(name), None, "{name}");
        }
        assert_eq!(answer.text(), expected);
    }
    assert_eq!(backend.connections(), 1, "they share a connection");
}

#[tokio::test]
async fn http2_clients_reach_http2_backends_with_trailers_both_ways() {
    let (_backend, proxy) = mirrored().await;
    let client = H2Client::open(proxy.address()).await;
    let (pen, body) = Written::new();
    tokio::spawn(async move {
        pen.write("hello").await;
        pen.trailers(&[("sum", "up")]).await;
    });
    let answer = client.send("POST", &[], body).await.unwrap();
    assert_eq!(answer.status(), 200);
    let (data, trailers) = trailer(answer.into_body()).await.unwrap();
    assert_eq!(data, "hello");
    assert_eq!(trailers["sum"], "down");

    let answer = client.send("GET", &[], Written::empty()).await.unwrap();
    assert_eq!(trailer(answer.into_body()).await.unwrap().0, "");
}

#[tokio::test]
async fn http2_clients_reach_http1_backends_with_bodies_of_unknown_length() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let proxy = Proxy::before(&[backend.address()], "").await;
    let client = H2Client::open(proxy.address()).await;
    let (pen, body) = Written::new();
    tokio::spawn(async move {
        pen.write("one ").await;
        pen.write("two").await;
    });
    let answer = client.send("POST", &[], body).await.unwrap();
    assert_eq!(answer.status(), 200);
    trailer(answer.into_body()).await.unwrap();
    assert_eq!(backend.last().unwrap().body, b"one two");
}

#[tokio::test]
async fn a_large_body_passes_both_ways() {
    let (_backend, proxy) = mirrored().await;
    let client = H2Client::open(proxy.address()).await;
    let (pen, body) = Written::new();
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    let written = piece.clone();
    tokio::spawn(async move {
        for _ in 0..64 {
            pen.write(written.clone()).await;
        }
    });
    let answer = client.send("POST", &[], body).await.unwrap();
    let (data, _) = trailer(answer.into_body()).await.unwrap();
    assert_eq!(data.len(), 64 * piece.len());
}

#[tokio::test]
async fn health_checks_speak_what_the_pool_speaks() {
    let (checks, mut checked) = mpsc::channel(8);
    let backend = H2Backend::start(100, move |request: Request<Incoming>| {
        let checks = checks.clone();
        async move {
            // Full once nobody looks any more.
            let _told = checks.try_send(request.uri().to_string());
            Response::new(Written::empty())
        }
    })
    .await
    .unwrap();
    let more =
        format!("{H2}\nhealth_check = {{ path = \"/healthz\", interval = \"20ms\", fall = 100 }}");
    let proxy = Proxy::before(&[backend.address()], &more).await;
    for _ in 0..3 {
        let asked = checked.recv().await.unwrap();
        assert_eq!(asked, format!("http://{}/healthz", backend.address()));
    }
    let pool = proxy.pool().await;
    assert_eq!(pool["backends"][0]["state"], "up", "{pool}");
}

/// A server restarts as it should, again and again: not one request notices, POSTs included.
#[tokio::test]
async fn graceful_goodbyes_are_not_seen_by_anybody() {
    let (backend, proxy) = mirrored().await;
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let address = proxy.address();
            tokio::spawn(async move {
                let client = H2Client::open(address).await;
                for number in 0..60 {
                    let (pen, body) = Written::new();
                    tokio::spawn(async move { pen.write("hello").await });
                    let answer = client.send("POST", &[], body).await.unwrap();
                    assert_eq!(answer.status(), 200, "{worker}/{number}");
                    let (data, _) = trailer(answer.into_body()).await.unwrap();
                    assert_eq!(data, "hello", "{worker}/{number}");
                }
            })
        })
        .collect();
    let mut goodbyes = 0;
    while workers.iter().any(|worker| !worker.is_finished()) {
        let before = backend.connections();
        backend.say_goodbye();
        goodbyes += 1;
        // Another connection shows that the good-bye was heard.
        while backend.connections() == before && workers.iter().any(|w| !w.is_finished()) {
            tokio::task::yield_now().await;
        }
    }
    for worker in workers {
        worker.await.unwrap();
    }
    assert!(goodbyes > 3, "{goodbyes}");
}

#[tokio::test]
async fn fm32_a_full_backend_is_a_limit_and_no_failure() {
    let (asked, mut held) = mpsc::channel::<Pen>(8);
    let backend = H2Backend::start(1, move |_| {
        let asked = asked.clone();
        async move {
            let (pen, body) = Written::new();
            asked.send(pen).await.unwrap();
            Response::new(body)
        }
    })
    .await
    .unwrap();
    let more = format!("{H2}\nmax_h2_connections = 1");
    let proxy = Proxy::before(&[backend.address()], &more).await;
    let client = H2Client::open(proxy.address()).await;
    let first = client.send("GET", &[], Written::empty()).await.unwrap();
    let pen = held.recv().await.unwrap();
    let refused = client.send("GET", &[], Written::empty()).await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(
        refused.headers()["soe-cause"]
            .to_str()
            .unwrap()
            .split(';')
            .next(),
        Some("overload/concurrency_limit")
    );
    assert_eq!(proxy.pool().await["circuit"]["state"], "closed");
    drop(pen);
    trailer(first.into_body()).await.unwrap();
    eventually("there is room again", async || {
        let sent = client.send("GET", &[], Written::empty()).await.unwrap();
        sent.status() == 200
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_is_told_to_the_backend() {
    let (asked, mut held) = mpsc::channel::<Pen>(8);
    let backend = H2Backend::start(100, move |_| {
        let asked = asked.clone();
        async move {
            let (pen, body) = Written::new();
            asked.send(pen).await.unwrap();
            Response::new(body)
        }
    })
    .await
    .unwrap();
    let proxy = Proxy::before(&[backend.address()], H2).await;
    let client = H2Client::open(proxy.address()).await;
    let answer = client.send("GET", &[], Written::empty()).await.unwrap();
    let pen = held.recv().await.unwrap();
    drop(answer);
    pen.dropped().await;
}

/// The route's timeout is for the head: a stream that has one goes on for as long as it likes.
#[tokio::test]
async fn timeouts_end_with_the_head() {
    let backend = H2Backend::start(100, async |request: Request<Incoming>| {
        if request.headers().contains_key("x-hang") {
            std::future::pending::<()>().await;
        }
        let (pen, body) = Written::new();
        tokio::spawn(async move {
            let mut asked = request.into_body();
            while let Some(Ok(frame)) = asked.frame().await {
                pen.write(frame.into_data().unwrap()).await;
            }
        });
        Response::new(body)
    })
    .await
    .unwrap();
    let config = config(&[backend.address()], H2)
        .replace("pool = \"app\"", "pool = \"app\"\ntimeout = \"1s\"");
    let proxy = Proxy::start(&config).await;
    let client = H2Client::open(proxy.address()).await;
    let (pen, body) = Written::new();
    let answer = client.send("POST", &[], body).await.unwrap();
    let mut told = answer.into_body();
    for word in ["before", "after"] {
        pen.write(word).await;
        let frame = told.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), word);
        // Another request has its whole time, and so the stream has had it too.
        let late = client
            .send("GET", &[("x-hang", "1")], Written::empty())
            .await;
        assert_eq!(late.unwrap().status(), 504);
    }
    drop(pen);
    assert_eq!(trailer(told).await.unwrap().0, "");
}
