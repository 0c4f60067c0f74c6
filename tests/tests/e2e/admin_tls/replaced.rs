//! Certificates and authorities that are replaced while the process runs.

use std::time::Duration;

use soe503_tests::proxy::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::scene::{NAME, again, scene, status};
use crate::tls::clients::{der, head, shown};
use crate::tls::support::Authority;

const ROLES: &str = ", operators = [\"spiffe://example.org/ops\"]";
const LOOK: &str = "GET /api/v1/pools";

#[tokio::test]
async fn what_the_proxy_presents_is_replaced() {
    let scene = scene(ROLES, "").await;
    let ops = Some(&scene.people.ops);
    let second = scene.servers.issue(&[NAME]);
    // Half of a change: what worked stays in force.
    scene.files.write("edge.key", &second.key);
    let refused = "soe503_tls_certificate_reloads_total{result=\"refused\"}";
    eventually("the half change is refused", async || {
        scene.metric(refused).await == Some(1.0)
    })
    .await;
    eventually("the log says where", async || {
        scene.proxy.log().contains("admin API 127.0.0.1:")
    })
    .await;
    scene.files.pair("edge", &second);
    eventually("the new one is presented", async || {
        let stream = scene.connect(ops).await.unwrap();
        shown(&stream) == der(&second)
    })
    .await;
    assert_eq!(scene.status(ops, LOOK).await, Some(200));
    let expires = format!(
        "soe503_tls_certificate_expires_seconds{{listener=\"{}\",certificate=\"{NAME}\"}}",
        scene.admin()
    );
    assert!(scene.metric(&expires).await.unwrap() > 0.0);
}

#[tokio::test]
async fn who_is_not_believed_any_more_is_out_at_once() {
    let scene = scene(ROLES, "").await;
    let ops = Some(&scene.people.ops);
    let mut open = scene.connect(ops).await.unwrap();
    let answer = again(&mut open, LOOK, "").await.unwrap();
    assert_eq!(status(&answer), Some(200));
    // Somebody watches the dashboard.
    let mut watching = scene.connect(ops).await.unwrap();
    let request = format!("GET /live HTTP/1.1\r\nHost: {NAME}\r\n\r\n");
    watching.write_all(request.as_bytes()).await.unwrap();
    assert!(watching.read_u8().await.is_ok());
    // Somebody has begun to ask.
    let mut half = scene.connect(ops).await.unwrap();
    let begun = format!("POST /api/v1/config/reload HTTP/1.1\r\nHost: {NAME}\r\n");
    half.write_all(begun.as_bytes()).await.unwrap();
    half.flush().await.unwrap();
    let next = Authority::called("the next clients");
    scene.files.write("clients.pem", &next.pem());
    eventually("the connection is over", async || {
        again(&mut open, LOOK, "").await.is_err()
    })
    .await;
    let asked = half.write_all(b"Content-Length: 0\r\n\r\n").await;
    assert!(asked.is_err() || head(&mut half).await.is_err());
    assert_eq!(scene.audit(), [""; 0]);
    let mut rest = Vec::new();
    let over = tokio::time::timeout(Duration::from_secs(30), watching.read_to_end(&mut rest));
    assert!(over.await.is_ok(), "they still watch");
    assert_eq!(scene.status(ops, LOOK).await, None);
    let theirs = next.issue(&["watch.example"]);
    assert_eq!(scene.status(Some(&theirs), LOOK).await, Some(200));
}

#[tokio::test]
async fn a_reload_changes_roles_and_turns_tls_off() {
    let scene = scene(ROLES, "").await;
    let ops = Some(&scene.people.ops);
    let act = "POST /api/v1/pools/app/breaker/reset";
    let mut open = scene.connect(ops).await.unwrap();
    let answer = again(&mut open, act, "").await.unwrap();
    assert_eq!(status(&answer), Some(200));
    // The same connection: the role is looked up for each request.
    scene.rewrite("spiffe://example.org/ops", "CN=somebody else");
    scene.proxy.signal("HUP").await;
    eventually("the operator is a reader", async || {
        let answer = again(&mut open, act, "").await.unwrap();
        status(&answer) == Some(403)
    })
    .await;
    scene.rewrite("tls = {", "# tls = {");
    scene.proxy.signal("HUP").await;
    eventually("it is plain", async || {
        let answer = soe503_tests::http::get(scene.admin(), "/healthz").await;
        answer.is_ok_and(|answer| answer.status == 200)
    })
    .await;
    assert!(again(&mut open, LOOK, "").await.is_err());
}

#[tokio::test]
async fn a_successor_serves_it_and_open_connections_end() {
    let mut scene = scene(ROLES, "").await;
    let ops = scene.people.ops.clone();
    let mut open = scene.connect(Some(&ops)).await.unwrap();
    let answer = again(&mut open, LOOK, "").await.unwrap();
    assert_eq!(status(&answer), Some(200));
    let mut new = scene.proxy.successor();
    eventually("the open connection is over", async || {
        again(&mut open, LOOK, "").await.is_err()
    })
    .await;
    for _ in 0..20 {
        assert_eq!(scene.status(Some(&ops), "GET /readyz").await, Some(200));
        assert_eq!(scene.status(None, LOOK).await, Some(401));
    }
    let ended = scene.proxy.ended().await;
    assert_eq!(ended.code(), Some(0), "{}", scene.proxy.log());
    new.kill().await.unwrap();
}
