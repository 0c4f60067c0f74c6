//! Grafana's annotations: `POST /api/annotations`.
//!
//! A point when an incident is opened or grows, and its whole time as a region when it is over. Grafana shows the text as
//! HTML that it cleans; it is escaped all the same.

use serde_json::{Value, json};
use soe503_core::alert::Event;

use super::Letter;
use super::words::escaped;

pub(super) fn body(letter: &Letter<'_>) -> Value {
    let summary = &letter.incident.summary;
    let mut tags = vec![
        "soe503".to_owned(),
        letter.event.word().to_owned(),
        format!("incident:{}", summary.id),
        format!("cause:{}", summary.cause),
        format!("severity:{}", letter.severity.word()),
    ];
    tags.extend(summary.scope.pool.iter().map(|pool| format!("pool:{pool}")));
    let mut text = escaped(&letter.sentence(1_000), 2_000);
    if let Some(change) = letter.change(500) {
        text.push('\n');
        text.push_str(&escaped(&change, 1_000));
    }
    if let Some(page) = letter.page() {
        text.push_str(&format!(
            "\n<a href=\"{}\">Incident</a>",
            escaped(&page, 1_000).replace('"', "%22")
        ));
    }
    let begins = match letter.event {
        Event::Grew => letter.since,
        _ => summary.first_seen,
    };
    let mut body = json!({ "time": begins.unix_millis(), "tags": tags, "text": text });
    if let (Event::Closed, Some(end)) = (letter.event, summary.closed_at) {
        body["timeEnd"] = end.unix_millis().into();
    }
    body
}
