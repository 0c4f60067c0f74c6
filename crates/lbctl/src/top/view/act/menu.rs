//! What can be done, as a list to choose from.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::super::{
    super::{act::Menu, state::State},
    columns::{Column, Row, table},
    fold::fold,
    span,
};
use crate::show::style;

const MENU: [Column; 2] = [
    Column {
        title: "WHAT CAN BE DONE",
        right: false,
        spare: 0,
    },
    Column {
        title: "NOW",
        right: false,
        spare: 1,
    },
];

/// The title of a menu, as far as there is room for it, and how many lines its list has.
pub(super) fn list(menu: &Menu, area: Rect) -> (Vec<String>, usize) {
    let height = usize::from(area.height);
    let mut title = fold(&menu.title(), area.width.into());
    // Above the list stand the names of its columns.
    title.truncate(height.saturating_sub(2));
    let lines = height.saturating_sub(title.len() + 1);
    (title, lines)
}

/// The menu in lines, with what stands above it.
pub(super) fn lines(state: &State, menu: &Menu, area: Rect) -> Vec<Line<'static>> {
    let (title, height) = list(menu, area);
    let entries = state.entries();
    let title = title.iter().map(|t| Line::from(span(t, style::STRONG)));
    let mut lines: Vec<Line<'static>> = title.collect();
    if entries.is_empty() {
        let text = match state.all_entries().is_empty() {
            true => "it is not there any more",
            false => "nothing is like that",
        };
        lines.push(Line::from(span(text, style::QUIET)));
    } else {
        let window = menu.cursor.window(entries.len(), height);
        let from = window.start;
        let shown = entries[window].iter().enumerate();
        let rows = shown.map(|(at, entry)| Row {
            symbol: Span::raw(" "),
            cells: vec![
                span(&entry.label, style::PLAIN),
                span(entry.now, style::QUIET),
            ],
            selected: from + at == menu.cursor.at(),
        });
        let rows: Vec<Row> = rows.collect();
        let room = usize::from(area.width);
        // What it is called is more than how it is.
        let all = table(&MENU, &rows, true, usize::MAX);
        let columns = match all.iter().all(|line| line.width() <= room) {
            true => &MENU[..],
            false => &MENU[..1],
        };
        lines.extend(table(columns, &rows, true, room));
    }
    lines
}
