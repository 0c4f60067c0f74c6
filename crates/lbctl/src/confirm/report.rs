//! How it is told: the verdict, the evidence, what to do next.

use core::time::Duration;

use serde::Serialize;

use super::{
    observation::{Answer, ConnectFault, End, Observation, Timings, Tried},
    tags::Tags,
    verdict::{Kind, Verdict},
};
use crate::show::{Canvas, Line, clean, millis, section, style, waiting, wrap};

/// For people.
pub(super) fn text(seen: &Observation, verdict: &Verdict, canvas: Canvas) -> String {
    let mut out = String::new();
    let colour = match verdict.kind {
        Kind::Fine => style::GOOD,
        Kind::ClientError | Kind::ServerError => style::WARN,
        _ => style::BAD,
    };
    for text in wrap(&clean(&verdict.summary), canvas.width) {
        Line::default().put(&text, colour).end(&mut out);
    }
    let mut put = |label, items: &[String]| section(label, items, canvas, &mut out);
    put("Asked", &[asked(seen)]);
    put("Address", &seen.tried.iter().map(tried).collect::<Vec<_>>());
    put("Time", &[times(&seen.timings)]);
    match &seen.end {
        End::Answer(answer) => evidence(answer, &mut put),
        End::NotHttp(head) => put("First bytes", &[head.escape_ascii().to_string()]),
        _ => {}
    }
    // Commands are not wrapped: the terminal does that in a way that can be copied.
    section("Next", &verdict.next, canvas.unbounded(), &mut out);
    out
}

fn asked(seen: &Observation) -> String {
    let note = match seen.head_refused {
        true => " (HEAD is not allowed)",
        false => "",
    };
    format!("{} {}{note}", seen.method, seen.url)
}

fn tried(tried: &Tried) -> String {
    let result = match &tried.fault {
        None => "connected".to_owned(),
        Some(fault) => connect_fault(fault),
    };
    format!("{}: {result}", tried.address)
}

fn connect_fault(fault: &ConnectFault) -> String {
    match fault {
        ConnectFault::Refused => "connection refused".to_owned(),
        ConnectFault::TimedOut(limit) => format!("no answer within {}", waiting(*limit)),
        ConnectFault::Unreachable(text) | ConnectFault::Failed(text) => text.clone(),
    }
}

fn times(timings: &Timings) -> String {
    let steps = [
        ("dns", timings.dns),
        ("connect", timings.connect),
        ("tls", timings.tls),
        ("first byte", timings.first_byte),
        ("total", Some(timings.total)),
    ];
    let told = steps
        .into_iter()
        .filter_map(|(step, took)| took.map(|took| format!("{step} {}", millis(ms(took)))));
    told.collect::<Vec<_>>().join(", ")
}

/// What the headers say, one fact each; nothing for a header that is not there.
fn evidence(answer: &Answer, put: &mut impl FnMut(&'static str, &[String])) {
    let tags = &answer.tags;
    let hops: Vec<_> = tags
        .proxy_status
        .iter()
        .map(|hop| {
            let mut text = hop.name.clone();
            text += &hop
                .error
                .as_ref()
                .map_or_else(String::new, |e| format!(": {e}"));
            if let Some(status) = hop.received_status {
                text += &format!(": received {status} from behind");
            }
            text += &hop
                .details
                .as_ref()
                .map_or_else(String::new, |d| format!(" ({d})"));
            text
        })
        .collect();
    let wait = match tags.retry_after_secs() {
        Some(secs) => Some(format!("{secs} s")),
        None => tags.retry_after.clone(),
    };
    let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
    put("Code", &one(&tags.code));
    put("Cause", &one(&tags.cause));
    put("Root", &one(&tags.root));
    put("Grade", &one(&tags.grade));
    put("Incident", &one(&tags.incident));
    put("Proxies", &hops);
    put("Attempts", &one(&tags.attempts));
    put("Retry after", &one(&wait));
    put("Request id", &one(&tags.request_id));
    put("Server", &one(&tags.server));
}

/// For programs. Every key is always there.
#[derive(Serialize)]
struct Document<'a> {
    url: &'a str,
    method: &'a str,
    verdict: Kind,
    is_503: bool,
    summary: &'a str,
    status: Option<u16>,
    address: Option<String>,
    tried: Vec<TriedDocument>,
    timings_ms: TimingsDocument,
    #[serde(flatten)]
    tags: &'a Tags,
    next: &'a [String],
}

#[derive(Serialize)]
struct TriedDocument {
    address: String,
    error: Option<String>,
    elapsed_ms: f64,
}

#[derive(Serialize)]
struct TimingsDocument {
    dns: Option<f64>,
    connect: Option<f64>,
    tls: Option<f64>,
    first_byte: Option<f64>,
    total: f64,
}

/// The document for programs.
pub(super) fn json(seen: &Observation, verdict: &Verdict) -> Vec<u8> {
    let none = Tags::default();
    let (status, tags) = match &seen.end {
        End::Answer(answer) => (Some(answer.status), &*answer.tags),
        _ => (None, &none),
    };
    let document = Document {
        url: &seen.url,
        method: seen.method.as_str(),
        verdict: verdict.kind,
        is_503: verdict.kind.is_503(),
        summary: &verdict.summary,
        status,
        address: seen.address().map(|a| a.to_string()),
        tried: seen
            .tried
            .iter()
            .map(|t| TriedDocument {
                address: t.address.to_string(),
                error: t.fault.as_ref().map(connect_fault),
                elapsed_ms: ms(t.elapsed),
            })
            .collect(),
        timings_ms: TimingsDocument {
            dns: seen.timings.dns.map(ms),
            connect: seen.timings.connect.map(ms),
            tls: seen.timings.tls.map(ms),
            first_byte: seen.timings.first_byte.map(ms),
            total: ms(seen.timings.total),
        },
        tags,
        next: &verdict.next,
    };
    // Text and numbers: there is nothing in it that could fail to serialise.
    serde_json::to_vec_pretty(&document).unwrap_or_default()
}

/// Milliseconds, to the microsecond.
fn ms(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
