//! The post-mortem: what is known is filled in, what only people know is asked for.

use soe503_api::{Attempt, FailureRecord, Incident, IncidentState, TimelineEntry};

use super::markdown::{code, list, plain};
use crate::explain::{incident as tell, text, words};
use crate::show::{age, count, plural};

/// What people have to fill in.
const OPEN: &str = "_to be filled in_";

/// A report on `incident`; `exemplar` is one of the requests that failed.
pub(super) fn report(incident: &Incident, exemplar: Option<&FailureRecord>) -> String {
    let summary = &incident.summary;
    let mut out = format!(
        "# Incident {}: {}\n\n",
        plain(&summary.id),
        plain(&summary.title)
    );
    out += "## Summary\n\n";
    summarise(incident, &mut out);
    out += "\n## Impact\n\n";
    impact(incident, &mut out);
    out += "\n## Timeline\n\n";
    timeline(incident, &mut out);
    out += "\n## Root cause\n\n";
    root(incident, &mut out);
    out += "\n## What was tried\n\n";
    tried(incident, exemplar, &mut out);
    out += "\n## Action items\n\n### Quick\n\n";
    let todo = |items: &[String]| -> Vec<String> {
        items
            .iter()
            .map(|item| format!("[ ] {}", plain(item)))
            .collect()
    };
    list(todo(&incident.actions.quick), OPEN, &mut out);
    out += "\n### Long term\n\n";
    list(todo(&incident.actions.long_term), OPEN, &mut out);
    out += "\n### Verify\n\n";
    let commands = incident.actions.verify.iter().map(|command| code(command));
    list(commands, OPEN, &mut out);
    out
}

fn summarise(incident: &Incident, out: &mut String) {
    let summary = &incident.summary;
    let requests = &summary.requests;
    let begin = summary.first_seen;
    let (day, clock) = (begin.to_string(), words::clock(begin));
    let day = day.get(..10).unwrap_or_default();
    let when = match summary.state {
        IncidentState::Closed => {
            let (end, last) = (words::clock(summary.last_seen), summary.last_seen);
            format!(
                "On {day} from {clock} to {end} UTC ({})",
                age(last.since(begin))
            )
        }
        _ => format!("Since {day} {clock} UTC, and still going on"),
    };
    *out += &format!(
        "{when}, {} of {} to {} failed at {}. The cause is {} ({}): {}.\n",
        count(requests.failed),
        plural(requests.total, "request", "requests"),
        plain(&summary.place),
        plain(&incident.server),
        code(&summary.cause),
        words::grade(summary.grade),
        plain(&summary.title),
    );
    if let Some(condition) = &summary.condition {
        *out += &format!("{}\n", plain(&tell::sentence(condition)));
    }
    match &summary.change {
        Some(linked) => {
            *out += &format!("It began {}.\n", plain(&words::linked(linked)));
        }
        None => *out += "No change is known that explains it.\n",
    }
}

fn impact(incident: &Incident, out: &mut String) {
    let requests = &incident.summary.requests;
    let share = match requests.total {
        0 => 0.0,
        total => requests.failed as f64 * 100.0 / total as f64,
    };
    *out += &format!(
        "- Requests failed: {} of {} ({share:.1} %)\n",
        count(requests.failed),
        count(requests.total)
    );
    let by: Vec<String> = requests
        .by
        .iter()
        .map(|(by, saved)| format!("{} {}", plain(by), count(*saved)))
        .collect();
    let by = match by.is_empty() {
        true => String::new(),
        false => format!(" ({})", by.join(", ")),
    };
    *out += &format!("- Requests saved: {}{by}\n", count(requests.prevented));
    for symptom in &incident.symptoms {
        let (cause, failed) = (code(&symptom.cause), count(symptom.failed));
        *out += &format!("- Clients were told: {cause}, {failed} times\n");
    }
    *out += &format!("- Users and business affected: {OPEN}\n");
}

fn timeline(incident: &Incident, out: &mut String) {
    *out += "| Time (UTC) | Event | Impact |\n| --- | --- | --- |\n";
    let entries = &incident.timeline;
    let requests = &incident.summary.requests;
    let end = (requests.failed, requests.prevented);
    for (index, entry) in entries.iter().enumerate() {
        let next = entries.get(index + 1);
        let until = next.map_or(end, |next| (next.failed, next.prevented));
        *out += &format!(
            "| {} | {} | {} |\n",
            words::clock(entry.at),
            plain(&entry.what),
            since(entry, until)
        );
    }
    if incident.timeline_left_out > 0 {
        let left_out = plural(incident.timeline_left_out, "event was", "events were");
        *out += &format!("\n{left_out} left out of the middle.\n");
    }
}

/// What it cost from this entry to the next.
fn since(entry: &TimelineEntry, (failed, saved): (u64, u64)) -> String {
    let failed = failed.saturating_sub(entry.failed);
    let saved = saved.saturating_sub(entry.prevented);
    match (failed, saved) {
        (0, 0) => "none".to_owned(),
        (failed, 0) => format!("{} failed", count(failed)),
        (failed, saved) => format!("{} failed, {} saved", count(failed), count(saved)),
    }
}

fn root(incident: &Incident, out: &mut String) {
    let summary = &incident.summary;
    *out += &format!(
        "{} ({}): {}\n\nEvidence:\n\n",
        code(&summary.cause),
        words::grade(summary.grade),
        plain(&summary.title)
    );
    let evidence = incident.evidence.iter().map(|e| plain(&text::evidence(e)));
    list(evidence, "none is kept.", out);
    if incident.causes.len() > 1 {
        *out += "\nCauses by their share of the failed requests:\n\n";
        let causes = incident
            .causes
            .iter()
            .map(|share| plain(&tell::cause(share)));
        list(causes, "", out);
    }
    if !incident.ruled_out.is_empty() {
        *out += "\nRuled out:\n\n";
        let ruled_out = incident.ruled_out.iter();
        list(ruled_out.map(|r| plain(&text::ruled_out(r))), "", out);
    }
    if let Some(linked) = &summary.change {
        *out += &format!(
            "\nChange: {} ({}, {:.0} times as likely the cause as there by chance).\n",
            plain(&linked.change.title),
            words::grade(linked.grade),
            linked.likelihood_ratio
        );
    }
    if !incident.changes_nearby.is_empty() {
        *out += "\nOther changes nearby:\n\n";
        let nearby = incident.changes_nearby.iter();
        list(nearby.map(|change| plain(&tell::nearby(change))), "", out);
    }
    if !incident.also.is_empty() {
        let also = incident.also.join(", ");
        *out += &format!("\nOther incidents in the same place: {}.\n", plain(&also));
    }
}

fn tried(incident: &Incident, exemplar: Option<&FailureRecord>, out: &mut String) {
    if let Some(record) = exemplar {
        *out += &format!(
            "By the proxy, for the request {} ({} {}):\n\n",
            code(&record.request_id),
            plain(&record.request.method),
            plain(&record.request.path)
        );
        let attempts = record.attempts.iter();
        list(
            attempts.map(|one: &Attempt| plain(&text::attempt(one))),
            "nothing.",
            out,
        );
        *out += "\n";
    }
    let operators = incident.timeline.iter().filter(|entry| {
        matches!(&*entry.kind, "change" | "maintenance" | "verified")
            || entry.what.contains("operator")
    });
    *out += "By people and pipelines:\n\n";
    list(
        operators.map(|entry| format!("{} {}", words::clock(entry.at), plain(&entry.what))),
        OPEN,
        out,
    );
}
