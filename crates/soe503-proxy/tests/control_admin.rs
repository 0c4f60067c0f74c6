//! The admin API as a service: what each path answers, and what it refuses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::{Router, response::Response};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use soe503_api::path;
use soe503_core::diagnosis::rules::{Fact, Finding, Findings};
use soe503_core::diagnosis::{Context, Grade, diagnose};
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase};
use soe503_core::{Cause, Outcome};
use soe503_proxy::config::{
    self, Admin as Settings, AdminAccess, AdminToken, AdminTokens, TokenFile, from_str,
};
use soe503_proxy::control::Reload;
use soe503_proxy::control::access_log::AccessLog;
use soe503_proxy::control::admin::{Admin, router};
use soe503_proxy::control::recorder::{Record, Recorder};
use soe503_proxy::state::{Finish, Origin, Proxy};
use tower_service::Service;

const CONFIG: &str = r#"
[server]
name = "edge-eu1"
[[listeners]]
address = "127.0.0.1:8080"
[[routes]]
match = { path_prefix = "/api" }
pool = "api"
[[routes]]
pool = "app"
[pools.api]
backends = ["http://10.0.0.9:80"]
[pools.app]
backends = ["http://10.0.0.1:8081", "http://10.0.0.2:8081", { url = "http://10.0.0.3:8081", name = "third", weight = 2 }]
health_check = { path = "/healthz" }
"#;

const DNS_CONFIG: &str = r#"
[[listeners]]
address = "127.0.0.1:8080"
[[routes]]
pool = "app"
[pools.app]
backends = ["http://app.internal:8081"]
"#;

struct Scene {
    proxy: Arc<Proxy>,
    router: Router,
    peer: SocketAddr,
}

fn parsed(text: &str) -> config::Config {
    from_str("test", text).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

fn scene_with(text: &str, access: AdminAccess, reload: Reload) -> Scene {
    let mut config = parsed(text);
    let settings: &mut Settings = config.admin.as_mut().unwrap();
    settings.access = access;
    let address = settings.address;
    let proxy = Arc::new(Proxy::new(config, Recorder::default(), AccessLog::off()));
    proxy.set_accepting();
    let admin = Admin::new(Arc::clone(&proxy), address, reload);
    Scene {
        proxy,
        router: router(admin),
        peer: "127.0.0.1:40000".parse().unwrap(),
    }
}

fn scene() -> Scene {
    scene_with(CONFIG, AdminAccess::Loopback, Box::new(|| Ok(())))
}

impl Scene {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:9503");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.router.clone().call(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        json_of(self.ask(Method::GET, path, &[], "").await).await
    }

    async fn post(&self, path: &str, body: &str) -> (StatusCode, Value) {
        json_of(self.ask(Method::POST, path, &[], body).await).await
    }
}

async fn text_of(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn json_of(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let problem = response.headers()["content-type"] == "application/problem+json";
    assert_eq!(
        problem,
        !status.is_success() && status != 503,
        "{:?}",
        response.headers()
    );
    let text = text_of(response).await;
    (
        status,
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")),
    )
}

fn backend<'a>(pool: &'a Value, name: &str) -> &'a Value {
    let backends = pool["backends"].as_array().unwrap();
    backends
        .iter()
        .find(|backend| backend["name"] == name)
        .unwrap()
}

#[tokio::test]
async fn pools_are_shown_with_every_field_of_the_contract() {
    let scene = scene();
    let app = scene.proxy.pool("app").unwrap();
    app.counters.finish(&Finish {
        status: Some(200),
        origin: Origin::Upstream,
        cause: None,
        attempts: 2,
        prevented: true,
        hedged: false,
        took: std::time::Duration::from_millis(20),
        degraded: None,
    });
    let (status, all) = scene.get(path::POOLS).await;
    assert_eq!(status, 200);
    let names: Vec<_> = all["pools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pool| &pool["name"])
        .collect();
    assert_eq!(names, ["api", "app"]);
    let (_, one) = scene.get(&path::pool("app")).await;
    assert_eq!(one, all["pools"][1]);
    assert_eq!(
        (&one["state"], &one["panic"]),
        (&json!("ok"), &json!(false))
    );
    assert_eq!(
        (&one["requests"], &one["prevented"], &one["failed"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(one["circuit"]["state"], "closed");
    for key in ["opened_at", "retry_at", "root"] {
        assert!(
            one["circuit"].as_object().unwrap().contains_key(key),
            "{key}"
        );
    }
    for key in ["available", "spent", "refused"] {
        assert!(one["retry_budget"][key].is_u64(), "{key}");
    }
    let third = backend(&one, "third");
    assert_eq!(
        (&third["address"], &third["weight"], &third["state"]),
        (&json!("10.0.0.3:8081"), &json!(2), &json!("up"))
    );
    assert_eq!(third["health_check"]["state"], "pending");
    assert_eq!(
        backend(&scene.get(&path::pool("api")).await.1, "10.0.0.9:80")["health_check"]["state"],
        "none"
    );
    let typed: soe503_api::Pools = serde_json::from_value(all).unwrap();
    assert_eq!(typed.pools.len(), 2);
}

#[tokio::test]
async fn a_backend_is_drained_disabled_and_enabled_with_the_reason_kept() {
    let scene = scene();
    let path = |action| path::backend_action("app", "third", action);
    use soe503_api::BackendAction::{Disable, Drain, Enable};
    let body = json!({ "reason": "kernel upgrade", "until": "2099-01-01T00:00:00Z" }).to_string();
    let (status, pool) = scene.post(&path(Drain), &body).await;
    assert_eq!(status, 200);
    let third = backend(&pool, "third");
    assert_eq!(
        (&third["state"], &third["reason"]),
        (&json!("draining"), &json!("kernel upgrade"))
    );
    assert_eq!(third["until"], "2099-01-01T00:00:00.000Z");
    assert_eq!(third["cause"], Value::Null);
    let (_, pool) = scene.post(&path(Disable), "").await;
    assert_eq!(backend(&pool, "third")["state"], "disabled");
    let (_, pool) = scene.post(&path(Enable), "").await;
    assert!(matches!(
        backend(&pool, "third")["state"].as_str(),
        Some("up" | "warming")
    ));
    let app = scene.proxy.pool("app").unwrap();
    let third = app.pool.backend("third").unwrap();
    assert!(third.state().in_rotation());
}

#[tokio::test]
async fn names_with_slashes_are_one_segment() {
    let scene = scene();
    let path = path::backend_action(
        "app",
        "app.internal/10.0.0.1:80",
        soe503_api::BackendAction::Drain,
    );
    let (status, problem) = scene.post(&path, "").await;
    assert_eq!(status, 404);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("app.internal/10.0.0.1:80"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_circuit_is_opened_closed_and_reset() {
    let scene = scene();
    use soe503_api::BreakerAction::{Close, Open, Reset};
    let path = |action| path::breaker_action("app", action);
    let (status, pool) = scene
        .post(&path(Open), r#"{"reason":"database restore"}"#)
        .await;
    assert_eq!(status, 200);
    assert_eq!(pool["state"], "down");
    let circuit = &pool["circuit"];
    assert_eq!(
        (&circuit["state"], &circuit["forced"], &circuit["reason"]),
        (&json!("open"), &json!("open"), &json!("database restore"))
    );
    assert_eq!(circuit["rule"], "maintenance/admin_disabled");
    assert_eq!(circuit["retry_at"], Value::Null);
    let (_, pool) = scene.post(&path(Close), "").await;
    assert_eq!(
        (&pool["circuit"]["state"], &pool["circuit"]["forced"]),
        (&json!("closed"), &json!("closed"))
    );
    let (_, pool) = scene.post(&path(Reset), "").await;
    assert_eq!(
        (&pool["circuit"]["forced"], &pool["circuit"]["reason"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_tripped_circuit_is_shown_with_its_root() {
    let scene = scene();
    let app = scene.proxy.pool("app").unwrap();
    let now = soe503::clock::now();
    for _ in 0..5 {
        app.breaker
            .admit(now)
            .unwrap()
            .record(now, Outcome::failure(Cause::DependencyConnectRefused));
    }
    let (_, pool) = scene.get(&path::pool("app")).await;
    let circuit = &pool["circuit"];
    assert_eq!(circuit["state"], "open");
    assert_eq!(circuit["rule"], "circuit_open/consecutive_failures");
    assert_eq!(circuit["root"], "dependency_failure/connect_refused");
    assert!(circuit["retry_at"].as_str().unwrap() > circuit["opened_at"].as_str().unwrap());
    let metrics = text_of(scene.ask(Method::GET, path::METRICS, &[], "").await).await;
    assert!(
        metrics.contains("soe503_circuit_state{pool=\"app\",state=\"open\"} 1\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("soe503_circuit_state{pool=\"app\",state=\"closed\"} 0\n"),
        "{metrics}"
    );
}

/// A cause that costs no request is known all the same.
#[tokio::test]
async fn what_is_found_about_a_pool_is_shown() {
    let scene = scene();
    let app = scene.proxy.pool("app").unwrap();
    let fine = scene.get(&path::pool("app")).await.1;
    assert_eq!(
        (&fine["findings"], &fine["failed_attempts"]),
        (&json!([]), &json!([]))
    );
    let late = Cause::DependencyResponseTimeout;
    let mut slow = Finding::new(late, Grade::Inferred).with(Fact::Load {
        offered: 30.0,
        usual: 29.0,
    });
    slow.backends.push("third".into());
    app.trends.publish(Findings {
        list: vec![slow],
        spoiled: vec![(late, 12), (Cause::DependencyConnectRefused, 0)],
        ..Findings::default()
    });
    let (_, pool) = scene.get(&path::pool("app")).await;
    assert_eq!(
        pool["findings"],
        json!([{
            "cause": "dependency_failure/response_timeout",
            "title": late.info().title,
            "grade": "inferred",
            "backends": ["third"],
            "evidence": ["30 requests/s come, usually 29"],
        }])
    );
    let failed = json!([{ "cause": "dependency_failure/response_timeout", "count": 12 }]);
    assert_eq!(pool["failed_attempts"], failed);
    let typed: soe503_api::Pool = serde_json::from_value(pool).unwrap();
    assert_eq!(typed.findings.len(), 1);
    // What fails at one backend and is saved by the others, unless a rule has said what is wrong with it.
    for (failing, answering, told) in [("10.0.0.1:8081", true, 1), ("10.0.0.1:8081", false, 0)] {
        app.trends.publish(Findings {
            failing: vec![failing.into()],
            answering: answering.then(|| "third".into()).into_iter().collect(),
            spoiled: vec![(late, 12)],
            ..Findings::default()
        });
        let (_, pool) = scene.get(&path::pool("app")).await;
        let found = pool["findings"].as_array().unwrap();
        assert_eq!(found.len(), told, "{pool}");
        let right = |one: &Value| one["backends"] == json!([failing]) && one["cause"] == late.id();
        assert!(found.iter().all(right), "{pool}");
    }
}

#[tokio::test]
async fn what_is_misspelt_is_named_with_what_was_meant() {
    let scene = scene();
    for (method, path, word) in [
        (Method::GET, "/api/v1/pools/appp", "Did you mean \"app\""),
        (
            Method::GET,
            "/api/v1/pool",
            "Did you mean \"/api/v1/pools\"",
        ),
        (
            Method::POST,
            "/api/v1/pools/app/backends/thrid/drain",
            "Did you mean \"third\"",
        ),
        (
            Method::POST,
            "/api/v1/pools/app/backends/third/drane",
            "Did you mean \"drain\"",
        ),
        (
            Method::POST,
            "/api/v1/pools/app/breaker/rest",
            "Did you mean \"reset\"",
        ),
    ] {
        let (status, problem) = json_of(scene.ask(method, path, &[], "").await).await;
        assert_eq!(status, 404, "{path}");
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{path}: {problem}"
        );
        assert!(!problem["valid"].as_array().unwrap().is_empty(), "{path}");
    }
    let long = format!("/api/v1/pools/{}", "a".repeat(5000));
    assert_eq!(scene.get(&long).await.0, 404);
}

#[tokio::test]
async fn bad_bodies_are_refused_and_change_nothing() {
    let scene = scene();
    let path = "/api/v1/pools/app/backends/third/disable";
    for (body, expected, word) in [
        ("{", 400, "no action request"),
        (r#"{"untill":"2099-01-01T00:00:00Z"}"#, 400, "untill"),
        (r#"{"until":"tomorrow"}"#, 400, "tomorrow"),
        ("[null,null]", 400, "it is a list"),
        ("\n", 400, "no action request"),
        (r#"{"until":"2001-01-01T00:00:00Z"}"#, 422, "in the past"),
        (
            &json!({ "reason": "x".repeat(501) }).to_string(),
            422,
            "longer than",
        ),
        ("\u{0}", 400, "no action request"),
        (&"x".repeat(70_000), 413, "larger than"),
    ] {
        let (status, problem) = scene.post(path, body).await;
        assert_eq!(status, expected, "{body}");
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{body}: {problem}"
        );
    }
    let (status, _) = scene
        .post(
            "/api/v1/pools/app/breaker/open",
            r#"{"until":"2099-01-01T00:00:00Z"}"#,
        )
        .await;
    assert_eq!(status, 422);
    let (_, pool) = scene.get("/api/v1/pools/app").await;
    assert_eq!(backend(&pool, "third")["state"], "up");
    assert_eq!(pool["circuit"]["state"], "closed");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read() {
    let scene = scene();
    let huge = " ".repeat(65 * 1024);
    let response = scene
        .ask(Method::POST, "/api/v1/pools/app/breaker/reset", &[], &huge)
        .await;
    assert_eq!(response.status(), 413);
}

#[tokio::test]
async fn looking_is_get_and_changing_is_post() {
    let scene = scene();
    let (status, problem) = scene.get("/api/v1/pools/app/backends/third/drain").await;
    assert_eq!(status, 405);
    assert!(problem["detail"].as_str().unwrap().contains("POST"));
    assert_eq!(scene.post("/api/v1/pools", "").await.0, 405);
    let (_, pool) = scene.get("/api/v1/pools/app").await;
    assert_eq!(backend(&pool, "third")["state"], "up");
}

#[tokio::test]
async fn readiness_follows_listeners_pools_and_draining_and_says_why() {
    let config = parsed(CONFIG);
    let proxy = Arc::new(Proxy::new(config, Recorder::default(), AccessLog::off()));
    let address = parsed(CONFIG).admin.unwrap().address;
    let admin = Admin::new(Arc::clone(&proxy), address, Box::new(|| Ok(())));
    let scene = Scene {
        proxy,
        router: router(admin),
        peer: "127.0.0.1:40000".parse().unwrap(),
    };
    let ready = async |expected: u16, word: &str| {
        let (status, body) = scene.get(path::READYZ).await;
        assert_eq!(
            (status.as_u16(), &body["ready"]),
            (expected, &json!(expected == 200)),
            "{body}"
        );
        assert!(
            body["reason"].as_str().unwrap_or("").contains(word),
            "{body}"
        );
    };
    ready(503, "starting").await;
    scene.proxy.set_accepting();
    ready(200, "").await;
    scene
        .post(
            "/api/v1/pools/api/backends/10.0.0.9:80/disable",
            r#"{"reason":"gone for good"}"#,
        )
        .await;
    ready(200, "gone for good").await;
    scene
        .post(
            "/api/v1/pools/app/breaker/open",
            r#"{"reason":"database restore"}"#,
        )
        .await;
    ready(503, "database restore").await;
    scene.post("/api/v1/pools/app/breaker/reset", "").await;
    ready(200, "gone for good").await;
    // It is about to end: not ready from the first moment on, and until when it serves is told.
    let now = soe503::clock::now();
    scene
        .proxy
        .announce_end(now.after(Duration::from_secs(3600)));
    ready(503, "serves until its listeners close in 3600 s").await;
    let (_, told) = scene.get(path::READYZ).await;
    let closes = told["closes_at"].as_str().unwrap().to_owned();
    assert!(
        closes
            > soe503_proxy::control::clock::Anchor::now()
                .date(now)
                .to_string()
    );
    // Announced again it would be later; the time that is over is not told.
    scene.proxy.announce_end(now);
    ready(503, "takes nothing new").await;
    scene.proxy.start_draining();
    ready(503, "draining: this process finishes what it has").await;
    let (_, told) = scene.get(path::READYZ).await;
    assert!(told["closes_at"].is_null(), "{told}");
    let alive = scene.ask(Method::GET, path::HEALTHZ, &[], "").await;
    assert_eq!(alive.status(), 200, "alive as long as it answers");
}

#[tokio::test]
async fn a_pool_whose_name_never_resolved_says_so() {
    let scene = scene_with(DNS_CONFIG, AdminAccess::Loopback, Box::new(|| Ok(())));
    let app = scene.proxy.pool("app").unwrap();
    let (_, pool) = scene.get("/api/v1/pools/app").await;
    assert_eq!(backend(&pool, "app.internal:8081")["state"], "starting");
    let nxdomain = soe503_proxy::control::dns::DnsError {
        rcode: Some(3),
        text: "there is no such name as app.internal (NXDOMAIN)".into(),
    };
    app.learn("app.internal", Err(nxdomain), soe503::clock::now());
    assert_eq!(app.unresolved(), Some(Cause::ConfigDnsNxdomain));
    let (_, pool) = scene.get("/api/v1/pools/app").await;
    let shown = backend(&pool, "app.internal:8081");
    assert_eq!(
        (&shown["state"], &shown["cause"]),
        (&json!("down"), &json!("misconfiguration/dns_nxdomain"))
    );
    let (status, body) = scene.get(path::READYZ).await;
    assert_eq!(status, 503);
    assert!(
        body["reason"].as_str().unwrap().contains("NXDOMAIN"),
        "{body}"
    );
    let metrics = text_of(scene.ask(Method::GET, path::METRICS, &[], "").await).await;
    assert!(metrics.contains("soe503_dns_failing{pool=\"app\",host=\"app.internal\",cause=\"misconfiguration/dns_nxdomain\"} 1\n"), "{metrics}");
}

#[tokio::test]
async fn resolved_names_become_backends_that_keep_their_state() {
    let scene = scene_with(DNS_CONFIG, AdminAccess::Loopback, Box::new(|| Ok(())));
    let app = scene.proxy.pool("app").unwrap();
    let answer = |addresses: &[&str]| {
        Ok(soe503_proxy::control::dns::Answer {
            addresses: addresses
                .iter()
                .map(|address| address.parse().unwrap())
                .collect(),
            ttl: std::time::Duration::from_secs(10),
            ..soe503_proxy::control::dns::Answer::default()
        })
    };
    app.learn(
        "app.internal",
        answer(&["10.0.0.1", "10.0.0.2"]),
        soe503::clock::now(),
    );
    let second = "app.internal:8081/10.0.0.2:8081";
    scene
        .post(
            &path::backend_action("app", second, soe503_api::BackendAction::Disable),
            "",
        )
        .await;
    app.learn(
        "app.internal",
        answer(&["10.0.0.2", "10.0.0.3"]),
        soe503::clock::now(),
    );
    let (_, pool) = scene.get("/api/v1/pools/app").await;
    let names: Vec<_> = pool["backends"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, [second, "app.internal:8081/10.0.0.3:8081"]);
    assert_eq!(backend(&pool, second)["state"], "disabled");
}

#[tokio::test]
async fn a_failure_is_told_by_request_id() {
    let scene = scene();
    let now = soe503::clock::now();
    let mut attempt = Attempt::begin(1, now);
    attempt.backend = Some("third".into());
    attempt.address = Some("10.0.0.3:8081".into());
    attempt.phase = Phase::Connect;
    attempt.fault = Some(Fault::Errno(111));
    attempt.accepted_before = true;
    let attempts = Ledger::from(attempt);
    scene.proxy.recorder.record(Record {
        request_id: "01K/weird id".into(),
        trace_id: None,
        at: now,
        method: Method::GET,
        target: Some("/cart?card=4111".parse().unwrap()),
        host: Some("shop.example".parse().unwrap()),
        pool: Some("app".into()),
        status: 503,
        elapsed: std::time::Duration::from_millis(2),
        retry_after: Some(1),
        incident: None,
        passed_on: false,
        diagnosis: diagnose(&attempts, &Context::new(now)),
        attempts,
        context: Some(Context::new(now)),
    });
    let (status, told) = scene.get(&path::failure("01K/weird id")).await;
    assert_eq!(status, 200);
    assert_eq!(
        told["diagnosis"]["cause"],
        "dependency_failure/connect_refused"
    );
    assert_eq!(
        (&told["pool"], &told["server"]),
        (&json!("app"), &json!("edge-eu1"))
    );
    assert_eq!(
        told["request"],
        json!({ "method": "GET", "path": "/cart", "host": "shop.example" })
    );
    assert!(!told.to_string().contains("4111"));
    let (status, problem) = scene.get(&path::failure("never")).await;
    assert_eq!(status, 404);
    assert!(problem["detail"].as_str().unwrap().contains("\"never\""));
}

#[tokio::test]
async fn a_reload_is_answered_with_its_report() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let reload: Reload = Box::new(|| match CALLS.fetch_add(1, Relaxed) {
        0 => Ok(()),
        1 => Err("error: unknown key `conect_timeout`\n --> soe503.toml:9:1".into()),
        _ => panic!("a bug"),
    });
    let scene = scene_with(CONFIG, AdminAccess::Loopback, reload);
    let path = "/api/v1/config/reload";
    assert_eq!(
        scene.post(path, "").await,
        (StatusCode::OK, json!({ "reloaded": true }))
    );
    let (status, problem) = scene.post(path, "").await;
    assert_eq!(status, 422);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("soe503.toml:9:1"),
        "{problem}"
    );
    assert_eq!(
        scene.post(path, "").await.0,
        500,
        "a panic is an answer, too"
    );
    assert_eq!(scene.get(path).await.0, 405);
    let (status, config) = scene.get("/api/v1/config").await;
    assert_eq!(
        (status, &config["server"]["name"]),
        (StatusCode::OK, &json!("edge-eu1"))
    );
}

#[tokio::test]
async fn a_token_opens_everything_and_its_absence_nothing_but_probes() {
    let token = AdminToken::new("correct-horse-battery").unwrap();
    let tokens = AdminTokens::new(Some(TokenFile::new("admin.token".into(), token)), None).unwrap();
    let access = AdminAccess::by_tokens(tokens);
    let mut scene = scene_with(CONFIG, access, Box::new(|| Ok(())));
    scene.peer = "10.9.9.9:40000".parse().unwrap();
    let bearer = [
        ("authorization", "Bearer correct-horse-battery"),
        ("host", "proxy.internal"),
    ];
    for (method, path) in [
        (Method::GET, "/metrics"),
        (Method::GET, "/api/v1/pools"),
        (Method::GET, "/api/v1/config"),
        (Method::POST, "/api/v1/pools/app/breaker/reset"),
        (Method::POST, "/api/v1/config/reload"),
    ] {
        let denied = scene.ask(method.clone(), path, &[], "").await;
        assert_eq!(denied.status(), 401, "{path}");
        assert!(
            denied.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Bearer")
        );
        let admitted = scene.ask(method, path, &bearer, "").await;
        assert_eq!(admitted.status(), 200, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            scene.ask(Method::GET, path, &[], "").await.status(),
            200,
            "{path}"
        );
    }
    let unknown = scene.ask(Method::GET, "/nothing", &[], "").await;
    assert_eq!(unknown.status(), 401, "a stranger learns no paths");
}

#[tokio::test]
async fn rebinding_and_cross_site_requests_change_nothing() {
    let scene = scene();
    let path = "/api/v1/pools/app/backends/third/disable";
    for headers in [
        &[("host", "evil.example:9503")][..],
        &[("origin", "http://evil.example")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        let (status, problem) = json_of(scene.ask(Method::POST, path, headers, "").await).await;
        assert_eq!(status, 403, "{headers:?}");
        assert!(problem["detail"].as_str().unwrap().len() > 20);
    }
    let preflight = scene
        .ask(
            Method::OPTIONS,
            path,
            &[("origin", "http://evil.example")],
            "",
        )
        .await;
    assert!(
        preflight
            .headers()
            .get("access-control-allow-origin")
            .is_none()
    );
    let (_, pool) = scene.get("/api/v1/pools/app").await;
    assert_eq!(backend(&pool, "third")["state"], "up");
}

#[tokio::test]
async fn answers_are_not_kept_guessed_at_or_framed() {
    let scene = scene();
    for path in ["/metrics", "/api/v1/pools", "/nothing", "/healthz"] {
        let response = scene.ask(Method::GET, path, &[], "").await;
        let headers = response.headers();
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
    }
    let metrics = scene.ask(Method::GET, "/metrics", &[], "").await;
    assert_eq!(
        metrics.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
}
