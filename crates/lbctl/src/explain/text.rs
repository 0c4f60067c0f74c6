//! A failure record as text: the headline says what and how sure, the sentence says it in words,
//! and then come the sections, each of which may be missing.

use soe503_api::{
    Attempt, Evidence, FailureRecord, Incident, RetryVerdict, RuledOut, Share, Timestamp,
};

use super::words;
use crate::show::{Canvas, Fact, Line, age, count, flow, millis, section, style, wrap};

/// The record, as it looks at `now`, with what is known about its incident.
pub(super) fn record(
    record: &FailureRecord,
    incident: Option<&Incident>,
    now: Timestamp,
    canvas: Canvas,
) -> String {
    let mut out = String::new();
    headline(record, canvas, &mut out);
    let room = canvas.width.map(|w| w - 2);
    for text in wrap(&record.diagnosis.detail, room) {
        Line::default()
            .gap(2)
            .put(&text, style::STRONG)
            .end(&mut out);
    }
    let diagnosis = &record.diagnosis;
    if let Some(incident) = incident {
        let told = super::incident::since(incident);
        for text in wrap(&told, room) {
            Line::default()
                .gap(2)
                .put(&text, style::STRONG)
                .end(&mut out);
        }
    }
    let mut put = |label, items: &[String]| section(label, items, canvas, &mut out);
    put("Request", &[request(record, now)]);
    put("Answered", &[answered(record)]);
    put(
        "Attempts",
        &record.attempts.iter().map(attempt).collect::<Vec<_>>(),
    );
    put(
        "Evidence",
        &diagnosis.evidence.iter().map(evidence).collect::<Vec<_>>(),
    );
    put(
        "Ruled out",
        &diagnosis
            .ruled_out
            .iter()
            .map(ruled_out)
            .collect::<Vec<_>>(),
    );
    put("Also", &diagnosis.contributing);
    put(
        "Shares",
        &diagnosis.shares.iter().map(share).collect::<Vec<_>>(),
    );
    put("Not known", &diagnosis.missing);
    put("Quick fix", &diagnosis.actions.quick);
    put("Long term", &diagnosis.actions.long_term);
    // Commands are not wrapped: the terminal does that in a way that can be copied.
    section(
        "Verify",
        &diagnosis.actions.verify,
        canvas.unbounded(),
        &mut out,
    );
    out
}

fn headline(record: &FailureRecord, canvas: Canvas, out: &mut String) {
    let diagnosis = &record.diagnosis;
    let mut line = Line::default();
    let code = record
        .code
        .clone()
        .unwrap_or_else(|| record.status.to_string());
    line.put(&code, style::BAD).gap(2);
    line.put(&diagnosis.cause, style::STRONG).gap(2);
    let mut facts = vec![Fact::plain(words::grade(diagnosis.grade))];
    facts.extend(
        diagnosis
            .root
            .as_ref()
            .map(|root| Fact::plain("root: ").and(root, style::STRONG)),
    );
    facts.push(Fact::plain(words::scope(&diagnosis.scope)));
    facts.extend(
        record
            .incident
            .as_ref()
            .map(|id| Fact::plain(format!("incident {id}"))),
    );
    flow(line, &facts, 2, canvas, out);
}

fn request(record: &FailureRecord, now: Timestamp) -> String {
    let asked = &record.request;
    let host = asked.host.as_deref().unwrap_or_default();
    format!(
        "{} {host}{} at {}, {} ago (id {})",
        asked.method,
        asked.path,
        record.at,
        age(now.since(record.at)),
        record.request_id
    )
}

/// Who generated the answer: the proxy, or the backend.
fn answered(record: &FailureRecord) -> String {
    let who = match record.code {
        Some(_) => format!("by {}, not by a backend", record.server),
        None => format!("by the backend itself, passed on by {}", record.server),
    };
    let wait = match record.retry_after {
        Some(secs) => format!("Retry-After {secs} s"),
        None => "no Retry-After: waiting alone does not help".to_owned(),
    };
    format!(
        "{} after {}, {who}; {wait}",
        record.status,
        millis(record.elapsed_ms)
    )
}

pub(crate) fn attempt(attempt: &Attempt) -> String {
    let mut text = format!("{}.", attempt.number);
    if attempt.hedge {
        text += " (hedge)";
    }
    if let Some(pool) = &attempt.pool {
        text += &format!(" pool {pool},");
    }
    match (&attempt.backend, &attempt.address) {
        (Some(name), Some(address)) if name != address => text += &format!(" {name} ({address})"),
        (Some(name), _) | (None, Some(name)) => text += &format!(" {name}"),
        (None, None) => text += " no backend",
    }
    let what = match (&attempt.fault, attempt.status) {
        (Some(fault), _) => format!("{fault} {}", words::phase(attempt.phase)),
        (None, Some(status)) => format!("answered {status}"),
        (None, None) if attempt.retry == Some(RetryVerdict::Outrun) => "not answered".to_owned(),
        (None, None) => "answered".to_owned(),
    };
    text += &format!(": {what}, after {}", millis(attempt.elapsed_ms));
    if attempt.reused {
        text += " on a reused connection";
    }
    text += &sent(attempt);
    if let Some(verdict) = attempt.retry {
        text += &format!("; {}", words::retry(verdict));
    }
    text
}

/// The proof that a retry rests on: how much of the request had gone out.
fn sent(attempt: &Attempt) -> String {
    match (attempt.bytes_sent, attempt.bytes_received) {
        (Some(0), _) => ", nothing sent".to_owned(),
        (Some(out), Some(back)) => {
            format!(", {} bytes sent, {} received", count(out), count(back))
        }
        (Some(out), None) => format!(", {} bytes sent", count(out)),
        (None, _) => String::new(),
    }
}

pub(crate) fn evidence(evidence: &Evidence) -> String {
    let mut notes = Vec::new();
    notes.extend(
        evidence
            .count
            .filter(|n| *n > 1)
            .map(|n| format!("{} times", count(n))),
    );
    notes.extend(evidence.since.map(|t| format!("since {t}")));
    notes.extend(evidence.at.map(|t| format!("at {t}")));
    match notes.is_empty() {
        true => evidence.what.clone(),
        false => format!("{} ({})", evidence.what, notes.join(", ")),
    }
}

/// What the pool's requests failed of in the last half minute.
fn share(share: &Share) -> String {
    format!("{:.0} % {}", share.share * 100.0, share.cause)
}

pub(crate) fn ruled_out(ruled_out: &RuledOut) -> String {
    format!("{}: {}", ruled_out.cause, ruled_out.because)
}
