//! Columns that fit: the least important are left out where the terminal is narrow.

use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{paint, span};
use crate::show::style;

/// Before the first column: the pointer, the symbol, a space.
const LEAD: usize = 3;
/// The first column is a name, and keeps so much at least.
const NAME: usize = 10;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) right: bool,
    /// The higher, the sooner it is left out.
    pub(super) spare: u8,
}

/// One line of a table.
pub(super) struct Row {
    pub(super) symbol: Span<'static>,
    pub(super) cells: Vec<Span<'static>>,
    pub(super) selected: bool,
}

/// The lines of a table, the names of the columns first.
pub(super) fn table(
    columns: &[Column],
    rows: &[Row],
    focused: bool,
    room: usize,
) -> Vec<Line<'static>> {
    let widest = |i: usize| {
        let cells = rows.iter().map(|row| row.cells[i].width());
        cells.max().unwrap_or(0).max(columns[i].title.len())
    };
    let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    let (kept, gap, name) = fit(columns, &widths, room.saturating_sub(LEAD));
    let line = |lead: [Span<'static>; 2], cells: &dyn Fn(usize) -> Span<'static>| {
        let mut spans = Vec::from(lead);
        for &i in &kept {
            let width = if i == 0 { name } else { widths[i] };
            let cell = cut(cells(i), width);
            let space = width.saturating_sub(cell.width());
            let (before, after) = match columns[i].right {
                true => (space, 0),
                false => (0, space),
            };
            spans.extend([Span::raw(" ".repeat(before)), cell]);
            spans.push(Span::raw(" ".repeat(after + gap)));
        }
        Line::from(spans)
    };
    let empty = || Span::raw(" ");
    let head = line([empty(), Span::raw("  ")], &|i| {
        span(columns[i].title, style::QUIET)
    });
    let row = |row: &Row| {
        let pointer = if row.selected { ">" } else { " " };
        let symbol = Span::styled(format!("{} ", row.symbol.content), row.symbol.style);
        let line = line([Span::raw(pointer), symbol], &|i| row.cells[i].clone());
        match row.selected && focused {
            true => line.style(Style::new().add_modifier(Modifier::REVERSED)),
            false => line,
        }
    };
    core::iter::once(head).chain(rows.iter().map(row)).collect()
}

/// Which columns are kept, the gap between them, and the width of the first.
fn fit(columns: &[Column], widths: &[usize], room: usize) -> (Vec<usize>, usize, usize) {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    loop {
        let others: usize = kept.iter().skip(1).map(|&i| widths[i]).sum();
        for gap in [2, 1] {
            let left = room.saturating_sub(others + gap * (kept.len() - 1));
            if left >= widths[0].min(NAME.max(room / 5)) {
                return (kept, gap, left.min(widths[0]));
            }
        }
        let sparest = kept.iter().skip(1).max_by_key(|&&i| columns[i].spare);
        match sparest.copied() {
            Some(i) => kept.retain(|&k| k != i),
            None => return (kept, 1, room.min(widths[0])),
        }
    }
}

/// `cell` in `room` columns; that something is missing shows.
fn cut(cell: Span<'static>, room: usize) -> Span<'static> {
    if cell.width() <= room {
        return cell;
    }
    let mut text = String::new();
    for letter in cell.content.chars() {
        text.push(letter);
        if Span::raw(&*text).width() >= room {
            text.pop();
            break;
        }
    }
    Span::styled(text + "~", cell.style)
}

/// A number cell.
pub(super) fn number(text: String, colour: anstyle::Style) -> Span<'static> {
    Span::styled(text, paint::style(colour))
}
