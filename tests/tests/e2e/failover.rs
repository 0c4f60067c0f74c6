//! A pool that cannot serve and another that does, as clients and operators see them.

use std::net::SocketAddr;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, get, once};
use soe503_tests::proxy::{Proxy, config, eventually, free_address, lbctl};

async fn backend(fault: Fault) -> FaultyBackend {
    let behaviour = Behaviour::traffic_only(fault);
    FaultyBackend::start(behaviour).await.unwrap()
}

/// The pool `app` of `first`, whose route fails over to the pool `spare` of `others`.
fn with_spare(first: &[SocketAddr], others: &[SocketAddr], keys: &str, more: &str) -> String {
    let failover = format!("pool = \"app\"\n{keys}\nfailover = {{ pools = [\"spare\"] }}\n");
    let urls: Vec<String> = others
        .iter()
        .map(|other| format!("\"http://{other}\""))
        .collect();
    format!(
        "{}\n[pools.spare]\nbackends = [{}]\n",
        config(first, more).replace("pool = \"app\"", &failover),
        urls.join(", ")
    )
}

async fn post(proxy: &Proxy, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "POST /orders HTTP/1.1\r\nHost: a\r\nX-Load-Id: order\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    once(proxy.address(), &request).await.unwrap()
}

async fn metric(proxy: &Proxy, line: &str) -> Option<String> {
    let page = get(proxy.admin(), "/metrics").await.unwrap().text();
    let found = page.lines().find_map(|l| l.strip_prefix(line))?;
    Some(found.trim().to_owned())
}

fn is_from_elsewhere(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-soe-degraded"), Some("failover"));
    assert_eq!(answer.header("x-error-code"), None);
}

#[tokio::test]
async fn a_dead_pools_requests_are_answered_elsewhere_marked_counted_and_explained() {
    let spare = backend(Fault::Ok).await;
    let proxy = Proxy::start(&with_spare(&[free_address()], &[spare.address()], "", "")).await;
    let mut first = None;
    // The first ones meet the refusal itself, the later ones an open circuit or an empty pool.
    for number in 0..10 {
        let answer = get(proxy.address(), "/page").await.unwrap();
        is_from_elsewhere(&answer);
        assert!(answer.header("soe-cause").is_some());
        let status = answer.header("proxy-status").unwrap();
        assert!(status.starts_with("edge-test;"), "{status}");
        is_from_elsewhere(&post(&proxy, "an order").await);
        if number == 0 {
            first = answer.header("x-request-id").map(str::to_owned);
        }
    }
    assert_eq!(spare.counts().requests, 20);
    let order = spare.last().unwrap();
    assert_eq!(&*order.body, b"an order");

    let prevented = "soe503_prevented_total{pool=\"app\",by=\"failover\"}";
    // The client has the last answer a moment before it is counted.
    eventually("all are counted", async || {
        metric(&proxy, prevented).await.as_deref() == Some("20")
    })
    .await;
    let retried = "soe503_prevented_total{pool=\"app\",by=\"retry\"}";
    assert_eq!(metric(&proxy, retried).await.as_deref(), Some("0"));
    let taken = "soe503_taken_over_total{pool=\"spare\"}";
    assert_eq!(metric(&proxy, taken).await.as_deref(), Some("20"));
    let pool = proxy.pool().await;
    assert_eq!(pool["failover"]["answered_elsewhere"], 20, "{pool}");
    assert_eq!(pool["failed"], 0, "{pool}");
    let shown = lbctl(&proxy, &["pool", "status"]).await;
    for words in ["20 answered elsewhere", "20 taken over"] {
        assert!(shown.stdout.contains(words), "{}", shown.stdout);
    }

    let id = first.unwrap();
    let path = format!("/api/v1/failures/{id}");
    let record = get(proxy.admin(), &path).await.unwrap().json();
    assert_eq!(record["status"], 200, "{record}");
    assert_eq!(record["pool"], "app", "{record}");
    let attempts = record["attempts"].as_array().unwrap();
    let last = attempts.last().unwrap();
    assert_eq!(
        (&last["pool"], &last["status"]),
        (&"spare".into(), &200.into()),
        "{record}"
    );
    assert!(
        attempts[0]["pool"].is_null() && attempts[0]["cause"].is_string(),
        "{record}"
    );
    let told = lbctl(&proxy, &["explain", &id]).await;
    assert!(told.stdout.contains("pool spare"), "{told:?}");
}

#[tokio::test]
async fn if_both_are_dead_the_first_is_named_and_the_other_contributes() {
    let config = with_spare(&[free_address()], &[free_address()], "", "");
    let proxy =
        Proxy::start(&config.replace("[pools.app]", "[pools.app]\nride_out = \"0s\"")).await;
    for _ in 0..10 {
        get(proxy.address(), "/").await.unwrap();
    }
    let answer = get(proxy.address(), "/").await.unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("x-soe-degraded"), None);
    let told = answer.json();
    assert_eq!(told["scope"]["pool"], "app", "{told}");
    let evidence = told["evidence"].as_array().unwrap();
    let elsewhere = evidence
        .iter()
        .filter(|evidence| evidence["kind"] == "failover");
    let words: Vec<_> = elsewhere.filter_map(|e| e["what"].as_str()).collect();
    assert!(
        words.iter().any(|what| what.contains("pool spare")),
        "{told}"
    );
    let attempts = told["attempts"].as_array().unwrap();
    assert!(
        attempts.iter().any(|attempt| attempt["pool"] == "spare"),
        "{told}"
    );
}

#[tokio::test]
async fn what_may_have_been_worked_on_stays() {
    let (first, spare) = (backend(Fault::Reset).await, backend(Fault::Ok).await);
    let config = with_spare(&[first.address()], &[spare.address()], "", "");
    let proxy = Proxy::start(&config).await;
    let answer = post(&proxy, "an order").await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(spare.counts().requests, 0);
    is_from_elsewhere(&get(proxy.address(), "/page").await.unwrap());
    // Without a word of its own, a backend's 503 goes elsewhere for a `GET`, and is the answer to a `POST`.
    first.set(Behaviour::traffic_only(Fault::Status(503)));
    let before = spare.counts().requests;
    let answer = post(&proxy, "an order").await;
    if answer.header("x-soe-degraded").is_none() {
        assert_eq!(answer.status, 503);
        assert_eq!(spare.counts().requests, before);
    }
}

#[tokio::test]
async fn an_operator_drains_a_pool_and_brings_it_back() {
    let (first, spare) = (backend(Fault::Ok).await, backend(Fault::Ok).await);
    let config = with_spare(&[first.address()], &[spare.address()], "", "");
    let proxy = Proxy::start(&config).await;
    assert_eq!(
        get(proxy.address(), "/")
            .await
            .unwrap()
            .header("x-soe-degraded"),
        None
    );
    let said = lbctl(&proxy, &["pool", "disable", "app"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    is_from_elsewhere(&get(proxy.address(), "/").await.unwrap());
    let said = lbctl(&proxy, &["pool", "enable", "app"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    eventually("the pool serves again", async || {
        let answer = get(proxy.address(), "/").await.unwrap();
        answer.status == 200 && answer.header("x-soe-degraded").is_none()
    })
    .await;
}

/// Another pool goes before an older answer, which goes before a static one; and what another pool says is
/// not kept as this one's.
#[tokio::test]
async fn failover_then_stale_then_static() {
    let (first, spare) = (backend(Fault::Ok).await, backend(Fault::Ok).await);
    let keys = "fallback = { on = [\"any\"], status = 203, body = \"sorry\" }\n\
                response_headers = { set = { cache-control = \"max-age=60\" } }";
    let more = "cache = {}\nride_out = \"0s\"";
    let config = with_spare(&[first.address()], &[spare.address()], keys, more);
    let proxy = Proxy::start(&config).await;
    first.stop().await;
    is_from_elsewhere(&get(proxy.address(), "/page").await.unwrap());
    spare.stop().await;
    let answer = get(proxy.address(), "/page").await.unwrap();
    assert_eq!(answer.header("x-soe-degraded"), Some("static"));
    assert_eq!(answer.status, 203);
}

#[tokio::test]
async fn a_full_pool_fails_over_only_if_that_is_configured() {
    for (keys, status) in [("", 503), (", on_overload = true", 200)] {
        let (first, spare) = (backend(Fault::Hold).await, backend(Fault::Ok).await);
        let full = "max_in_flight = 1\nqueue = { max_waiting = 0 }\nadaptive_limit = false";
        let config = with_spare(&[first.address()], &[spare.address()], "", full)
            .replace("[\"spare\"]", &format!("[\"spare\"]{keys}"));
        let proxy = Proxy::start(&config).await;
        let address = proxy.address();
        let held = tokio::spawn(async move { get(address, "/held").await });
        first.received(1).await;
        let answer = get(proxy.address(), "/").await.unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
        first.set(Behaviour::OK);
        assert_eq!(held.await.unwrap().unwrap().status, 200);
    }
}
