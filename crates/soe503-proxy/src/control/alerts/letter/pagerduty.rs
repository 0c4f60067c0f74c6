//! PagerDuty's Events API v2.
//!
//! `dedup_key` is the incident's id: what grows triggers the same alert again, and what is closed resolves it. Bounds:
//! `dedup_key` 255 characters, `summary` 1,024, an event 512 KB.

use serde_json::{Value, json};
use soe503_core::alert::Event;

use super::Letter;
use super::text::grade;
use super::words::line;

/// The events that tell `letter`, in order. A test is resolved as soon as it was triggered.
pub(super) fn bodies(letter: &Letter<'_>, key: &str) -> Vec<Value> {
    let trigger = || event(letter, key, "trigger");
    let resolve = || event(letter, key, "resolve");
    match (letter.test, letter.event) {
        (true, _) => vec![trigger(), resolve()],
        (false, Event::Closed) => vec![resolve()],
        (false, _) => vec![trigger()],
    }
}

fn event(letter: &Letter<'_>, key: &str, action: &str) -> Value {
    let incident = letter.incident;
    let summary = &incident.summary;
    let mut links = vec![json!({ "href": letter.runbook(), "text": "Runbook" })];
    if let Some(page) = letter.page() {
        links.insert(0, json!({ "href": page, "text": "Incident" }));
    }
    let mut event = json!({
        "routing_key": key,
        "event_action": action,
        "dedup_key": line(&summary.id, 255),
        "payload": {
            "summary": letter.sentence(1_024),
            "source": line(&incident.server, 255),
            "severity": letter.severity.word(),
            "timestamp": summary.opened_at,
            "component": summary.scope.pool.as_deref().unwrap_or("proxy"),
            "group": incident.category,
            "class": summary.cause,
            "custom_details": details(letter),
        },
        "client": format!("soe503 {}", line(&incident.server, 255)),
        "links": links,
    });
    if let Some(page) = letter.page() {
        event["client_url"] = page.into();
    }
    event
}

fn details(letter: &Letter<'_>) -> Value {
    let summary = &letter.incident.summary;
    json!({
        "incident": summary.id,
        "cause": summary.cause,
        "grade": grade(summary.grade),
        "detail": letter.detail(1_000),
        "place": line(&summary.place, 500),
        "when": letter.time(),
        "requests": letter.cost(),
        "change": letter.change(1_000),
        "evidence": letter.evidence(),
        "ruled_out": letter.ruled_out(),
        "quick_fix": letter.fixes(),
        "commands": letter.commands(),
    })
}
