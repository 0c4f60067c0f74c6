//! Incidents: what is wrong, how that is known, what to do.

use soe503_api as api;
use soe503_api::IncidentState;

use super::html::{Html, html};
use super::words::{self, badge, count, moment, plural};

/// Lines of the timeline that an overview shows.
const LATEST: usize = 6;

/// Everything about `incident`; in an overview (not `whole`) without what it is not and with the latest lines alone.
pub(super) fn incident(out: &mut Html, incident: &api::Incident, whole: bool) {
    let summary = &incident.summary;
    let id = &summary.id;
    let class = if summary.state == IncidentState::Open {
        "open"
    } else {
        "closed"
    };
    html!(
        out,
        "<article class=\"card incident ",
        (class),
        "\" id=\"i-",
        (id),
        "\"><header><div class=\"title\"><h3>"
    );
    match whole {
        true => out.text(&summary.title),
        false => {
            html!(
                out,
                "<a href=\"",
                (page_of(id)),
                "\">",
                (summary.title),
                "</a>"
            );
        }
    }
    html!(out, "</h3>");
    state(out, summary.state);
    html!(
        out,
        "</div><p class=\"line\"><code>",
        (summary.cause),
        "</code> <span class=\"grade\">",
        (words::grade(summary.grade)),
        "</span> <span>",
        (summary.place),
        "</span> <span>since "
    );
    moment(out, summary.first_seen);
    if let Some(closed) = summary.closed_at {
        html!(out, ", closed ");
        moment(out, closed);
    }
    html!(
        out,
        "</span> <span><b>",
        (count(summary.requests.failed)),
        "</b> failed, <b>",
        (count(summary.requests.prevented)),
        "</b> saved"
    );
    if !summary.requests.by.is_empty() {
        let by = summary.requests.by.iter().filter(|(_, n)| **n > 0);
        let by: Vec<String> = by.map(|(by, n)| format!("{} by {by}", count(*n))).collect();
        html!(out, " (", (by.join(", ")), ")");
    }
    html!(out, "</span></p></header>");
    html!(
        out,
        "<p class=\"lead\">",
        (summary.condition.as_deref().unwrap_or(&incident.detail)),
        "</p>"
    );
    if let Some(linked) = &summary.change {
        html!(
            out,
            "<p class=\"change\"><b>Comes from</b> ",
            (linked.change.title),
            ", ",
            (before(linked.before_ms)),
            " <span class=\"grade\">",
            (words::grade(linked.grade)),
            "</span></p>"
        );
    }
    html!(out, "<div class=\"columns\">");
    if !incident.evidence.is_empty() {
        html!(out, "<section><h4>Evidence</h4><ul>");
        for evidence in &incident.evidence {
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
    actions(out, &incident.actions);
    if whole || incident.causes.len() > 1 {
        causes(out, &incident.causes);
    }
    if whole {
        rest(out, incident);
    }
    html!(out, "</div>");
    let from = if whole {
        0
    } else {
        incident.timeline.len().saturating_sub(LATEST)
    };
    html!(out, "<details id=\"t-", (id), "\"");
    if whole {
        html!(out, " open");
    }
    html!(out, "><summary>Timeline</summary><ol class=\"timeline\">");
    if from > 0 || incident.timeline_left_out > 0 {
        html!(
            out,
            "<li class=\"minor\">",
            (plural(from as u64 + incident.timeline_left_out, "earlier line")),
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
    html!(out, "</ol></details></article>");
}

/// One line of a list.
pub(super) fn line(out: &mut Html, summary: &api::IncidentSummary) {
    html!(out, "<li class=\"incident-line\">");
    state(out, summary.state);
    html!(
        out,
        " <a href=\"",
        (page_of(&summary.id)),
        "\">",
        (summary.title),
        "</a> <code>",
        (summary.cause),
        "</code> <span>",
        (summary.place),
        "</span> <span>"
    );
    moment(out, summary.first_seen);
    html!(
        out,
        "</span> <span>",
        (count(summary.requests.failed)),
        " failed, ",
        (count(summary.requests.prevented)),
        " saved</span></li>"
    );
}

/// The page about one incident.
fn page_of(id: &str) -> String {
    // Percent-encoded as the API's.
    let path = soe503_api::path::incident(id);
    path.replacen("/api/v1", "", 1)
}

fn state(out: &mut Html, state: IncidentState) {
    let look = match state {
        IncidentState::Open => words::Look {
            class: "bad",
            mark: "●",
            word: "open",
        },
        IncidentState::Closed => words::Look {
            class: "off",
            mark: "○",
            word: "closed",
        },
        _ => words::Look {
            class: "off",
            mark: "?",
            word: "unknown",
        },
    };
    badge(out, look);
}

fn actions(out: &mut Html, actions: &api::Actions) {
    for (title, lines) in [
        ("Fix now", &actions.quick),
        ("Verify", &actions.verify),
        ("Keep it from returning", &actions.long_term),
    ] {
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

fn causes(out: &mut Html, causes: &[api::CauseShare]) {
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
fn rest(out: &mut Html, incident: &api::Incident) {
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
        html!(out, (backend))
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

fn before(ms: i64) -> String {
    let seconds = ms.unsigned_abs().div_ceil(1_000);
    let span = words::span(std::time::Duration::from_secs(seconds));
    match ms < 0 {
        true => format!("{span} after the first failure"),
        false => format!("{span} before the first failure"),
    }
}
