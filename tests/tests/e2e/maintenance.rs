//! Planned maintenance, draining, and what people get to see meanwhile.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, Connection, get, once, post};
use soe503_tests::proxy::{Proxy, config, eventually, free_address, lbctl};

async fn backend() -> FaultyBackend {
    FaultyBackend::start(Behaviour::OK).await.unwrap()
}

/// A config whose route has `keys`, and `more` at its end.
fn with_route(backends: &[SocketAddr], keys: &str, more: &str) -> String {
    let route = format!("[[routes]]\n{keys}\n");
    let whole = config(backends, "").replace("[[routes]]\n", &route);
    format!("{whole}\n{more}")
}

async fn ask(proxy: &Proxy, field: &str) -> Answer {
    let request =
        format!("GET /page HTTP/1.1\r\nHost: shop.example\r\n{field}\r\nConnection: close\r\n\r\n");
    once(proxy.address(), &request).await.unwrap()
}

fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_operator_begins_and_ends_it() {
    let backend = backend().await;
    let proxy = Proxy::before(&[backend.address()], "").await;
    let list = lbctl(&proxy, &["maintenance", "list"]).await;
    assert_eq!(list.code, Some(0), "{list:?}");

    let line = [
        "maintenance",
        "start",
        "app",
        "--for",
        "10m",
        "--reason",
        "new disks",
        "--status-page",
        "https://status.example/7",
        "--by",
        "ops",
    ];
    let said = lbctl(&proxy, &line).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    // At once: there is no moment in which a request still gets through.
    let answer = get(proxy.address(), "/").await.unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(backend.counts().requests, 0);
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("maintenance/window;"), "{cause}");
    assert!(cause.contains("grade=proven"), "{cause}");
    // To the end, and at most a minute more.
    let wait = retry_after(&answer);
    assert!((540..=662).contains(&wait), "{wait}");
    let document = answer.json();
    let told = &document["maintenance"];
    assert_eq!(told["reason"], "new disks", "{document}");
    assert_eq!(told["link"], "https://status.example/7", "{document}");
    assert_eq!(told["by"], "ops", "{document}");
    assert!(told["until"].is_string(), "{document}");
    let what = document["evidence"][0]["what"].as_str().unwrap();
    assert!(what.contains("app") && what.contains("ops"), "{what}");
    let people = ask(&proxy, "Accept: text/html").await.text();
    assert!(people.contains("new disks"), "{people}");

    let list = lbctl(&proxy, &["maintenance", "list"]).await;
    assert_eq!(list.code, Some(1), "{list:?}");
    for word in ["app", "in force", "new disks", "ops"] {
        assert!(list.stdout.contains(word), "no {word}: {list:?}");
    }
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    assert!(metrics.contains("soe503_pool_maintenance{pool=\"app\"} 1"));

    // A reload does not end it.
    proxy.rewrite(&config(&[backend.address()], "slow_start = \"1s\""));
    let reload = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(reload.status, 200, "{}", reload.text());
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 503);

    let said = lbctl(&proxy, &["maintenance", "end", "app"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    let unknown = lbctl(&proxy, &["maintenance", "start", "ap"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("app"), "{unknown:?}");
}

#[tokio::test]
async fn it_ends_by_itself() {
    let backend = backend().await;
    let proxy = Proxy::before(&[backend.address()], "").await;
    let line = ["maintenance", "start", "*/", "--for", "1s"];
    assert_eq!(lbctl(&proxy, &line).await.code, Some(0));
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 503);
    eventually("it is over", async || {
        get(proxy.address(), "/").await.unwrap().status == 200
    })
    .await;
    eventually("and forgotten", async || {
        lbctl(&proxy, &["maintenance", "list"]).await.code == Some(0)
    })
    .await;
}

const WINDOW: &str = "[[maintenance]]\npools = [\"app\"]\nreason = \"a move\"\n\
     start = \"2020-01-01T00:00:00Z\"\nend = \"2999-01-01T01:00:00+01:00\"\n";

#[tokio::test]
async fn a_window_of_the_config_holds_but_for_testers() {
    let backend = backend().await;
    let keys = "maintenance_bypass = { header = \"x-tester\", value = \"let me in\" }";
    let proxy = Proxy::start(&with_route(&[backend.address()], keys, WINDOW)).await;
    let answer = ask(&proxy, "Accept: */*").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.json()["maintenance"]["until"],
        "2999-01-01T00:00:00Z"
    );
    // Nobody is told to come back in centuries.
    assert!((86_400..=86_460).contains(&retry_after(&answer)));
    assert_eq!(ask(&proxy, "X-Tester: let me").await.status, 503);
    assert_eq!(backend.counts().requests, 0);
    assert_eq!(ask(&proxy, "X-Tester: let me in").await.status, 200);
    let seen = backend.last().unwrap();
    assert_eq!(seen.header("x-tester"), None, "the secret stays here");
    // Ended by hand, although it was planned.
    let said = lbctl(&proxy, &["maintenance", "end", "app"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(ask(&proxy, "Accept: */*").await.status, 200);
}

#[tokio::test]
async fn testers_come_from_a_network() {
    let backend = backend().await;
    let keys = "maintenance_bypass = { networks = [\"127.0.0.0/8\"] }";
    let proxy = Proxy::start(&with_route(&[backend.address()], keys, WINDOW)).await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
}

#[tokio::test]
async fn people_see_the_routes_own_page() {
    let backend = backend().await;
    let files = tempfile::tempdir().unwrap();
    let page = files.path().join("back-soon.html");
    std::fs::write(&page, "<h1>Back soon</h1>").unwrap();
    let keys = format!("pages = {{ maintenance = \"{}\" }}", page.display());
    let proxy = Proxy::start(&with_route(&[backend.address()], &keys, WINDOW)).await;
    let people = ask(&proxy, "Accept: text/html,*/*;q=0.1").await;
    assert_eq!(
        (people.status, people.text()),
        (503, "<h1>Back soon</h1>".to_owned())
    );
    assert_eq!(
        people.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for name in ["x-error-code", "soe-cause", "retry-after", "proxy-status"] {
        assert!(people.header(name).is_some(), "{name}");
    }
    let program = ask(&proxy, "Accept: application/json").await;
    assert_eq!(program.json()["cause"], "maintenance/window");
}

#[tokio::test]
async fn a_static_answer_takes_the_place_of_a_failure() {
    let keys = "fallback = { on = [\"dependency_failure\", \"misconfiguration\", \"circuit_open\"], \
         body = \"[]\" }";
    let proxy = Proxy::start(&with_route(&[free_address()], keys, "")).await;
    let answer = get(proxy.address(), "/list").await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, "[]".to_owned()));
    assert_eq!(answer.header("x-soe-degraded"), Some("static"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-error-code"), None);
    assert!(answer.header("soe-cause").is_some());
    // Whoever wants something done must know that it was not.
    assert_eq!(post(proxy.address(), "/list").await.unwrap().status, 503);
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let sample = "soe503_prevented_total{pool=\"app\",by=\"fallback\"} 1";
    assert!(metrics.contains(sample), "{metrics}");
}

// --- draining ---

/// Asks until told to stop; how many answers there were, and those that were not 200.
async fn busy(address: SocketAddr, stop: &AtomicBool, answers: &AtomicU64) -> Vec<String> {
    let mut failed = Vec::new();
    let mut connection = Connection::open(address).await.unwrap();
    while !stop.load(Ordering::Relaxed) {
        let request = b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n";
        let answer = match connection.send(request).await {
            Ok(()) => connection.answer(false).await,
            Err(error) => Err(error.into()),
        };
        match answer {
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) => failed.push(format!("{}: {}", answer.status, answer.text())),
            Err(error) => failed.push(error.to_string()),
        }
        answers.fetch_add(1, Ordering::Relaxed);
    }
    failed
}

#[tokio::test]
async fn draining_one_backend_after_the_other_fails_no_request() {
    let backends = [backend().await, backend().await, backend().await];
    let addresses = backends.each_ref().map(FaultyBackend::address);
    let proxy = Proxy::before(&addresses, "slow_start = \"0s\"").await;
    let (stop, answers) = (AtomicBool::new(false), AtomicU64::new(0));
    let address = proxy.address();
    let rolling = async {
        for address in addresses {
            let name = address.to_string();
            let said = lbctl(&proxy, &["pool", "drain", "app", &name]).await;
            assert_eq!(said.code, Some(0), "{said:?}");
            let before = answers.load(Ordering::Relaxed);
            eventually("traffic goes on without it", async || {
                answers.load(Ordering::Relaxed) > before + 50
            })
            .await;
            let said = lbctl(&proxy, &["pool", "enable", "app", &name]).await;
            assert_eq!(said.code, Some(0), "{said:?}");
        }
        stop.store(true, Ordering::Relaxed);
    };
    let (failed, more, ()) = tokio::join!(
        busy(address, &stop, &answers),
        busy(address, &stop, &answers),
        rolling
    );
    assert_eq!([failed, more].concat(), Vec::<String>::new());
}

#[tokio::test]
async fn draining_a_whole_pool_finishes_what_it_has_and_says_why_it_takes_no_more() {
    let hold = || FaultyBackend::start(Behaviour::traffic_only(Fault::Hold));
    let backends = [hold().await.unwrap(), hold().await.unwrap()];
    let addresses = backends.each_ref().map(FaultyBackend::address);
    let proxy = Proxy::before(&addresses, "").await;
    let address = proxy.address();
    let running: Vec<_> = (0..8)
        .map(|_| tokio::spawn(async move { get(address, "/").await.unwrap().status }))
        .collect();
    eventually("all are under way", async || {
        backends.iter().map(|b| b.counts().requests).sum::<u64>() == 8
    })
    .await;
    let said = lbctl(&proxy, &["pool", "drain", "app", "--reason", "a move"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    for address in addresses {
        assert!(said.stdout.contains(&address.to_string()), "{said:?}");
    }
    let answer = get(address, "/").await.unwrap();
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("maintenance/draining;"), "{cause}");
    assert!(answer.header("retry-after").is_some());
    for backend in &backends {
        backend.set(Behaviour::OK);
    }
    for request in running {
        assert_eq!(request.await.unwrap(), 200);
    }
    let said = lbctl(&proxy, &["pool", "enable", "app"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(get(address, "/").await.unwrap().status, 200);
}
