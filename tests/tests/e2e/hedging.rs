//! A request that is late is sent to a second backend, and only one that may be.

use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, get, once};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};
use tokio::time::Instant;

/// A late backend answers so much later than it used to.
const LATE: Duration = Duration::from_secs(2);
const HEDGE: &str = r#"
balance = "round_robin"
retry_budget = { ratio = 1.0 }
hedge = { enabled = true, percentile = 0.9, min_delay = "30ms", minimum_requests = 20 }"#;

async fn backend() -> FaultyBackend {
    FaultyBackend::start(Behaviour::OK).await.unwrap()
}

async fn ask(proxy: &Proxy, method: &str, id: &str) -> (Answer, Duration) {
    let begun = Instant::now();
    let length = if method == "POST" {
        "Content-Length: 0\r\n"
    } else {
        ""
    };
    let request = format!(
        "{method} / HTTP/1.1\r\nHost: a\r\nX-Load-Id: {id}\r\n{length}Connection: close\r\n\r\n"
    );
    let answer = once(proxy.address(), &request).await.unwrap();
    (answer, begun.elapsed())
}

/// So many backends executed the request.
fn executed(id: &str, backends: &[&FaultyBackend]) -> u32 {
    let of = |backend: &&FaultyBackend| backend.counts().executions.get(id).copied().unwrap_or(0);
    backends.iter().map(of).sum()
}

/// Until the proxy knows how long answers take.
async fn warm(proxy: &Proxy) {
    eventually("it is known what is late", async || {
        for _ in 0..10 {
            assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
        }
        proxy.pool().await["hedge"]["delay_ms"].is_number()
    })
    .await;
}

fn late(backend: &FaultyBackend) {
    backend.set(Behaviour::traffic_only(Fault::Late(LATE)));
}

#[tokio::test]
async fn a_get_that_is_late_is_sent_twice_and_a_post_never() {
    let (slow, good) = (backend().await, backend().await);
    let proxy = Proxy::start(&config(&[slow.address(), good.address()], HEDGE)).await;
    warm(&proxy).await;
    late(&slow);
    let both = [&slow, &good];
    let mut twice = 0;
    for number in 0..6 {
        let id = format!("get-{number}");
        let (answer, took) = ask(&proxy, "GET", &id).await;
        assert_eq!(answer.status, 200);
        assert!(took < LATE, "{took:?}");
        twice += u32::from(executed(&id, &both) == 2);
    }
    assert!(twice > 0);
    for number in 0..2 {
        let id = format!("post-{number}");
        let (answer, _) = ask(&proxy, "POST", &id).await;
        assert_eq!(answer.status, 200);
        assert_eq!(executed(&id, &both), 1, "{id}");
    }
    let pool = proxy.pool().await;
    let hedge = &pool["hedge"];
    assert_eq!(hedge["won"].as_u64(), Some(u64::from(twice)), "{hedge}");
    assert_eq!(hedge["sent"], hedge["won"], "{hedge}");
    // Who was outrun has not failed, and nothing was prevented.
    assert_eq!(pool["prevented"], 0);
    for backend in pool["backends"].as_array().unwrap() {
        assert_eq!(backend["failures"], 0, "{backend}");
        assert_eq!(backend["in_flight"], 0, "{backend}");
    }
    let shown = lbctl(&proxy, &["pool", "status"]).await;
    let line = format!("({twice} sent, {twice} won, 0 refused by the budget)");
    assert!(shown.stdout.contains(&line), "{}", shown.stdout);
}

#[tokio::test]
async fn nothing_is_sent_twice_unless_it_is_configured() {
    let (slow, good) = (backend().await, backend().await);
    let more = "balance = \"round_robin\"";
    let proxy = Proxy::start(&config(&[slow.address(), good.address()], more)).await;
    for _ in 0..120 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    late(&slow);
    for id in ["one", "two"] {
        assert_eq!(ask(&proxy, "GET", id).await.0.status, 200);
        assert_eq!(executed(id, &[&slow, &good]), 1);
    }
    assert!(proxy.pool().await["hedge"].is_null());
}

/// Both attempts fail: the answer tells of both, and which was the hedge.
#[tokio::test]
async fn what_failed_in_spite_of_a_hedge_is_explained() {
    let (one, other) = (backend().await, backend().await);
    let route = "pool = \"app\"\ntimeout = \"900ms\"\nretry = { attempts = 2, attempt_timeout = \"500ms\" }";
    let config =
        config(&[one.address(), other.address()], HEDGE).replacen("pool = \"app\"", route, 1);
    let proxy = Proxy::start(&config).await;
    warm(&proxy).await;
    for backend in [&one, &other] {
        backend.set(Behaviour::everywhere(Fault::Hang));
    }
    let (answer, _) = ask(&proxy, "GET", "lost").await;
    assert_eq!(answer.status, 504, "{}", answer.text());
    assert_eq!(answer.header("soe-attempts"), Some("2"));
    let told = answer.json();
    let attempts = told["attempts"].as_array().unwrap();
    let hedges: Vec<_> = attempts.iter().map(|a| a["hedge"] == true).collect();
    assert_eq!(hedges, [false, true], "{told}");
    assert!(answer.header_list("server-timing").contains("hedge"));
    assert_eq!(executed("lost", &[&one, &other]), 2);
    let pool = proxy.pool().await;
    assert_eq!(pool["hedge"]["failed"], 1, "{pool}");
}
