//! Tables: columns that line up, without rules between them.
//!
//! Our own, rather than a table library's, because nothing in it may be cut: names are copied into
//! the next command, and "why" is the one thing that is asked for. So a row can carry *notes*,
//! sentences on lines of their own below it, where a column of sentences is too wide; and where even
//! the other columns are too wide, rows are *stacked*: the name on a line, the rest below it.

use anstyle::Style;

use super::{
    Canvas, style,
    text::{Line, clean, width, wrap},
};

/// Between two columns.
const GAP: usize = 2;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    right: bool,
}

/// One cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

/// One row, and what there is to say about it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The symbol before it.
    pub(crate) mark: (&'static str, Style),
    /// One for each column.
    pub(crate) cells: Vec<Cell>,
    /// Sentences below it, each on lines of its own.
    pub(crate) notes: Vec<Cell>,
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// The columns.
    pub(crate) columns: Vec<Column>,
    /// The rows.
    pub(crate) rows: Vec<Row>,
    /// Spaces before the symbols.
    pub(crate) indent: usize,
}

impl Column {
    /// Words: they line up on the left.
    pub(crate) const fn left(title: &'static str) -> Self {
        Self {
            title,
            right: false,
        }
    }

    /// Numbers: they line up on the right.
    pub(crate) const fn right(title: &'static str) -> Self {
        Self {
            right: true,
            ..Self::left(title)
        }
    }
}

impl Cell {
    /// A cell. Its text is cleaned before it is measured.
    pub(crate) fn new(text: impl AsRef<str>, style: Style) -> Self {
        Self {
            text: clean(text.as_ref()),
            style,
        }
    }

    /// A cell in no colour.
    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self::new(text, style::PLAIN)
    }

    /// A cell for what is not there.
    pub(crate) fn none() -> Self {
        Self::new("-", style::QUIET)
    }
}

impl Grid {
    /// Columns that the table takes when nothing is cut.
    pub(crate) fn width(&self) -> usize {
        self.lead() + self.widths().iter().map(|w| w + GAP).sum::<usize>() - GAP
    }

    /// Writes the table to `out`.
    pub(crate) fn render(&self, canvas: Canvas, out: &mut String) {
        let stacked = canvas.width.is_some_and(|limit| self.width() > limit);
        let first = usize::from(stacked);
        let widths = self.widths();
        let mut head = Line::default();
        head.gap(self.lead());
        for (i, column) in self.columns.iter().enumerate().skip(first) {
            self.put(&mut head, i, widths[i], column.title, style::QUIET);
        }
        head.end(out);
        let note_at = if stacked {
            self.lead()
        } else {
            self.lead() + widths[0] + GAP
        };
        for row in &self.rows {
            let mut line = Line::default();
            line.gap(self.indent).put(row.mark.0, row.mark.1).gap(1);
            if stacked {
                line.put(&row.cells[0].text, row.cells[0].style).end(out);
                line = Line::default();
                line.gap(self.lead());
            }
            for (i, cell) in row.cells.iter().enumerate().skip(first) {
                self.put(&mut line, i, widths[i], &cell.text, cell.style);
            }
            line.end(out);
            notes(row, note_at, canvas, out);
        }
    }

    fn put(&self, line: &mut Line, i: usize, room: usize, text: &str, style: Style) {
        let pad = room.saturating_sub(width(text));
        let (before, after) = if self.columns[i].right {
            (pad, 0)
        } else {
            (0, pad)
        };
        let gap = if i + 1 < self.columns.len() { GAP } else { 0 };
        line.gap(before).put(text, style).gap(after + gap);
    }

    const fn lead(&self) -> usize {
        self.indent + 2
    }

    /// The width of each column.
    fn widths(&self) -> Vec<usize> {
        let cells = |i: usize| self.rows.iter().map(move |r| width(&r.cells[i].text));
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(i, c)| cells(i).max().unwrap_or(0).max(width(c.title)))
            .collect()
    }
}

/// Notes start under the second column, so that the names stay alone in theirs.
fn notes(row: &Row, indent: usize, canvas: Canvas, out: &mut String) {
    let room = canvas.width.map(|w| w.saturating_sub(indent).max(20));
    for note in &row.notes {
        for text in wrap(&note.text, room) {
            let mut line = Line::default();
            line.gap(indent).put(&text, note.style).end(out);
        }
    }
}
