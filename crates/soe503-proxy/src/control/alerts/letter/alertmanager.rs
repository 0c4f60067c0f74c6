//! Alertmanager's API v2: `POST /api/v2/alerts`.
//!
//! An alert is known by its labels, and over at `endsAt` unless it is told again before. Labels that change with what is known (the
//! cause that leads, how bad it is) make it another alert: the one before is ended in the same message.

use serde_json::{Map, Value, json};
use soe503_api::Timestamp;
use soe503_core::alert::Severity;

use super::Letter;
use super::text::grade;
use super::words::line;

/// What all alerts of ours are called. What Alertmanager sends us of them is no change.
pub(crate) const NAME: &str = "Soe503Incident";

/// The labels. `cause`, `pool` and `incident` are those of `soe503_incident_active`, so silences and routes for one fit the other.
fn labels(letter: &Letter<'_>, severity: Severity, cause: &str) -> Value {
    let incident = letter.incident;
    let server = line(&incident.server, 255);
    let mut labels = Map::new();
    for (name, value) in [
        ("alertname", NAME),
        ("severity", severity.word()),
        ("cause", cause),
        (
            "pool",
            incident.summary.scope.pool.as_deref().unwrap_or_default(),
        ),
        ("incident", &*incident.summary.id),
        ("server", &*server),
        ("test", if letter.test { "true" } else { "" }),
    ] {
        // An empty label is none (Prometheus data model).
        if !value.is_empty() {
            labels.insert(name.to_owned(), value.into());
        }
    }
    labels.into()
}

pub(super) fn body(letter: &Letter<'_>) -> Value {
    let summary = &letter.incident.summary;
    let ends = summary.closed_at.unwrap_or(letter.until);
    let mut alerts = vec![alert(
        letter,
        &labels(letter, letter.severity, &summary.cause),
        ends,
    )];
    if let Some((severity, cause)) = letter.before
        && (severity, cause) != (letter.severity, &*summary.cause)
    {
        alerts.insert(
            0,
            alert(letter, &labels(letter, severity, cause), letter.now),
        );
    }
    alerts.into()
}

fn alert(letter: &Letter<'_>, labels: &Value, ends: Timestamp) -> Value {
    let summary = &letter.incident.summary;
    let mut annotations = Map::new();
    for (name, text) in [
        ("summary", letter.headline(500)),
        ("description", description(letter)),
        ("quick_fix", letter.fixes().join("\n")),
        ("commands", letter.commands().join("\n")),
        ("runbook_url", letter.runbook()),
    ] {
        if !text.is_empty() {
            annotations.insert(name.to_owned(), text.into());
        }
    }
    let mut alert = json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": summary.first_seen,
        // It may not end before it began.
        "endsAt": ends.max(summary.first_seen),
    });
    if let Some(page) = letter.page() {
        alert["generatorURL"] = page.into();
    }
    alert
}

fn description(letter: &Letter<'_>) -> String {
    let mut lines = vec![
        letter.detail(1_000),
        format!(
            "{}, {}.",
            grade(letter.incident.summary.grade),
            letter.cost()
        ),
    ];
    lines.extend(letter.change(500));
    lines.extend(letter.evidence());
    lines.join("\n")
}
