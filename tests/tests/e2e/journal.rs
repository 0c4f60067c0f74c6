//! The journal: failures are explained after a restart, and nothing that happens to its file costs a request.

use std::path::Path;

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{get, post};
use soe503_tests::proxy::{Proxy, config, eventually, free_address, lbctl};

const RELOAD: &str = "/api/v1/config/reload";

/// A config for a backend that is not there, with this file.
fn dead(journal: &Path) -> String {
    let journal = format!("[journal]\npath = \"{}\"", journal.display());
    config(&[free_address()], &journal)
}

async fn journal(proxy: &Proxy) -> Value {
    get(proxy.admin(), "/api/v1/journal").await.unwrap().json()
}

async fn becomes(proxy: &Proxy, state: &str) {
    eventually(&format!("the journal is {state}"), async || {
        journal(proxy).await["state"] == state
    })
    .await;
}

/// The id of a request that fails.
async fn fails(proxy: &Proxy) -> String {
    let answer = get(proxy.address(), "/orders?card=4111").await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    answer.header("x-request-id").unwrap().to_owned()
}

async fn written(proxy: &Proxy) {
    eventually("the failure is in the journal", async || {
        journal(proxy).await["entries"]["failures"].as_u64() > Some(0)
    })
    .await;
}

async fn record(proxy: &Proxy, id: &str) -> Option<Value> {
    let path = format!("/api/v1/failures/{id}");
    let answer = get(proxy.admin(), &path).await.unwrap();
    (answer.status == 200).then(|| answer.json())
}

#[tokio::test]
async fn a_failure_is_explained_after_the_process_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let config = dead(&directory.path().join("journal.redb"));
    let proxy = Proxy::start(&config).await;
    becomes(&proxy, "open").await;
    let id = fails(&proxy).await;
    let before = record(&proxy, &id).await.expect("it is recorded");
    written(&proxy).await;
    proxy.signal("KILL").await;
    drop(proxy);

    let again = Proxy::start(&config).await;
    becomes(&again, "open").await;
    let after = record(&again, &id).await.expect("it is still recorded");
    for member in ["request", "pool", "status", "diagnosis", "attempts"] {
        assert_eq!(before[member], after[member], "{member}");
    }
    let told = lbctl(&again, &["explain", &id]).await;
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(
        told.stdout.contains("dependency_failure/connect_refused"),
        "{}",
        told.stdout
    );
    let none = get(again.admin(), "/api/v1/failures/other").await.unwrap();
    assert_eq!(none.status, 404);
    assert!(none.text().contains("the journal"), "{}", none.text());
}

#[tokio::test]
async fn what_failed_in_the_last_moment_is_written_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let config = dead(&directory.path().join("journal.redb"));
    let mut proxy = Proxy::start(&config).await;
    becomes(&proxy, "open").await;
    let id = fails(&proxy).await;
    proxy.signal("TERM").await;
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
    let again = Proxy::start(&config).await;
    becomes(&again, "open").await;
    assert!(record(&again, &id).await.is_some());
}

#[tokio::test]
async fn a_broken_file_is_set_aside_and_everybody_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.redb");
    std::fs::write(&path, [0xA5; 20_000]).unwrap();
    let proxy = Proxy::start(&dead(&path)).await;
    becomes(&proxy, "open").await;
    let shown = journal(&proxy).await;
    let aside = format!("{}.broken", path.display());
    assert_eq!(shown["set_aside"]["path"], *aside);
    assert_eq!(std::fs::metadata(&aside).unwrap().len(), 20_000);
    eventually("the log tells", async || {
        let log = proxy.log();
        log.contains("set aside") && log.contains(&aside)
    })
    .await;
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    assert!(metrics.contains("soe503_journal_set_aside_total 1"));
    let told = lbctl(&proxy, &["journal"]).await;
    assert_eq!(told.code, Some(0));
    assert!(told.stdout.contains(&aside), "{}", told.stdout);
    fails(&proxy).await;
    written(&proxy).await;
}

#[tokio::test]
async fn a_full_disk_costs_entries_and_no_request() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.redb");
    let more = format!("[journal]\npath = \"{}\"", path.display());
    // 64 KiB: not even a new journal has room.
    let config = config(&[backend.address()], &more);
    let proxy = Proxy::start_with_file_limit(&config, 128).await;
    becomes(&proxy, "failing").await;
    let shown = journal(&proxy).await;
    assert_eq!(shown["trouble"]["kind"], "disk_full", "{shown}");
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    backend.set(Behaviour::traffic_only(Fault::Reset));
    let answer = get(proxy.address(), "/").await.unwrap();
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert!(record(&proxy, &id).await.is_some(), "from memory");
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    for line in [
        "soe503_journal_up 0",
        "soe503_journal_trouble{kind=\"disk_full\"} 1",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    eventually("the log tells", async || {
        proxy.log().contains("the journal cannot be written")
    })
    .await;
    let told = lbctl(&proxy, &["journal"]).await;
    assert_eq!(told.code, Some(1), "{}", told.stdout);
    assert!(told.stdout.contains("disk_full"), "{}", told.stdout);
}

#[tokio::test]
async fn the_next_process_waits_for_the_file_of_the_one_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.redb");
    let mut first = Proxy::start(&dead(&path)).await;
    becomes(&first, "open").await;
    let second = Proxy::start(&dead(&path)).await;
    becomes(&second, "failing").await;
    assert_eq!(journal(&second).await["trouble"]["kind"], "in_use");
    let id = fails(&second).await;
    first.signal("TERM").await;
    first.ended().await;
    becomes(&second, "open").await;
    written(&second).await;
    drop(second);
    let third = Proxy::start(&dead(&path)).await;
    becomes(&third, "open").await;
    assert!(record(&third, &id).await.is_some(), "it waited in memory");
}

#[tokio::test]
async fn a_reload_switches_it_on_moves_it_and_switches_it_off() {
    let directory = tempfile::tempdir().unwrap();
    let (here, there) = (
        directory.path().join("here.redb"),
        directory.path().join("there.redb"),
    );
    let backends = [free_address()];
    let with = |path: &Path| {
        let journal = format!("[journal]\npath = \"{}\"\nsample = 3", path.display());
        config(&backends, &journal)
    };
    let proxy = Proxy::start(&config(&backends, "")).await;
    assert_eq!(journal(&proxy).await["state"], "off");
    assert_eq!(lbctl(&proxy, &["journal"]).await.code, Some(0));
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    assert!(!metrics.contains("soe503_journal_up"), "{metrics}");
    for path in [&here, &there] {
        proxy.rewrite(&with(path));
        assert_eq!(post(proxy.admin(), RELOAD).await.unwrap().status, 200);
        becomes(&proxy, "open").await;
        assert_eq!(journal(&proxy).await["path"], *path.to_str().unwrap());
        assert_eq!(journal(&proxy).await["sample"], 3);
        fails(&proxy).await;
        written(&proxy).await;
    }
    proxy.rewrite(&config(&backends, ""));
    assert_eq!(post(proxy.admin(), RELOAD).await.unwrap().status, 200);
    assert_eq!(journal(&proxy).await["state"], "off");
    assert!(here.exists() && there.exists());
}

#[tokio::test]
async fn change_markers_are_known_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let config = dead(&directory.path().join("journal.redb"));
    let mut proxy = Proxy::start(&config).await;
    becomes(&proxy, "open").await;
    let line = [
        "change",
        "add",
        "--kind",
        "deploy",
        "--service",
        "app",
        "--version",
        "v2.8.0",
        "--by",
        "alice",
    ];
    let said = lbctl(&proxy, &line).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let before = get(proxy.admin(), "/api/v1/changes").await.unwrap().json();
    proxy.signal("TERM").await;
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());

    let again = Proxy::start(&config).await;
    eventually("the marker is known again", async || {
        let now = get(again.admin(), "/api/v1/changes").await.unwrap().json();
        now == before
    })
    .await;
}

#[tokio::test]
async fn what_was_asked_again_is_known_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let config = dead(&directory.path().join("journal.redb"));
    let mut proxy = Proxy::start(&config).await;
    becomes(&proxy, "open").await;
    let all = async || {
        get(proxy.admin(), "/api/v1/incidents")
            .await
            .unwrap()
            .json()
    };
    eventually("an incident is opened", async || {
        fails(&proxy).await;
        !all().await["incidents"].as_array().unwrap().is_empty()
    })
    .await;
    let id = all().await["incidents"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let said = lbctl(&proxy, &["verify", &id, "--by", "alice"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.stdout.starts_with("not cured: GET /orders"),
        "{said:?}"
    );
    proxy.signal("TERM").await;
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());

    let again = Proxy::start(&config).await;
    becomes(&again, "open").await;
    let path = format!("/api/v1/incidents/{id}");
    let incident = get(again.admin(), &path).await.unwrap().json();
    assert_eq!(incident["verified"]["verdict"], "not_cured", "{incident:#}");
    assert_eq!(incident["verified"]["by"], "alice");
    let lines = incident["timeline"].as_array().unwrap();
    assert!(
        lines.iter().any(|entry| entry["kind"] == "verified"),
        "{incident:#}"
    );
    // Asking again fails as it did: the incident goes on.
    eventually("it is noted", async || {
        let said = lbctl(&again, &["verify", &id]).await;
        said.stdout.contains(": noted in its timeline")
    })
    .await;
}

/// Killed in the middle of an outage, and started again: it is the same incident, and nothing that was counted is lost.
#[tokio::test]
async fn an_open_incident_goes_on_after_the_process_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let config = dead(&directory.path().join("journal.redb"));
    let proxy = Proxy::start(&config).await;
    becomes(&proxy, "open").await;
    let all = async |proxy: &Proxy| {
        let all = get(proxy.admin(), "/api/v1/incidents")
            .await
            .unwrap()
            .json();
        all["incidents"].as_array().unwrap().clone()
    };
    eventually("an incident is opened", async || {
        fails(&proxy).await;
        !all(&proxy).await.is_empty()
    })
    .await;
    let id = all(&proxy).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{id}");
    eventually("it is in the journal", async || {
        journal(&proxy).await["entries"]["incidents"] == 1
    })
    .await;
    let before = get(proxy.admin(), &path).await.unwrap().json();
    proxy.signal("KILL").await;
    drop(proxy);

    let again = Proxy::start(&config).await;
    becomes(&again, "open").await;
    let told = get(again.admin(), &path).await.unwrap().json();
    assert_eq!(told["state"], "closed", "nothing has failed yet: {told:#}");
    eventually("it goes on", async || {
        fails(&again).await;
        let told = get(again.admin(), &path).await.unwrap().json();
        told["state"] == "open"
    })
    .await;
    let told = get(again.admin(), &path).await.unwrap().json();
    for member in ["first_seen", "opened_at", "cause", "reopened"] {
        assert_eq!(told[member], before[member], "{member}");
    }
    let failed = |told: &Value| told["requests"]["failed"].as_u64().unwrap();
    assert!(failed(&told) > 5, "{told:#}");
    let lines = told["timeline"].as_array().unwrap();
    let restarted = lines.iter().find(|entry| entry["kind"] == "restarted");
    let restarted = restarted.expect("the gap is told");
    let what = restarted["what"].as_str().unwrap();
    assert!(what.starts_with("soe503 was restarted"), "{what}");
    assert!(restarted["failed"].as_u64().unwrap() >= 5, "{restarted}");
    let tag = get(again.address(), "/orders").await.unwrap();
    let tag = tag.header("soe-cause").unwrap().to_owned();
    assert!(tag.contains(&id), "{tag}");
    assert_eq!(all(&again).await.len(), 1);
    let list = lbctl(&again, &["incidents", "--open"]).await;
    assert_eq!(list.code, Some(1), "{list:?}");
}
