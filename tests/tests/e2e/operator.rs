//! `lbctl` and the real proxy: what an operator sees, and what the commands do to the traffic.

use std::net::SocketAddr;

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Connection, get};
use soe503_tests::proxy::{Proxy, eventually, free_address, lbctl, lbctl_alone};
use tokio::net::TcpListener;

async fn backend(fault: Fault) -> FaultyBackend {
    let behaviour = Behaviour::traffic_only(fault);
    FaultyBackend::start(behaviour).await.unwrap()
}

/// An address that accepted a request through the proxy, and then died.
async fn killed_behind(others: &[SocketAddr]) -> (Proxy, SocketAddr) {
    let dying = backend(Fault::Ok).await;
    let dead = dying.address();
    let proxy = Proxy::before(&[others, &[dead]].concat(), "").await;
    eventually("it had a request", async || {
        assert_eq!(status(proxy.address()).await, 200);
        dying.counts().requests > 0
    })
    .await;
    dying.stop().await;
    (proxy, dead)
}

async fn status(address: SocketAddr) -> u16 {
    get(address, "/").await.unwrap().status
}

// --- confirm: is it a real 503, whose, and why (item 5) ---

/// What `lbctl confirm` concludes, as a program reads it.
async fn verdict(address: SocketAddr, path: &str) -> String {
    let url = format!("http://{address}{path}");
    let said = lbctl_alone(&["confirm", &url, "--timeout", "500ms", "-o", "json"]).await;
    let json: Value =
        serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    // Exit 1: it is a 503, or no answer at all. Exit 0: it is something else.
    let healthy = json["is_503"] == false && json["status"].is_u64();
    assert_eq!(said.code, Some(if healthy { 0 } else { 1 }), "{json}");
    json["verdict"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn confirm_tells_six_kinds_of_trouble_apart() {
    let ours = Proxy::before(&[free_address()], "").await;
    let theirs = backend(Fault::Status(503)).await;
    let passed_on = Proxy::before(&[theirs.address()], "").await;
    let hung = backend(Fault::Hang).await;
    let fine = backend(Fault::Ok).await;

    assert_eq!(verdict(ours.address(), "/").await, "soe503");
    assert_eq!(verdict(passed_on.address(), "/").await, "backend_503");
    assert_eq!(verdict(fine.address(), "/status/404").await, "client_error");
    assert_eq!(verdict(free_address(), "/").await, "connection_refused");
    assert_eq!(verdict(hung.address(), "/").await, "read_timeout");
    assert_eq!(verdict(fine.address(), "/").await, "fine");
    let unknown = lbctl_alone(&["confirm", "http://no-such-host.invalid/", "-o", "json"]).await;
    assert!(unknown.stdout.contains("\"dns_"), "{unknown:?}");
    assert_eq!(unknown.code, Some(1));
}

#[tokio::test]
async fn confirm_names_proxy_and_cause() {
    let (proxy, _) = killed_behind(&[]).await;
    let url = format!("http://{}/cart", proxy.address());
    let said = lbctl_alone(&["confirm", &url]).await;
    for word in ["edge-test", "dependency_failure/connect_refused", "proven"] {
        assert!(said.stdout.contains(word), "no {word}: {said:?}");
    }
}

// --- pool status ---

#[tokio::test]
async fn pool_status_shows_who_is_out_and_why() {
    let good = backend(Fault::Ok).await;
    let (proxy, dead) = killed_behind(&[good.address()]).await;
    eventually("the dead backend is ejected", async || {
        assert_eq!(status(proxy.address()).await, 200);
        let pool = proxy.pool().await;
        pool["state"] == "degraded"
    })
    .await;
    let said = lbctl(&proxy, &["pool", "status"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    for word in ["app", "degraded", "ejected", "connect_refused", "closed"] {
        assert!(said.stdout.contains(word), "no {word}:\n{}", said.stdout);
    }
    for address in [good.address(), dead] {
        let address = address.to_string();
        assert!(
            said.stdout.contains(&address),
            "{address}:\n{}",
            said.stdout
        );
    }
    assert!(!said.stdout.contains('\x1b'), "no colours in a pipe");
    let json = lbctl(&proxy, &["pool", "status", "-o", "json"]).await;
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["pools"][0]["name"], "app", "{json}");
}

#[tokio::test]
async fn exit_codes_are_those_of_the_contract() {
    let proxy = Proxy::before(&[free_address()], "").await;
    eventually("the circuit opens", async || {
        assert_eq!(status(proxy.address()).await, 503);
        proxy.pool().await["circuit"]["state"] == "open"
    })
    .await;
    let down = lbctl(&proxy, &["pool", "status"]).await;
    assert_eq!(down.code, Some(1), "{down:?}");
    let unknown = lbctl(&proxy, &["pool", "drain", "app", "nobody"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    let nowhere = format!("http://{}", free_address());
    let unreachable = lbctl_alone(&["--admin", &nowhere, "pool", "status"]).await;
    assert_eq!(unreachable.code, Some(3), "{unreachable:?}");
}

// --- steering ---

#[tokio::test]
async fn a_drained_backend_gets_nothing_until_it_is_enabled() {
    let (first, second) = (backend(Fault::Ok).await, backend(Fault::Ok).await);
    let proxy = Proxy::before(&[first.address(), second.address()], "").await;
    let name = first.address().to_string();

    for action in ["drain", "disable"] {
        let said = lbctl(&proxy, &["pool", action, "app", &name]).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        let before = first.counts().requests;
        for _ in 0..20 {
            assert_eq!(status(proxy.address()).await, 200);
        }
        assert_eq!(first.counts().requests, before, "{action}");

        let said = lbctl(&proxy, &["pool", "enable", "app", &name]).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        eventually("it is used again", async || {
            assert_eq!(status(proxy.address()).await, 200);
            first.counts().requests > before
        })
        .await;
    }
}

#[tokio::test]
async fn a_pool_whose_backends_are_all_disabled_says_so() {
    let only = backend(Fault::Ok).await;
    let proxy = Proxy::before(&[only.address()], "").await;
    let name = only.address().to_string();
    let line = ["pool", "disable", "app", &name, "--reason", "new disks"];
    assert_eq!(lbctl(&proxy, &line).await.code, Some(0));
    let answer = get(proxy.address(), "/").await.unwrap();
    assert_eq!(answer.status, 503);
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("maintenance/admin_disabled"), "{cause}");
    assert_eq!(only.counts().requests, 0);
    let shown = lbctl(&proxy, &["pool", "status"]).await;
    assert!(shown.stdout.contains("new disks"), "{}", shown.stdout);
}

#[tokio::test]
async fn a_circuit_is_opened_closed_and_reset_by_hand() {
    let only = backend(Fault::Ok).await;
    let proxy = Proxy::before(&[only.address()], "").await;
    assert_eq!(status(proxy.address()).await, 200);
    assert_eq!(
        lbctl(&proxy, &["breaker", "open", "app"]).await.code,
        Some(0)
    );
    assert_eq!(status(proxy.address()).await, 503);
    let list = lbctl(&proxy, &["breaker", "list"]).await;
    assert!(list.stdout.contains("open"), "{}", list.stdout);
    assert_eq!(list.code, Some(1), "an open circuit is not healthy");
    assert_eq!(
        lbctl(&proxy, &["breaker", "reset", "app"]).await.code,
        Some(0)
    );
    assert_eq!(status(proxy.address()).await, 200);
    assert_eq!(only.counts().requests, 2);
}

#[tokio::test]
async fn explain_tells_the_story_of_one_request() {
    let (proxy, dead) = killed_behind(&[]).await;
    let answer = get(proxy.address(), "/basket?secret=1").await.unwrap();
    let id = answer.header("x-request-id").unwrap().to_owned();
    let mut said = lbctl(&proxy, &["explain", &id]).await;
    // The recorder is off the request path: it may be a moment late.
    eventually("the failure is recorded", async || {
        said = lbctl(&proxy, &["explain", &id]).await;
        said.code == Some(0)
    })
    .await;
    let address = dead.to_string();
    for word in [
        "SOE-503",
        "dependency_failure/connect_refused",
        "/basket",
        &address,
    ] {
        assert!(said.stdout.contains(word), "no {word}:\n{}", said.stdout);
    }
    assert!(!said.stdout.contains("secret"), "{}", said.stdout);
    let unknown = lbctl(&proxy, &["explain", "no-such-request"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

// --- the admin API itself ---

#[tokio::test]
async fn the_metrics_count_what_happened() {
    let only = backend(Fault::Ok).await;
    let proxy = Proxy::before(&[only.address()], "").await;
    for _ in 0..3 {
        assert_eq!(status(proxy.address()).await, 200);
    }
    let metrics = get(proxy.admin(), "/metrics").await.unwrap();
    assert_eq!(metrics.status, 200);
    let text = metrics.text();
    let counted = text
        .lines()
        .any(|line| line.starts_with("soe503_responses_total{") && line.ends_with(" 3"));
    assert!(counted, "{text}");
    let health = get(proxy.admin(), "/healthz").await.unwrap();
    assert_eq!(health.status, 200);
}

/// What `lbctl top` draws over time. The first step ends five seconds after the start.
#[tokio::test]
async fn the_last_minutes_are_told_by_cause() {
    let only = backend(Fault::Ok).await;
    let dead = free_address();
    let more = format!(
        "[[routes]]\nmatch = {{ path_prefix = \"/dead\" }}\npool = \"dead\"\n[pools.dead]\nbackends = [\"http://{dead}\"]\n"
    );
    let proxy = Proxy::before(&[only.address()], &more).await;
    let history = async || {
        let answer = get(proxy.admin(), "/api/v1/history").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_str::<Value>(&answer.text()).unwrap()
    };
    assert_eq!(history().await["step_ms"], 5_000);
    eventually("a step tells of failures by cause", async || {
        assert_eq!(status(proxy.address()).await, 200);
        assert_eq!(get(proxy.address(), "/dead").await.unwrap().status, 503);
        let told = history().await;
        let steps = told["steps"].as_array().unwrap();
        steps.iter().any(|step| {
            let causes = step["causes"].as_object().unwrap();
            let sum: u64 = causes.values().filter_map(Value::as_u64).sum();
            assert_eq!(step["failed"], sum, "{step}");
            assert!(
                step["requests"].as_u64() >= step["failed"].as_u64(),
                "{step}"
            );
            sum > 0 && step["requests"].as_u64() > Some(sum)
        })
    })
    .await;
}

/// Strangers choose paths, hosts, methods, identifiers and agents, and none of these is a label.
#[tokio::test]
async fn what_strangers_send_makes_no_series() {
    let only = backend(Fault::Ok).await;
    let proxy = Proxy::before(&[only.address()], "").await;
    let series = async || {
        let text = get(proxy.admin(), "/metrics").await.unwrap().text();
        let names = text.lines().filter(|line| !line.starts_with('#'));
        let names = names.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()));
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let mut client = Connection::open(proxy.address()).await.unwrap();
    let mut send = async |n: usize| {
        let request = format!(
            "M{n} /p{n}?q={n} HTTP/1.1\r\nHost: h{n}.example\r\nUser-Agent: a{n}\r\nX-Request-Id: r{n}\r\n\
             X-Forwarded-For: 10.0.{}.{}\r\nSoe-Cause: made/up{n}\r\nTraceparent: 00-{n:032x}-{n:016x}-01\r\n\r\n",
            n / 256,
            n % 256
        );
        client.send(request.as_bytes()).await.unwrap();
        client.answer(false).await.unwrap().status
    };
    for n in 1..=100 {
        assert_eq!(send(n).await, 200);
    }
    let before = series().await;
    for n in 101..=2_000 {
        assert_eq!(send(n).await, 200);
    }
    let grown: Vec<_> = series().await.difference(&before).cloned().collect();
    assert!(grown.is_empty(), "{grown:?}");
}

#[tokio::test]
async fn how_long_idle_connections_are_used_is_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::before(&[listener.local_addr().unwrap()], "").await;
    let shown = async || proxy.pool().await["backends"][0]["idle_timeout"].clone();
    let configured = serde_json::json!({ "ms": 4_000, "source": "configured" });
    assert_eq!(shown().await, configured);
    let answering = async {
        let mut backend = Connection::from(listener.accept().await.unwrap().0);
        backend.request().await.unwrap().unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 0\r\n\r\n";
        backend.send(answer).await.unwrap();
        backend
    };
    let (_backend, answer) = tokio::join!(answering, get(proxy.address(), "/"));
    assert_eq!(answer.unwrap().status, 200);
    let told = serde_json::json!({ "ms": 1_600, "source": "keep_alive" });
    assert_eq!(shown().await, told);
}
