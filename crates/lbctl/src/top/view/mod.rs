//! The state as a screen: a header, the page, and which keys do what.

mod act;
mod causes;
mod columns;
mod fold;
mod head;
mod layout;
mod overview;
mod text;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Color,
    text::{Line, Span},
};

use self::layout::Layout;
use super::{page::Page, paint, state::State};
use crate::show::{Canvas, Mark, clean, style};

pub(super) use text::page as page_text;

/// On less than this nothing can be read.
const SMALLEST: (u16, u16) = (20, 5);

/// Draws the whole screen; without colours if not `colour`.
pub(super) fn draw(state: &State, colour: bool, buffer: &mut Buffer) {
    let area = buffer.area;
    if too_small((area.width, area.height)) {
        put(buffer, area, 0, &Line::from("too small"));
        return;
    }
    let layout = Layout::of(state);
    head::draw(state, buffer, layout.head);
    match &state.page {
        _ if state.acting.open() => act::draw(state, &layout, buffer),
        Page::Overview => overview::draw(state, &layout, buffer),
        Page::Pool { scroll, .. } | Page::Asked { scroll, .. } => {
            let lines = page_text(state);
            let shown = lines.iter().skip(*scroll).zip(0..layout.page.height);
            for (line, at) in shown {
                put(buffer, layout.page, at, line);
            }
        }
    }
    act::tell(state, &layout, buffer);
    head::keys(state, buffer, layout.keys);
    if !colour {
        for cell in &mut buffer.content {
            (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
        }
    }
}

const fn too_small((width, height): (u16, u16)) -> bool {
    width < SMALLEST.0 || height < SMALLEST.1
}

/// Whether what the open form asks can be read.
pub(super) fn asks(state: &State) -> bool {
    !too_small(state.size) && act::asks(state, &Layout::of(state))
}

/// How many lines of a menu of acts are seen at once.
pub(super) fn menu_lines(state: &State) -> usize {
    act::menu_lines(state, &Layout::of(state))
}

/// How many pools are seen at once.
pub(super) fn pool_lines(state: &State) -> usize {
    usize::from(Layout::of(state).pools.height)
}

/// How many lines of a page are seen at once.
pub(super) fn page_lines(state: &State) -> usize {
    usize::from(Layout::of(state).page.height)
}

/// Puts `line` into `area`, so many lines from its top, and cuts what is too long.
fn put(buffer: &mut Buffer, area: Rect, at: u16, line: &Line<'_>) {
    if at < area.height {
        buffer.set_line(area.x, area.y + at, line, area.width);
    }
}

/// `text` in one of this program's styles; cleaned, as it may come from the network.
fn span(text: &str, style: anstyle::Style) -> Span<'static> {
    Span::styled(clean(text), paint::style(style))
}

/// The heading of a part of the screen.
fn heading(text: &str) -> Span<'static> {
    span(text, style::QUIET)
}

/// The canvas that the pages of other commands are written on.
fn canvas(state: &State) -> Canvas {
    Canvas {
        width: Some(usize::from(state.size.0).max(SMALLEST.0.into())),
        height: Some(usize::from(state.size.1)),
        unicode: state.unicode,
    }
}

/// The symbol of `mark`, in its colour.
fn symbol(state: &State, mark: Mark) -> Span<'static> {
    span(canvas(state).symbol(mark), mark.style())
}

/// What is not there.
fn none() -> Span<'static> {
    span("-", style::QUIET)
}
