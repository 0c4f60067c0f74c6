//! A labelled list: the label once, each item on lines of its own beside it.

use super::{
    Canvas, style,
    text::{Line, width, wrap},
};

/// Columns for the label.
const LABEL: usize = 12;
/// Before the label.
const INDENT: usize = 2;

/// Writes `items` to `out` with `label` beside the first; nothing if there are none.
pub(crate) fn section(label: &str, items: &[String], canvas: Canvas, out: &mut String) {
    let room = canvas
        .width
        .map(|w| w.saturating_sub(INDENT + LABEL).max(20));
    let mut label = label;
    for item in items {
        let mut hang = 0;
        for text in wrap(item, room.map(|r| r - 2)) {
            let mut line = Line::default();
            line.gap(INDENT).put(label, style::QUIET);
            line.gap(LABEL.saturating_sub(width(label)) + hang);
            line.put(&text, style::PLAIN).end(out);
            label = "";
            hang = 2;
        }
    }
}
