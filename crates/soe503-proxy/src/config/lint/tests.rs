//! Each lint finds its trap and leaves the value that it says to set alone.

use std::collections::BTreeSet;

use super::{Severity, admin, table};
use crate::config::{Config, from_str};

/// A config without a trap; `ROUTE`, `POOL` and `REST` are replaced.
const CLEAN: &str = r#"
[[listeners]]
address = "127.0.0.1:8080"
LISTENER

[[routes]]
pool = "app"
ROUTE

[pools.app]
backends = ["http://10.0.0.1:80", "http://10.0.0.2:80"]
POOL
REST
"#;

/// The lint; what of ROUTE, POOL and REST there is; the key that it names; what it says to set.
type Row = (
    &'static str,
    [(&'static str, &'static str); 2],
    &'static str,
    Option<&'static str>,
);

const ROWS: &[Row] = &[
    (
        "connect_not_below_total",
        [
            ("ROUTE", "timeout = \"2s\"\nretry = { attempts = 1 }"),
            ("POOL", "connect_timeout = \"2s\""),
        ],
        "pools.app.connect_timeout",
        Some("connect_timeout = \"500ms\""),
    ),
    (
        "connect_not_below_attempt",
        [
            ("ROUTE", "retry = { attempt_timeout = \"400ms\" }"),
            ("POOL", ""),
        ],
        "pools.app.connect_timeout",
        Some("connect_timeout = \"200ms\""),
    ),
    (
        "attempt_not_below_total",
        [("ROUTE", "timeout = \"3s\""), ("POOL", "")],
        "routes[0].retry.attempt_timeout",
        Some("retry.attempt_timeout = \"1s\""),
    ),
    (
        "queue_not_below_total",
        [
            ("ROUTE", "timeout = \"2s\"\nretry = { attempts = 1 }"),
            ("POOL", "queue = { max_wait = \"5s\" }"),
        ],
        "pools.app.queue.max_wait",
        Some("queue.max_wait = \"250ms\""),
    ),
    (
        "slow_request_not_below_total",
        [
            ("ROUTE", ""),
            (
                "POOL",
                "circuit_breaker = { slow_rate = 0.5, slow_request = \"15s\" }",
            ),
        ],
        "pools.app.circuit_breaker.slow_request",
        Some("circuit_breaker.slow_request = \"7500ms\""),
    ),
    (
        "grace_below_total",
        [("ROUTE", ""), ("REST", "[server]\nshutdown_grace = \"5s\"")],
        "server.shutdown_grace",
        Some("server.shutdown_grace = \"15s\""),
    ),
    (
        "backend_idle_long",
        [("ROUTE", ""), ("POOL", "idle_timeout = \"60s\"")],
        "pools.app.idle_timeout",
        Some("idle_timeout = \"4s\""),
    ),
    (
        "retries_do_not_fit",
        [("ROUTE", "timeout = \"10s\""), ("POOL", "")],
        "routes[0].retry.attempt_timeout",
        Some("retry.attempt_timeout = \"3300ms\""),
    ),
    (
        "budget_of_nothing",
        [
            ("ROUTE", ""),
            ("POOL", "retry_budget = { ratio = 0.0, min_per_second = 0 }"),
        ],
        "pools.app.retry_budget.ratio",
        Some("retry_budget.ratio = 0.2"),
    ),
    (
        "budget_of_everything",
        [("ROUTE", ""), ("POOL", "retry_budget = { ratio = 0.5 }")],
        "pools.app.retry_budget.ratio",
        Some("retry_budget.ratio = 0.2"),
    ),
    (
        "retries_at_two_layers",
        [
            ("ROUTE", ""),
            (
                "REST",
                "[[routes]]\nmatch = { path_prefix = \"/in\" }\npool = \"edge\"\nretry = { attempts = 3 }\n[pools.edge]\nbackends = [\"http://127.0.0.1:8080\", \"http://10.0.0.9:80\"]",
            ),
        ],
        "routes[1].retry.attempts",
        Some("retry.attempts = 1"),
    ),
    (
        "ride_out_without_retries",
        [
            ("ROUTE", "retry = { attempts = 1 }"),
            ("POOL", "ride_out = \"5s\""),
        ],
        "pools.app.ride_out",
        Some("retry.attempts = 2"),
    ),
    (
        "hedge_without_retries",
        [
            ("ROUTE", "retry = { attempts = 1 }"),
            ("POOL", "hedge = { enabled = true }"),
        ],
        "pools.app.hedge.enabled",
        Some("retry.attempts = 2"),
    ),
    (
        "one_backend",
        [
            ("ROUTE", ""),
            (
                "backends = [\"http://10.0.0.1:80\", \"http://10.0.0.2:80\"]",
                "backends = [\"http://10.0.0.1:80\"]",
            ),
        ],
        "pools.app.backends",
        None,
    ),
    (
        "hedge_alone",
        [
            ("POOL", "hedge = { enabled = true }"),
            (
                "backends = [\"http://10.0.0.1:80\", \"http://10.0.0.2:80\"]",
                "backends = [\"http://10.0.0.1:80\"]",
            ),
        ],
        "pools.app.hedge.enabled",
        Some("hedge.enabled = false"),
    ),
    (
        "failover_to_itself",
        [
            ("ROUTE", "failover = { pools = [\"other\"] }"),
            (
                "REST",
                "[pools.other]\nbackends = [\"http://10.0.0.2:80\", \"http://10.0.0.1:80\"]",
            ),
        ],
        "routes[0].failover.pools",
        None,
    ),
    (
        "route_limit_not_below_pool",
        [
            ("ROUTE", "max_in_flight = 100"),
            ("POOL", "max_in_flight = 100"),
        ],
        "routes[0].max_in_flight",
        Some("max_in_flight = 50"),
    ),
    (
        "backend_limit_not_below_pool",
        [
            (
                "POOL",
                "max_in_flight = 100\nmax_in_flight_per_backend = 200",
            ),
            ("ROUTE", ""),
        ],
        "pools.app.max_in_flight_per_backend",
        Some("max_in_flight_per_backend = 50"),
    ),
    (
        "no_queue",
        [("POOL", "queue = { max_waiting = 0 }"), ("ROUTE", "")],
        "pools.app.queue.max_waiting",
        Some("queue.max_waiting = 4096"),
    ),
    (
        "breaker_needs_traffic",
        [
            (
                "POOL",
                "circuit_breaker = { failure_rate = 0.5, minimum_requests = 1000 }",
            ),
            ("ROUTE", ""),
        ],
        "pools.app.circuit_breaker.minimum_requests",
        Some("circuit_breaker.minimum_requests = 20"),
    ),
    (
        "breaker_never_opens",
        [
            ("POOL", "circuit_breaker = { consecutive_failures = 1000 }"),
            ("ROUTE", ""),
        ],
        "pools.app.circuit_breaker.consecutive_failures",
        Some("circuit_breaker.consecutive_failures = 5"),
    ),
    (
        "breaker_stays_open",
        [
            (
                "POOL",
                "circuit_breaker = { probe_interval = \"0s\", open_for = \"30s\" }",
            ),
            ("ROUTE", ""),
        ],
        "pools.app.circuit_breaker.open_for",
        Some("circuit_breaker.open_for = \"1s\""),
    ),
    (
        "ejection_never",
        [
            (
                "POOL",
                "ejection = { consecutive_failures = 100, failure_rate = 0.0 }",
            ),
            ("ROUTE", ""),
        ],
        "pools.app.ejection.consecutive_failures",
        Some("ejection.consecutive_failures = 5"),
    ),
    (
        "nothing_takes_out",
        [("POOL", "ejection = { enabled = false }"), ("ROUTE", "")],
        "pools.app.ejection.enabled",
        Some("ejection.enabled = true"),
    ),
    (
        "check_often",
        [
            (
                "POOL",
                "connect_timeout = \"300ms\"\nhealth_check = { path = \"/\", interval = \"400ms\" }",
            ),
            ("ROUTE", ""),
        ],
        "pools.app.health_check.interval",
        Some("health_check.interval = \"2s\""),
    ),
    (
        "check_late",
        [
            (
                "POOL",
                "health_check = { path = \"/\", interval = \"60s\" }",
            ),
            ("ROUTE", ""),
        ],
        "pools.app.health_check.interval",
        Some("health_check.interval = \"28s\""),
    ),
    (
        "check_shorter_than_connect",
        [
            (
                "POOL",
                "connect_timeout = \"1200ms\"\nhealth_check = { path = \"/\" }",
            ),
            ("ROUTE", ""),
        ],
        "pools.app.health_check.timeout",
        Some("health_check.timeout = \"1200ms\""),
    ),
    (
        "check_expects_errors",
        [
            (
                "POOL",
                "health_check = { path = \"/\", expect = \"200-599\" }",
            ),
            ("ROUTE", ""),
        ],
        "pools.app.health_check.expect",
        Some("health_check.expect = \"200-399\""),
    ),
    (
        "client_idle_short",
        [
            ("LISTENER", "limits = { idle_timeout = \"10s\" }"),
            ("ROUTE", ""),
        ],
        "listeners[0].limits.idle_timeout",
        Some("limits.idle_timeout = \"75s\""),
    ),
];

pub(super) fn text(changes: &[(&str, &str)]) -> String {
    let mut text = CLEAN.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    for left in ["LISTENER", "ROUTE", "POOL", "REST"] {
        text = text.replace(left, "");
    }
    text
}

pub(super) fn parsed(text: &str) -> Config {
    from_str("test", text).unwrap_or_else(|report| panic!("{report}\n{text}"))
}

pub(super) fn ids(config: &Config) -> Vec<&'static str> {
    let found = config.lints.found().iter();
    found.map(|found| found.lint.id).collect()
}

/// `changes` with the key of `set`, relative to the table that `key` is in, at its new value: written inline again.
fn cured(changes: &[(&'static str, &str); 2], set: &str) -> Option<String> {
    let (path, value) = set.split_once(" = ")?;
    let name = path.rsplit('.').next()?;
    let text = text(changes);
    // Where it is written, it is replaced there.
    let written = format!("{name} = ");
    let places = text.match_indices(&*written);
    let whole = |place: &usize| text[..*place].ends_with([' ', '\n']);
    let mut places = places.map(|(place, _)| place);
    let start = places.find(whole)? + name.len() + 3;
    let rest = &text[start..];
    let end = rest.find([',', '}', '\n'])?;
    let old = rest[..end].trim_end();
    Some(format!("{}{value}{}", &text[..start], &rest[old.len()..]))
}

#[test]
fn a_clean_config_has_no_lint() {
    let config = parsed(&text(&[]));
    assert_eq!(ids(&config), [""; 0]);
    assert!(config.lints.report().is_none() && !config.lints.warns());
}

#[test]
fn each_trap_is_found_alone_and_told_with_its_key_and_value() {
    for (id, changes, key, set) in ROWS {
        let config = parsed(&text(changes));
        // A hedge in a pool of one is two traps.
        let others: &[&str] = match *id {
            "hedge_alone" => &["one_backend"],
            _ => &[],
        };
        let found: Vec<_> = config
            .lints
            .found()
            .iter()
            .filter(|found| !others.contains(&found.lint.id))
            .collect();
        let [found] = &found[..] else {
            panic!("{id}: {:?}", config.lints.found());
        };
        assert_eq!((found.lint.id, &*found.key), (*id, *key));
        assert_eq!(found.set.as_deref(), *set, "{id}");
        assert!(found.set.is_some() || found.advice.is_some(), "{id}");
        let (line, _) = found.position.unwrap_or_else(|| panic!("{id}: nowhere"));
        assert!(line > 1, "{id}: {line}");
        let report = config.lints.report().unwrap().to_string();
        assert!(report.contains(&format!("[{id}]")), "{report}");
        let warning = found.lint.severity == Severity::Warning;
        let warns = config.lints.warns();
        assert_eq!(warns, warning, "{id}: a note is no reason to refuse a file");
    }
}

#[test]
fn the_value_to_set_is_the_cure() {
    let mut tried = 0;
    for (id, changes, _, set) in ROWS {
        let Some(cured) = set.and_then(|set| cured(changes, set)) else {
            continue;
        };
        tried += 1;
        let left = ids(&parsed(&cured));
        assert!(!left.contains(id), "{id} is still there:\n{cured}");
    }
    assert!(tried >= 20, "{tried}");
}

#[test]
fn every_row_of_the_table_has_a_test_and_an_identifier_of_its_own() {
    let mut tested: BTreeSet<_> = ROWS.iter().map(|(id, ..)| *id).collect();
    tested.extend(admin::tests::TESTED);
    let rows: Vec<_> = table::all().map(|lint| lint.id).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), tested);
    assert_eq!(rows.len(), tested.len(), "{rows:?}");
}

#[test]
fn a_key_that_is_not_set_is_told_at_its_table_and_a_route_by_its_number_in_the_file() {
    let more = "[[routes]]\nmatch = { path_prefix = \"/longer/than/any\" }\npool = \"app\"\ntimeout = \"3s\"";
    let config = parsed(&text(&[("REST", more)]));
    let found = config.lints.found();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].key, "routes[1].retry.attempt_timeout");
    assert_eq!(found[0].now, "\"3s\"");
    insta::assert_snapshot!(config.lints.report().unwrap().render(false));
    // The config has the more specific route first.
    assert_eq!(config.lints.route_number(0), 1);
    assert_eq!(config.lints.route_number(1), 0);
}

#[test]
fn two_configs_that_mean_the_same_are_equal_whatever_their_files_look_like() {
    let one = parsed(&text(&[("ROUTE", "timeout = \"3s\"")]));
    let other = parsed(&text(&[("ROUTE", "# short\n\ntimeout = \"3s\"")]));
    assert_eq!(one, other);
}
