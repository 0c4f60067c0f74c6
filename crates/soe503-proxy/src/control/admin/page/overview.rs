//! The first page: is all well, if not why, and what can be done.

use soe503_api as api;
use soe503_api::PoolState;

use super::below::{changes, maintenance, over};
use super::chart;
use super::html::{Html, html};
use super::incident::{self, Extent};
use super::model::{IN_FULL, Model};
use super::piece::Pieces;
use super::pool;
use super::words::{self, UNMEASURED, count, plural, rate, span};
use crate::control::history::{STEP, Step};

/// From so many backends on there is a box to look for one.
const MANY: usize = 8;

/// The content of the page.
pub(super) fn pieces(model: &Model) -> Pieces {
    let mut pieces = Pieces::default();
    pieces.live("summary", summary(model));
    pieces.live("incidents", incidents(model));
    let mut open = Html::default();
    html!(
        open,
        "<section aria-labelledby=\"charts-title\"><h2 id=\"charts-title\">The last fifteen minutes</h2><div class=\"charts\">"
    );
    pieces.fixed(open);
    let steps = &model.history.all;
    let mut traffic = Html::default();
    chart::traffic(&mut traffic, steps);
    pieces.live("traffic", traffic);
    let mut causes = Html::default();
    chart::causes(&mut causes, steps);
    pieces.live("causes", causes);
    let mut pools = Html::default();
    html!(
        pools,
        "</div></section><section aria-labelledby=\"pools-title\"><div class=\"heading\"><h2 id=\"pools-title\">Pools</h2>"
    );
    let backends: usize = model.pools.iter().map(|pool| pool.backends.len()).sum();
    if backends >= MANY {
        // Only a script can look while one types; without one there is the browser's own search.
        html!(
            pools,
            "<div class=\"filter\" hidden><label for=\"filter\">Filter</label><input id=\"filter\" type=\"search\" placeholder=\"name, address, state, reason\" autocomplete=\"off\" spellcheck=\"false\"><output id=\"found\" for=\"filter\"></output></div>"
        );
    }
    html!(pools, "</div>");
    if model.pools.is_empty() {
        html!(pools, "<p class=\"empty\">No pool is configured.</p>");
    }
    pieces.fixed(pools);
    for (number, one) in model.pools.iter().enumerate() {
        let history = model.history.pools.get(&*one.name);
        let history = history.map_or(&[][..], Vec::as_slice);
        // Zeros would say that nobody came.
        let measured = !model.history.all.is_empty();
        let history = measured.then_some(history);
        let maintained = model
            .maintenance
            .iter()
            .any(|plan| plan.in_force && plan.pools.contains(&one.name));
        pool::pool(&mut pieces, number, one, history, maintained);
    }
    let mut after = Html::default();
    html!(after, "</section><div class=\"trio\">");
    pieces.fixed(after);
    pieces.live("maintenance", maintenance(model));
    pieces.live("changes", changes(model));
    pieces.live("over", over(model));
    let mut end = Html::default();
    html!(end, "</div>");
    pieces.fixed(end);
    pieces
}

/// What is said aloud when it changes, one sentence for each thing: its name, and how it is.
pub(super) fn sentences(model: &Model) -> Vec<(String, String)> {
    let mut said = Vec::new();
    for pool in &model.pools {
        let name = &pool.name;
        said.push((
            format!("pool {name}"),
            format!("Pool {name} is {}.", words::pool(pool.state).word),
        ));
        let circuit = words::circuit(&pool.circuit).word;
        said.push((
            format!("circuit {name}"),
            format!("The circuit of pool {name} is {circuit}."),
        ));
        for backend in &pool.backends {
            let (backend, state) = (&backend.name, words::backend(backend.state).word);
            said.push((
                format!("backend {name} {backend}"),
                format!("Backend {backend} of pool {name} is {state}."),
            ));
        }
    }
    for incident in &model.open {
        let summary = &incident.summary;
        said.push((
            format!("incident {}", summary.id),
            format!("Incident open: {}, {}.", summary.title, summary.place),
        ));
    }
    said
}

fn summary(model: &Model) -> Html {
    let mut out = Html::default();
    let unwell: Vec<&api::Pool> = model.unwell().collect();
    let down = unwell.iter().any(|pool| pool.state == PoolState::Down);
    let open = model.open_count();
    let (class, mark) = match (down, unwell.is_empty() && open == 0) {
        (true, _) => ("bad", "✕"),
        (false, true) => ("good", "✓"),
        (false, false) => ("busy", "▲"),
    };
    html!(
        out,
        "<section id=\"summary\" class=\"summary ",
        (class),
        "\"><div><h1><span class=\"mark\" aria-hidden=\"true\">",
        (mark),
        "</span> "
    );
    match (unwell.len(), model.draining) {
        (_, true) => html!(out, "Shutting down"),
        (0, _) if open > 0 => html!(
            out,
            "Pools are well, ",
            (plural(open as u64, "incident")),
            " open"
        ),
        (0, _) => html!(out, "All is well"),
        (1, _) => html!(
            out,
            "Pool ",
            (unwell[0].name),
            " is ",
            (words::pool(unwell[0].state).word)
        ),
        (n, _) => html!(
            out,
            (count(n as u64)),
            " of ",
            (plural(model.pools.len() as u64, "pool")),
            " are not well"
        ),
    }
    html!(
        out,
        "</h1><p>",
        (headline(model, &unwell)),
        "</p></div><dl class=\"facts\">"
    );
    let lately = model.history.all.iter().rev().take(2);
    let lately: Vec<&Step> = lately.collect();
    let per_second = |of: fn(&Step) -> u32| {
        if lately.is_empty() {
            return UNMEASURED.to_owned();
        }
        let sum: u64 = lately.iter().map(|step| u64::from(of(step))).sum();
        rate(sum as f64 / (lately.len() as f64 * STEP.as_secs_f64()))
    };
    let in_flight: u64 = model.pools.iter().map(|pool| pool.limit.in_flight).sum();
    let backends = model.pools.iter().flat_map(|pool| &pool.backends);
    let (usable, all) = backends.fold((0, 0), |(usable, all), backend| {
        (usable + u64::from(backend.state.in_rotation()), all + 1)
    });
    let facts = [
        ("requests/s", per_second(|step| step.counts.requests)),
        ("failed/s", per_second(|step| step.counts.failed)),
        ("saved/s", per_second(|step| step.counts.saved)),
        ("in flight", count(in_flight)),
        (
            "in rotation",
            format!("{} of {}", count(usable), count(all)),
        ),
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
    html!(out, "</dl></section>");
    out
}

/// A sentence or two below the title.
fn headline(model: &Model, unwell: &[&api::Pool]) -> String {
    if let Some(incident) = model.open.first() {
        let summary = &incident.summary;
        return format!("{}: {}.", summary.title, summary.place);
    }
    if let Some(pool) = unwell.first() {
        let reasons = pool.backends.iter().filter_map(|backend| {
            let reason = backend.reason.as_deref()?;
            Some(format!("{}: {reason}.", backend.name))
        });
        if let Some(first) = pool
            .circuit
            .reason
            .clone()
            .into_iter()
            .chain(reasons)
            .next()
        {
            return first;
        }
    }
    let up = match model.uptime().as_secs() / 60 {
        0 => "less than a minute".to_owned(),
        minutes => span(std::time::Duration::from_secs(minutes * 60)),
    };
    match model.pools.len() {
        0 => "There is nothing to watch yet.".to_owned(),
        n => format!("{} answered for, up for {up}.", plural(n as u64, "pool")),
    }
}

fn incidents(model: &Model) -> Html {
    let mut out = Html::default();
    let open = model.open_count();
    html!(
        out,
        "<section id=\"incidents\" aria-labelledby=\"incidents-title\"><h2 id=\"incidents-title\">Open incidents"
    );
    if open > 0 {
        html!(out, " <span class=\"count\">", (open), "</span>");
    }
    html!(out, "</h2>");
    if open == 0 {
        html!(
            out,
            "<p class=\"empty\">None. When requests fail of one cause in one place, it is told here with its evidence and its fix.</p>"
        );
    }
    for (at, one) in model.open.iter().enumerate() {
        let extent = match at {
            0 => Extent::First,
            _ => Extent::Further,
        };
        incident::incident(&mut out, one, extent);
    }
    if open > IN_FULL {
        html!(
            out,
            "<p><a href=\"/incidents\">",
            (plural((open - IN_FULL) as u64, "other open incident")),
            "</a></p>"
        );
    }
    html!(out, "</section>");
    out
}
