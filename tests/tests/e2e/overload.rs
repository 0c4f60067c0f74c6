//! More requests than may be under way: who waits, who goes first, who is sent away, and how that is
//! told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, get, once, post};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};
use tokio::task::JoinHandle;

/// A proxy that lets one request at a time through to a backend that holds them, with more keys for
/// the route and the pool.
async fn full(route: &str, pool: &str) -> (FaultyBackend, Proxy, JoinHandle<Answer>) {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hold))
        .await
        .unwrap();
    let pool = format!("max_in_flight = 1\n{pool}");
    let config = config(&[backend.address()], &pool)
        .replace("pool = \"app\"", &format!("pool = \"app\"\n{route}"));
    let proxy = Proxy::start(&config).await;
    let first = ask(proxy.address(), "/first", "");
    eventually("it is full", async || backend.counts().requests > 0).await;
    (backend, proxy, first)
}

fn ask(address: SocketAddr, path: &str, fields: &str) -> JoinHandle<Answer> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: shop\r\nAccept: application/json\r\n{fields}Connection: close\r\n\r\n"
    );
    tokio::spawn(async move { once(address, &request).await.unwrap() })
}

async fn waiting(proxy: &Proxy, count: u64) {
    eventually("they wait", async || {
        proxy.pool().await["queue"]["depth"] == count
    })
    .await;
}

const PATIENT: &str = "queue = { max_waiting = 2, max_wait = \"1m\" }";

#[tokio::test]
async fn the_important_go_first_and_the_others_are_told() {
    let trusting = "priority_header = \"priority\"";
    let (backend, proxy, first) = full(trusting, PATIENT).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let follow = |name: &'static str, asked: JoinHandle<Answer>| {
        let order = Arc::clone(&order);
        tokio::spawn(async move {
            let answer = asked.await.unwrap();
            order.lock().unwrap().push(name);
            answer
        })
    };
    let low = follow("low", ask(proxy.address(), "/low", "Priority: u=6, i\r\n"));
    waiting(&proxy, 1).await;
    let normal = follow("normal", ask(proxy.address(), "/normal", ""));
    waiting(&proxy, 2).await;
    let queue = &proxy.pool().await["queue"];
    assert_eq!(queue["limit"], 2);
    assert_eq!(
        queue["waiting"],
        serde_json::json!({ "high": 0, "normal": 1, "low": 1 })
    );
    let high = follow("high", ask(proxy.address(), "/high", "Priority: u=0\r\n"));

    let answer = low.await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("overload/queue_full"), "{cause}");
    let problem = answer.json();
    assert_eq!(problem["cause"], "overload/queue_full");
    assert_eq!(
        problem["attempts"][0]["bytes_sent"].as_u64().unwrap_or(0),
        0
    );
    let evidence = problem["evidence"].to_string();
    let said = "1 in use of 1 allowed, 2 waiting";
    assert!(
        evidence.contains(said) && evidence.contains("priority low"),
        "{evidence}"
    );

    let shown = lbctl(&proxy, &["pool", "status"]).await.stdout;
    assert!(
        shown.contains("queue 2 of 2") && shown.contains("shed 1 low"),
        "{shown}"
    );
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    for line in [
        "soe503_queue_depth{pool=\"app\",priority=\"high\"} 1",
        "soe503_queue_depth{pool=\"app\",priority=\"normal\"} 1",
        "soe503_shed_total{pool=\"app\",priority=\"low\"} 1",
        "soe503_pool_in_flight_limit{pool=\"app\"} 1",
        "soe503_pool_limit_source{pool=\"app\",source=\"fixed\"} 1",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line}\n{metrics}");
    }

    // From now on each takes a moment, so that their order can be seen.
    let delay = Duration::from_millis(100);
    backend.set(Behaviour {
        delay,
        ..Behaviour::OK
    });
    for one in [first, normal, high] {
        assert_eq!(one.await.unwrap().status, 200);
    }
    assert_eq!(*order.lock().unwrap(), ["low", "high", "normal"]);
    let limit = &proxy.pool().await["limit"];
    assert_eq!(
        (&limit["waited"], &limit["source"]),
        (&Value::from(2), &Value::from("fixed"))
    );
}

#[tokio::test]
async fn what_strangers_say_of_their_importance_is_not_believed() {
    let (_backend, proxy, _first) = full("", PATIENT).await;
    let _low = ask(proxy.address(), "/", "Priority: u=7\r\n");
    waiting(&proxy, 1).await;
    let _normal = ask(proxy.address(), "/", "");
    waiting(&proxy, 2).await;
    let answer = ask(proxy.address(), "/", "Priority: u=0\r\n")
        .await
        .unwrap();
    assert_eq!(answer.status, 503, "nobody makes room for it");
    assert_eq!(proxy.pool().await["limit"]["shed"]["normal"], 1);
}

#[tokio::test]
async fn whoever_waits_for_too_long_is_told() {
    let (_backend, proxy, _first) = full("", "queue = { max_wait = \"100ms\" }").await;
    let answer = ask(proxy.address(), "/", "").await.unwrap();
    assert_eq!(answer.status, 503);
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("overload/queue_timeout"), "{cause}");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn a_client_that_leaves_gives_its_place_up() {
    let (_backend, proxy, _first) = full("", PATIENT).await;
    let address = proxy.address();
    let mut leaves = soe503_tests::http::Connection::open(address).await.unwrap();
    leaves
        .send(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        .await
        .unwrap();
    waiting(&proxy, 1).await;
    drop(leaves);
    waiting(&proxy, 0).await;
}

#[tokio::test]
async fn a_bulkhead_keeps_a_route_from_taking_all() {
    let backend = FaultyBackend::start(Behaviour {
        only: Some("slow".into()),
        ..Behaviour::traffic_only(Fault::Hold)
    })
    .await
    .unwrap();
    let slow =
        "[[routes]]\nmatch = { path_prefix = \"/slow\" }\npool = \"app\"\nmax_in_flight = 2\n";
    let config =
        config(&[backend.address()], "").replace("[[routes]]", &format!("{slow}[[routes]]"));
    let proxy = Proxy::start(&config).await;
    let held = [(); 2].map(|()| ask(proxy.address(), "/slow/1", ""));
    eventually("both are there", async || backend.counts().requests >= 2).await;
    for _ in 0..2 {
        let answer = ask(proxy.address(), "/slow/1", "").await.unwrap();
        assert_eq!(answer.status, 503);
        let cause = answer.header("soe-cause").unwrap();
        assert!(cause.starts_with("overload/concurrency_limit"), "{cause}");
        assert_eq!(get(proxy.address(), "/fast").await.unwrap().status, 200);
        // A reload forgets neither the limit nor who is in.
        let reloaded = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
        assert!((200..300).contains(&reloaded.status), "{}", reloaded.text());
    }
    backend.set(Behaviour::OK);
    for one in held {
        assert_eq!(one.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn whoever_waits_outlives_a_reload() {
    let (backend, proxy, first) = full("", PATIENT).await;
    let waits = ask(proxy.address(), "/", "");
    waiting(&proxy, 1).await;
    let more = format!("max_in_flight = 2\n{PATIENT}");
    proxy.rewrite(&config(&[backend.address()], &more));
    let reloaded = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert!((200..300).contains(&reloaded.status), "{}", reloaded.text());
    // There is room for it now.
    waiting(&proxy, 0).await;
    eventually("it is sent", async || backend.counts().requests >= 2).await;
    backend.set(Behaviour::OK);
    for one in [first, waits] {
        assert_eq!(one.await.unwrap().status, 200);
    }
}
