//! What each kind of target gets, held against what it documents.

mod all;
mod services;
mod slack;
mod webhook;

use serde_json::Value;
use soe503_api as api;
use soe503_api::Timestamp;
use soe503_core::alert::{Event, Severity};

use super::{Letter, write};
use crate::config::AlertKind;

const KINDS: [AlertKind; 5] = [
    AlertKind::Slack,
    AlertKind::PagerDuty,
    AlertKind::Alertmanager,
    AlertKind::Grafana,
    AlertKind::Webhook,
];

fn incident() -> api::Incident {
    let text = include_str!("../../../../../../soe503-api/tests/golden/incident.json");
    serde_json::from_str(text).unwrap()
}

/// What a backend, a client or a deploy could write to do harm.
fn hostile() -> api::Incident {
    let evil = "<!channel> <https://evil.example|click> & `rm -rf` *bold* \u{202e}txet\u{200b}\r\n\0\u{1b}[31m \"quoted\" </a><script>"
        .repeat(120);
    let mut told = incident();
    told.summary.place.clone_from(&evil);
    told.summary.title.clone_from(&evil);
    told.server.clone_from(&evil);
    told.detail.clone_from(&evil);
    for one in &mut told.evidence {
        one.what.clone_from(&evil);
    }
    let many = told.evidence[0].clone();
    told.evidence.extend(std::iter::repeat_n(many, 50));
    let many = told.ruled_out[0].clone();
    told.ruled_out.extend(std::iter::repeat_n(many, 50));
    for one in &mut told.ruled_out {
        one.because.clone_from(&evil);
    }
    told.actions.quick = vec![evil.clone(); 50];
    told.actions.verify = vec![evil.clone(); 50];
    if let Some(linked) = &mut told.summary.change {
        linked.change.title.clone_from(&evil);
        linked.change.by = Some(evil.clone());
    }
    told.summary.condition = Some(evil);
    told
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn letter(incident: &api::Incident, event: Event) -> Letter<'_> {
    Letter {
        incident,
        event,
        severity: Severity::Critical,
        before: None,
        external_url: Some("https://soe503.example"),
        test: false,
        now: at("2026-11-22T17:41:09Z"),
        until: at("2026-11-22T17:45:09Z"),
        since: at("2026-11-22T17:41:08Z"),
    }
}

fn closed() -> api::Incident {
    let mut told = incident();
    told.summary.state = api::IncidentState::Closed;
    told.summary.closed_at = Some(at("2026-11-22T17:52:08Z"));
    told
}

fn bodies(kind: AlertKind, letter: &Letter<'_>) -> Vec<Value> {
    let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()];
    let parcels = write(kind, letter, &secrets);
    let bodies = parcels
        .iter()
        .map(|parcel| serde_json::from_slice(&parcel.body).unwrap());
    bodies.collect()
}

fn only(kind: AlertKind, letter: &Letter<'_>) -> Value {
    let mut bodies = bodies(kind, letter);
    assert_eq!(bodies.len(), 1);
    bodies.remove(0)
}

/// Every text in `value`.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}
