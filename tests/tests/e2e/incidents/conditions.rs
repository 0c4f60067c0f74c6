//! What is wrong though every request is answered.

use std::time::Duration;

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, Door, Fault, FaultyBackend};
use soe503_tests::http::get;
use soe503_tests::proxy::{Proxy, eventually, lbctl};

use super::scene::{REFUSED, api, ask, change, contains, incident, incidents, kinds};

const PATH: &str = "misconfiguration/health_check_path";
/// Checks that settle soon, and an incident that is soon over.
const CHECKED: &str = "ride_out = \"0s\"
health_check = { path = \"/healthz\", interval = \"100ms\", fast_interval = \"50ms\", timeout = \"100ms\", fall = 3 }
[incidents]
close_after = \"1s\"";

async fn three() -> [FaultyBackend; 3] {
    [
        FaultyBackend::start(Behaviour::OK).await.unwrap(),
        FaultyBackend::start(Behaviour::OK).await.unwrap(),
        FaultyBackend::start(Behaviour::OK).await.unwrap(),
    ]
}

/// A proxy that has reached each of them: of one that it never has nobody knows whether anything was there.
async fn before(backends: &[FaultyBackend; 3], config: &str) -> Proxy {
    let addresses = backends.each_ref().map(FaultyBackend::address);
    let proxy = Proxy::before(&addresses, config).await;
    eventually("each backend has passed a check", async || {
        let pool = proxy.pool().await;
        let all = pool["backends"].as_array().unwrap();
        all.iter()
            .all(|one| one["health_check"]["last_status"] == 200)
    })
    .await;
    proxy
}

fn health(fault: Fault) -> Behaviour {
    Behaviour {
        health: fault,
        ..Behaviour::OK
    }
}

/// Every request is answered until there is an incident.
async fn opened(proxy: &Proxy) -> Value {
    eventually("an incident is opened", async || {
        assert_eq!(ask(proxy).await.status, 200);
        !incidents(proxy).await.is_empty()
    })
    .await;
    incidents(proxy).await.remove(0)
}

async fn closed(proxy: &Proxy, id: &str) -> Value {
    eventually("the incident is closed", async || {
        assert_eq!(ask(proxy).await.status, 200);
        incident(proxy, id).await["state"] == "closed"
    })
    .await;
    incident(proxy, id).await
}

/// So many seconds of requests that are all answered, and no incident.
async fn nothing_is_opened(proxy: &Proxy, seconds: u64) {
    let asking = async {
        loop {
            assert_eq!(ask(proxy).await.status, 200);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _: Result<(), _> = tokio::time::timeout(Duration::from_secs(seconds), asking).await;
    let all = incidents(proxy).await;
    assert!(all.is_empty(), "{all:#?}");
}

fn evidence<'a>(incident: &'a Value, kind: &str) -> &'a Value {
    let all = incident["evidence"].as_array().unwrap();
    let found = all.iter().find(|one| one["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}: {incident:#}"))
}

/// The flagship: a refactoring removes the path of the health check from every backend.
#[tokio::test]
async fn fm13_a_removed_health_path_is_an_incident_that_costs_no_request() {
    let backends = three().await;
    let proxy = before(&backends, CHECKED).await;
    for _ in 0..20 {
        assert_eq!(ask(&proxy).await.status, 200);
    }
    let deploy = [
        "--kind",
        "deploy",
        "--service",
        "app",
        "--version",
        "v2.8.0",
        "--by",
        "argocd",
    ];
    assert_eq!(change(&proxy, &deploy).await.code, Some(0));
    for backend in &backends {
        backend.set(health(Fault::Status(404)));
    }
    let summary = opened(&proxy).await;
    let id = summary["id"].as_str().unwrap().to_owned();
    assert_eq!(summary["cause"], PATH, "{summary:#}");
    eventually(
        "the path that answers is known, and the cause proven",
        async || {
            assert_eq!(ask(&proxy).await.status, 200);
            let told = incident(&proxy, &id).await;
            let quick = told["actions"]["quick"][0].as_str().unwrap_or_default();
            let counted = told["requests"]["total"].as_u64();
            told["grade"] == "proven"
                && counted > Some(0)
                && quick == "set pools.app.health_check.path = \"/health\" (answers 200 now)"
        },
    )
    .await;
    let told = incident(&proxy, &id).await;
    // All that the worked example tells.
    assert_eq!(told["state"], "open");
    assert_eq!(
        told["title"],
        "The health check asks for a path that the service does not serve"
    );
    assert_eq!(told["code"], "SOE-503");
    assert_eq!(told["category"], "misconfiguration");
    assert_eq!(
        (&told["retryable"], &told["owner_action_required"]),
        (&false.into(), &true.into())
    );
    assert_eq!(told["server"], "edge-test");
    assert_eq!(
        told["scope"],
        serde_json::json!({"level": "pool", "pool": "app", "backends_total": 3, "backends_affected": 3})
    );
    assert_eq!(told["requests"]["failed"], 0, "{told:#}");
    assert!(told["requests"]["total"].as_u64().unwrap() > 0);
    let probe = evidence(&told, "probe");
    let asked = probe["what"].as_str().unwrap();
    assert!(
        asked.starts_with("GET /healthz -> 404 on 127.0.0.1:"),
        "{asked}"
    );
    assert!(
        probe["count"].as_u64().unwrap() >= 9 && probe["since"].is_string(),
        "{probe}"
    );
    let traffic = evidence(&told, "traffic");
    assert!(
        traffic["what"]
            .as_str()
            .unwrap()
            .starts_with("requests are answered by"),
        "{traffic}"
    );
    assert!(traffic["count"].as_u64().unwrap() >= 20, "{traffic}");
    let candidate = evidence(&told, "candidate");
    let asked = candidate["what"].as_str().unwrap();
    assert!(asked.starts_with("GET /health -> 200"), "{asked}");
    assert!(
        asked.contains("GET /healthz -> 404") && candidate["at"].is_string(),
        "{candidate}"
    );
    let ruled_out = told["ruled_out"].as_array().unwrap();
    let not: Vec<&str> = ruled_out
        .iter()
        .map(|one| one["cause"].as_str().unwrap())
        .collect();
    assert!(
        not.contains(&REFUSED) && not.contains(&"maintenance/draining"),
        "{told:#}"
    );
    assert_eq!(
        told["change"]["change"]["title"], "deploy app v2.8.0",
        "{told:#}"
    );
    assert!(!told["actions"]["long_term"].as_array().unwrap().is_empty());
    let verify = told["actions"]["verify"].as_array().unwrap();
    assert!(
        verify.contains(&format!("lbctl verify {id}").into()),
        "{verify:?}"
    );
    // So do the tools, the metrics and the log.
    let list = lbctl(&proxy, &["incidents", "--open"]).await;
    assert_eq!(list.code, Some(1), "{list:?}");
    contains(
        &list,
        &[&id, PATH, "pool app, 3/3 backends", "requests are answered"],
    );
    let explained = lbctl(&proxy, &["explain", &id]).await;
    contains(
        &explained,
        &[
            PATH,
            "proven",
            "The health check GET /healthz gets 404 at 3 of 3 backends, and requests are answered.",
            "after: deploy app v2.8.0",
            "0 of",
            "set pools.app.health_check.path = \"/health\" (answers 200 now)",
        ],
    );
    let report = lbctl(&proxy, &["report", &id]).await;
    contains(
        &report,
        &[
            "# Incident",
            "The health check GET /healthz gets 404",
            "deploy app v2.8.0",
        ],
    );
    let verified = lbctl(&proxy, &["verify", &id]).await;
    assert_eq!(verified.code, Some(1), "{verified:?}");
    contains(&verified, &["not cured: it goes on"]);
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    for line in ["soe503_incidents_open", "soe503_incidents_total"] {
        let line = format!("{line}{{cause=\"{PATH}\"}} 1\n");
        assert!(metrics.contains(&line), "no {line}:\n{metrics}");
    }
    eventually("the log says so", async || {
        proxy.log().contains("incident opened")
    })
    .await;

    for backend in &backends {
        backend.set(Behaviour::OK);
    }
    let told = closed(&proxy, &id).await;
    let kinds = kinds(&told);
    let place = |kind: &str| kinds.iter().position(|k| *k == kind);
    let order = ["change", "onset", "opened", "recovered", "closed"].map(place);
    assert!(order.is_sorted() && order[0].is_some(), "{kinds:?}");
    assert_eq!(told["requests"]["failed"], 0, "{told:#}");
    assert_eq!(incidents(&proxy).await.len(), 1);
    assert_eq!(lbctl(&proxy, &["verify", &id]).await.code, Some(0));
    let pool = proxy.pool().await;
    assert_eq!(pool["circuit"]["opened_at"], Value::Null);
}

/// Controls: what one backend does, on purpose or because it is slow, and what operators do, is none.
#[tokio::test]
async fn what_one_backend_or_an_operator_does_is_no_incident() {
    let backends = three().await;
    let proxy = before(&backends, CHECKED).await;
    nothing_is_opened(&proxy, 1).await;
    // N1: it leaves rotation that way.
    backends[0].set(health(Fault::Status(404)));
    nothing_is_opened(&proxy, 5).await;
    // It is slow to answer checks.
    backends[0].set(health(Fault::Hang));
    nothing_is_opened(&proxy, 5).await;
    // N6: everything but checks is slow, as planned.
    backends[0].set(Behaviour::OK);
    for backend in &backends {
        backend.set(Behaviour {
            delay: Duration::from_millis(200),
            ..Behaviour::OK
        });
    }
    nothing_is_opened(&proxy, 3).await;
    let pool = proxy.pool().await;
    let name = pool["backends"][1]["name"].as_str().unwrap();
    let said = lbctl(
        &proxy,
        &["pool", "drain", "app", name, "--reason", "new kernel"],
    )
    .await;
    assert_eq!(said.code, Some(0), "{said:?}");
    nothing_is_opened(&proxy, 4).await;
}

/// One after the other stops and comes back, as in a rolling restart: each is out for a while, none for long.
#[tokio::test]
async fn a_rolling_restart_is_no_incident() {
    let backends = three().await;
    let config = CHECKED.replace("close_after", "backend_out_after = \"10s\"\nclose_after");
    let proxy = before(&backends, &config).await;
    nothing_is_opened(&proxy, 1).await;
    for backend in &backends {
        backend.set_door(Door::Killed).await;
        nothing_is_opened(&proxy, 2).await;
        backend.set_door(Door::Open).await;
        eventually("it is back", async || {
            assert_eq!(ask(&proxy).await.status, 200);
            let pool = proxy.pool().await;
            let states = pool["backends"].as_array().unwrap();
            let back = |one: &Value| ["up", "warming"].contains(&one["state"].as_str().unwrap());
            states.iter().all(back)
        })
        .await;
    }
    nothing_is_opened(&proxy, 3).await;
}

#[tokio::test]
async fn a_backend_that_is_gone_for_long_is_one_though_the_others_carry_on() {
    let backends = three().await;
    let config = CHECKED.replace("close_after", "backend_out_after = \"3s\"\nclose_after");
    let proxy = before(&backends, &config).await;
    // Checks have found it there, perhaps nobody else.
    backends[1].set_door(Door::Killed).await;
    let summary = opened(&proxy).await;
    assert_eq!(summary["cause"], REFUSED, "{summary:#}");
    let id = summary["id"].as_str().unwrap();
    assert_eq!(summary["scope"]["level"], "backend");
    assert_eq!(summary["requests"]["failed"], 0);
    let condition = summary["condition"].as_str().unwrap();
    assert!(
        condition.ends_with("2 of 3 backends carry the load"),
        "{condition}"
    );
    let told = incident(&proxy, id).await;
    assert!(evidence(&told, "backend")["since"].is_string());
    backends[1].set_door(Door::Open).await;
    closed(&proxy, id).await;
}

/// A check that is turned away is told as that, and as one that does not show its path.
#[tokio::test]
async fn a_check_that_is_turned_away_is_an_incident() {
    let backends = three().await;
    let proxy = before(&backends, CHECKED).await;
    for backend in &backends {
        backend.set(health(Fault::Status(401)));
    }
    let summary = opened(&proxy).await;
    assert_eq!(
        summary["cause"], "misconfiguration/health_check_rejected",
        "{summary:#}"
    );
    let all = api(&proxy, "/api/v1/incidents?open=true").await;
    assert_eq!(all["incidents"].as_array().unwrap().len(), 1);
}
