//! What is told of two configurations.

use serde_json::{Value, json};
use soe503_api::{ConfigDiff, KeyChangeKind};

use super::{Lists, differences, document};
use crate::config::{Config, from_str};
use crate::control::access_log::AccessLog;
use crate::control::recorder::Recorder;
use crate::state::Proxy;

const OLD: &str = r#"
[[listeners]]
address = "127.0.0.1:8080"

[[routes]]
match = { path_prefix = "/api" }
pool = "api"

[[routes]]
pool = "app"

[pools.api]
backends = ["http://10.0.0.9:80"]

[pools.app]
backends = ["http://10.0.0.1:80", "http://10.0.0.2:80"]

[rate_limits.signup]
requests = 10
per = "1m"
"#;

fn parsed(text: &str) -> Config {
    from_str("test", text).unwrap_or_else(|report| panic!("{report}"))
}

/// `OLD` after each of `changes`.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut new = OLD.to_owned();
    for (from, to) in changes {
        assert!(new.contains(from), "{from}");
        new = new.replacen(from, to, 1);
    }
    new
}

/// What is told of `OLD` after each of `changes`.
fn told(changes: &[(&str, &str)]) -> ConfigDiff {
    between(OLD, &changed(changes))
}

/// What is told of `new` where `old` is in force.
fn between(old: &str, new: &str) -> ConfigDiff {
    let proxy = Proxy::new(parsed(old), Recorder::default(), AccessLog::off());
    document(&proxy, "new.toml".to_owned(), &parsed(new))
}

fn keys(diff: &ConfigDiff) -> Vec<&str> {
    diff.changes.iter().map(|change| &*change.key).collect()
}

#[test]
fn what_means_the_same_is_no_difference() {
    let diff = told(&[
        (
            "pool = \"app\"",
            "# the rest\npool = \"app\"\ntimeout = \"15s\"",
        ),
        ("[pools.app]", "[pools.app]\nconnect_timeout = \"0.5s\""),
    ]);
    assert_eq!(keys(&diff), [""; 0]);
    assert!(!diff.hidden && diff.needs_restart.is_none());
    assert!(
        diff.replaces.is_empty() && diff.keeps.is_empty(),
        "{diff:?}"
    );
}

#[test]
fn keys_are_added_removed_and_changed() {
    let diff = told(&[
        ("\"http://10.0.0.2:80\"", "\"http://10.0.0.3:80\""),
        (
            "[pools.app]",
            "[pools.app]\nconnect_timeout = \"250ms\"\nmax_in_flight_per_backend = 10",
        ),
    ]);
    let change = |key: &str| {
        let mut changes = diff.changes.iter();
        let found = changes.find(|change| change.key == key);
        let found = found.unwrap_or_else(|| panic!("{key}: {:?}", keys(&diff)));
        (found.kind, found.old.clone(), found.new.clone())
    };
    assert_eq!(
        change("pools.app.connect_timeout"),
        (
            KeyChangeKind::Changed,
            Some(json!("500ms")),
            Some(json!("250ms"))
        )
    );
    assert_eq!(
        change("pools.app.max_in_flight_per_backend"),
        (KeyChangeKind::Added, None, Some(json!(10)))
    );
    let (kind, old, new) = change("pools.app.backends[\"http://10.0.0.2:80\"]");
    assert!(kind == KeyChangeKind::Removed && old.is_some() && new.is_none());
    let (kind, ..) = change("pools.app.backends[\"http://10.0.0.3:80\"]");
    assert_eq!(kind, KeyChangeKind::Added);
    assert_eq!(
        keys(&diff),
        [
            "pools.app.backends[\"http://10.0.0.2:80\"]",
            "pools.app.backends[\"http://10.0.0.3:80\"]",
            "pools.app.connect_timeout",
            "pools.app.max_in_flight_per_backend",
        ],
        "in the order of the keys"
    );
}

#[test]
fn a_key_that_is_taken_out_is_told() {
    let limited = changed(&[("[pools.app]", "[pools.app]\nmax_in_flight_per_backend = 10")]);
    let diff = between(&limited, OLD);
    let [change] = &diff.changes[..] else {
        panic!("{:?}", keys(&diff));
    };
    assert_eq!(change.key, "pools.app.max_in_flight_per_backend");
    assert_eq!(
        (change.kind, &change.old, &change.new),
        (KeyChangeKind::Removed, &Some(json!(10)), &None)
    );
}

#[test]
fn a_route_that_is_put_in_between_is_one_difference() {
    let between = "[[routes]]\nmatch = { path_prefix = \"/api/v2\", methods = [\"GET\"] }\npool = \"api\"\n\n";
    let diff = told(&[("[[routes]]", &format!("{between}[[routes]]"))]);
    assert_eq!(keys(&diff), ["routes[GET */api/v2/]"]);
    assert_eq!(diff.changes[0].kind, KeyChangeKind::Added);
    let diff = told(&[("pool = \"api\"", "pool = \"api\"\ntimeout = \"20s\"")]);
    assert_eq!(keys(&diff), ["routes[*/api/].timeout"]);
}

#[test]
fn what_a_reload_begins_anew_and_what_goes_on() {
    let diff = told(&[
        (
            "[pools.app]",
            "[pools.app]\ncircuit_breaker = { consecutive_failures = 7 }",
        ),
        ("requests = 10", "requests = 20"),
    ]);
    assert_eq!(diff.replaces.len(), 1, "{diff:?}");
    assert!(
        diff.replaces[0].starts_with("pool app: the circuit"),
        "{diff:?}"
    );
    assert!(
        diff.keeps
            .iter()
            .any(|kept| kept.starts_with("pool app: the state of its backends"))
    );
    assert!(
        diff.keeps
            .iter()
            .any(|kept| kept == "rate limit signup: what callers owe")
    );
    assert!(
        !diff.keeps.iter().any(|kept| kept.contains("pool api")),
        "{diff:?}"
    );

    let diff = told(&[
        ("[rate_limits.signup]\nrequests = 10\nper = \"1m\"\n", ""),
        ("pool = \"api\"", "pool = \"other\""),
        ("[pools.api]", "[pools.other]"),
    ]);
    let begins = |text: &str| diff.replaces.iter().any(|one| one.starts_with(text));
    assert!(
        begins("pool api: it goes") && begins("pool other: it is new"),
        "{diff:?}"
    );
    assert!(begins("rate limit signup: it goes"), "{diff:?}");
}

#[test]
fn what_goes_on_beside_pools_is_told() {
    let listener = "address = \"127.0.0.1:8080\"";
    let diff = told(&[
        (
            listener,
            &format!("{listener}\nlimits = {{ idle_timeout = \"70s\" }}"),
        ),
        (
            "[rate_limits.signup]",
            "[journal]\npath = \"kept\"\n\n[rate_limits.signup]",
        ),
    ]);
    assert_eq!(
        diff.keeps,
        ["listener 127.0.0.1:8080: open connections go on as they began"]
    );
    let [journal] = &diff.replaces[..] else {
        panic!("{diff:?}");
    };
    assert!(journal.starts_with("the journal: it goes on"), "{journal}");
}

/// A secret is in a file: that it is another one is told, and neither of them is.
#[test]
fn a_secret_that_was_replaced_is_a_difference_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("github.secret");
    let text = format!(
        "{OLD}\n[changes]\ngithub_secret_file = \"{}\"\n",
        path.display()
    );
    let with = |secret: &str| {
        std::fs::write(&path, secret).unwrap();
        parsed(&text)
    };
    let proxy = Proxy::new(with("0ld-s3cret"), Recorder::default(), AccessLog::off());
    let same = document(&proxy, "new.toml".to_owned(), &with("0ld-s3cret"));
    assert!(!same.hidden, "{same:?}");
    let diff = document(&proxy, "new.toml".to_owned(), &with("n3w-s3cret"));
    assert_eq!((keys(&diff), diff.hidden), (vec![], true));
    let text = serde_json::to_string(&diff).unwrap();
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn what_needs_a_restart_is_said() {
    let diff = told(&[("127.0.0.1:8080", "127.0.0.1:8081")]);
    assert_eq!(
        diff.needs_restart.as_deref(),
        Some("`address` of [[listeners]]")
    );
}

#[test]
fn new_traps_are_told_and_old_ones_are_not() {
    let diff = told(&[("pool = \"app\"", "pool = \"app\"\ntimeout = \"3s\"")]);
    // That the pool `api` has one backend is known already.
    let ids: Vec<_> = diff.new_lints.iter().map(|lint| &*lint.id).collect();
    assert_eq!(ids, ["attempt_not_below_total"]);
    // The same trap in another place is a new one.
    let diff = told(&[(", \"http://10.0.0.2:80\"", "")]);
    let traps: Vec<_> = diff
        .new_lints
        .iter()
        .map(|lint| (&*lint.id, &*lint.key))
        .collect();
    assert_eq!(traps, [("one_backend", "pools.app.backends")]);
}

#[test]
fn no_secret_is_told() {
    let rules =
        "request_headers = { set = { Authorization = \"Bearer s3cret\", X-Region = \"eu\" } }";
    let diff = told(&[("pool = \"app\"", &format!("pool = \"app\"\n{rules}"))]);
    let text = serde_json::to_string(&diff).unwrap();
    assert!(!text.contains("s3cret"), "{text}");
    assert!(
        text.contains("(not shown)") && text.contains("\"eu\""),
        "{text}"
    );
}

#[test]
fn neither_the_secret_before_nor_the_one_after_is_told() {
    let with = |secret: &str| {
        let rules = format!("request_headers = {{ set = {{ X-Api-KEY = \"{secret}\" }} }}");
        changed(&[("pool = \"app\"", &format!("pool = \"app\"\n{rules}"))])
    };
    let diff = between(&with("0ld-s3cret"), &with("n3w-s3cret"));
    let [change] = &diff.changes[..] else {
        panic!("{:?}", keys(&diff));
    };
    let text = serde_json::to_string(change).unwrap();
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(text.matches("(not shown)").count(), 2, "{text}");
    let gone = between(&with("0ld-s3cret"), OLD);
    let text = serde_json::to_string(&gone).unwrap();
    assert!(
        !text.contains("s3cret") && text.contains("(not shown)"),
        "{text}"
    );
}

#[test]
fn lists_are_compared_by_place_where_nothing_has_a_name_of_its_own() {
    let list = |items: &[Value]| json!({ "list": items });
    let one = [json!({ "a": 1 }), json!({ "a": 2 })];
    let other = [json!({ "a": 1 }), json!({ "a": 3 })];
    for lists in [Lists::ByPlace, Lists::ByName] {
        let found = differences(&list(&one), &list(&other), lists);
        let paths: Vec<_> = found.iter().map(|found| &*found.path).collect();
        assert_eq!(paths, ["list[1].a"], "{lists:?}");
    }
    let twice = [json!({ "name": "x" }), json!({ "name": "x" })];
    let found = differences(&list(&twice), &list(&twice[..1]), Lists::ByName);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, "list");
}
