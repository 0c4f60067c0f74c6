//! Changes that other systems tell of.

use std::fmt::Write;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use soe503_tests::http::{Answer, get, once};
use soe503_tests::proxy::{Proxy, config, free_address};

const SECRET: &str = "It's a secret";
const TOKEN: &str = "0123456789abcdef";

async fn send(proxy: &Proxy, path: &str, fields: &str, body: &str) -> Answer {
    let request = format!(
        "POST /api/v1/changes/{path} HTTP/1.1\r\nHost: {}\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        proxy.admin(),
        body.len()
    );
    once(proxy.admin(), &request).await.unwrap()
}

fn signature(body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let mut digits = String::from("sha256=");
    for byte in hmac::sign(&key, body.as_bytes()).as_ref() {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

fn deployment() -> String {
    json!({
        "deployment_status": { "state": "success", "created_at": "2026-11-22T17:40:44Z" },
        "deployment": { "ref": "v2.8.0", "environment": "production", "creator": { "login": "alice" } },
        "repository": { "name": "app" },
    })
    .to_string()
}

#[tokio::test]
async fn alertmanager_and_argo_cd_are_understood() {
    let more = "[changes]\nmax_per_minute = 4";
    let proxy = Proxy::before(&[free_address()], more).await;
    let alerts = json!({ "version": "4", "alerts": [
        { "status": "firing", "labels": { "alertname": "Rollout", "change": "deploy", "service": "app", "version": "v3" }, "startsAt": "2026-11-22T17:40:44Z" },
        { "status": "firing", "labels": { "alertname": "Soe503Incident" } },
    ] })
    .to_string();
    let answer = send(&proxy, "alertmanager", "", &alerts).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["changes"].as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!(told["changes"][0]["title"], "deploy app v3");
    assert_eq!(
        told["changes"][0]["pools"],
        json!(["app"]),
        "the pool of that name"
    );

    let app = json!({ "app": {
        "metadata": { "name": "shop-app" },
        "status": { "operationState": { "phase": "Succeeded", "finishedAt": "2026-11-22T17:41:02Z", "syncResult": { "revision": "main" } } },
    } })
    .to_string();
    let answer = send(&proxy, "argocd?pools=app", "", &app).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["changes"][0]["pools"], json!(["app"]));
    let unknown = send(&proxy, "argocd?pools=ap", "", &app).await;
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.text().contains("Did you mean \\\"app\\\""),
        "{}",
        unknown.text()
    );

    let resolved = json!({ "alerts": [{ "status": "resolved", "labels": {} }] }).to_string();
    let answer = send(&proxy, "alertmanager", "", &resolved).await;
    assert_eq!(
        (answer.status, answer.json()["changes"].clone()),
        (200, json!([]))
    );
    assert!(answer.json()["ignored"].is_string());
    for (path, body, status) in [
        ("argocd", "{}", 422),
        ("argocd", "no json", 400),
        ("argocd?pool=app", &*app, 400),
        ("jenkins", "{}", 404),
        ("argocd", &*"x".repeat(300_000), 413),
    ] {
        let answer = send(&proxy, path, "", body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    // More than four a minute are too many, soon.
    let mut statuses = Vec::new();
    while statuses.last() != Some(&429) && statuses.len() < 50 {
        statuses.push(send(&proxy, "argocd", "", &app).await.status);
    }
    assert_eq!(statuses.pop(), Some(429));
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let all = get(proxy.admin(), "/api/v1/changes").await.unwrap().json();
    let titles: Vec<&Value> = all["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["title"])
        .collect();
    assert!(
        titles.iter().any(|title| **title == "deploy shop-app main"),
        "{titles:?}"
    );
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    for line in [
        "soe503_change_webhooks_total{source=\"alertmanager\",result=\"accepted\"} 1",
        "soe503_change_webhooks_total{source=\"alertmanager\",result=\"ignored\"} 1",
        "soe503_change_webhooks_total{source=\"argocd\",result=\"limited\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

/// GitHub has no token of the admin API. Its signature is its token, for that path alone.
#[tokio::test]
async fn a_clock_that_is_ahead_means_now() {
    let proxy = Proxy::before(&[free_address()], "").await;
    let app = json!({ "app": {
        "metadata": { "name": "app" },
        "status": { "operationState": { "phase": "Succeeded", "finishedAt": "2999-01-01T00:00:00Z" } },
    } })
    .to_string();
    let answer = send(&proxy, "argocd", "", &app).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    let at = told["changes"][0]["at"].as_str().unwrap();
    assert!(at < "2999", "{at}");
}

#[tokio::test]
async fn github_signs_and_nobody_else_is_let_in() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let changes = format!(
        "[changes]\ngithub_secret_file = \"{}\"",
        file("github", &format!("an older one\n{SECRET}\n"))
    );
    let token = format!("[admin]\ntoken_file = \"{}\"", file("token", TOKEN));
    let text = config(&[free_address()], &changes).replace("[admin]", &token);
    let proxy = Proxy::start(&text).await;
    let body = deployment();
    let event = "X-GitHub-Event: deployment_status\r\n";
    let signed = format!("{event}X-Hub-Signature-256: {}\r\n", signature(&body));
    let answer = send(&proxy, "github", &signed, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answered = answer.json();
    let change = &answered["changes"][0];
    assert_eq!(change["title"], "deploy app v2.8.0");
    assert_eq!(
        (&change["by"], &change["at"]),
        (&json!("alice"), &json!("2026-11-22T17:40:44.000Z"))
    );
    // Told twice, it is one.
    let again = send(&proxy, "github", &signed, &body).await;
    assert_eq!(again.json()["changes"][0]["id"], change["id"]);

    let forged = body.replace("v2.8.0", "v6.6.6");
    for (fields, body) in [
        (&*signed, &*forged),
        (event, &*body),
        (&*signed.replace("sha256=", "sha1="), &*body),
    ] {
        let answer = send(&proxy, "github", fields, body).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    for path in ["argocd", "alertmanager", "github/x"] {
        assert_eq!(
            send(&proxy, path, &signed, &body).await.status,
            401,
            "{path}"
        );
    }
    let ping = format!(
        "X-GitHub-Event: ping\r\nX-Hub-Signature-256: {}\r\n",
        signature("{}")
    );
    let answer = send(&proxy, "github", &ping, "{}").await;
    assert_eq!(
        (answer.status, answer.json()["ignored"].clone()),
        (200, json!("a ping"))
    );
}

#[tokio::test]
async fn nothing_is_taken_from_github_unless_that_is_configured() {
    let proxy = Proxy::before(&[free_address()], "").await;
    let answer = send(&proxy, "github", "X-GitHub-Event: ping\r\n", "{}").await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(
        answer.text().contains("github_secret_file"),
        "{}",
        answer.text()
    );
}
