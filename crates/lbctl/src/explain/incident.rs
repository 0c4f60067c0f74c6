//! An incident as text: like a failure's record, and beside it since when, what it cost, what was changed, and
//! what happened.

use soe503_api::{CauseShare, Incident, IncidentState, NearbyChange, TimelineEntry, Timestamp};

use super::text::{evidence, ruled_out};
use super::words;
use crate::show::{Canvas, Fact, Line, age, count, flow, plural, section, style, wrap};

/// So many lines of the timeline are shown; `lbctl report` shows them all.
const LINES: usize = 12;

/// The incident, as it looks at `now`.
pub(crate) fn incident(incident: &Incident, now: Timestamp, canvas: Canvas) -> String {
    let mut out = String::new();
    headline(incident, now, canvas, &mut out);
    let room = canvas.width.map(|w| w - 2);
    // What is wrong though nobody notices says more than what clients are told.
    let condition = incident.summary.condition.as_deref().map(sentence);
    let first = condition.as_deref().unwrap_or(&incident.detail);
    for text in [first, &since(incident)] {
        for text in wrap(text, room) {
            Line::default()
                .gap(2)
                .put(&text, style::STRONG)
                .end(&mut out);
        }
    }
    let all: Vec<String> = incident.causes.iter().map(cause).collect();
    let causes = if all.len() > 1 { &*all } else { &[] };
    let mut put = |label, items: &[String]| section(label, items, canvas, &mut out);
    put("Causes", causes);
    put("Told as", &symptoms(incident));
    put("Saved by", &saved(incident));
    put("Evidence", &told(&incident.evidence, evidence));
    put("Ruled out", &told(&incident.ruled_out, ruled_out));
    put("Nearby", &told(&incident.changes_nearby, nearby));
    put("Also here", &incident.also);
    put("Quick fix", &incident.actions.quick);
    put("Long term", &incident.actions.long_term);
    section(
        "Verify",
        &incident.actions.verify,
        canvas.unbounded(),
        &mut out,
    );
    let mut put = |label, items: &[String]| section(label, items, canvas, &mut out);
    put("Timeline", &timeline(&incident.timeline));
    put("Requests", &requests(incident));
    out
}

/// `text` with a capital at its beginning and a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn headline(incident: &Incident, now: Timestamp, canvas: Canvas, out: &mut String) {
    let summary = &incident.summary;
    let mut line = Line::default();
    let (word, mark) = match summary.state {
        IncidentState::Open => ("open", style::BAD),
        IncidentState::Closed => ("closed", style::GOOD),
        _ => ("in an unknown state", style::QUIET),
    };
    line.put(&summary.id, style::BAD).gap(2);
    line.put(&summary.cause, style::STRONG).gap(2);
    let lasted = match summary.state {
        IncidentState::Closed => summary.last_seen.since(summary.first_seen),
        _ => now.since(summary.first_seen),
    };
    let requests = &summary.requests;
    let facts = [
        Fact::plain(words::grade(summary.grade)),
        Fact::plain(&summary.place),
        Fact::new(word, mark).and(format!(", {}", age(lasted)), style::PLAIN),
        Fact::plain(format!(
            "{} of {} failed",
            count(requests.failed),
            plural(requests.total, "request", "requests")
        )),
        Fact::plain(format!("{} prevented", count(requests.prevented))),
    ];
    flow(line, &facts, 2, canvas, out);
}

/// `Since 17:40:52, 8 s after: deploy cart v2.8.0 (argocd, rev 9f3c1e2)`.
pub(super) fn since(incident: &Incident) -> String {
    let summary = &incident.summary;
    let begin = words::clock(summary.first_seen);
    match &summary.change {
        Some(linked) => format!("Since {begin}, {}", words::linked(linked)),
        None if incident.changes_nearby.is_empty() => {
            format!("Since {begin}; no change nearby")
        }
        None => format!("Since {begin}; no change that explains it"),
    }
}

fn told<T>(items: &[T], tell: fn(&T) -> String) -> Vec<String> {
    items.iter().map(tell).collect()
}

pub(crate) fn cause(share: &CauseShare) -> String {
    format!(
        "{}: {:.0} % ({} failed, {})",
        share.cause,
        share.share * 100.0,
        count(share.failed),
        words::grade(share.grade)
    )
}

/// What clients saw, where that is not the cause itself.
fn symptoms(incident: &Incident) -> Vec<String> {
    let all = &incident.symptoms;
    let plain = |symptom: &soe503_api::Symptom| incident.summary.cause == symptom.cause;
    if all.iter().all(plain) {
        return Vec::new();
    }
    let told = all.iter();
    told.map(|symptom| format!("{}: {}", symptom.cause, count(symptom.failed)))
        .collect()
}

fn saved(incident: &Incident) -> Vec<String> {
    let by = incident.summary.requests.by.iter();
    let by: Vec<String> = by
        .map(|(by, saved)| format!("{by} {}", count(*saved)))
        .collect();
    match by.is_empty() {
        true => Vec::new(),
        false => vec![by.join(", ")],
    }
}

pub(crate) fn nearby(nearby: &NearbyChange) -> String {
    format!("{}: {}", nearby.change.title, nearby.because)
}

/// The beginning and the end, if it is long.
fn timeline(entries: &[TimelineEntry]) -> Vec<String> {
    let line = |entry: &TimelineEntry| format!("{} {}", words::clock(entry.at), entry.what);
    if entries.len() <= LINES {
        return entries.iter().map(line).collect();
    }
    let half = LINES / 2;
    let (begin, end) = (&entries[..half], &entries[entries.len() - half..]);
    let between = format!(
        "... {} more (lbctl report tells them)",
        entries.len() - LINES
    );
    let begin = begin.iter().map(line).chain([between]);
    begin.chain(end.iter().map(line)).collect()
}

fn requests(incident: &Incident) -> Vec<String> {
    match incident.exemplars.is_empty() {
        true => Vec::new(),
        false => vec![incident.exemplars.join(" ")],
    }
}
