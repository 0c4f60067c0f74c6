//! A pool: how it is and why, its circuit, its backends, and what can be done about them.

use soe503_api as api;
use soe503_api::{BreakerAction, CircuitState, MaintenanceAction, path};

use super::backend::{self, button};
use super::chart;
use super::html::{Html, html};
use super::piece::Pieces;
use super::words::{self, UNMEASURED, badge, count, moment, plural, rate, upcoming};
use crate::control::history::{Counts, STEP};

/// A pool with more backends than that shows them closed, with a map of them.
const FEW: usize = 24;
/// How many steps the rate in a pool's head looks back.
const LATELY: usize = 2;

/// The pool that is the `number`th on the page; `history` is `None` while nothing is measured yet.
pub(super) fn pool(
    pieces: &mut Pieces,
    number: usize,
    pool: &api::Pool,
    history: Option<&[Counts]>,
    maintained: bool,
) {
    let many = pool.backends.len() > FEW;
    let mut open = Html::default();
    html!(
        open,
        "<section class=\"card pool\" aria-labelledby=\"p",
        (number),
        "-name\" data-pool>"
    );
    pieces.fixed(open);
    pieces.live(
        &format!("p{number}"),
        head(number, pool, history, maintained),
    );
    if many {
        pieces.live(&format!("p{number}-map"), backend::map(number, pool));
    }
    let mut table = Html::default();
    if many {
        html!(
            table,
            "<details id=\"p",
            (number),
            "-all\"><summary>All ",
            (plural(pool.backends.len() as u64, "backend")),
            "</summary>"
        );
    }
    html!(
        table,
        "<table class=\"backends\" role=\"table\"><caption class=\"hidden\">Backends of ",
        (pool.name),
        "</caption><thead role=\"rowgroup\"><tr role=\"row\">"
    );
    for (class, title) in [
        ("", "Backend"),
        ("", "State"),
        ("n", "In flight"),
        ("n", "Requests"),
        ("n", "Failures"),
        ("n", "p50"),
        ("n", "p99"),
        ("", "Check"),
        ("acts", "Change"),
    ] {
        html!(
            table,
            "<th scope=\"col\" role=\"columnheader\" class=\"",
            (class),
            "\">",
            (title),
            "</th>"
        );
    }
    html!(table, "</tr></thead><tbody role=\"rowgroup\">");
    pieces.fixed(table);
    for (at, backend) in pool.backends.iter().enumerate() {
        let id = format!("b{number}-{at}");
        pieces.row(
            id.clone(),
            backend::row(&id, &pool.name, backend),
            backend::fingerprint(backend),
        );
    }
    let mut close = Html::default();
    html!(close, "</tbody></table>");
    if pool.backends.is_empty() {
        html!(close, "<p class=\"empty\">This pool has no backend.</p>");
    }
    if many {
        html!(close, "</details>");
    }
    html!(close, "</section>");
    pieces.fixed(close);
}

fn head(number: usize, pool: &api::Pool, history: Option<&[Counts]>, maintained: bool) -> Html {
    let mut out = Html::default();
    html!(
        out,
        "<header id=\"p",
        (number),
        "\"><div class=\"title\"><h3 id=\"p",
        (number),
        "-name\">",
        (pool.name),
        "</h3>"
    );
    badge(&mut out, words::pool(pool.state));
    if maintained {
        html!(
            out,
            "<span class=\"badge off\"><span class=\"mark\" aria-hidden=\"true\">⚒</span>maintenance</span>"
        );
    }
    if pool.panic {
        html!(
            out,
            "<span class=\"badge busy\"><span class=\"mark\" aria-hidden=\"true\">!</span>checks not believed</span>"
        );
    }
    chart::spark(&mut out, history.unwrap_or_default());
    html!(out, "</div><dl class=\"facts\">");
    let per_second = |of: fn(&Counts) -> u32| {
        let Some(history) = history else {
            return UNMEASURED.to_owned();
        };
        let steps = history.len().min(LATELY);
        let lately = &history[history.len() - steps..];
        let sum: u64 = lately.iter().map(|counts| u64::from(of(counts))).sum();
        rate(sum as f64 / (steps.max(1) as f64 * STEP.as_secs_f64()))
    };
    let usable = pool
        .backends
        .iter()
        .filter(|backend| backend.state.in_rotation());
    let facts = [
        (
            "in rotation",
            format!(
                "{} of {}",
                count(usable.count() as u64),
                count(pool.backends.len() as u64)
            ),
        ),
        ("requests/s", per_second(|c| c.requests)),
        ("failed/s", per_second(|c| c.failed)),
        ("saved/s", per_second(|c| c.saved)),
        ("in flight", count(pool.limit.in_flight)),
        ("waiting", count(pool.queue.depth + pool.waiting.depth)),
        ("retries left", count(pool.retry_budget.available)),
    ];
    for (name, value) in facts {
        html!(
            out,
            "<div><dt>",
            (name),
            "</dt><dd>",
            (value),
            "</dd></div>"
        );
    }
    html!(out, "</dl>");
    circuit(&mut out, pool);
    if let Some(overload) = &pool.overload {
        html!(
            out,
            "<p class=\"why\"><b>Overload keeps itself going</b>: ",
            (rate(overload.goodput)),
            " good answers a second instead of ",
            (rate(overload.usual)),
            ", since "
        );
        moment(&mut out, overload.since);
        html!(out, ".</p>");
    }
    if let Some(cut) = pool.retry_budget.cut {
        let why = match cut {
            api::RetriesCut::MostFail => "most attempts fail",
            api::RetriesCut::Overload => "retries would keep an overload going",
            _ => "for a reason that this page does not know",
        };
        html!(
            out,
            "<p class=\"why\"><b>Nothing is retried</b>: ",
            (why),
            ".</p>"
        );
    }
    findings(&mut out, &pool.findings);
    html!(out, "</header>");
    out
}

/// What is wrong with a pool of which requests may not even fail.
fn findings(out: &mut Html, findings: &[api::Finding]) {
    for finding in findings {
        html!(
            out,
            "<p class=\"finding\"><b>",
            (finding.title),
            "</b> <code>",
            (finding.cause),
            "</code> <span class=\"grade\">",
            (words::grade(finding.grade)),
            "</span>"
        );
        if !finding.backends.is_empty() {
            html!(out, " <b>", (finding.backends.join(", ")), "</b>");
        }
        for evidence in &finding.evidence {
            html!(out, "<span class=\"minor\">", (evidence), "</span>");
        }
        html!(out, "</p>");
    }
}

fn circuit(out: &mut Html, pool: &api::Pool) {
    let circuit = &pool.circuit;
    html!(
        out,
        "<div class=\"circuit\"><span class=\"label\">Circuit</span>"
    );
    badge(out, words::circuit(circuit));
    if let Some(reason) = &circuit.reason {
        html!(out, "<span class=\"why\">", (reason));
        if let Some(root) = &circuit.root {
            html!(out, ": <code>", (root), "</code>");
        }
        html!(out, "</span>");
    }
    if let Some(at) = circuit.retry_at {
        html!(out, "<span>next probe ");
        upcoming(out, at);
        html!(out, "</span>");
    }
    html!(out, "<span class=\"acts\">");
    let act = |action| path::breaker_action(&pool.name, action);
    if circuit.state != CircuitState::Closed || circuit.forced.is_some() {
        button(out, &act(BreakerAction::Reset), "Reset", &pool.name);
    }
    if circuit.forced.is_none() {
        button(out, &act(BreakerAction::Open), "Hold open", &pool.name);
        button(out, &act(BreakerAction::Close), "Hold closed", &pool.name);
    }
    button(
        out,
        &path::maintenance_action(&pool.name, MaintenanceAction::Start),
        "Maintenance",
        &pool.name,
    );
    html!(out, "</span></div>");
}
