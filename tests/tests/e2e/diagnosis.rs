//! Causes that no single request shows: told by the real program from what its pool's last seconds were like.
//!
//! Each test lets the proxy see what is usual first: the rules compare with the seconds before the last ten.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend, Nature};
use soe503_tests::http::{get, once};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl, lbctl_alone};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const SATURATED: &str = "overload/pool_saturated";
const SHARED: &str = "dependency_failure/shared_dependency";
const STORM: &str = "overload/retry_storm";
const LATE: &str = "dependency_failure/response_timeout";

/// Nothing is tried again, and a late answer is a failure soon.
const ROUTE: &str = "pool = \"app\"\ntimeout = \"400ms\"\nretry = { attempts = 1 }";
/// What protects the pool is out of the way: it is tested elsewhere, and would end what is to be told here.
const POOL: &str = "ride_out = \"0s\"\nadaptive_limit = false\nleave_metastable = false\nejection = { enabled = false }\n\
    circuit_breaker = { consecutive_failures = 100000, max_consecutive_failures = 1000000 }";
/// How long all is well first.
const USUAL: Duration = Duration::from_secs(17);

/// All is well: what is usual is what backends take, and not how soon a busy machine gets to them.
fn well() -> Behaviour {
    Behaviour {
        delay: Duration::from_millis(50),
        ..Behaviour::OK
    }
}

async fn backends(count: usize, behaviour: &Behaviour, slots: Option<usize>) -> Vec<FaultyBackend> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(backend(behaviour.clone(), slots, None).await);
    }
    all
}

async fn backend(
    behaviour: Behaviour,
    slots: Option<usize>,
    server: Option<&'static str>,
) -> FaultyBackend {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let nature = Nature {
        slots,
        server,
        body_bytes: 64,
        ..Nature::default()
    };
    FaultyBackend::listen(address, behaviour, nature)
        .await
        .unwrap()
}

async fn proxy(backends: &[FaultyBackend], more: &str) -> Proxy {
    let addresses: Vec<SocketAddr> = backends.iter().map(FaultyBackend::address).collect();
    let text = config(&addresses, &format!("{POOL}\n{more}"));
    Proxy::start(&text.replace("pool = \"app\"", ROUTE)).await
}

/// Failed answers of the proxy, as they came.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Value>>>);

impl Told {
    /// Any of those that were told so far.
    fn any(&self, is: impl Fn(&Value) -> bool) -> bool {
        self.0.lock().unwrap().iter().any(is)
    }

    /// One of them.
    fn find(&self, is: impl Fn(&Value) -> bool) -> Option<Value> {
        self.0.lock().unwrap().iter().find(|told| is(told)).cloned()
    }
}

/// It is about `cause`, or that is behind it.
fn about(told: &Value, cause: &str) -> bool {
    told["cause"] == cause || told["root"] == cause
}

/// So many requests a second, each on its own, until it is dropped.
fn load(proxy: &Proxy, per_second: u64, fields: &'static str, told: &Told) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    let (address, told) = (proxy.address(), told.clone());
    clients.spawn(async move {
        let mut asked = JoinSet::new();
        let mut next = tokio::time::interval(Duration::from_micros(1_000_000 / per_second));
        loop {
            next.tick().await;
            while asked.try_join_next().is_some() {}
            let told = told.clone();
            asked.spawn(async move {
                let request = format!(
                    "GET / HTTP/1.1\r\nHost: shop\r\nAccept: application/json\r\n{fields}Connection: close\r\n\r\n"
                );
                if let Ok(answer) = once(address, &request).await
                    && let Ok(problem) = serde_json::from_str(&answer.text())
                {
                    told.0.lock().unwrap().push(problem);
                }
            });
        }
    });
    clients
}

async fn usual(proxy: &Proxy, told: &Told) -> JoinSet<()> {
    let clients = load(proxy, 30, "", told);
    tokio::time::sleep(USUAL).await;
    assert!(!told.any(|_| true), "all is well at first");
    clients
}

/// Three backends that work on three at a time, 100 ms each, are asked for twice what they can.
#[tokio::test]
async fn more_than_the_backends_can_is_told_as_that() {
    let work = Behaviour {
        delay: Duration::from_millis(100),
        ..Behaviour::OK
    };
    let all = backends(3, &work, Some(3)).await;
    let proxy = proxy(&all, "").await;
    let told = Told::default();
    let _usual = usual(&proxy, &told).await;
    let _more = load(&proxy, 150, "", &told);
    eventually("it is told as an overload", async || {
        told.any(|told| about(told, SATURATED))
    })
    .await;
    assert!(!told.any(|told| about(told, SHARED) || about(told, STORM)));
    let one = told.find(|told| told["cause"] == SATURATED).unwrap();
    assert_eq!(one["scope"]["level"], "pool");
    assert!(
        one["evidence"][1]["what"]
            .as_str()
            .unwrap()
            .contains("requests/s come, usually"),
        "{one}"
    );
    replays(&proxy, &one).await;
}

/// What is recorded of a failure gives the same diagnosis again, without the proxy.
async fn replays(proxy: &Proxy, told: &Value) {
    let id = told["request_id"].as_str().unwrap();
    let record = lbctl(proxy, &["explain", id, "-o", "json"]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("record.json");
    std::fs::write(&file, &record.stdout).unwrap();
    let said = lbctl_alone(&["explain", "--replay", file.to_str().unwrap()]).await;
    assert!(said.stdout.contains("the same as recorded"), "{said:?}");
    assert!(
        said.stdout.contains(told["cause"].as_str().unwrap()),
        "{said:?}"
    );
}

/// As many requests as ever; what all backends wait for has become slow.
#[tokio::test]
async fn a_slow_dependency_of_all_is_not_an_overload() {
    let all = backends(3, &well(), None).await;
    let proxy = proxy(&all, "").await;
    let told = Told::default();
    let _usual = usual(&proxy, &told).await;
    for backend in &all {
        backend.set(Behaviour::traffic_only(Fault::Late(Duration::from_secs(3))));
    }
    eventually("what they share is told", async || {
        told.any(|told| told["cause"] == LATE && told["root"] == SHARED)
    })
    .await;
    assert!(!told.any(|told| about(told, SATURATED) || about(told, STORM)));
    let one = told.find(|told| told["root"] == SHARED).unwrap();
    let ruled_out = one["ruled_out"].as_array().unwrap();
    assert!(ruled_out.iter().any(|r| r["cause"] == SATURATED), "{one}");
}

/// One of three is slow: told as one, whatever else.
#[tokio::test]
async fn one_slow_backend_is_told_from_the_pool() {
    let all = backends(3, &well(), None).await;
    let proxy = proxy(&all, "balance = \"round_robin\"").await;
    let told = Told::default();
    let _usual = usual(&proxy, &told).await;
    all[1].set(Behaviour::traffic_only(Fault::Late(Duration::from_secs(3))));
    let of_one = |told: &Value| {
        let evidence = told["evidence"].as_array();
        let measured = |e: &Value| {
            e["kind"] == "measured" && e["what"].as_str().unwrap().contains("deviations")
        };
        told["cause"] == LATE && evidence.is_some_and(|all| all.iter().any(measured))
    };
    eventually("one is told", async || told.any(of_one)).await;
    let one = told.find(of_one).unwrap();
    assert_eq!(one["scope"]["level"], "backend", "{one}");
    assert_eq!(one.get("root"), None);
    assert!(!told.any(|told| about(told, SATURATED) || about(told, SHARED)));
}

/// The same clients, each of whom asks again and says so.
#[tokio::test]
async fn a_storm_of_retries_is_told_from_more_clients() {
    let work = Behaviour {
        delay: Duration::from_millis(100),
        ..Behaviour::OK
    };
    let all = backends(2, &work, Some(4)).await;
    let proxy = proxy(&all, "").await;
    let told = Told::default();
    let _usual = usual(&proxy, &told).await;
    let _again = load(&proxy, 130, "X-Envoy-Attempt-Count: 3\r\n", &told);
    eventually("it is told as a storm", async || {
        told.any(|told| about(told, STORM))
    })
    .await;
    assert!(!told.any(|told| about(told, SHARED)));
}

/// Two run the old release and one the new one, which fails. Nobody has told the proxy but the backends.
#[tokio::test]
async fn a_release_that_fails_is_named() {
    let old = Some("shop/1.4.0");
    let all = [
        backend(Behaviour::OK, None, old).await,
        backend(Behaviour::OK, None, old).await,
        backend(
            Behaviour::traffic_only(Fault::Reset),
            None,
            Some("shop/1.5.0"),
        )
        .await,
    ];
    let proxy = proxy(
        &all,
        "balance = \"round_robin\"\nhealth_check = { path = \"/healthz\", interval = \"500ms\" }",
    )
    .await;
    let told = Told::default();
    let _load = load(&proxy, 30, "", &told);
    let bad = |told: &Value| told["cause"] == "misconfiguration/bad_release";
    eventually("the release is named", async || told.any(bad)).await;
    let one = told.find(bad).unwrap();
    assert_eq!(one["scope"]["level"], "backend", "{one}");
    assert!(
        one["evidence"].to_string().contains("release shop/1.5.0"),
        "{one}"
    );
}

/// A server that speaks TLS, and closes without a word when it is asked in plain text.
#[tokio::test]
async fn plain_text_at_a_tls_port_is_told_by_its_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut read = [0; 2048];
                let count = stream.read(&mut read).await.unwrap_or(0);
                if count > 0 && read[0] == 0x16 {
                    // handshake_failure: whatever was offered, it is TLS.
                    let _ = stream.write_all(&[0x15, 3, 3, 0, 2, 2, 40]).await;
                }
            });
        }
    });
    let text = config(&[address], POOL).replace("pool = \"app\"", ROUTE);
    let proxy = Proxy::start(&text).await;
    eventually("it is told", async || {
        let answer = get(proxy.address(), "/").await.unwrap();
        let cause = answer.header_list("soe-cause");
        cause.starts_with("misconfiguration/tls_plaintext_mismatch")
            && cause.contains("grade=proven")
    })
    .await;
}

/// The service hangs; its machine has taken the request and says so. Only the kernel knows.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_silent_service_is_told_from_a_silent_network() {
    let hangs = Behaviour::traffic_only(Fault::Hang);
    let backends = [backend(hangs, None, None).await];
    let proxy = proxy(&backends, "").await;
    let request =
        "GET / HTTP/1.1\r\nHost: shop\r\nAccept: application/json\r\nConnection: close\r\n\r\n";
    let answer = once(proxy.address(), request).await.unwrap();
    let problem: Value = serde_json::from_str(&answer.text()).unwrap();
    assert!(about(&problem, LATE), "{problem}");
    let known = "its machine has acknowledged the request";
    assert!(problem["evidence"].to_string().contains(known), "{problem}");
    let excluded = problem["ruled_out"].as_array().unwrap();
    let network = |out: &&Value| out["cause"] == "dependency_failure/host_unreachable";
    assert!(excluded.iter().any(|out| network(&out)), "{problem}");
    let id = answer.header("x-request-id").unwrap();
    let path = format!("/api/v1/failures/{id}");
    let mut record = Value::Null;
    eventually("it is recorded", async || {
        let answer = get(proxy.admin(), &path).await.unwrap();
        record = answer.json();
        answer.status == 200
    })
    .await;
    let tcp = &record["attempts"][0]["tcp"];
    assert_eq!(
        (tcp["unacked_bytes"].as_u64(), tcp["retransmits"].as_u64()),
        (Some(0), Some(0)),
        "{record}"
    );
    assert!(tcp["rtt_ms"].as_f64() > Some(0.0), "{record}");
}

/// Two pools that have nothing in common begin to fail together: before they are blamed for that, we look at ourselves.
#[tokio::test]
async fn all_pools_at_once_are_told_as_that_and_we_have_looked_at_ourselves() {
    let backends = backends(2, &Behaviour::OK, None).await;
    let [one, other] = [0, 1].map(|at: usize| backends[at].address());
    let text = config(
        &[one],
        &format!("{POOL}\n[pools.other]\nbackends = [\"http://{other}\"]\n{POOL}"),
    );
    let text = text.replace(
        "pool = \"app\"",
        &format!(
            "match = {{ path_prefix = \"/other\" }}\n{}\n[[routes]]\n{ROUTE}",
            ROUTE.replace("app", "other")
        ),
    );
    let proxy = Proxy::start(&text).await;
    for path in ["/", "/other"] {
        assert_eq!(get(proxy.address(), path).await.unwrap().status, 200);
    }
    for backend in &backends {
        backend.set(Behaviour::traffic_only(Fault::Close));
    }
    let mut told = Value::Null;
    eventually("all pools are told as the scope", async || {
        for path in ["/", "/other"] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: shop\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
            );
            let answer = once(proxy.address(), &request).await.unwrap();
            told = serde_json::from_str(&answer.text()).unwrap();
        }
        told["scope"]["level"] == "all_pools" && told["evidence"].to_string().contains("over loopback")
    })
    .await;
    let evidence = told["evidence"].to_string();
    assert!(
        evidence.contains("all 2 pools that are asked fail"),
        "{told}"
    );
    assert!(
        evidence.contains("this proxy answers itself over loopback within"),
        "{told}"
    );
}
