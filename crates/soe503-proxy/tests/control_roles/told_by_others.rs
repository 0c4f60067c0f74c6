//! Alerts and webhooks: who may try a target, who may tell of changes, and that none of their secrets comes out.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use http::Method;

use super::support::Log;
use super::{CONFIG, LOOKS, OPERATOR, READER, Scene, scene_with};

const GITHUB: &str = "/api/v1/changes/github";
const SECRET: &str = "githubs-own-secret";
const KEY: &str = "pagerduty0integration0key0123456";
/// Stands in the configuration itself.
const FIELD: &str = "for-the-backend-alone";
const FIELDS: &str =
    r#"request_headers = { set = { Authorization = "Bearer for-the-backend-alone" } }"#;
const HOOK: &str = "https://hooks.slack.com/services/T000/B000/not-for-everybody";

fn scene() -> Scene {
    let alerts = r#"
[alerts.chat]
kind = "slack"
url_file = "slack.url"
[alerts.oncall]
kind = "pagerduty"
secret_file = "pagerduty.key"
[changes]
github_secret_file = "github.secret"
"#;
    let files = [
        ("slack.url", HOOK),
        ("pagerduty.key", KEY),
        ("github.secret", SECRET),
    ];
    let config = CONFIG.replace("pool = \"app\"", &format!("pool = \"app\"\n{FIELDS}"));
    scene_with(&format!("{config}{alerts}"), &files)
}

fn signature(body: &str) -> String {
    let tag = sign(&Key::new(HMAC_SHA256, SECRET.as_bytes()), body.as_bytes());
    let digits: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256={digits}")
}

#[tokio::test]
async fn trying_a_target_and_telling_of_changes_are_acts() {
    let (scene, log) = (scene(), Log::capture());
    // Nothing sends here; the other body is no notification.
    for (path, body, status, said) in [
        (
            "/api/v1/alerts/chat/test",
            "",
            503,
            r#"action="alert_test" subject="chat" status=503"#,
        ),
        (
            "/api/v1/changes/argocd",
            "{}",
            422,
            r#"action="change" subject="argocd" status=422"#,
        ),
    ] {
        let answer = scene.ask(Method::POST, path, READER, body).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        let refused = log.take_audit();
        assert_eq!(refused.len(), 1, "{path}");
        assert!(refused[0].ends_with("refused=\"read_only\""), "{refused:?}");
        let answer = scene.ask(Method::POST, path, OPERATOR, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        let line = "role=\"operator\" via=\"api\" peer=192.0.2.7:40000 ";
        assert_eq!(log.take_audit(), [format!("{line}{said}")]);
    }
}

#[tokio::test]
async fn who_signs_needs_no_token_and_can_do_nothing_else() {
    let (scene, log) = (scene(), Log::capture());
    let signed = signature("{}");
    let headers = [("x-github-event", "ping"), ("x-hub-signature-256", &signed)];
    let answer = scene.ask_with(Method::POST, GITHUB, &headers, "{}").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let source =
        "role=\"source\" via=\"api\" peer=192.0.2.7:40000 action=\"change\" subject=\"github\"";
    assert_eq!(log.take_audit(), [format!("{source} status=200")]);
    for (method, path) in [
        (Method::GET, GITHUB),
        (Method::PUT, GITHUB),
        (Method::POST, "/api/v1/changes"),
        (Method::POST, "/api/v1/changes/argocd"),
        (Method::POST, "/api/v1/changes/alertmanager"),
        (Method::POST, "/api/v1/changes/git%68ub"),
        (Method::POST, "/api/v1/config/reload"),
    ] {
        let answer = scene.ask_with(method.clone(), path, &headers, "{}").await;
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
    }
    log.take_audit();
    // A token is no signature, whoever's it is.
    for token in [READER, OPERATOR] {
        let answer = scene.ask(Method::POST, GITHUB, token, "{}").await;
        assert_eq!(answer.status, 401, "{}", answer.text);
        assert_eq!(log.take_audit(), [format!("{source} status=401")]);
    }
}

#[tokio::test]
async fn who_does_not_sign_fills_no_log() {
    let (scene, log) = (scene(), Log::capture());
    let big = "x".repeat(257 * 1024);
    for (body, status) in [("{}", 401), (&*big, 413)] {
        for number in 0..100 {
            // One address alone would not be heard for long.
            let peer = format!("192.0.2.{number}:40000");
            let sent = (Method::POST, GITHUB);
            let answer = scene.ask_from(&peer, sent, &[], body).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
    }
    let lines = log.take_audit().len();
    // One a second more, on a machine that takes long for 200.
    assert!((20..80).contains(&lines), "{lines}");
}

#[tokio::test]
async fn none_of_their_secrets_comes_out() {
    let (scene, log) = (scene(), Log::capture());
    for token in [READER, OPERATOR] {
        for path in LOOKS {
            let answer = scene.ask(Method::GET, path, token, "").await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            for secret in [
                SECRET,
                KEY,
                HOOK,
                "not-for-everybody",
                OPERATOR,
                READER,
                FIELD,
            ] {
                assert!(!answer.text.contains(secret), "{path}: {}", answer.text);
            }
        }
    }
    scene
        .ask(Method::POST, "/api/v1/alerts/chat/test", OPERATOR, "")
        .await;
    scene.ask(Method::POST, GITHUB, OPERATOR, "{}").await;
    let all = log.all();
    for secret in [SECRET, KEY, "not-for-everybody", OPERATOR, READER, FIELD] {
        assert!(!all.contains(secret), "{all}");
    }
}
