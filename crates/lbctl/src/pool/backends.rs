//! The backends of a pool as a table.
//!
//! Where the terminal is wide enough, "why" is the last column. Where it is not, only a backend
//! with something to explain gets a second line: what is in order takes one line and no reading.

use std::time::Duration;

use soe503_api::{
    Backend, BackendState, HealthCheck, HealthCheckState, HealthHint, HintStatus, IdleTimeout,
    IdleTimeoutSource, Timestamp,
};

use crate::show::{Canvas, Cell, Column, Grid, Mark, Row, age, count, millis, style, waiting};

/// Writes the table of `backends` to `out`.
pub(super) fn table(
    backends: &[Backend],
    wide: bool,
    now: Timestamp,
    canvas: Canvas,
    out: &mut String,
) {
    if backends.is_empty() {
        return;
    }
    // A pipe always has the same columns; a terminal only those that say something.
    let something = canvas.width.is_none() || backends.iter().any(|b| why(b, now).is_some());
    let whole = grid(backends, wide, something, now, canvas);
    let fits = canvas.width.is_none_or(|limit| whole.width() <= limit);
    if fits {
        whole.render(canvas, out);
    } else {
        grid(backends, wide, false, now, canvas).render(canvas, out);
    }
}

/// The symbol of a backend.
pub(super) fn mark(backend: &Backend) -> Mark {
    match backend.state {
        BackendState::Up if backend.health_check.state == HealthCheckState::Failing => Mark::Partly,
        BackendState::Up => Mark::Good,
        BackendState::Starting | BackendState::Warming => Mark::Partly,
        BackendState::Down | BackendState::Ejected => Mark::Bad,
        BackendState::Draining | BackendState::Disabled => Mark::Held,
        _ => Mark::Unknown,
    }
}

/// A backend's state in a word.
pub(crate) const fn word(state: BackendState) -> &'static str {
    match state {
        BackendState::Up => "up",
        BackendState::Down => "down",
        BackendState::Ejected => "ejected",
        BackendState::Draining => "draining",
        BackendState::Disabled => "disabled",
        BackendState::Starting => "starting",
        BackendState::Warming => "warming",
        _ => "unknown",
    }
}

/// Why a backend is not simply up, and what happens next. Nothing if it is.
pub(super) fn why(backend: &Backend, now: Timestamp) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(backend.reason.clone().or_else(|| backend.cause.clone()));
    if backend.consecutive_failures > 1 {
        parts.push(format!(
            "{} failures in a row",
            count(backend.consecutive_failures)
        ));
    }
    if let Some(error) = &backend.health_check.last_error
        && backend.health_check.state == HealthCheckState::Failing
        && !parts.iter().any(|p| p.contains(error.as_str()))
    {
        parts.push(format!("check: {error}"));
    }
    let hints = hints(&backend.health_check);
    // Most reasons have them in their words already.
    if let Some(hints) = hints.filter(|hints| !parts.iter().any(|p| p.contains(hints.as_str()))) {
        parts.push(hints);
    }
    parts.extend(backend.until.map(|until| next(backend.state, until, now)));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What the backend's health document says: `db fails: connection refused; cache warns`.
fn hints(check: &HealthCheck) -> Option<String> {
    let hint = |hint: &HealthHint| {
        let who = hint.component.as_deref().unwrap_or("the backend");
        let verb = match hint.status {
            HintStatus::Fail => "fails",
            HintStatus::Warn => "warns",
            _ => "is not well",
        };
        match &hint.output {
            Some(output) => format!("{who} {verb}: {output}"),
            None => format!("{who} {verb}"),
        }
    };
    let hints: Vec<_> = check.hints.iter().map(hint).collect();
    (!hints.is_empty()).then(|| hints.join("; "))
}

fn next(state: BackendState, until: Timestamp, now: Timestamp) -> String {
    let due = until <= now;
    let wait = waiting(until.since(now));
    match state {
        BackendState::Ejected if due => "probe due".to_owned(),
        BackendState::Ejected => format!("probe in {wait}"),
        BackendState::Warming => format!("full share in {wait}"),
        _ if due => "return due".to_owned(),
        _ => format!("returns in {wait}"),
    }
}

fn grid(
    backends: &[Backend],
    wide: bool,
    why_column: bool,
    now: Timestamp,
    canvas: Canvas,
) -> Grid {
    let mut columns = vec![Column::left("BACKEND")];
    // Only where they say something.
    let tiers = wide && backends.iter().any(|b| b.priority > 0 || b.zone.is_some());
    let reports = wide && backends.iter().any(|b| b.utilization.is_some());
    if wide {
        columns.extend([Column::left("ADDRESS"), Column::right("WEIGHT")]);
    }
    if tiers {
        columns.extend([Column::right("PRIORITY"), Column::left("ZONE")]);
    }
    columns.extend([
        Column::left("STATE"),
        Column::left("SINCE"),
        Column::right("IN-FLIGHT"),
        Column::right("P50"),
        Column::right("P99"),
        Column::left("CHECK"),
    ]);
    if reports {
        columns.push(Column::right("BUSY"));
    }
    if wide {
        columns.extend([
            Column::right("REQUESTS"),
            Column::right("FAILED"),
            Column::left("IDLE"),
        ]);
    }
    if why_column {
        columns.push(Column::left("WHY"));
    }
    let row = |backend: &Backend| {
        let mark = mark(backend);
        let why = why(backend, now);
        let mut cells = vec![Cell::new(&backend.name, style::STRONG)];
        if wide {
            cells.push(Cell::plain(&backend.address));
            cells.push(Cell::plain(weight(backend)));
        }
        if tiers {
            cells.push(Cell::plain(backend.priority.to_string()));
            cells.push(backend.zone.as_deref().map_or_else(Cell::none, Cell::plain));
        }
        cells.extend([
            Cell::new(word(backend.state), mark.style()),
            Cell::plain(age(now.since(backend.since))),
            in_flight(backend),
            latency(backend.latency_ms.p50),
            latency(backend.latency_ms.p99),
            check(&backend.health_check, now),
        ]);
        if reports {
            let busy = |part: f64| Cell::plain(format!("{:.0}%", part * 100.0));
            cells.push(backend.utilization.map_or_else(Cell::none, busy));
        }
        if wide {
            cells.push(Cell::plain(count(backend.requests)));
            cells.push(Cell::plain(count(backend.failures)));
            cells.push(backend.idle_timeout.map_or_else(Cell::none, idle));
        }
        let note = why.map(|text| Cell::plain(&text));
        let (cell, note) = if why_column {
            (note, None)
        } else {
            (None, note)
        };
        if why_column {
            cells.push(cell.unwrap_or_else(|| Cell::plain("")));
        }
        Row {
            mark: (canvas.symbol(mark), mark.style()),
            cells,
            notes: note.into_iter().collect(),
        }
    };
    Grid {
        rows: backends.iter().map(row).collect(),
        columns,
        indent: 2,
    }
}

/// How many are in flight, and of how many that may be.
fn in_flight(backend: &Backend) -> Cell {
    let running = count(backend.in_flight);
    match backend.max_in_flight {
        Some(limit) if backend.in_flight >= limit => {
            Cell::new(format!("{running} of {}", count(limit)), style::WARN)
        }
        Some(limit) => Cell::plain(format!("{running} of {}", count(limit))),
        None => Cell::plain(running),
    }
}

/// The weight, and what part of it counts now if that is not all.
fn weight(backend: &Backend) -> String {
    match backend.share {
        Some(share) if share < 0.995 => format!("{} x {share:.2}", backend.weight),
        _ => backend.weight.to_string(),
    }
}

fn latency(ms: Option<f64>) -> Cell {
    ms.map_or_else(Cell::none, |ms| Cell::plain(millis(ms)))
}

/// For how long an idle connection is used again, and who says so if it is not the configuration; after how many
/// requests the backend closes one, if it does.
fn idle(timeout: IdleTimeout) -> Cell {
    let time = match timeout.ms {
        ms @ 0..1000 => format!("{ms}ms"),
        ms => age(Duration::from_millis(ms)),
    };
    let time = match timeout.source {
        IdleTimeoutSource::KeepAlive => format!("{time} told"),
        IdleTimeoutSource::Learned => format!("{time} learned"),
        _ => time,
    };
    Cell::plain(match timeout.requests {
        Some(requests) => format!("{time}, {requests} requests"),
        None => time,
    })
}

/// What the active check last saw, and how long ago.
fn check(check: &HealthCheck, now: Timestamp) -> Cell {
    let (word, style) = match check.state {
        HealthCheckState::None => return Cell::none(),
        HealthCheckState::Pending => ("waiting", style::WARN),
        HealthCheckState::Passing if !check.hints.is_empty() => ("ok", style::WARN),
        HealthCheckState::Passing => ("ok", style::GOOD),
        HealthCheckState::Failing if check.overruled => ("broken", style::WARN),
        HealthCheckState::Failing => ("failed", style::BAD),
        _ => ("unknown", style::QUIET),
    };
    let mut text = check
        .last_status
        .map_or_else(|| word.to_owned(), |s| s.to_string());
    if let Some(at) = check.last_at {
        text += &format!(" {} ago", age(now.since(at)));
    }
    Cell::new(text, style)
}
