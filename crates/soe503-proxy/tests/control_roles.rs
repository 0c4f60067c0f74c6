//! Who may do what with the admin API, how tokens are replaced, and what the log says of each act.

#[path = "control_roles/dashboard.rs"]
mod dashboard;
#[path = "control_roles/pace.rs"]
mod pace;
mod support;
#[path = "control_roles/told_by_others.rs"]
mod told_by_others;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use soe503_proxy::config::load;
use soe503_proxy::control::access_log::AccessLog;
use soe503_proxy::control::admin::{Admin, router};
use soe503_proxy::control::recorder::Recorder;
use soe503_proxy::state::Proxy;
use support::Log;
use tempfile::TempDir;
use tower_service::Service;

const OPERATOR: &str = "correct-horse-battery";
const READER: &str = "a-reader-and-no-more";
const CONFIG: &str = r#"
[admin]
token_file = "admin.token"
read_token_file = "reader.token"
[[listeners]]
address = "127.0.0.1:8080"
[[routes]]
pool = "app"
[pools.app]
backends = ["http://10.0.0.1:8081", { url = "http://10.0.0.3:8081", name = "third" }]
"#;
const DRAIN: &str = "/api/v1/pools/app/backends/third/drain";

/// Another configuration, for a comparison.
const COMPARED: &str = r#"{"name":"new.toml","text":"[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\npool = \"app\"\n[pools.app]\nbackends = [\"http://10.0.0.1:8081\"]"}"#;

/// Everything that looks.
const LOOKS: [&str; 15] = [
    "/",
    "/config",
    "/incidents",
    "/style.css",
    "/metrics",
    "/api/v1/pools",
    "/api/v1/pools/app",
    "/api/v1/incidents",
    "/api/v1/alerts",
    "/api/v1/changes",
    "/api/v1/maintenance",
    "/api/v1/rate_limits",
    "/api/v1/config",
    "/api/v1/config/diff",
    "/api/v1/doctor",
];

/// Everything that acts, with a body that it takes.
const ACTS: [(&str, &str); 9] = [
    (DRAIN, ""),
    ("/api/v1/pools/app/backends/third/disable", ""),
    ("/api/v1/pools/app/backends/third/enable", ""),
    ("/api/v1/pools/app/breaker/open", ""),
    ("/api/v1/pools/app/breaker/reset", ""),
    ("/api/v1/maintenance/app/start", ""),
    ("/api/v1/changes", r#"{"kind":"deploy","service":"app"}"#),
    ("/api/v1/config/reload", ""),
    // It changes nothing, but reads files that whoever asks names.
    ("/api/v1/config/diff", COMPARED),
];

struct Scene {
    proxy: Arc<Proxy>,
    router: Router,
    directory: TempDir,
}

struct Answer {
    status: u16,
    text: String,
}

fn scene() -> Scene {
    scene_with(CONFIG, &[])
}

/// A scene of this configuration, with these files beside it and those of the tokens.
fn scene_with(config: &str, files: &[(&str, &str)]) -> Scene {
    support::listen();
    let directory = TempDir::new().unwrap();
    write(directory.path(), "admin.token", OPERATOR);
    write(directory.path(), "reader.token", READER);
    write(directory.path(), "edge.toml", config);
    for (name, contents) in files {
        write(directory.path(), name, contents);
    }
    let config = load(&directory.path().join("edge.toml"));
    let config = config.unwrap_or_else(|report| panic!("{report}"));
    let mut proxy = Proxy::new(config, Recorder::default(), AccessLog::off());
    proxy.config_file = Some(directory.path().join("edge.toml"));
    let proxy = Arc::new(proxy);
    proxy.set_accepting();
    let address = "127.0.0.1:9503".parse().unwrap();
    let admin = Admin::new(Arc::clone(&proxy), address, Box::new(|| Ok(())));
    Scene {
        proxy,
        router: router(admin),
        directory,
    }
}

fn write(directory: &Path, name: &str, contents: &str) {
    fs::write(directory.join(name), contents).unwrap();
}

impl Scene {
    async fn ask(&self, method: Method, path: &str, token: &str, body: &str) -> Answer {
        self.ask_with(
            method,
            path,
            &[("authorization", &format!("Bearer {token}"))],
            body,
        )
        .await
    }

    async fn ask_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.ask_from("192.0.2.7:40000", (method, path), headers, body)
            .await
    }

    async fn ask_from(
        &self,
        peer: &str,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("host", "127.0.0.1:9503");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        let peer: std::net::SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().call(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status, text }
    }

    async fn status(&self, token: &str) -> u16 {
        self.ask(Method::GET, "/api/v1/pools", token, "")
            .await
            .status
    }

    /// Looks at the files until what is new has settled.
    fn look(&self) {
        for _ in 0..3 {
            self.proxy.access.look();
        }
    }
}

#[tokio::test]
async fn a_reader_looks_at_everything_and_changes_nothing() {
    let scene = scene();
    for path in LOOKS {
        let answer = scene.ask(Method::GET, path, READER, "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    let pools = async || {
        let answer = scene.ask(Method::GET, "/api/v1/pools", OPERATOR, "").await;
        let pools: Value = serde_json::from_str(&answer.text).unwrap();
        let state = |at: usize| pools["pools"][0]["backends"][at]["state"].clone();
        (
            state(0),
            state(1),
            pools["pools"][0]["circuit"]["state"].clone(),
        )
    };
    let before = pools().await;
    for (path, body) in ACTS {
        for method in [Method::POST, Method::DELETE] {
            let answer = scene.ask(method, path, READER, body).await;
            assert_eq!(answer.status, 403, "{path}");
            let problem: Value = serde_json::from_str(&answer.text).unwrap();
            let detail = problem["detail"].as_str().unwrap();
            for word in [
                "`operator`",
                "[admin].token_file",
                "[admin].read_token_file",
            ] {
                assert!(detail.contains(word), "{detail}");
            }
        }
    }
    assert_eq!(pools().await, before);
    for (path, body) in ACTS {
        let answer = scene.ask(Method::POST, path, OPERATOR, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    let refused = scene.proxy.access.turned_away();
    let refused: Vec<_> = refused.filter(|(_, count)| *count > 0).collect();
    assert_eq!(refused, [("read_only", 18)]);
}

#[tokio::test]
async fn a_token_is_replaced_while_the_process_runs() {
    let scene = scene();
    write(
        scene.directory.path(),
        "admin.token",
        "battery-horse-correct",
    );
    scene.look();
    assert_eq!(scene.status(OPERATOR).await, 401);
    assert_eq!(scene.status("battery-horse-correct").await, 200);
    assert_eq!(scene.status(READER).await, 200);
    write(scene.directory.path(), "reader.token", "");
    scene.look();
    assert_eq!(scene.status(READER).await, 200, "the last good one");
    let metrics = scene.ask(Method::GET, "/metrics", READER, "").await.text;
    for line in [
        "soe503_admin_token_reloads_total{result=\"applied\"} 1",
        "soe503_admin_token_reloads_total{result=\"refused\"} 1",
        "soe503_admin_refused_total{reason=\"unauthorized\"} 1",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
}

#[tokio::test]
async fn each_act_leaves_one_line_that_says_who_what_and_why() {
    let (scene, log) = (scene(), Log::capture());
    scene.ask(Method::GET, "/api/v1/pools", OPERATOR, "").await;
    assert_eq!(log.audit(), [""; 0], "looking is no act");
    let by_api = "role=\"operator\" via=\"api\" peer=192.0.2.7:40000 ";
    for (path, body, said) in [
        (
            DRAIN,
            r#"{"reason":" a new\ndisk "}"#,
            r#"action="drain" pool="app" backend="third" reason="a new\ndisk" status=200"#,
        ),
        (
            "/api/v1/pools/app/backends/fourth/disable",
            "",
            r#"action="disable" pool="app" backend="fourth" status=404"#,
        ),
        (
            "/api/v1/pools/app/backends/third/explode?token=1234",
            "",
            r#"action="explode" pool="app" backend="third" status=404"#,
        ),
        (
            "/api/v1/pools/app/breaker/open",
            r#"{"reason":"it burns"}"#,
            r#"action="breaker_open" pool="app" reason="it burns" status=200"#,
        ),
        (
            "/api/v1/pools/app/cache/flush",
            "",
            r#"action="cache_flush" pool="app" status=409"#,
        ),
        (
            "/api/v1/maintenance/app/start",
            r#"{"reason":"moving","by":"ada"}"#,
            r#"name="ada" action="maintenance_start" subject="app" reason="moving" status=200"#,
        ),
        (
            "/api/v1/changes",
            r#"{"kind":"deploy","service":"app","version":"v7","note":"by hand"}"#,
            r#"action="change" subject="deploy app v7" reason="by hand" status=200"#,
        ),
        (
            "/api/v1/incidents/nowhere/verifications",
            r#"{"request_id":"r1","verdict":"cured","what":"GET / answers 200"}"#,
            r#"action="verification" subject="nowhere" reason="cured" status=404"#,
        ),
        ("/api/v1/config/reload", "", r#"action="reload" status=200"#),
        (
            "/api/v1/config/diff",
            COMPARED,
            r#"action="config_diff" subject="new.toml" status=200"#,
        ),
        (
            "/nothing?secret=1",
            "",
            r#"request="POST /nothing" status=404"#,
        ),
    ] {
        scene.ask(Method::POST, path, OPERATOR, body).await;
        assert_eq!(log.take_audit(), [format!("{by_api}{said}")], "{path}");
    }
}

#[tokio::test]
async fn refused_acts_are_told_without_secrets_and_not_without_end() {
    let (scene, log) = (scene(), Log::capture());
    scene
        .ask(Method::GET, "/metrics", "wrong-and-wronger", "")
        .await;
    assert_eq!(log.take_audit(), [""; 0], "no act was refused");
    scene
        .ask(Method::POST, DRAIN, "wrong-and-wronger", "")
        .await;
    scene.ask(Method::POST, DRAIN, READER, "").await;
    scene.ask(Method::GET, "/act?path=/x", READER, "").await;
    let operator = format!("Bearer {OPERATOR}");
    let from_elsewhere = [
        ("authorization", operator.as_str()),
        ("origin", "http://evil.example"),
    ];
    scene
        .ask_with(Method::POST, DRAIN, &from_elsewhere, "")
        .await;
    let drain = format!("via=\"api\" peer=192.0.2.7:40000 request=\"POST {DRAIN}\"");
    assert_eq!(
        log.take_audit(),
        [
            format!("{drain} status=401 refused=\"unauthorized\""),
            format!("role=\"reader\" {drain} status=403 refused=\"read_only\""),
            "role=\"reader\" via=\"dashboard\" peer=192.0.2.7:40000 request=\"GET /act\" status=403 refused=\"read_only\"".to_owned(),
            format!("{drain} status=403 refused=\"cross_site\""),
        ]
    );
    for _ in 0..200 {
        scene
            .ask(Method::POST, DRAIN, "wrong-and-wronger", "")
            .await;
    }
    let lines = log.take_audit().len();
    // One a second more, on a machine that takes long for 200.
    assert!((16..60).contains(&lines), "{lines}");
    // Who is let in is told all the same.
    let elsewhere = "192.0.2.8:40000";
    let own = &from_elsewhere[..1];
    let drain = (Method::POST, DRAIN);
    let done = scene.ask_from(elsewhere, drain, own, "").await;
    assert_eq!((done.status, log.take_audit().len()), (200, 1));
    let all = log.all();
    for secret in [OPERATOR, READER, "wrong-and-wronger"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[tokio::test]
async fn an_act_whose_asker_leaves_is_told_too() {
    let directory = scene();
    let (started, wait) = std::sync::mpsc::channel();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let reload = move || {
        started.send(()).unwrap();
        // Until nobody waits for it.
        let _ended = gone.lock().unwrap().recv();
        Ok(())
    };
    let address = "127.0.0.1:9503".parse().unwrap();
    let admin = Admin::new(Arc::clone(&directory.proxy), address, Box::new(reload));
    let scene = Scene {
        router: router(admin),
        ..directory
    };
    let log = Log::capture();
    let mut asked = Box::pin(scene.ask(Method::POST, "/api/v1/config/reload", OPERATOR, ""));
    let began = tokio::task::spawn_blocking(move || wait.recv().unwrap());
    tokio::select! {
        _ = &mut asked => panic!("it waits"),
        began = began => began.unwrap(),
    }
    assert_eq!(log.take_audit(), [""; 0]);
    drop(asked);
    let lines = log.take_audit();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].ends_with("action=\"reload\" status=499"),
        "{lines:?}"
    );
    drop(go);
}
