//! Alertmanager's webhook, version 4: firing alerts as changes.

use serde_json::Value;
use soe503_api::ChangeRequest;
use soe503_core::change::Kind;

use super::{Read, date, text};

pub(super) fn read(document: &Value) -> Result<Read, String> {
    let alerts = document.get("alerts").and_then(Value::as_array);
    let alerts = alerts.ok_or("There are no `alerts`: this is not Alertmanager's webhook.")?;
    let firing = alerts.iter().filter(|alert| {
        let name = text(alert, "labels.alertname").unwrap_or_default();
        // What we told Alertmanager ourselves, or its rules found in our metrics, is no cause of anything.
        text(alert, "status").as_deref() == Some("firing") && !name.starts_with("Soe503")
    });
    let changes: Vec<ChangeRequest> = firing.map(change).collect();
    Ok(match changes.is_empty() {
        true => Read::Nothing("no alert that fires and is not our own".into()),
        false => Read::Changes(changes),
    })
}

fn change(alert: &Value) -> ChangeRequest {
    let label = |names: &[&str]| {
        let mut names = names.iter();
        names.find_map(|name| text(alert, &format!("labels.{name}")))
    };
    let kind = label(&["change"]).filter(|kind| Kind::from_word(kind).is_some());
    let name = label(&["alertname"]);
    let summary = text(alert, "annotations.summary");
    ChangeRequest {
        kind: kind.unwrap_or_else(|| "other".into()),
        service: label(&["service", "app", "job"]),
        version: label(&["version"]),
        at: date(alert, "startsAt"),
        by: Some("alertmanager".into()),
        note: match (name, summary) {
            (Some(name), Some(summary)) => Some(format!("{name}: {summary}")),
            (name, summary) => name.or(summary),
        },
        ..ChangeRequest::default()
    }
}
