//! Certificates and authorities that are replaced while the process runs.

use soe503_tests::proxy::eventually;

use super::scene::{NAME, again, scene, status};
use crate::tls::clients::{der, shown};
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
    assert!(
        scene.proxy.log().contains("admin API 127.0.0.1:"),
        "{}",
        scene.proxy.log()
    );
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
    let next = Authority::called("the next clients");
    scene.files.write("clients.pem", &next.pem());
    eventually("the connection is over", async || {
        again(&mut open, LOOK, "").await.is_err()
    })
    .await;
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
