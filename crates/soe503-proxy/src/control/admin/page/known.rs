//! What is known of an incident, list by list.

use soe503_api as api;

use super::html::{Html, html};
use super::incident::page_of;
use super::words::{self, count, moment, plural};

pub(super) fn evidence(out: &mut Html, all: &[api::Evidence]) {
    if all.is_empty() {
        return;
    }
    html!(out, "<section><h4>Evidence</h4><ul>");
    for evidence in all {
        html!(
            out,
            "<li><span class=\"kind\">",
            (evidence.kind),
            "</span> ",
            (evidence.what)
        );
        if let Some(times) = evidence.count.filter(|times| *times > 1) {
            html!(out, " <b>×", (count(times)), "</b>");
        }
        html!(out, "</li>");
    }
    html!(out, "</ul></section>");
}

/// The `latest` lines of what happened.
pub(super) fn timeline(out: &mut Html, incident: &api::Incident, latest: usize) {
    let from = incident.timeline.len().saturating_sub(latest);
    html!(out, "<section><h4>Timeline</h4><ol class=\"timeline\">");
    let left_out = from as u64 + incident.timeline_left_out;
    if left_out > 0 {
        html!(
            out,
            "<li class=\"minor\">",
            (plural(left_out, "earlier line")),
            " left out</li>"
        );
    }
    for entry in &incident.timeline[from..] {
        html!(out, "<li>");
        moment(out, entry.at);
        html!(
            out,
            " <span class=\"kind\">",
            (entry.kind),
            "</span> ",
            (entry.what),
            "</li>"
        );
    }
    html!(out, "</ol></section>");
}

/// Lists of what to do: a title each, and what is to be done.
pub(super) fn actions(out: &mut Html, lists: &[(&str, &[String])]) {
    for &(title, lines) in lists {
        if lines.is_empty() {
            continue;
        }
        html!(
            out,
            "<section><h4>",
            (title),
            "</h4><ul class=\"commands\">"
        );
        for line in lines {
            match is_command(line) {
                true => command(out, line),
                false => {
                    html!(out, "<li>", (line), "</li>");
                }
            }
        }
        html!(out, "</ul></section>");
    }
}

/// A command, which a script gives a button that copies it.
fn command(out: &mut Html, line: &str) {
    html!(out, "<li class=\"command\"><code>", (line), "</code></li>");
}

/// What can be typed as it is.
fn is_command(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    matches!(
        first,
        "lbctl" | "curl" | "soe503" | "kubectl" | "systemctl" | "openssl" | "ss" | "dig" | "nc"
    )
}

pub(super) fn causes(out: &mut Html, causes: &[api::CauseShare]) {
    if causes.is_empty() {
        return;
    }
    html!(out, "<section><h4>Causes</h4><ul>");
    for cause in causes {
        html!(
            out,
            "<li><code>",
            (cause.cause),
            "</code> ",
            (format_args!("{:.0} %", cause.share * 100.0)),
            ", ",
            (count(cause.failed)),
            " failed <span class=\"grade\">",
            (words::grade(cause.grade)),
            "</span></li>"
        );
    }
    html!(out, "</ul></section>");
}

/// What only the page about one incident tells.
pub(super) fn rest(out: &mut Html, incident: &api::Incident) {
    list(out, "Ruled out", incident.ruled_out.iter(), |out, ruled| {
        html!(out, "<code>", (ruled.cause), "</code> ", (ruled.because));
    });
    list(
        out,
        "What answers said",
        incident.symptoms.iter(),
        |out, symptom| {
            html!(
                out,
                "<code>",
                (symptom.cause),
                "</code> ",
                (count(symptom.failed))
            );
        },
    );
    list(out, "Backends", incident.backends.iter(), |out, backend| {
        html!(out, (backend));
    });
    list(
        out,
        "Changes nearby, not its cause",
        incident.changes_nearby.iter(),
        |out, near| {
            html!(
                out,
                (near.change.title),
                ", ",
                (before(near.before_ms)),
                ": ",
                (near.because)
            );
        },
    );
    list(
        out,
        "Requests, for lbctl explain",
        incident.exemplars.iter(),
        |out, id| {
            html!(out, "<code>", (id), "</code>");
        },
    );
    list(out, "At the same time", incident.also.iter(), |out, id| {
        html!(out, "<a href=\"", (page_of(id)), "\">", (id), "</a>");
    });
}

fn list<T>(
    out: &mut Html,
    title: &str,
    of: impl ExactSizeIterator<Item = T>,
    line: impl Fn(&mut Html, T),
) {
    if of.len() == 0 {
        return;
    }
    html!(out, "<section><h4>", (title), "</h4><ul>");
    for one in of {
        html!(out, "<li>");
        line(out, one);
        html!(out, "</li>");
    }
    html!(out, "</ul></section>");
}

pub(super) fn before(ms: i64) -> String {
    let seconds = ms.unsigned_abs().div_ceil(1_000);
    let span = words::span(std::time::Duration::from_secs(seconds));
    match ms < 0 {
        true => format!("{span} after the first failure"),
        false => format!("{span} before the first failure"),
    }
}
