//! The lines at the top and at the bottom: who is looked at, since when, how it is, and what can be typed.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use soe503_api::PoolState;

use super::{
    super::{
        act::Form,
        page::Page,
        state::{Focus, State},
    },
    overview, put, span, symbol,
};
use crate::{
    explain::words::clock,
    show::{Mark, age, plural, style, waiting},
};

/// Who is looked at, and how it is.
pub(super) fn draw(state: &State, buffer: &mut Buffer, area: Rect) {
    let (connection, told) = connection(state);
    let mut line = vec![span("soe503", style::QUIET)];
    if let Some(name) = &state.server {
        line.extend([Span::raw(" "), span(name, style::STRONG)]);
    }
    let state_of_it = [symbol(state, connection), Span::raw(" "), told];
    let clock = [
        span(&clock(state.now), style::PLAIN),
        span(" UTC  ", style::QUIET),
    ];
    let width = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    let total = usize::from(area.width);
    // Of what does not fit, the time of the day goes first, and the end of the rest.
    let mut right = Vec::new();
    if width(&line) + width(&clock) + width(&state_of_it) < total {
        right.extend(clock);
    }
    right.extend(state_of_it);
    let mut room = total.saturating_sub(width(&line) + width(&right));
    let address = span(&format!("  {}", state.admin), style::QUIET);
    if address.width() + 2 <= room {
        room -= address.width();
        line.push(address);
    }
    line.push(Span::raw(" ".repeat(room.max(1))));
    line.extend(right);
    put(buffer, area, 0, &Line::from(line));
    let second = match &state.trouble {
        Some(trouble) => Line::from(span(&trouble.message, style::BAD)),
        None => summary(state),
    };
    put(buffer, area, 1, &second);
}

/// Whether the admin API answers; if not, since when, and when it is asked again.
fn connection(state: &State) -> (Mark, Span<'static>) {
    let Some(trouble) = &state.trouble else {
        return (Mark::Good, span("live", style::GOOD));
    };
    let since = age(state.now.since(trouble.since));
    let old = age(state.age());
    let again = match trouble.again > state.now {
        true => format!("again in {}", waiting(trouble.again.since(state.now))),
        false => "asking".to_owned(),
    };
    let text = format!("lost {since} ago, data {old} old, {again}");
    (Mark::Bad, span(&text, style::BAD))
}

/// `3 pools, 1 DOWN, 1 degraded; 1 incident open; 120 req/s, 0.5 failed/s`.
fn summary(state: &State) -> Line<'static> {
    let separator = super::canvas(state).separator();
    let of = |wanted: PoolState| state.pools.iter().filter(|p| p.state == wanted).count();
    let mut spans = vec![span(
        &plural(state.pools.len() as u64, "pool", "pools"),
        style::PLAIN,
    )];
    let mut more = |text: String, colour| {
        spans.push(span(separator, style::QUIET));
        spans.push(span(&text, colour));
    };
    let (down, degraded) = (of(PoolState::Down), of(PoolState::Degraded));
    if down > 0 {
        more(format!("{down} DOWN"), style::BAD);
    }
    if degraded > 0 {
        more(format!("{degraded} degraded"), style::WARN);
    }
    match state.incidents.len() as u64 {
        0 if state.pools.is_empty() => {}
        0 if down + degraded == 0 => more("all well".to_owned(), style::GOOD),
        0 => {}
        open => more(
            format!("{} open", plural(open, "incident", "incidents")),
            style::BAD,
        ),
    }
    if let Some(rate) = state.rates.total() {
        more(
            format!("{} req/s", overview::per_second(rate.requests)),
            style::PLAIN,
        );
        let colour = overview::failing(rate.failures);
        more(
            format!("{} failed/s", overview::per_second(rate.failures)),
            colour,
        );
    }
    Line::from(spans)
}

/// What can be typed here.
pub(super) fn keys(state: &State, buffer: &mut Buffer, area: Rect) {
    let filter = state.filter();
    if filter.typing {
        let line = [
            span("/", style::STRONG),
            span(&filter.text, style::PLAIN),
            span("_", style::QUIET),
            span("  Enter keep  Esc all", style::QUIET),
        ];
        return put(buffer, area, 0, &Line::from(line.to_vec()));
    }
    let all = match (state.acting.form(), state.acting.menu()) {
        (Some(form), _) => of_form(state, form),
        (None, Some(_)) => vec![
            ("q", "quit"),
            ("Enter", "choose"),
            ("Esc", "back"),
            ("/", "filter"),
            ("up down", "move"),
        ],
        (None, None) => of_page(state),
    };
    let mut spans = Vec::new();
    let filtered = !filter.text.is_empty() && state.acting.form().is_none();
    if filtered {
        spans.push(span(&format!("only \"{}\"  ", filter.text), style::WARN));
        if matches!(state.page, Page::Overview) && !state.acting.open() {
            spans.extend([span("Esc", style::STRONG), span(" all  ", style::QUIET)]);
        }
    }
    let mut room = usize::from(area.width).saturating_sub(spans.iter().map(Span::width).sum());
    for (key, what) in all {
        // The first ones matter most; half of one is none.
        let width = key.len() + what.len() + 1;
        if width > room {
            break;
        }
        room = room.saturating_sub(width + 2);
        spans.push(span(key, style::STRONG));
        spans.push(span(&format!(" {what}  "), style::QUIET));
    }
    put(buffer, area, 0, &Line::from(spans));
}

type Keys = Vec<(&'static str, &'static str)>;

fn of_page(state: &State) -> Keys {
    let mut all = vec![("q", "quit")];
    match &state.page {
        Page::Overview => {
            all.extend([("Enter", "open"), ("a", "act")]);
            match state.focus {
                Focus::Incidents => all.push(("Tab", "pools")),
                Focus::Pools if state.shown_incidents().is_empty() => {}
                Focus::Pools => all.push(("Tab", "incidents")),
            }
            all.extend([("c", "causes"), ("n", "changes")]);
            all.extend([("/", "filter"), ("up down", "move")]);
        }
        Page::Pool { .. } => {
            all.extend([
                ("Esc", "back"),
                ("a", "act"),
                ("/", "filter"),
                ("up down PgUp PgDn", "scroll"),
            ]);
        }
        Page::Asked { .. } => all.extend([
            ("Esc", "back"),
            ("a", "act"),
            ("up down PgUp PgDn", "scroll"),
        ]),
    }
    all
}

fn of_form(state: &State, form: &Form) -> Keys {
    if state.acting.sent() {
        return vec![("Esc", "leave: it goes on")];
    }
    let mut all = vec![("Enter", form.asks.enter), ("Esc", "back")];
    if form.asks.end.is_some() {
        all.push(("Tab", "other field"));
    }
    all
}
