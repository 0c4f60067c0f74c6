//! Incidents: what is wrong, how that is known, what to do.

use soe503_api as api;
use soe503_api::IncidentState;

use super::html::{Html, html};
use super::known::{actions, before, causes, evidence, rest, timeline};
use super::words::{self, badge, count, moment};

/// Lines of the timeline that an overview shows.
const LATEST: usize = 6;

/// How much of an incident is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All that is known, on a page of its own.
    Whole,
    /// What it is and how it is mended; the rest is folded.
    First,
    /// What it is; the rest is folded.
    Further,
}

/// Everything about `incident`; in an overview without what it is not, and with the latest lines alone.
pub(super) fn incident(out: &mut Html, incident: &api::Incident, extent: Extent) {
    let whole = extent == Extent::Whole;
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
    if !whole {
        // Pools shall be seen without scrolling: an incident says in short what it is, and who asks reads on.
        if extent == Extent::First {
            actions(out, &[("Fix now", &incident.actions.quick)]);
        }
        html!(
            out,
            "<details id=\"d-",
            (id),
            "\"><summary>",
            (if extent == Extent::First {
                "Evidence, how to verify the fix, timeline"
            } else {
                "Fix, evidence, how to verify it, timeline"
            }),
            "<span class=\"hidden\"> of ",
            (summary.title),
            "</span></summary>"
        );
    }
    html!(out, "<div class=\"columns\">");
    evidence(out, &incident.evidence);
    if extent != Extent::First {
        actions(out, &[("Fix now", &incident.actions.quick)]);
    }
    actions(
        out,
        &[
            ("Verify", &incident.actions.verify),
            ("Keep it from returning", &incident.actions.long_term),
        ],
    );
    if whole || incident.causes.len() > 1 {
        causes(out, &incident.causes);
    }
    if whole {
        rest(out, incident);
    }
    html!(out, "</div>");
    timeline(out, incident, if whole { usize::MAX } else { LATEST });
    if !whole {
        html!(out, "</details>");
    }
    html!(out, "</article>");
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
pub(super) fn page_of(id: &str) -> String {
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
