//! Menus of acts, the form that asks, and the line that tells what came of it.

mod form;
mod menu;
mod notice;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{super::state::State, layout::Layout, put};

/// Draws the menu or the form.
pub(super) fn draw(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let area = room(state, layout);
    let lines = match (state.acting.form(), state.acting.menu()) {
        (Some(open), _) => form::lines(state, open, area),
        (None, Some(open)) => menu::lines(state, open, area),
        (None, None) => return,
    };
    for (line, at) in lines.iter().zip(0..area.height) {
        put(buffer, area, at, line);
    }
}

/// Draws what is told, over the last lines of everything else.
pub(super) fn tell(state: &State, layout: &Layout, buffer: &mut Buffer) {
    let area = layout.page;
    let lines = notice::lines(state, area);
    let from = area.height - height(lines.len());
    for (line, at) in lines.iter().zip(from..area.height) {
        for column in area.left()..area.right() {
            buffer[(column, area.y + at)].reset();
        }
        put(buffer, area, at, line);
    }
}

/// Whether what the open form asks can be read, and what is typed in be seen.
pub(super) fn asks(state: &State, layout: &Layout) -> bool {
    let area = room(state, layout);
    state
        .acting
        .form()
        .is_some_and(|open| form::fits(state, open, area))
}

/// How many lines of a menu are seen at once.
pub(super) fn menu_lines(state: &State, layout: &Layout) -> usize {
    let area = room(state, layout);
    state
        .acting
        .menu()
        .map_or(0, |open| menu::list(open, area).1)
}

/// The place that what is told leaves.
fn room(state: &State, layout: &Layout) -> Rect {
    let mut area = layout.page;
    area.height -= height(notice::lines(state, area).len());
    area
}

fn height(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX)
}
