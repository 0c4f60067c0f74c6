//! Which change an incident comes from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use soe503_tests::faulty::Door;
use soe503_tests::http::{Connection, get, post};
use soe503_tests::proxy::{Proxy, config, eventually, free_address};
use tokio::net::TcpListener;

use super::scene::{QUICK, api, change, incident, opened, scene};

#[tokio::test]
async fn a_frequent_deployer_is_not_blamed() {
    let (backend, proxy) = scene().await;
    for n in 0..6 {
        let (version, ago) = (format!("v{n}"), format!("{}s", 8 + 60 * n));
        let line = [
            "--kind",
            "deploy",
            "--service",
            "app",
            "--version",
            &version,
            "--at",
            &ago,
        ];
        assert_eq!(change(&proxy, &line).await.code, Some(0));
    }
    backend.set_door(Door::Killed).await;
    let summary = opened(&proxy).await;
    assert_eq!(summary["change"], Value::Null);
    let told = incident(&proxy, summary["id"].as_str().unwrap()).await;
    let nearby = told["changes_nearby"].as_array().unwrap();
    assert!(nearby.len() >= 5, "{nearby:#?}");
    let because = nearby[0]["because"].as_str().unwrap();
    assert!(because.contains("frequent"), "{because}");
}

#[tokio::test]
async fn a_reload_that_breaks_a_pool_is_linked_with_its_keys() {
    let (backend, proxy) = scene().await;
    let dead = free_address();
    proxy.rewrite(&config(&[dead], QUICK));
    let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let summary = opened(&proxy).await;
    let change = &summary["change"]["change"];
    assert_eq!(change["title"], "configuration reload", "{summary:#}");
    assert_eq!(
        (&change["origin"], &change["pools"]),
        (&"reload".into(), &serde_json::json!(["app"]))
    );
    let keys = change["notes"].to_string();
    assert!(
        keys.contains("pools.app.backends") && keys.contains(&dead.to_string()),
        "{keys}"
    );
    drop(backend);
}

#[tokio::test]
async fn a_marker_that_makes_no_sense_is_refused() {
    let (_backend, proxy) = scene().await;
    for (line, words) in [
        (
            &["--kind", "deployment", "--pool", "app"][..],
            "deploy, rollback",
        ),
        (&["--kind", "deploy", "--pool", "ap"], "app"),
        (
            &["--kind", "deploy", "--at", "2126-01-01T00:00:00Z"],
            "future",
        ),
    ] {
        let said = change(&proxy, line).await;
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.stderr.contains(words), "{said:?}");
    }
    assert_eq!(
        api(&proxy, "/api/v1/changes").await["changes"],
        serde_json::json!([])
    );
    let unknown = get(proxy.admin(), "/api/v1/incidents/01KAPX3Q")
        .await
        .unwrap();
    assert_eq!(unknown.status, 404, "{}", unknown.text());
}

/// A backend that tells its release in its health checks.
async fn telling(listener: TcpListener, new: Arc<AtomicBool>) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut connection = Connection::from(stream);
        let release = if new.load(Ordering::Relaxed) {
            "2.8.0"
        } else {
            "2.7.9"
        };
        let body = format!("{{\"status\":\"pass\",\"releaseId\":\"{release}\"}}");
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/health+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        if let Ok(Some(_)) = connection.request().await {
            // Whoever does not wait for the answer has no use for it.
            let _ = connection.send(answer.as_bytes()).await;
        }
    }
}

#[tokio::test]
async fn a_new_release_of_a_backend_is_a_change() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let new = Arc::new(AtomicBool::new(false));
    tokio::spawn(telling(listener, Arc::clone(&new)));
    let check = "health_check = { path = \"/healthz\", interval = \"200ms\", timeout = \"150ms\" }";
    let proxy = Proxy::before(&[address], check).await;
    let checked = async || {
        let pool = proxy.pool().await;
        pool["backends"][0]["health_check"]["last_at"].clone()
    };
    eventually("it was checked", async || !checked().await.is_null()).await;
    assert_eq!(
        api(&proxy, "/api/v1/changes").await["changes"],
        serde_json::json!([])
    );
    new.store(true, Ordering::Relaxed);
    eventually("the new release is known", async || {
        let all = api(&proxy, "/api/v1/changes").await;
        let first = &all["changes"][0];
        first["title"] == "new release of app 2.8.0"
            && first["origin"] == "release"
            && first["backends"] == serde_json::json!([address.to_string()])
    })
    .await;
}
