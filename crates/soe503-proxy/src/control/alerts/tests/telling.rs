//! Who gets what, and when.

use std::sync::Arc;
use std::time::Duration;

use soe503_api as api;
use soe503_core::Tick;

use super::{Does, ONE, Sent, TWO, Targets, about, closed, config, events, incident, run, scene};
use crate::control::access_log::AccessLog;
use crate::control::clock::Anchor;
use crate::control::incidents::News;
use crate::control::recorder::Recorder;
use crate::state::Proxy;

#[tokio::test(start_paused = true)]
async fn each_step_is_told_once_to_each_target() {
    let scene = scene(&format!("{ONE}{TWO}on = [\"opened\", \"closed\"]\n"));
    scene.hear(News::Opened(incident("x", 5)));
    scene.targets.came("/a", 1).await;
    for failed in [6, 7, 49] {
        scene.hear(News::Updated(incident("x", failed)));
    }
    scene.hear(News::Updated(incident("x", 50)));
    scene.targets.came("/a", 2).await;
    scene.hear(News::Closed(closed("x")));
    let sent = scene.targets.came("/a", 3).await;
    let told = [
        ("incident.opened", "x"),
        ("incident.grew", "x"),
        ("incident.closed", "x"),
    ];
    assert_eq!(events(&sent), told);
    let sent = scene.targets.came("/b", 2).await;
    assert_eq!(events(&sent), [told[0], told[2]]);
    let counted = scene.settled("a").await;
    assert_eq!(
        counted.sent,
        [("delivered", 3), ("refused", 0), ("gave_up", 0)]
    );
    assert!(!counted.failing);
}

#[tokio::test(start_paused = true)]
async fn alertmanager_is_told_again_while_it_goes_on() {
    let scene = scene(
        "[alerts.am]\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:9/am\"\nresend_every = \"30s\"\n",
    );
    scene.hear(News::Opened(incident("x", 5)));
    let sent = scene.targets.came("/am", 4).await;
    let pauses: Vec<_> = sent
        .windows(2)
        .map(|two| two[1].at.since(two[0].at))
        .collect();
    assert!(pauses[1..].iter().all(|p| about(*p, 30)), "{pauses:?}");
    let date = |sent: &Sent, name: &str| {
        sent.body[0][name]
            .as_str()
            .unwrap()
            .parse::<api::Timestamp>()
            .unwrap()
    };
    assert!(date(&sent[0], "endsAt") > date(&sent[0], "startsAt"));
    scene.hear(News::Closed(closed("x")));
    let sent = scene.targets.came("/am", 5).await;
    assert_eq!(
        date(&sent[4], "endsAt"),
        closed("x").summary.closed_at.unwrap()
    );
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(
        scene.targets.sent("/am").len(),
        5,
        "what is over is not told again"
    );
}

#[tokio::test(start_paused = true)]
async fn another_severity_is_another_alert_and_ends_the_one_before() {
    let scene = scene("[alerts.am]\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:9/am\"\n");
    let mut mild = incident("x", 5);
    mild.summary.scope.level = api::ScopeLevel::Backend;
    scene.hear(News::Opened(mild));
    scene.targets.came("/am", 1).await;
    scene.settled("am").await;
    scene.hear(News::Updated(incident("x", 6)));
    let sent = scene.targets.came("/am", 2).await;
    let severities = |sent: &Sent| {
        let alerts = sent.body.as_array().unwrap().iter();
        alerts
            .map(|alert| alert["labels"]["severity"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(severities(&sent[0]), ["warning"]);
    assert_eq!(severities(&sent[1]), ["warning", "critical"]);
}

#[tokio::test(start_paused = true)]
async fn more_than_so_many_a_minute_wait() {
    let scene = scene(&format!("{ONE}max_per_minute = 2\n"));
    for id in ["x", "y", "z"] {
        scene.hear(News::Opened(incident(id, 5)));
    }
    let sent = scene.targets.came("/a", 3).await;
    assert_eq!(sent[0].at, sent[1].at);
    assert!(sent[2].at.since(sent[0].at) >= Duration::from_secs(29));
}

#[tokio::test(start_paused = true)]
async fn a_reload_is_in_force_at_once() {
    let scene = scene(&format!("{ONE}{TWO}"));
    scene.targets.will("/a", &[Does::AskFor(503, 300)]);
    scene.hear(News::Opened(incident("x", 5)));
    scene.targets.came("/a", 1).await;
    let before = soe503::clock::now();
    // The target has moved, and another is gone.
    scene.alerts.follow(&config(&ONE.replace("/a", "/new")));
    let sent = scene.targets.came("/new", 1).await;
    assert!(sent[0].at.since(before) < Duration::from_secs(1));
    scene.hear(News::Closed(closed("x")));
    scene.targets.came("/new", 2).await;
    assert_eq!(scene.targets.sent("/b").len(), 1);
    assert_eq!(scene.alerts.scrape().len(), 1);
}

/// An incident that was open when an earlier process ended: its end is told, and what it has told itself is not.
#[tokio::test(start_paused = true)]
async fn what_an_earlier_process_told_is_known() {
    let scene = scene(ONE);
    scene.alerts.remember(&incident("x", 5));
    scene.hear(News::Updated(incident("x", 6)));
    scene.hear(News::Closed(closed("x")));
    let sent = scene.targets.came("/a", 1).await;
    assert_eq!(events(&sent), [("incident.closed", "x")]);
}

/// The same through the whole of it: the journal's memory, a turn of the control plane, a message.
#[tokio::test(start_paused = true)]
async fn what_ended_while_nobody_looked_is_told_after_a_restart() {
    let proxy = Proxy::new(config(ONE), Recorder::default(), AccessLog::off());
    let targets = Arc::new(Targets::default());
    tokio::spawn(run(proxy.alerts.clone(), Arc::clone(&targets)));
    let told = incident("x", 5);
    let last = Duration::from_millis(told.summary.last_seen.unix_millis());
    let at = |seconds: u64| {
        let later = Duration::from_secs(seconds);
        Anchor::new(Tick::from_secs(10_000 + seconds), last + later)
    };
    let recalled = std::slice::from_ref(&told);
    proxy.incidents.recall(&[], recalled, at(1));
    proxy.incidents.turn(&proxy, at(299));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(targets.sent("/a").is_empty(), "it may go on");
    // A reload recalls again, and says nothing twice.
    proxy.incidents.recall(&[], recalled, at(300));
    proxy.incidents.turn(&proxy, at(301));
    targets.came("/a", 1).await;
    proxy.incidents.turn(&proxy, at(302));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(events(&targets.sent("/a")), [("incident.closed", "x")]);
}
