//! The event log and the access log, with the real binary: levels that change while it runs, an outage that does not fill the
//! disk, files that are rotated.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Connection, get, once};
use soe503_tests::proxy::{Proxy, config, eventually, free_address, lbctl};
use tempfile::TempDir;

/// Two lines of the debug level, in the place where requests are turned away.
async fn turned_away(proxy: &Proxy) {
    let foreign = "GET /api/v1/pools HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    assert_eq!(once(proxy.admin(), foreign).await.unwrap().status, 403);
}

/// So many lines tell of that.
fn told(proxy: &Proxy) -> usize {
    proxy
        .log()
        .matches("DEBUG admin request turned away")
        .count()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[tokio::test]
async fn levels_change_while_it_runs_and_return_by_themselves() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let proxy = Proxy::before(&[backend.address()], "").await;
    turned_away(&proxy).await;

    let wrong = lbctl(&proxy, &["log", "level", "soe503_proxy::contrl=debug"]).await;
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(
        wrong.stderr.contains("\"soe503_proxy::control\""),
        "{wrong:?}"
    );

    let levels = "info,soe503_proxy::control::admin=debug";
    let line = [
        "log",
        "level",
        levels,
        "--for",
        "1h",
        "--reason",
        "who is it",
        "--by",
        "ada",
    ];
    let set = lbctl(&proxy, &line).await;
    assert_eq!(set.code, Some(0), "{set:?}");
    assert!(
        set.stdout.contains(levels) && set.stdout.contains("ada"),
        "{set:?}"
    );
    turned_away(&proxy).await;
    eventually("debug is written", async || told(&proxy) == 1).await;

    let reset = lbctl(&proxy, &["log", "reset"]).await;
    assert_eq!(reset.code, Some(0), "{reset:?}");
    turned_away(&proxy).await;
    // What is written after it is there, and it is not.
    let for_a_moment = ["log", "level", "debug", "--for", "1s"];
    assert_eq!(lbctl(&proxy, &for_a_moment).await.code, Some(0));
    eventually("all is told", async || {
        proxy
            .log()
            .contains("INFO the time of the levels that were set is over")
    })
    .await;
    assert_eq!(told(&proxy), 1);
    let now = get(proxy.admin(), "/api/v1/log").await.unwrap().json();
    assert_eq!(
        (&now["level"], &now["temporary"]),
        (&"info".into(), &Value::Null)
    );
    for act in [
        "action=\"log_level\" subject=\"info,soe503_proxy::control::admin=debug\" reason=\"who is it\" status=200",
        "action=\"log_reset\"",
    ] {
        eventually(act, async || proxy.log().contains(act)).await;
    }
}

#[tokio::test]
async fn a_reload_changes_all_of_it_and_silence_does_not_reach_the_audit_log() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let folder = TempDir::new().unwrap();
    let events = folder.path().join("events.json");
    let plain = config(&[backend.address()], "");
    let proxy = Proxy::start(&plain).await;
    let quiet = format!(
        "log = {{ level = \"off\", format = \"json\", path = \"{}\" }}\n{plain}",
        events.display()
    );
    proxy.rewrite(&quiet);
    let reload = lbctl(&proxy, &["config", "reload"]).await;
    assert_eq!(reload.code, Some(0), "{reload:?}");
    eventually("the act is told where the log is now", async || {
        let told = lines(&events);
        told.iter()
            .any(|line| line["action"] == "reload" && line["status"] == 200)
    })
    .await;
    assert!(lines(&events).iter().all(|line| line["target"] == "audit"));

    // A file that cannot be opened changes nothing.
    proxy.rewrite(&quiet.replace("events.json", "no/such/folder/events.json"));
    let reload = lbctl(&proxy, &["config", "reload"]).await;
    assert_eq!(reload.code, Some(2), "{reload:?}");
    assert!(reload.stderr.contains("`path` of [log]"), "{reload:?}");
    eventually("the refusal is told there too", async || {
        lines(&events).iter().any(|line| line["status"] == 422)
    })
    .await;
}

#[tokio::test]
async fn an_outage_of_ten_thousand_failures_is_a_few_lines_and_a_number() {
    const CLIENTS: usize = 10;
    const EACH: usize = 1000;
    let folder = TempDir::new().unwrap();
    let events = folder.path().join("events.json");
    let config = config(&[free_address()], "");
    let config = format!(
        "log = {{ format = \"json\", path = \"{}\" }}\n{config}",
        events.display()
    );
    let proxy = Proxy::start(&config).await;
    let begun = tokio::time::Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let address = proxy.address();
        clients.spawn(async move {
            let mut connection = Connection::open(address).await.unwrap();
            for n in 0..EACH {
                let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
                let request = format!(
                    "GET /x?secret HTTP/1.1\r\nHost: a\r\nX-Request-Id: c{client}-{n}\r\ntraceparent: {trace}\r\n\r\n"
                );
                connection.send(request.as_bytes()).await.unwrap();
                let answer = connection.answer(false).await.unwrap();
                assert!(answer.status >= 500, "{}", answer.status);
            }
        });
    }
    clients.join_all().await;
    // Those that are not written are told as a number.
    eventually("there is a number", async || {
        lines(&events)
            .iter()
            .any(|line| line["suppressed"].is_u64() && line["target"] == "failure")
    })
    .await;
    let took = begun.elapsed().as_secs() as usize;
    let all = lines(&events);
    let failures: Vec<&Value> = all
        .iter()
        .filter(|line| line["message"] == "request failed")
        .collect();
    let causes: BTreeSet<&str> = failures
        .iter()
        .filter_map(|line| line["cause"].as_str())
        .collect();
    let most = causes.len() * (50 + 5 * (took + 1));
    assert!(
        failures.len() <= most,
        "{} of {most} for {causes:?}",
        failures.len()
    );
    assert!(all.len() < most + 200, "{} lines", all.len());
    assert!((1..10).contains(&causes.len()), "{causes:?}");
    for line in &failures {
        let id = line["request_id"].as_str().unwrap();
        assert!(id.starts_with('c') && id.contains('-'), "{line}");
        assert_eq!(
            line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736",
            "{line}"
        );
        assert!(
            line["attempts"].is_u64() && line["status"].as_u64() >= Some(500),
            "{line}"
        );
        assert_eq!(line["path"], "/x", "{line}");
    }
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let suppressed = metrics
        .lines()
        .find_map(|line| line.strip_prefix("soe503_log_suppressed_total "))
        .and_then(|count| count.parse::<f64>().ok());
    assert!(suppressed > Some(0.0), "{suppressed:?}");
}

#[tokio::test]
async fn files_that_are_rotated_lose_no_line() {
    const REQUESTS: usize = 1500;
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let config = format!(
        "log = {{ format = \"json\", path = \"{}\" }}\naccess_log = {{ path = \"{}\" }}\n{}",
        path("events").display(),
        path("access").display(),
        config(&[backend.address()], "")
    );
    let proxy = Proxy::start(&config).await;
    let mut connection = Connection::open(proxy.address()).await.unwrap();
    for n in 0..REQUESTS {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: r{n}\r\n\r\n");
        connection.send(request.as_bytes()).await.unwrap();
        assert_eq!(connection.answer(false).await.unwrap().status, 200);
        if n == REQUESTS / 3 || n == 2 * REQUESTS / 3 {
            let old = if n == REQUESTS / 3 {
                ["events.1", "access.1"]
            } else {
                ["events.2", "access.2"]
            };
            std::fs::rename(path("events"), path(old[0])).unwrap();
            std::fs::rename(path("access"), path(old[1])).unwrap();
            proxy.signal("USR1").await;
            eventually("both are there again", async || {
                path("access").exists()
                    && lines(&path("events"))
                        .iter()
                        .any(|line| line["message"] == "logs reopened")
            })
            .await;
        }
    }
    let ids = || {
        let all = ["access.1", "access.2", "access"].map(|name| lines(&path(name)));
        assert!(all[..2].iter().all(|file| !file.is_empty()));
        let ids = all
            .iter()
            .flatten()
            .map(|line| line["request_id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let expected: Vec<String> = (0..REQUESTS).map(|n| format!("r{n}")).collect();
    eventually("all are written", async || ids().len() >= REQUESTS).await;
    assert_eq!(ids(), expected);
    let events = ["events.1", "events.2", "events"].map(|name| lines(&path(name)));
    assert!(events[0].iter().any(|line| line["message"] == "listening"));
    let reopened = events
        .iter()
        .flatten()
        .filter(|line| line["message"] == "logs reopened");
    assert_eq!(reopened.count(), 2);
}
