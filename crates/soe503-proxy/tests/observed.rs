//! What `config/` watches is there: every metric, label and cause that a rule, a dashboard or the Datadog configuration
//! names is in the tables. Whether queries return data, and alerts fire, is for `tests/observe/run`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use soe503_core::Cause;
use soe503_proxy::control::metrics::{Family, Kind, table};

/// Labels that Prometheus or a recording rule adds.
const ADDED: [&str; 2] = ["instance", "job"];
/// Where the page of the causes is told to be.
const CAUSES: &str = "crates/soe503-core/docs/causes.md#";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files that name metrics as Prometheus knows them.
fn files() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in ["prometheus", "grafana"] {
        for entry in std::fs::read_dir(root().join("config").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            // What JSON escapes.
            files.push((path, text.replace("\\\"", "\"")));
        }
    }
    assert!(files.len() >= 5, "{files:?}");
    files
}

/// The family of a series called so.
fn family(series: &str) -> Option<&'static Family> {
    let named = |name: &str| table().find(|family| family.name == name);
    let of_histogram = || {
        let mut stems = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|ending| series.strip_suffix(ending));
        stems
            .find_map(named)
            .filter(|family| family.kind == Kind::Histogram)
    };
    named(series).or_else(of_histogram)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':')
}

/// Every word of `text` that could be one of our series, with what follows it.
fn series(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let begins = text.char_indices().filter(move |(at, c)| {
        is_word(*c) && !text[..*at].chars().next_back().is_some_and(is_word)
    });
    begins.filter_map(move |(at, _)| {
        let rest = &text[at..];
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let ours = word.starts_with("soe503_") || word.starts_with("process_");
        ours.then(|| (word, &rest[word.len()..]))
    })
}

/// The matchers of a selector that `rest` begins with: label, operator, value.
fn matchers(rest: &str) -> Vec<(&str, &str, &str)> {
    let Some(inside) = rest
        .strip_prefix('{')
        .and_then(|rest| Some(rest.split_once('}')?.0))
    else {
        return Vec::new();
    };
    let all = inside.split(", ").filter(|one| !one.is_empty());
    all.map(|one| {
        let at = one.find(['=', '!']).unwrap_or_else(|| panic!("{one}"));
        let (label, rest) = one.split_at(at);
        let operator = &rest[..rest.find('"').unwrap()];
        (label, operator, rest[operator.len()..].trim_matches('"'))
    })
    .collect()
}

#[test]
fn every_metric_and_label_is_in_the_table() {
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, text) in files() {
        for (word, rest) in series(&text) {
            let Some(family) = family(word) else {
                panic!("{}: no metric is called {word}", path.display());
            };
            *named.entry(family.name).or_default() += 1;
            for (label, operator, value) in matchers(rest) {
                let known = family.labels.contains(&label) || ADDED.contains(&label);
                assert!(known, "{}: {word} has no label {label}", path.display());
                assert!(["=", "!=", "=~", "!~"].contains(&operator), "{operator}");
                if label == "cause" && !value.is_empty() {
                    let cause = Cause::ALL.iter().find(|cause| cause.id() == value);
                    assert!(cause.is_some(), "{}: no cause {value}", path.display());
                }
            }
        }
    }
    assert!(named.len() > 60, "{named:?}");
}

#[test]
fn every_link_leads_to_a_cause() {
    let page = std::fs::read_to_string(root().join("crates/soe503-core/docs/causes.md")).unwrap();
    let mut links = 0;
    for (path, text) in files() {
        for rest in text.split(CAUSES).skip(1) {
            let anchor = rest.split_whitespace().next().unwrap();
            // The cause of the alert.
            if !anchor.starts_with("{{") {
                let is_cause = page.contains(&format!("<a id=\"{anchor}\"></a>"));
                let is_category = page.contains(&format!("\n## {anchor}\n"));
                assert!(is_cause || is_category, "{}: {anchor}", path.display());
            }
            links += 1;
        }
    }
    assert!(links > 10, "{links}");
}

#[test]
fn every_alert_says_what_to_do() {
    let text = std::fs::read_to_string(root().join("config/prometheus/soe503.rules.yml")).unwrap();
    let alerts: Vec<&str> = text.split("      - alert: ").skip(1).collect();
    assert!(alerts.len() > 20);
    for alert in alerts {
        let name = alert.lines().next().unwrap();
        for part in ["severity: ", "summary: ", "description: ", "runbook_url: "] {
            assert_eq!(alert.matches(part).count(), 1, "{name}: {part}");
        }
        assert!(
            ["critical", "warning", "info"]
                .iter()
                .any(|s| alert.contains(&format!("severity: {s}\n"))),
            "{name}"
        );
    }
}

/// The scanner finds what it should: a check that sees nothing passes.
#[test]
fn the_scanner_sees_selectors() {
    let text = "rate(soe503_responses_total{status=~\"2xx|3xx\", cause!=\"\"}[5m]) / pool:soe503_failures:rate5m";
    let found: Vec<_> = series(text)
        .map(|(word, rest)| (word, matchers(rest)))
        .collect();
    let wanted = vec![("status", "=~", "2xx|3xx"), ("cause", "!=", "")];
    assert_eq!(found, [("soe503_responses_total", wanted)]);
    assert_eq!(
        family("soe503_request_duration_seconds_bucket")
            .unwrap()
            .kind,
        Kind::Histogram
    );
    assert!(family("soe503_attempts_total_bucket").is_none());
}
