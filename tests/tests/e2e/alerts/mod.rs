//! Alerts of the real binary: everybody is told what happens, from its beginning to its end, and nobody who does not listen costs a
//! request anything.

mod changes;
mod receiver;
mod trouble;

use std::path::Path;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use soe503_tests::faulty::{Behaviour, Door, FaultyBackend};
use soe503_tests::http::{get, post};
use soe503_tests::proxy::{Proxy, config, eventually, free_address, lbctl};

use self::receiver::{Manner, Message, Receiver};
use crate::incidents::scene::{REFUSED, api, ask, incident, opened};

const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Incidents are soon over, and these targets are told.
fn more(alerts: &str) -> String {
    format!(
        "ride_out = \"0s\"\n[incidents]\nclose_after = \"1s\"\nexternal_url = \"https://soe503.example/\"\n{alerts}"
    )
}

/// A target of each kind at `to`, and their files in `directory`.
fn all_kinds(to: &Receiver, directory: &Path) -> String {
    let file = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    format!(
        "[alerts.slack]\nkind = \"slack\"\nurl_file = \"{}\"\n\
         [alerts.pagerduty]\nkind = \"pagerduty\"\nurl = \"{}\"\nsecret_file = \"{}\"\n\
         [alerts.alertmanager]\nkind = \"alertmanager\"\nurl = \"{}\"\nresend_every = \"1s\"\n\
         [alerts.grafana]\nkind = \"grafana\"\nurl = \"{}\"\nsecret_file = \"{}\"\n\
         [alerts.webhook]\nkind = \"webhook\"\nurl = \"{}\"\nsecret_file = \"{}\"\n",
        file("slack.url", &to.url("/services/T0/B0/topsecret")),
        to.url("/v2/enqueue"),
        file("pagerduty.key", "R015KEY\n"),
        to.url("/am"),
        to.url("/grafana/"),
        file("grafana.token", "glsa_topsecret\n"),
        to.url("/hook"),
        file("webhook.key", &format!("whsec_{KEY}\n")),
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// As a receiver checks it (Standard Webhooks, "Verifying").
fn assert_signed(message: &Message) {
    let (id, time) = (
        message.header("webhook-id").unwrap(),
        message.header("webhook-timestamp").unwrap(),
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
    let signed = [format!("{id}.{time}.").as_bytes(), &message.body].concat();
    let signature = message.header("webhook-signature").unwrap();
    let tag = STANDARD
        .decode(signature.strip_prefix("v1,").unwrap())
        .unwrap();
    assert!(hmac::verify(&key, &signed, &tag).is_ok(), "{signature}");
}

#[tokio::test]
async fn everybody_is_told_from_the_beginning_to_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let to = Receiver::start(Manner::Status(202)).await;
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let targets = more(&all_kinds(&to, directory.path()));
    let proxy = Proxy::before(&[backend.address()], &targets).await;
    for _ in 0..20 {
        assert_eq!(ask(&proxy).await.status, 200);
    }
    backend.set_door(Door::Killed).await;
    let summary = opened(&proxy).await;
    let id = summary["id"].as_str().unwrap().to_owned();
    let page = format!("https://soe503.example/api/v1/incidents/{id}");

    let hook = to
        .gets("/hook", |body| body["type"] == "incident.opened")
        .await;
    assert_signed(&hook);
    assert_eq!(hook.header("content-type"), Some("application/json"));
    let body = hook.json();
    assert_eq!(body["data"]["incident"]["id"], *id);
    assert_eq!(body["data"]["incident"]["cause"], REFUSED);
    assert_eq!(body["data"]["links"]["incident"], *page);

    let slack = to.gets("/services/T0/B0/topsecret", |_| true).await.json();
    assert!(
        text(&slack["text"]).starts_with("Incident opened: pool app"),
        "{slack:#}"
    );
    let shown = slack["blocks"].to_string();
    for part in [
        REFUSED,
        &*page,
        "Runbook",
        &*format!("lbctl explain {id}"),
        "Evidence",
    ] {
        assert!(shown.contains(part), "{part}: {slack:#}");
    }

    let pagerduty = to.gets("/v2/enqueue", |_| true).await.json();
    assert_eq!(pagerduty["event_action"], "trigger");
    assert_eq!(pagerduty["routing_key"], "R015KEY");
    assert_eq!(pagerduty["dedup_key"], *id);
    assert_eq!(pagerduty["payload"]["class"], REFUSED);
    assert!(["warning", "critical"].contains(&text(&pagerduty["payload"]["severity"])));

    let alerts = to.gets("/am/api/v2/alerts", |_| true).await.json();
    let alert = alerts.as_array().unwrap().last().unwrap();
    assert_eq!(alert["labels"]["incident"], *id);
    assert_eq!(alert["labels"]["pool"], "app");
    assert_eq!(alert["generatorURL"], *page);
    assert!(text(&alert["endsAt"]) > text(&alert["startsAt"]));
    // It is told again and again, or Alertmanager would take it for over.
    eventually("Alertmanager is told again", async || {
        to.came("/am/api/v2/alerts").len() >= 3
    })
    .await;

    let grafana = to.gets("/grafana/api/annotations", |_| true).await;
    assert_eq!(
        grafana.header("authorization"),
        Some("Bearer glsa_topsecret")
    );
    assert!(
        grafana.json()["tags"]
            .as_array()
            .unwrap()
            .contains(&format!("incident:{id}").into())
    );

    backend.set_door(Door::Open).await;
    eventually("it is closed", async || {
        ask(&proxy).await;
        incident(&proxy, &id).await["state"] == "closed"
    })
    .await;
    let over = incident(&proxy, &id).await;
    let hook = to
        .gets("/hook", |body| body["type"] == "incident.closed")
        .await;
    assert_signed(&hook);
    let told = hook.json()["data"]["incident"].clone();
    for member in [
        "state",
        "closed_at",
        "cause",
        "grade",
        "first_seen",
        "causes",
    ] {
        assert_eq!(told[member], over[member], "{member}");
    }
    to.gets("/services/T0/B0/topsecret", |body| {
        text(&body["text"]).starts_with("Incident closed")
    })
    .await;
    to.gets("/v2/enqueue", |body| {
        body["event_action"] == "resolve" && body["dedup_key"] == *id
    })
    .await;
    to.gets("/am/api/v2/alerts", |body| {
        let mut alerts = body.as_array().unwrap().iter();
        alerts.any(|alert| alert["endsAt"] == over["closed_at"])
    })
    .await;
    to.gets("/grafana/api/annotations", |body| body["timeEnd"].is_u64())
        .await;

    // Each step once; what grew in between may have been told too.
    let steps: Vec<String> = to
        .came("/hook")
        .iter()
        .map(|m| text(&m.json()["type"]).to_owned())
        .collect();
    for once in ["incident.opened", "incident.closed"] {
        assert_eq!(
            steps.iter().filter(|step| *step == once).count(),
            1,
            "{steps:?}"
        );
    }
    eventually("all is counted", async || {
        let all = api(&proxy, "/api/v1/alerts").await;
        let all = all["alerts"].as_array().unwrap().clone();
        all.len() == 5
            && all
                .iter()
                .all(|one| one["state"] == "ok" && one["queued"] == 0)
    })
    .await;
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    assert!(
        metrics.contains("soe503_alerts_sent_total{target=\"slack\",result=\"delivered\"} "),
        "{metrics}"
    );
    let told = lbctl(&proxy, &["alerts"]).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    for word in ["pagerduty", "alertmanager", "ok"] {
        assert!(told.stdout.contains(word), "{}", told.stdout);
    }
    // No secret is anywhere that people look.
    let config = get(proxy.admin(), "/api/v1/config").await.unwrap().text();
    let api = get(proxy.admin(), "/api/v1/alerts").await.unwrap().text();
    for shown in [config, api, metrics, told.stdout, proxy.log()] {
        for secret in ["topsecret", "R015KEY", KEY] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

/// With twice as many failures as were told, an incident is told again, under its id.
#[tokio::test]
async fn an_incident_that_grows_is_told_again() {
    let to = Receiver::start(Manner::Status(202)).await;
    let target = format!(
        "[alerts.webhook]\nkind = \"webhook\"\nurl = \"{}\"\ngrew_by = 2\n",
        to.url("/hook")
    );
    let proxy = Proxy::before(&[free_address()], &more(&target)).await;
    let id = opened(&proxy).await["id"].as_str().unwrap().to_owned();
    let told = async |step: &str| {
        let hook = to.gets("/hook", |body| body["type"] == step).await;
        let incident = hook.json()["data"]["incident"].clone();
        assert_eq!(incident["id"], *id);
        incident["requests"]["failed"].as_u64().expect("a number")
    };
    let at_first = told("incident.opened").await;
    eventually("it is told that it grew", async || {
        ask(&proxy).await;
        let all = to.came("/hook");
        all.iter()
            .any(|message| message.json()["type"] == "incident.grew")
    })
    .await;
    let then = told("incident.grew").await;
    assert!(then >= 2 * at_first, "{at_first}, then {then}");
}

#[tokio::test]
async fn a_target_is_tried_out_by_hand() {
    let directory = tempfile::tempdir().unwrap();
    let to = Receiver::start(Manner::Status(202)).await;
    let proxy = Proxy::before(&[free_address()], &more(&all_kinds(&to, directory.path()))).await;
    for (name, path) in [
        ("slack", "/services/T0/B0/topsecret"),
        ("pagerduty", "/v2/enqueue"),
        ("alertmanager", "/am/api/v2/alerts"),
        ("grafana", "/grafana/api/annotations"),
        ("webhook", "/hook"),
    ] {
        let said = lbctl(&proxy, &["alerts", "test", name]).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.stdout.contains("answered 202"), "{}", said.stdout);
        let came = to.gets(path, |_| true).await;
        assert!(came.json().to_string().contains("TEST: "), "{came:?}");
    }
    let actions: Vec<Value> = to
        .came("/v2/enqueue")
        .iter()
        .map(|m| m.json()["event_action"].clone())
        .collect();
    assert_eq!(actions, ["trigger", "resolve"]);
    to.set(Manner::Status(403));
    let said = lbctl(&proxy, &["alerts", "test", "webhook"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.contains("answered 403"), "{}", said.stdout);
    let said = lbctl(&proxy, &["alerts", "test", "webhok"]).await;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("webhook"), "{}", said.stderr);
}

/// A target that a reload adds is told of what goes on.
#[tokio::test]
async fn who_comes_later_is_told_of_what_goes_on() {
    let to = Receiver::start(Manner::Status(200)).await;
    let dead = free_address();
    let proxy = Proxy::before(&[dead], &more("")).await;
    let id = opened(&proxy).await["id"].clone();
    let target = format!(
        "[alerts.team]\nkind = \"webhook\"\nurl = \"{}\"\n",
        to.url("/hook")
    );
    proxy.rewrite(&config(&[dead], &more(&target)));
    assert_eq!(
        post(proxy.admin(), "/api/v1/config/reload")
            .await
            .unwrap()
            .status,
        200
    );
    eventually("it is told", async || {
        ask(&proxy).await;
        !to.came("/hook").is_empty()
    })
    .await;
    let body = to.came("/hook")[0].json();
    assert_eq!(body["type"], "incident.opened");
    assert_eq!(body["data"]["incident"]["id"], id);
    // A mistake changes nothing and is told.
    proxy.rewrite(&config(
        &[dead],
        &more(&target.replace("webhook", "wehbook")),
    ));
    let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("webhook"), "{}", answer.text());
}
