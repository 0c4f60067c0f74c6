//! How requests find their backend: by key, by cookie, by zone and priority, by load reports.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Answer, Connection, get, once};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};
use tokio::net::TcpListener;

/// No circuit opens while a test takes backends away, and nobody has to warm up.
const CALM: &str = "slow_start = \"0s\"\ncircuit_breaker = { enabled = false }";

async fn backends(count: usize) -> Vec<FaultyBackend> {
    let mut backends = Vec::new();
    for _ in 0..count {
        backends.push(FaultyBackend::start(Behaviour::OK).await.unwrap());
    }
    backends
}

fn addresses(backends: &[FaultyBackend]) -> Vec<SocketAddr> {
    backends.iter().map(FaultyBackend::address).collect()
}

async fn ask(proxy: &Proxy, path: &str, fields: &str) -> Answer {
    let host = proxy.address();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}Connection: close\r\n\r\n");
    once(host, &request).await.unwrap()
}

/// Who answers: the address of the backend that has one more request than before.
async fn who(proxy: &Proxy, backends: &[FaultyBackend], path: &str, fields: &str) -> SocketAddr {
    let before: Vec<_> = backends.iter().map(|b| b.counts().requests).collect();
    assert_eq!(ask(proxy, path, fields).await.status, 200);
    let mut pairs = backends.iter().zip(before);
    let (found, _) = pairs
        .find(|(b, before)| b.counts().requests > *before)
        .unwrap();
    found.address()
}

async fn owners(
    proxy: &Proxy,
    backends: &[FaultyBackend],
    keys: impl Iterator<Item = (String, String)>,
) -> BTreeMap<String, SocketAddr> {
    let mut owners = BTreeMap::new();
    for (path, fields) in keys {
        let owner = who(proxy, backends, &path, &fields).await;
        owners.insert(format!("{path} {fields}"), owner);
    }
    owners
}

#[tokio::test]
async fn a_header_keeps_its_backend_and_only_the_share_of_a_dead_one_moves() {
    for balance in ["ring_hash", "maglev"] {
        let mut all = backends(4).await;
        let hash = format!(
            "balance = \"{balance}\"\nhash = {{ on = \"header\", name = \"X-User\" }}\n{CALM}"
        );
        let proxy = Proxy::before(&addresses(&all), &hash).await;
        let keys = || (0..40).map(|user| ("/".to_owned(), format!("X-User: u{user}\r\n")));
        let before = owners(&proxy, &all, keys()).await;
        assert_eq!(before, owners(&proxy, &all, keys()).await, "{balance}");
        let shown = proxy.pool().await;
        assert_eq!(shown["balance"], balance);
        let dead = all.remove(1);
        let gone = dead.address();
        dead.stop().await;
        let after = owners(&proxy, &all, keys()).await;
        let mut heirs = BTreeMap::new();
        for (key, owner) in &before {
            if *owner == gone {
                *heirs.entry(after[key]).or_insert(0) += 1;
            } else {
                assert_eq!(after[key], *owner, "{balance}: {key} has moved");
            }
        }
        assert!(
            heirs.len() > 1,
            "{balance}: one has inherited all: {heirs:?}"
        );
        assert_eq!(proxy.pool().await["failed"], 0);
    }
}

#[tokio::test]
async fn keys_come_from_cookies_paths_and_queries() {
    let all = backends(3).await;
    for (hash, path, fields) in [
        (
            "{ on = \"cookie\", name = \"id\" }",
            "/",
            "Cookie: a=b; id=#\r\n",
        ),
        ("{ on = \"path\" }", "/#", ""),
        ("{ on = \"query\", name = \"id\" }", "/?x=1&id=#", ""),
    ] {
        let more = format!("balance = \"ring_hash\"\nhash = {hash}\n{CALM}");
        let proxy = Proxy::before(&addresses(&all), &more).await;
        let keys = || {
            (0..12).map(|key| {
                let with = |text: &str| text.replace('#', &format!("k{key}"));
                (with(path), with(fields))
            })
        };
        let first = owners(&proxy, &all, keys()).await;
        assert_eq!(first, owners(&proxy, &all, keys()).await, "{hash}");
        let used: std::collections::BTreeSet<_> = first.values().collect();
        assert!(used.len() > 1, "{hash}: all keys are at one backend");
    }
    // All clients here have one address.
    let more = format!("balance = \"maglev\"\nhash = {{ on = \"client_address\" }}\n{CALM}");
    let proxy = Proxy::before(&addresses(&all), &more).await;
    let keys = (0..12).map(|key| (format!("/{key}"), String::new()));
    let used = owners(&proxy, &all, keys).await;
    assert!(
        used.values()
            .all(|owner| Some(owner) == used.values().next())
    );
}

#[tokio::test]
async fn a_round_is_a_round() {
    let all = backends(3).await;
    let more = format!("balance = \"round_robin\"\n{CALM}");
    let proxy = Proxy::before(&addresses(&all), &more).await;
    let mut order = Vec::new();
    for _ in 0..9 {
        order.push(who(&proxy, &all, "/", "").await);
    }
    assert_eq!(order[..3], order[3..6]);
    assert_eq!(order[..3], order[6..]);
    let shown = lbctl(&proxy, &["pool", "status"]).await;
    assert!(
        shown.stdout.contains("balance round_robin"),
        "{}",
        shown.stdout
    );
}

/// Failure mode 49: a sticky client's backend is down.
#[tokio::test]
async fn fm49_a_cookie_keeps_a_client_and_moves_it_when_its_backend_is_gone() {
    let mut all = backends(3).await;
    let more = format!("sticky = {{ name = \"stay\", ttl = \"1h\" }}\n{CALM}");
    let proxy = Proxy::before(&addresses(&all), &more).await;
    let first = ask(&proxy, "/", "").await;
    let cookie = first.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let pair = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    let field = format!("Cookie: {}\r\n", pair(&cookie));
    for backend in &all {
        let address = backend.address().to_string();
        assert!(!cookie.contains(&address), "the cookie shows an address");
    }
    let home = who(&proxy, &all, "/", &field).await;
    for _ in 0..10 {
        assert_eq!(who(&proxy, &all, "/", &field).await, home);
        let answer = ask(&proxy, "/", &field).await;
        assert_eq!(answer.header("set-cookie"), None, "it has one already");
    }
    // Gone: the client is served elsewhere at once, and told where it belongs now.
    let index = all.iter().position(|b| b.address() == home).unwrap();
    all.remove(index).stop().await;
    let moved = ask(&proxy, "/", &field).await;
    assert_eq!(moved.status, 200);
    let new = moved.header("set-cookie").unwrap().to_owned();
    assert_ne!(pair(&new), pair(&cookie));
    let field = format!("Cookie: {}\r\n", pair(&new));
    let home = who(&proxy, &all, "/", &field).await;
    for _ in 0..10 {
        assert_eq!(who(&proxy, &all, "/", &field).await, home);
    }
    // An operator's drain moves it too.
    let name = home.to_string();
    let said = lbctl(&proxy, &["pool", "drain", "app", &name]).await;
    let moved = ask(&proxy, "/", &field).await;
    assert!(moved.header("set-cookie").is_some(), "{}", said.stdout);
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let line = "soe503_sticky_moved_total{pool=\"app\"} 2";
    assert!(metrics.contains(line), "{metrics}");
    // A cookie that means nobody is as none.
    let stranger = ask(&proxy, "/", "Cookie: stay=0123456789abcdef\r\n").await;
    assert!(stranger.header("set-cookie").is_some());
}

/// A config for these backends, each with what else is said of it, in zone `a`.
fn zoned(backends: &[FaultyBackend], said: &[&str]) -> String {
    let tables = backends
        .iter()
        .zip(said)
        .map(|(backend, said)| format!("{{ url = \"http://{}\", {said} }}", backend.address()));
    let tables = tables.collect::<Vec<_>>().join(", ");
    config(&[], CALM)
        .replace("backends = []", &format!("backends = [{tables}]"))
        .replace("workers = 1", "workers = 1\nzone = \"a\"")
}

async fn counts(proxy: &Proxy, backends: &[FaultyBackend], requests: usize) -> Vec<u64> {
    let before: Vec<_> = backends.iter().map(|b| b.counts().requests).collect();
    for _ in 0..requests {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    let pairs = backends.iter().zip(before);
    pairs
        .map(|(b, before)| b.counts().requests - before)
        .collect()
}

#[tokio::test]
async fn the_own_zone_goes_first_and_spills_over() {
    let all = backends(4).await;
    let said = [
        "zone = \"a\"",
        "zone = \"a\"",
        "zone = \"b\"",
        "priority = 1",
    ];
    let proxy = Proxy::start(&zoned(&all, &said)).await;
    let got = counts(&proxy, &all, 40).await;
    assert_eq!(got[2..], [0, 0], "{got:?}");
    // Half of the zone is out: it keeps 70 %, the rest goes to the other zone, and nothing to the
    // next level, as two of three times 1.4 are 93 %: all but 7 %.
    let name = all[0].address().to_string();
    let said = lbctl(&proxy, &["pool", "disable", "app", &name]).await;
    let pool = proxy.pool().await;
    let share = |tier: usize| pool["tiers"][tier]["share"].as_f64().unwrap();
    assert!(
        (share(0) - 0.93 * 0.7).abs() < 0.01,
        "{pool} {}",
        said.stdout
    );
    assert!((share(2) - 0.067).abs() < 0.01, "{pool}");
    let got = counts(&proxy, &all, 200).await;
    assert_eq!(got[0], 0, "{got:?}");
    assert!((90..=170).contains(&got[1]) && got[2] > 20, "{got:?}");
    let shown = lbctl(&proxy, &["pool", "status", "-o", "wide"])
        .await
        .stdout;
    assert!(
        shown.contains("priority 0, own zone: 65 % (1 of 2 usable)"),
        "{shown}"
    );
    assert!(shown.contains("PRIORITY"), "{shown}");
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let line = "soe503_tier_share{pool=\"app\",priority=\"0\",zone=\"own\"} 0.65";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn a_level_that_is_gone_is_stood_in_for_without_a_failure() {
    let mut all = backends(3).await;
    let said = ["priority = 0", "priority = 1", "priority = 1"];
    let proxy = Proxy::start(&zoned(&all, &said)).await;
    let got = counts(&proxy, &all, 20).await;
    assert_eq!(got, [20, 0, 0]);
    let primary = all.remove(0);
    primary.stop().await;
    let got = counts(&proxy, &all, 40).await;
    assert_eq!(got.iter().sum::<u64>(), 40);
}

/// A backend that says so about its load.
async fn reporting(report: &'static str) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut connection = Connection::from(stream).patient();
                while let Ok(Some(_)) = connection.request().await {
                    count.fetch_add(1, Ordering::SeqCst);
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nendpoint-load-metrics: {report}\r\n\r\nok"
                    );
                    if connection.send(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, requests)
}

#[tokio::test]
async fn a_backend_that_says_it_is_busy_gets_less() {
    let (busy, busy_count) = reporting("TEXT cpu_utilization=0.9").await;
    let (idle, idle_count) = reporting("JSON {\"cpu_utilization\": 0.1}").await;
    let more = format!("balance = \"least_request\"\nload_reports = {{}}\n{CALM}");
    let proxy = Proxy::before(&[busy, idle], &more).await;
    // Each has to be asked once, or nothing is known of it.
    eventually("both have said something", async || {
        let answer = get(proxy.address(), "/").await.unwrap();
        assert_eq!(
            answer.header("endpoint-load-metrics"),
            None,
            "not for clients"
        );
        let pool = proxy.pool().await;
        (0..2).all(|index| pool["backends"][index]["utilization"].is_number())
    })
    .await;
    let before = busy_count.load(Ordering::SeqCst);
    for _ in 0..50 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    let got = busy_count.load(Ordering::SeqCst) - before;
    assert!(got <= 2, "{got} of 50 to the busy one");
    assert!(idle_count.load(Ordering::SeqCst) >= 48);
    let shown = lbctl(&proxy, &["pool", "status", "-o", "wide"])
        .await
        .stdout;
    assert!(shown.contains("90%"), "{shown}");
}

#[tokio::test]
async fn reports_are_passed_on_where_nobody_listens() {
    let (address, _) = reporting("TEXT cpu_utilization=0.9").await;
    let proxy = Proxy::before(&[address], "").await;
    let answer = get(proxy.address(), "/").await.unwrap();
    assert_eq!(
        answer.header("endpoint-load-metrics"),
        Some("TEXT cpu_utilization=0.9")
    );
    assert!(proxy.pool().await["backends"][0]["utilization"].is_null());
}
