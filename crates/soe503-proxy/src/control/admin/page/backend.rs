//! Backends: a row each, a map of many, and what can be done about one.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use soe503_api as api;
use soe503_api::{BackendAction, BackendState, HealthCheckState, path};

use super::html::{Html, html};
use super::words::{self, badge, count, millis, moment, plural, upcoming};

/// Backends that are told about by name beside the map.
const NAMED: usize = 8;
/// Cells in a line of the map.
const WIDE: usize = 50;

/// All backends of a large pool at a glance: how many are in which state, a cell each, and those that are not well.
pub(super) fn map(number: usize, pool: &api::Pool) -> Html {
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for backend in &pool.backends {
        *states
            .entry(words::backend(backend.state).word)
            .or_default() += 1;
    }
    let told: Vec<String> = states
        .iter()
        .map(|(word, n)| format!("{} {word}", count(*n)))
        .collect();
    let told = told.join(", ");
    let mut out = Html::default();
    html!(
        out,
        "<div class=\"map\" id=\"p",
        (number),
        "-map\"><p>",
        (told),
        "</p>"
    );
    let lines = pool.backends.len().div_ceil(WIDE);
    html!(
        out,
        "<svg viewBox=\"0 0 ",
        (WIDE * 4),
        " ",
        (lines * 4),
        "\" role=\"img\" aria-label=\"",
        (told),
        "\">"
    );
    // One shape per state: those that are not well are larger, and out of line is a hole.
    for (class, high) in [("good", 2), ("busy", 3), ("bad", 4), ("off", 1)] {
        html!(out, "<path class=\"", (class), "\" d=\"");
        for (at, backend) in pool.backends.iter().enumerate() {
            if words::backend(backend.state).class == class {
                html!(
                    out,
                    "M",
                    (at % WIDE * 4),
                    " ",
                    (at / WIDE * 4),
                    "h3v",
                    (high),
                    "h-3z"
                );
            }
        }
        html!(out, "\"></path>");
    }
    html!(out, "</svg>");
    let unwell: Vec<&api::Backend> = pool
        .backends
        .iter()
        .filter(|b| b.state != BackendState::Up)
        .collect();
    if !unwell.is_empty() {
        html!(out, "<ul class=\"unwell\">");
        for backend in unwell.iter().take(NAMED) {
            html!(out, "<li>");
            badge(&mut out, words::backend(backend.state));
            html!(
                out,
                " <b>",
                (backend.name),
                "</b> ",
                (backend.reason.as_deref().unwrap_or("")),
                "</li>"
            );
        }
        if unwell.len() > NAMED {
            html!(
                out,
                "<li>and ",
                (plural((unwell.len() - NAMED) as u64, "other")),
                "</li>"
            );
        }
        html!(out, "</ul>");
    }
    html!(out, "</div>");
    out
}

/// One row of the table.
pub(super) fn row(id: &str, pool: &str, backend: &api::Backend) -> Html {
    let mut out = Html::default();
    html!(
        out,
        "<tr role=\"row\" id=\"",
        (id),
        "\" data-backend><th scope=\"row\" role=\"rowheader\"><span class=\"name\">",
        (backend.name),
        "</span>"
    );
    if backend.address != backend.name {
        html!(out, "<span class=\"minor\">", (backend.address), "</span>");
    }
    if backend.weight != 1 || backend.zone.is_some() {
        html!(out, "<span class=\"minor\">weight ", (backend.weight));
        if let Some(zone) = &backend.zone {
            html!(out, ", zone ", (zone));
        }
        html!(out, "</span>");
    }
    html!(out, "</th><td role=\"cell\" class=\"state\">");
    badge(&mut out, words::backend(backend.state));
    if backend.state != BackendState::Up {
        html!(out, "<span class=\"minor\">since ");
        moment(&mut out, backend.since);
        if let Some(until) = backend.until {
            html!(out, ", next ");
            upcoming(&mut out, until);
        }
        html!(out, "</span>");
    }
    if let Some(reason) = &backend.reason {
        html!(out, "<span class=\"reason\">", (reason), "</span>");
    }
    html!(out, "</td>");
    let numbers = [
        ("In flight", count(backend.in_flight)),
        ("Requests", count(backend.requests)),
        ("Failures", count(backend.failures)),
        ("p50", millis(backend.latency_ms.p50)),
        ("p99", millis(backend.latency_ms.p99)),
    ];
    for (name, value) in numbers {
        html!(
            out,
            "<td role=\"cell\" class=\"n\"><span class=\"key\" aria-hidden=\"true\">",
            (name),
            "</span>",
            (value),
            "</td>"
        );
    }
    html!(
        out,
        "<td role=\"cell\" class=\"check",
        (if backend.health_check.state == HealthCheckState::None {
            " none"
        } else {
            ""
        }),
        "\"><span class=\"key\" aria-hidden=\"true\">Check</span>"
    );
    check(&mut out, &backend.health_check);
    html!(out, "</td><td role=\"cell\" class=\"acts\">");
    let act = |action| path::backend_action(pool, &backend.name, action);
    match backend.state {
        BackendState::Draining | BackendState::Disabled => {
            button(
                &mut out,
                &act(BackendAction::Enable),
                "Enable",
                &backend.name,
            );
        }
        _ => {
            button(&mut out, &act(BackendAction::Drain), "Drain", &backend.name);
            button(
                &mut out,
                &act(BackendAction::Disable),
                "Disable",
                &backend.name,
            );
        }
    }
    html!(out, "</td></tr>");
    out
}

fn check(out: &mut Html, check: &api::HealthCheck) {
    let word = match check.state {
        HealthCheckState::None => {
            html!(out, "<span class=\"minor\">none</span>");
            return;
        }
        _ if check.overruled => "fails, not believed",
        HealthCheckState::Passing => "passes",
        HealthCheckState::Failing => "fails",
        HealthCheckState::Pending => "pending",
        _ => "unknown",
    };
    html!(out, (word));
    if let Some(error) = &check.last_error {
        html!(out, "<span class=\"minor\">", (error), "</span>");
    }
    for hint in &check.hints {
        html!(
            out,
            "<span class=\"minor\">",
            (hint.component.as_deref().unwrap_or("it says")),
            ": ",
            (hint.output.as_deref().unwrap_or("not well")),
            "</span>"
        );
    }
}

/// What asks for the confirmation of an act, which is named by its path in the admin API.
pub(super) fn button(out: &mut Html, path: &str, word: &str, whom: &str) {
    html!(
        out,
        "<button form=\"act\" name=\"path\" value=\"",
        (path),
        "\">",
        (word),
        "<span class=\"hidden\"> ",
        (whom),
        "</span></button>"
    );
}

/// What is shown at once when it changes.
pub(super) fn fingerprint(backend: &api::Backend) -> u64 {
    let mut hasher = DefaultHasher::new();
    backend.state.hash(&mut hasher);
    backend.reason.hash(&mut hasher);
    backend.health_check.state.hash(&mut hasher);
    backend.health_check.overruled.hash(&mut hasher);
    hasher.finish()
}
