//! What is an incident, from its first failure to its end.

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, Door, Fault, FaultyBackend};
use soe503_tests::http::{Connection, get, post};
use soe503_tests::proxy::{Proxy, config, eventually, free_address, lbctl};

use super::scene::{
    QUICK, REFUSED, api, ask, change, contains, incident, incidents, kinds, opened, scene,
};

#[tokio::test]
async fn an_outage_is_one_incident_from_its_deploy_to_its_end() {
    let (first, second) = (
        FaultyBackend::start(Behaviour::OK).await.unwrap(),
        FaultyBackend::start(Behaviour::OK).await.unwrap(),
    );
    let proxy = Proxy::before(&[first.address(), second.address()], QUICK).await;
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
        "--at",
        "8s",
    ];
    assert_eq!(change(&proxy, &deploy).await.code, Some(0));
    let other = [
        "--kind",
        "deploy",
        "--service",
        "billing",
        "--version",
        "v7",
        "--at",
        "5s",
    ];
    assert_eq!(change(&proxy, &other).await.code, Some(0));

    first.set_door(Door::Killed).await;
    second.set_door(Door::Killed).await;
    let summary = opened(&proxy).await;
    let id = summary["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 8, "{id}");
    let list = lbctl(&proxy, &["incidents", "--open"]).await;
    assert_eq!(list.code, Some(1), "{list:?}");
    contains(&list, &[&id, REFUSED, "pool app", "goes on"]);

    // Clients are told which incident it is, and find everything about it.
    let answer = ask(&proxy).await;
    let tag = answer.header("soe-cause").unwrap();
    assert!(tag.contains(&format!("inc=\"{id}\"")), "{tag}");
    assert_eq!(answer.json()["instance"], format!("/api/v1/incidents/{id}"));
    let request = answer.header("x-request-id").unwrap().to_owned();
    let explained = lbctl(&proxy, &["explain", &request]).await;
    contains(
        &explained,
        &["after: deploy app v2.8.0", &format!("incident {id}")],
    );
    let explained = lbctl(&proxy, &["explain", &id]).await;
    assert_eq!(explained.code, Some(0), "{explained:?}");
    contains(
        &explained,
        &[
            &id,
            REFUSED,
            "proven",
            "after: deploy app v2.8.0",
            "nobody said what it concerns",
            "circuit opened",
        ],
    );

    first.set_door(Door::Open).await;
    second.set_door(Door::Open).await;
    eventually("it is closed", async || {
        ask(&proxy).await;
        incident(&proxy, &id).await["state"] == "closed"
    })
    .await;
    let all = incidents(&proxy).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    let told = incident(&proxy, &id).await;
    assert_eq!(told["cause"], REFUSED, "{told:#}");
    assert_eq!(told["grade"], "proven");
    assert_eq!(told["scope"]["level"], "pool");
    assert_eq!(told["change"]["change"]["title"], "deploy app v2.8.0");
    let before = told["change"]["before_ms"].as_i64().unwrap();
    assert!((7_900..60_000).contains(&before), "{before}");
    let kinds = kinds(&told);
    let place = |kind: &str| kinds.iter().position(|k| *k == kind);
    let order = ["change", "onset", "opened", "recovered", "closed"].map(place);
    assert!(order.is_sorted() && order[0].is_some(), "{kinds:?}");
    assert!(
        kinds.contains(&"circuit") && kinds.contains(&"backend"),
        "{kinds:?}"
    );
    let failed = told["requests"]["failed"].as_u64().unwrap();
    assert!(
        failed >= 5 && !told["evidence"].as_array().unwrap().is_empty(),
        "{told:#}"
    );
    assert_eq!(lbctl(&proxy, &["incidents"]).await.code, Some(0));
    let report = lbctl(&proxy, &["report", &id]).await;
    contains(
        &report,
        &[
            "# Incident",
            "| Time (UTC) | Event | Impact |",
            "deploy app v2.8.0",
            "## Action items",
            "- [ ] ",
        ],
    );
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    for line in [
        format!("soe503_incidents_open{{cause=\"{REFUSED}\"}} 0"),
        format!("soe503_incidents_total{{cause=\"{REFUSED}\"}} 1"),
    ] {
        assert!(metrics.contains(&line), "{line}");
    }
}

#[tokio::test]
async fn two_pools_are_two_incidents() {
    let resetting = FaultyBackend::start(Behaviour::traffic_only(Fault::Reset))
        .await
        .unwrap();
    let (one, two) = (free_address(), resetting.address());
    let config = config(&[one], "ride_out = \"0s\"").replace(
        "[[routes]]",
        "[[routes]]\nmatch = { path_prefix = \"/two\" }\npool = \"two\"\n[[routes]]",
    );
    let pool = format!("[pools.two]\nbackends = [\"http://{two}\"]\nride_out = \"0s\"\n");
    let proxy = Proxy::start(&format!("{config}\n{pool}")).await;
    eventually("both are told", async || {
        ask(&proxy).await;
        get(proxy.address(), "/two/page").await.unwrap();
        incidents(&proxy).await.len() >= 2
    })
    .await;
    let all = incidents(&proxy).await;
    let mut told: Vec<(&str, &str)> = all
        .iter()
        .map(|one| {
            (
                one["scope"]["pool"].as_str().unwrap(),
                one["cause"].as_str().unwrap(),
            )
        })
        .collect();
    told.sort_unstable();
    let expected = [
        ("app", "misconfiguration/wrong_port"),
        ("two", "dependency_failure/reset_before_response"),
    ];
    assert_eq!(told, expected, "{all:#?}");
}

/// What clients do wrong, a client that leaves and one failure alone are no incident.
#[tokio::test]
async fn clients_errors_and_single_failures_open_nothing() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let config = config(&[backend.address()], QUICK).replace(
        "[[routes]]",
        "[[routes]]\nmatch = { path_prefix = \"/dead\" }\npool = \"dead\"\n[[routes]]",
    );
    let dead = format!("[pools.dead]\nbackends = [\"http://{}\"]\n", free_address());
    let proxy = Proxy::start(&format!("{dead}{config}")).await;
    for _ in 0..60 {
        assert_eq!(
            get(proxy.address(), "/status/404").await.unwrap().status,
            404
        );
    }
    for _ in 0..20 {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        client
            .send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(client.answer(false).await.unwrap().status, 400);
    }
    let before = backend.counts().requests;
    backend.set(Behaviour::traffic_only(Fault::Hang));
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = Connection::open(proxy.address()).await.unwrap();
        client
            .send(b"GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        clients.push(client);
    }
    backend.received(before + 10).await;
    drop(clients);
    backend.set(Behaviour::traffic_only(Fault::Reset));
    let answer = post(proxy.address(), "/once").await.unwrap();
    assert_eq!(answer.status, 502, "{}", answer.text());
    let tag = answer.header("soe-cause").unwrap();
    let request = answer.header("x-request-id").unwrap();
    assert!(
        tag.contains(&format!("inc=\"{request}\"")),
        "known by its request alone: {tag}"
    );
    backend.set(Behaviour::OK);
    for _ in 0..20 {
        let answer = ask(&proxy).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    // Once another pool's incident is opened, all of that was looked at.
    eventually("the other pool's is opened", async || {
        get(proxy.address(), "/dead").await.unwrap();
        !incidents(&proxy).await.is_empty()
    })
    .await;
    eventually("and everything was counted", async || {
        let all = incidents(&proxy).await;
        let told: Vec<&Value> = all.iter().map(|one| &one["scope"]["pool"]).collect();
        assert_eq!(told, ["dead"]);
        get(proxy.address(), "/dead").await.unwrap();
        all[0]["requests"]["failed"].as_u64().unwrap() >= 10
    })
    .await;
}

/// A backend's own errors are passed on untagged, and are an incident all the same.
#[tokio::test]
async fn a_backends_own_errors_are_an_incident() {
    let (backend, proxy) = scene().await;
    backend.set(Behaviour::traffic_only(Fault::Status(500)));
    let summary = opened(&proxy).await;
    assert_eq!(
        summary["cause"], "dependency_failure/upstream_error",
        "{summary:#}"
    );
    let told = incident(&proxy, summary["id"].as_str().unwrap()).await;
    let request = told["exemplars"][0].as_str().unwrap();
    let explained = lbctl(&proxy, &["explain", request]).await;
    contains(&explained, &["by the backend itself"]);
}

#[tokio::test]
async fn one_that_was_there_is_told_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("journal.redb");
    let more = format!("{QUICK}\n[journal]\npath = \"{}\"", journal.display());
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let text = config(&[backend.address()], &more);
    let proxy = Proxy::start(&text).await;
    for _ in 0..20 {
        assert_eq!(ask(&proxy).await.status, 200);
    }
    backend.set_door(Door::Killed).await;
    let id = opened(&proxy).await["id"].as_str().unwrap().to_owned();
    assert_eq!(
        change(&proxy, &["--kind", "flag", "--service", "app"])
            .await
            .code,
        Some(0)
    );
    eventually("both are in the journal", async || {
        let entries = &api(&proxy, "/api/v1/journal").await["entries"];
        entries["incidents"] == 1 && entries["changes"] == 1
    })
    .await;
    let before = incident(&proxy, &id).await;
    proxy.signal("KILL").await;
    drop(proxy);

    let again = Proxy::start(&text).await;
    eventually("the journal is open", async || {
        api(&again, "/api/v1/journal").await["state"] == "open"
    })
    .await;
    let all = incidents(&again).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (&all[0]["id"], &all[0]["state"]),
        (&Value::from(&*id), &Value::from("closed"))
    );
    let after = incident(&again, &id).await;
    for member in ["cause", "place", "first_seen", "opened_at"] {
        assert_eq!(before[member], after[member], "{member}");
    }
    let told = lbctl(&again, &["report", &id]).await;
    contains(&told, &[REFUSED, "pool app"]);
}
