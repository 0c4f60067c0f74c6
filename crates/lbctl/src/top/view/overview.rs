//! Pools, open incidents, and what is found about the selected pool.

use ratatui::{buffer::Buffer, text::Line};
use soe503_api::{Backend, IncidentSummary, Pool};

use super::{
    super::state::{Focus, State},
    columns::{Column, Row, number, table},
    heading,
    layout::Layout,
    none, put, span, symbol,
};
use crate::{
    pool,
    show::{Mark, age, count, millis, style, wrap},
};

const POOLS: [Column; 10] = [
    column("POOL", false, 0),
    column("STATE", false, 1),
    column("CIRCUIT", false, 6),
    column("UP", true, 4),
    column("REQ/S", true, 2),
    column("FAIL/S", true, 3),
    column("P50", true, 9),
    column("P99", true, 5),
    column("FLIGHT", true, 7),
    column("SAVED", true, 8),
];

const INCIDENTS: [Column; 4] = [
    column("OPEN INCIDENT", false, 0),
    column("PLACE", false, 3),
    column("SINCE", true, 1),
    column("FAILED", true, 2),
];

const fn column(title: &'static str, right: bool, spare: u8) -> Column {
    Column {
        title,
        right,
        spare,
    }
}

/// Draws all three.
pub(super) fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let room = usize::from(layout.page.width);
    pools(state, layout, room, buffer);
    if layout.incidents.height > 0 {
        incidents(state, layout, room, buffer);
    }
    let area = layout.findings;
    if area.height > 0 {
        let name = state.selected().map_or("", |pool| &*pool.name);
        let title = heading(&format!("FOUND ABOUT {name}"));
        put(buffer, area, 1, &Line::from(title));
        for (line, at) in found(state).iter().zip(2..area.height) {
            put(buffer, area, at, &Line::from(span(line, style::WARN)));
        }
    }
}

fn pools(state: &State, layout: &Layout, room: usize, buffer: &mut Buffer) {
    let shown = state.shown_pools();
    if shown.is_empty() {
        let text = match state.pools.is_empty() {
            true => "no pools are configured",
            false => "no pool is like that",
        };
        return put(
            buffer,
            layout.page,
            0,
            &Line::from(span(text, style::QUIET)),
        );
    }
    let window = state
        .pool_at
        .window(shown.len(), layout.pools.height.into());
    let at = window.start;
    let row = |(i, pool): (usize, &&Pool)| pool_row(state, pool, at + i == state.pool_at.at());
    let rows: Vec<Row> = shown[window].iter().enumerate().map(row).collect();
    let lines = table(&POOLS, &rows, state.focus == Focus::Pools, room);
    for (line, at) in lines.iter().zip(0..=layout.pools.height) {
        put(buffer, layout.page, at, line);
    }
}

fn pool_row(state: &State, pool: &Pool, selected: bool) -> Row {
    let mark = pool::mark(pool.state);
    let usable = pool.backends.iter().filter(|b| b.state.in_rotation());
    let usable = usable.count();
    let up = match pool.backends.len() {
        all if all == usable => style::PLAIN,
        _ if usable == 0 => style::BAD,
        _ => style::WARN,
    };
    let rate = state.rates.of(&pool.name);
    let latency = |ms: Option<f64>| ms.map_or_else(none, |ms| number(millis(ms), style::PLAIN));
    let saved = match pool.prevented {
        0 => style::PLAIN,
        _ => style::GOOD,
    };
    let cells = vec![
        span(&pool.name, style::STRONG),
        span(pool::word(pool.state), mark.style()),
        span(
            pool::circuit_word(&pool.circuit),
            pool::circuit_mark(&pool.circuit).style(),
        ),
        number(format!("{usable}/{}", pool.backends.len()), up),
        rate.map_or_else(none, |r| number(per_second(r.requests), style::PLAIN)),
        rate.map_or_else(none, |r| {
            number(per_second(r.failures), failing(r.failures))
        }),
        latency(slowest(pool, |b| b.latency_ms.p50)),
        latency(slowest(pool, |b| b.latency_ms.p99)),
        number(count(pool.limit.in_flight), style::PLAIN),
        number(count(pool.prevented), saved),
    ];
    Row {
        symbol: symbol(state, mark),
        cells,
        selected,
    }
}

/// Of the backends in rotation, the slowest.
fn slowest(pool: &Pool, of: impl Fn(&Backend) -> Option<f64>) -> Option<f64> {
    let used = pool.backends.iter().filter(|b| b.state.in_rotation());
    used.filter_map(of).reduce(f64::max)
}

fn incidents(state: &State, layout: &Layout, room: usize, buffer: &mut Buffer) {
    let area = layout.incidents;
    let shown = state.shown_incidents();
    if shown.is_empty() {
        let text = match state.incidents.is_empty() {
            true => "no incident is open",
            false => "no open incident is like that",
        };
        return put(buffer, area, 1, &Line::from(span(text, style::QUIET)));
    }
    let focused = state.focus == Focus::Incidents;
    let height = usize::from(area.height.saturating_sub(2));
    let window = state.incident_at.window(shown.len(), height);
    let at = window.start;
    let row = |(i, one): (usize, &&IncidentSummary)| {
        incident_row(state, one, focused && at + i == state.incident_at.at())
    };
    let rows: Vec<Row> = shown[window.clone()].iter().enumerate().map(row).collect();
    let hidden = shown.len() - window.len();
    let mut lines = table(&INCIDENTS, &rows, focused, room);
    if hidden > 0 {
        let text = format!("  {} of {}", window.len(), shown.len());
        lines[0].push_span(span(&text, style::QUIET));
    }
    for (line, at) in lines.iter().zip(1..area.height) {
        put(buffer, area, at, line);
    }
}

fn incident_row(state: &State, one: &IncidentSummary, selected: bool) -> Row {
    let since = age(state.now.since(one.first_seen));
    Row {
        symbol: symbol(state, Mark::Bad),
        cells: vec![
            span(&one.cause, style::STRONG),
            span(&one.place, style::PLAIN),
            number(since, style::PLAIN),
            number(count(one.requests.failed), style::PLAIN),
        ],
        selected,
    }
}

/// What is found about the selected pool, in lines.
pub(super) fn found(state: &State) -> Vec<String> {
    let Some(pool) = state.selected() else {
        return Vec::new();
    };
    let room = usize::from(state.size.0).saturating_sub(2).max(20);
    let lines = pool.findings.iter();
    let lines = lines.flat_map(|finding| {
        let told = pool::found(finding);
        // The heading says that.
        wrap(told.strip_prefix("found: ").unwrap_or(&told), Some(room))
    });
    lines.collect()
}

/// A rate, in as few digits as say something.
pub(super) fn per_second(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        ..9.95 => format!("{rate:.1}"),
        _ => count(rate.round() as u64),
    }
}

/// The colour of failures.
pub(super) const fn failing(rate: f64) -> anstyle::Style {
    if rate > 0.0 { style::BAD } else { style::PLAIN }
}
