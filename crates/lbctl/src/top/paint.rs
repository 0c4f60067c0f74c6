//! This program's colours and texts as those of the screen.
//!
//! The pages are what other commands print, so that there is one text and not two: their colours are read back
//! from the escape codes that [`crate::show::Line`] writes. Nothing else can be in there, as it cleans what comes
//! from the network.

use anstyle::{AnsiColor, Effects};
use ratatui::{
    style::{Color, Modifier, Style, Stylize},
    text::{Line, Span},
};

/// `style` on the screen.
pub(super) fn style(style: anstyle::Style) -> Style {
    let mut out = Style::new();
    if let Some(anstyle::Color::Ansi(colour)) = style.get_fg_color() {
        out.fg = Some(match colour {
            AnsiColor::Red => Color::Red,
            AnsiColor::Green => Color::Green,
            AnsiColor::Yellow => Color::Yellow,
            AnsiColor::Cyan => Color::Cyan,
            _ => Color::Reset,
        });
    }
    let effects = style.get_effects();
    if effects.contains(Effects::BOLD) {
        out = out.add_modifier(Modifier::BOLD);
    }
    if effects.contains(Effects::DIMMED) {
        out = out.add_modifier(Modifier::DIM);
    }
    out
}

/// `span`, as where one is.
pub(super) fn reversed(span: Span<'static>) -> Span<'static> {
    span.add_modifier(Modifier::REVERSED)
}

/// `text`, as another command would print it, in lines for the screen.
pub(super) fn lines(text: &str) -> Vec<Line<'static>> {
    text.lines().map(line).collect()
}

fn line(text: &str) -> Line<'static> {
    let mut spans = Vec::new();
    let mut style = Style::new();
    for (i, part) in text.split("\x1b[").enumerate() {
        let shown = match part.split_once('m') {
            Some((codes, shown)) if i > 0 => {
                style = codes.split(';').fold(style, apply);
                shown
            }
            _ => part,
        };
        if !shown.is_empty() {
            spans.push(Span::styled(shown.to_owned(), style));
        }
    }
    Line::from(spans)
}

/// `style` after the code (ECMA-48, SGR).
fn apply(style: Style, code: &str) -> Style {
    match code {
        "1" => style.add_modifier(Modifier::BOLD),
        "2" => style.add_modifier(Modifier::DIM),
        "31" => style.fg(Color::Red),
        "32" => style.fg(Color::Green),
        "33" => style.fg(Color::Yellow),
        "36" => style.fg(Color::Cyan),
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show;
    use crate::show::style as ours;

    #[test]
    fn each_style_of_ours_comes_through() {
        let all = [
            ours::GOOD,
            ours::WARN,
            ours::BAD,
            ours::HELD,
            ours::STRONG,
            ours::QUIET,
            ours::PLAIN,
        ];
        let mut printed = show::Line::default();
        for style in all {
            printed.put("[x", style);
        }
        let mut text = String::new();
        printed.end(&mut text);
        let read = lines(&text);
        let spans: Vec<_> = read[0].iter().map(|s| (&*s.content, s.style)).collect();
        assert_eq!(spans, all.map(|ours| ("[x", style(ours))));
    }
}
