//! What a reload changes, and who may report what.

use std::time::Duration;

use soe503_api::{ChangeReach, ChangeRequest, Timestamp};
use soe503_core::Tick;

use super::diff::configs;
use super::*;
use crate::config::from_str;

const CONFIG: &str = r#"
[server]
name = "edge"
[admin]
address = "127.0.0.1:9503"
[[listeners]]
address = "127.0.0.1:8080"
[[routes]]
match = { path_prefix = "/api" }
pool = "api"
[[routes]]
pool = "app"
timeout = "10s"
[pools.api]
backends = ["http://10.0.0.9:80"]
[pools.app]
backends = ["http://10.0.0.1:8081", "http://10.0.0.2:8081"]
connect_timeout = "500ms"
"#;

const NOW: u64 = 1_795_369_268;

fn anchor() -> Anchor {
    Anchor::new(Tick::from_secs(4_000), Duration::from_secs(NOW))
}

fn config(from: &str, to: &str) -> Config {
    assert!(CONFIG.contains(from), "{from}");
    from_str("test", &CONFIG.replacen(from, to, 1))
        .unwrap_or_else(|report| panic!("{}", report.render(false)))
}

#[test]
fn a_reload_tells_its_keys_and_what_they_concern() {
    for (from, to, keys, pools, everything) in [
        ("", "", &[][..], &[][..], false),
        (
            "connect_timeout = \"500ms\"",
            "connect_timeout = \"1s\"",
            &["pools.app.connect_timeout: \"500ms\" -> \"1s\""],
            &["app"],
            false,
        ),
        (
            "timeout = \"10s\"",
            "timeout = \"9s\"",
            &["routes[1].timeout: \"10s\" -> \"9s\""],
            &["app"],
            false,
        ),
        (
            "http://10.0.0.9:80\"",
            "http://10.0.0.8:80\"",
            &[
                "pools.api.backends[0].name: \"10.0.0.9:80\" -> \"10.0.0.8:80\"",
                "pools.api.backends[0].url: \"http://10.0.0.9:80\" -> \"http://10.0.0.8:80\"",
            ],
            &["api"],
            false,
        ),
        (
            "name = \"edge\"",
            "name = \"edge\"\nstatus = \"rfc9209\"",
            &["server.status: \"default\" -> \"rfc9209\""],
            &[],
            true,
        ),
        (
            "[admin]",
            "[incidents]\nclose_after = \"1m\"\n[admin]",
            &["incidents.close_after: \"30s\" -> \"1m\""],
            &[],
            false,
        ),
        (
            "timeout = \"10s\"",
            "timeout = \"10s\"\nrequest_headers = { set = { Authorization = \"Bearer s3cret\" } }",
            &["routes[1].request_headers.set.authorization: (not set) -> \"(not shown)\""],
            &["app"],
            false,
        ),
    ] {
        let changed = configs(&config("", ""), &config(from, to));
        let told: Vec<&str> = changed.keys.iter().map(|key| &**key).collect();
        assert_eq!(told, keys, "{to}");
        let concerned: Vec<&str> = changed.pools.iter().map(|pool| &**pool).collect();
        assert_eq!(
            (&*concerned, changed.everything),
            (pools, everything),
            "{to}"
        );
    }
}

#[test]
fn a_reload_that_changes_a_lot_is_told_in_short() {
    let old = config("", "");
    let many: String = (0..40)
        .map(|n| format!("[[routes]]\nmatch = {{ path_prefix = \"/{n}\" }}\npool = \"app\"\n"))
        .collect();
    let more = config("[pools.api]", &format!("{many}[pools.api]"));
    let changed = configs(&old, &more);
    assert!(changed.everything, "any request may be another route's");
    assert_eq!(changed.keys.len(), 1);
    assert!(changed.keys[0].len() < 120, "{}", changed.keys[0]);
}

#[test]
fn a_reload_is_a_change_and_one_without_news_is_none() {
    let old = config("", "");
    let incidents = Incidents::new(&old, anchor());
    incidents.reloaded(&old, &config("", ""), anchor());
    assert!(incidents.changes().changes.is_empty());
    incidents.reloaded(&old, &config("\"500ms\"", "\"1s\""), anchor());
    let changes = incidents.changes().changes;
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (&*changes[0].title, &*changes[0].kind),
        ("configuration reload", "config")
    );
    assert_eq!(changes[0].pools, ["app"]);
}

#[test]
fn what_is_reported_and_what_it_concerns() {
    let pools = ["api".into(), "app".into()];
    let report = |change: &dyn Fn(&mut ChangeRequest)| {
        let incidents = Incidents::new(&config("", ""), anchor());
        let mut request = ChangeRequest {
            kind: "deploy".into(),
            service: Some("cart".into()),
            version: Some(" v2 ".into()),
            ..ChangeRequest::default()
        };
        change(&mut request);
        incidents.report(&request, &pools, anchor())
    };
    let cart = report(&|_| ()).unwrap();
    assert_eq!(
        (cart.reach, &*cart.title),
        (ChangeReach::Unknown, "deploy cart v2")
    );
    assert_eq!(cart.at, Timestamp::from_unix_secs(NOW));
    let app = report(&|r| r.service = Some("app".into())).unwrap();
    assert_eq!(
        (app.reach, app.pools),
        (ChangeReach::Pools, vec!["app".to_owned()])
    );
    let both = report(&|r| r.pools = vec!["app".into(), "api".into()]).unwrap();
    assert_eq!(both.pools, ["app", "api"]);
    assert_eq!(
        report(&|r| r.everything = true).unwrap().reach,
        ChangeReach::Everything
    );

    let at = |secs: u64| move |r: &mut ChangeRequest| r.at = Some(Timestamp::from_unix_secs(secs));
    assert_eq!(
        report(&at(NOW - 86_400)).unwrap().at,
        Timestamp::from_unix_secs(NOW - 86_400)
    );
    assert!(report(&at(NOW + 2)).is_ok(), "another clock");
    assert_eq!(report(&at(NOW + 3)), Err(BadChange::Future));
    assert_eq!(
        report(&|r| r.kind = "deployment".into()),
        Err(BadChange::Kind)
    );
    assert_eq!(
        report(&|r| r.pools = vec!["ap".into()]),
        Err(BadChange::Pool("ap".into()))
    );
    assert_eq!(
        report(&|r| r.note = Some("x".repeat(501))),
        Err(BadChange::Long("note"))
    );
}
