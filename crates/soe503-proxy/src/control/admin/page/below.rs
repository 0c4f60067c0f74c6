//! What stands below the pools: maintenance, changes, incidents that are over.

use soe503_api as api;
use soe503_api::{MaintenanceAction, path};

use super::backend::button;
use super::html::{Html, html};
use super::incident;
use super::model::Model;
use super::words::{self, badge, moment};

/// Changes that are shown.
const CHANGES: usize = 8;
/// Incidents that are over and shown.
const OVER: usize = 6;

/// What is planned and what is in force.
pub(super) fn maintenance(model: &Model) -> Html {
    let mut out = Html::default();
    html!(
        out,
        "<section class=\"card\" id=\"maintenance\"><h2>Maintenance</h2>"
    );
    if model.maintenance.is_empty() {
        html!(
            out,
            "<p class=\"empty\">None in force, none planned.</p></section>"
        );
        return out;
    }
    html!(out, "<ul class=\"lines\">");
    for plan in &model.maintenance {
        html!(out, "<li>");
        badge(
            &mut out,
            match plan.in_force {
                true => words::Look {
                    class: "busy",
                    mark: "⚒",
                    word: "in force",
                },
                false => words::Look {
                    class: "off",
                    mark: "◷",
                    word: "planned",
                },
            },
        );
        for name in plan.pools.iter().chain(&plan.routes) {
            html!(out, " <b>", (name), "</b>");
        }
        html!(
            out,
            " <span>",
            (plan.reason),
            " (",
            (plan.by),
            ")</span> <span>from "
        );
        moment(&mut out, plan.start);
        if let Some(end) = plan.end {
            html!(out, " until ");
            moment(&mut out, end);
        }
        html!(out, "</span>");
        if let Some(page) = plan
            .status_page
            .as_deref()
            .filter(|page| page.starts_with("https://") || page.starts_with("http://"))
        {
            html!(
                out,
                " <a href=\"",
                (page),
                "\" rel=\"noreferrer\">status page</a>"
            );
        }
        if plan.in_force {
            for name in plan.pools.iter().chain(&plan.routes) {
                let end = path::maintenance_action(name, MaintenanceAction::End);
                button(&mut out, &end, "End", name);
            }
        }
        html!(out, "</li>");
    }
    html!(out, "</ul></section>");
    out
}

/// What was changed, the latest first.
pub(super) fn changes(model: &Model) -> Html {
    let mut out = Html::default();
    html!(
        out,
        "<section class=\"card\" id=\"changes\"><h2>Recent changes</h2>"
    );
    if model.changes.is_empty() {
        html!(
            out,
            "<p class=\"empty\">None known. Tell this proxy of yours with <code>lbctl change add</code>, so that what breaks with one is told.</p>"
        );
    } else {
        html!(out, "<ol class=\"lines\">");
    }
    for change in model.changes.iter().take(CHANGES) {
        html!(out, "<li>");
        moment(&mut out, change.at);
        html!(
            out,
            " <span class=\"kind\">",
            (change.kind),
            "</span> <b>",
            (change.title),
            "</b>"
        );
        if let Some(by) = &change.by {
            html!(out, " by ", (by));
        }
        if !change.pools.is_empty() {
            html!(
                out,
                " <span class=\"minor\">",
                (change.pools.join(", ")),
                "</span>"
            );
        }
        for note in change.notes.iter().take(4) {
            html!(out, " <span class=\"minor\">", (note), "</span>");
        }
        html!(out, "</li>");
    }
    if !model.changes.is_empty() {
        html!(out, "</ol>");
    }
    html!(out, "</section>");
    out
}

/// Incidents that are over, the latest first.
pub(super) fn over(model: &Model) -> Html {
    let mut out = Html::default();
    html!(
        out,
        "<section class=\"card\" id=\"over\"><h2>Lately over</h2>"
    );
    let over = model
        .incidents
        .iter()
        .filter(|one| one.state != api::IncidentState::Open);
    let over: Vec<_> = over.take(OVER).collect();
    if over.is_empty() {
        html!(
            out,
            "<p class=\"empty\">No incident is over since this process started.</p>"
        );
    } else {
        html!(out, "<ul class=\"lines\">");
    }
    for summary in &over {
        incident::line(&mut out, summary);
    }
    if !over.is_empty() {
        html!(out, "</ul><p><a href=\"/incidents\">All incidents</a></p>");
    }
    html!(out, "</section>");
    out
}
