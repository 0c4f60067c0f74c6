//! How it is told.

use serde::Serialize;
use soe503_api::Timestamp;

use super::judge::Kind;
use super::{Noted, Outcome};
use crate::{
    confirm::observation::End,
    show::{Canvas, Line, age, clean, section, style, wrap},
};

/// For people.
pub(super) fn text(outcome: &Outcome<'_>, now: Timestamp, canvas: Canvas) -> String {
    let mut out = String::new();
    let colour = match outcome.judged.kind {
        Kind::Cured => style::GOOD,
        _ => style::BAD,
    };
    for text in wrap(&clean(&summary(outcome)), canvas.width) {
        Line::default().put(&text, colour).end(&mut out);
    }
    let record = outcome.record;
    let diagnosis = &record.diagnosis;
    let root = diagnosis.root.as_ref();
    let root = root.map_or_else(String::new, |root| format!(", because of {root}"));
    let was = format!(
        "{} ({}{root}) {} ago, for the request {}",
        record.status,
        diagnosis.cause,
        age(now.since(record.at)),
        record.request_id
    );
    let at = outcome.seen.address();
    let at = at.map_or_else(String::new, |address| format!(" at {address}"));
    let asked = format!(
        "{} {}{at}, {} without the query, the headers and the body of the original",
        outcome.seen.method,
        outcome.seen.url,
        times(outcome.times)
    );
    let mut put = |label, items: &[String]| section(label, items, canvas, &mut out);
    put("Was", &[was]);
    put("Asked", &[asked]);
    let noted = match (&outcome.noted, outcome.incident) {
        (Noted::Yes, Some(id)) => Some(format!("{id}: noted in its timeline")),
        (Noted::No(why), Some(id)) => Some(format!("{id}: not noted: {why}")),
        (_, Some(id)) => Some(id.to_owned()),
        (_, None) => None,
    };
    put("Incident", noted.as_slice());
    let next = match (outcome.judged.kind, answer_id(outcome)) {
        (Kind::Cured, _) => None,
        (_, Some(id)) => Some(format!("lbctl explain {id}")),
        (_, None) => Some(format!("lbctl confirm {}", outcome.seen.url)),
    };
    // Commands are not wrapped: the terminal does that in a way that can be copied.
    section("Next", next.as_slice(), canvas.unbounded(), &mut out);
    out
}

/// The verdict in one line.
fn summary(outcome: &Outcome<'_>) -> String {
    let judged = &outcome.judged;
    format!("{}: {}", judged.kind.words(), judged.what)
}

fn times(times: u32) -> String {
    match times {
        1 => "once,".to_owned(),
        times => format!("{times} times,"),
    }
}

/// The request that failed again, if it is recorded under an id.
fn answer_id<'a>(outcome: &'a Outcome<'_>) -> Option<&'a str> {
    match &outcome.seen.end {
        End::Answer(answer) => answer.tags.request_id.as_deref(),
        _ => None,
    }
}

/// For programs. Every key is always there.
#[derive(Serialize)]
struct Document<'a> {
    request_id: &'a str,
    incident: Option<&'a str>,
    verdict: Kind,
    summary: String,
    asked: Asked<'a>,
    was: Failed<'a>,
    is: Is<'a>,
    noted: bool,
}

#[derive(Serialize)]
struct Asked<'a> {
    method: &'a str,
    url: &'a str,
    times: u32,
}

#[derive(Serialize)]
struct Failed<'a> {
    status: u16,
    cause: &'a str,
    root: Option<&'a str>,
    at: Timestamp,
}

#[derive(Default, Serialize)]
struct Is<'a> {
    status: Option<u16>,
    cause: Option<&'a str>,
    root: Option<&'a str>,
    degraded: Option<&'a str>,
    request_id: Option<&'a str>,
}

/// The document for programs.
pub(super) fn json(outcome: &Outcome<'_>) -> Vec<u8> {
    let record = outcome.record;
    let is = match &outcome.seen.end {
        End::Answer(answer) => Is {
            status: Some(answer.status),
            cause: answer.tags.cause.as_deref(),
            root: answer.tags.root.as_deref(),
            degraded: answer.tags.degraded.as_deref(),
            request_id: answer.tags.request_id.as_deref(),
        },
        _ => Is::default(),
    };
    let document = Document {
        request_id: &record.request_id,
        incident: outcome.incident,
        verdict: outcome.judged.kind,
        summary: summary(outcome),
        asked: Asked {
            method: outcome.seen.method.as_str(),
            url: &outcome.seen.url,
            times: outcome.times,
        },
        was: Failed {
            status: record.status,
            cause: &record.diagnosis.cause,
            root: record.diagnosis.root.as_deref(),
            at: record.at,
        },
        is,
        noted: matches!(outcome.noted, Noted::Yes),
    };
    // Text and numbers: there is nothing in it that could fail to serialise.
    serde_json::to_vec_pretty(&document).unwrap_or_default()
}
