//! Words: clean, measured, wrapped.

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::style;

/// `text` without anything that could steer a terminal. Names, reasons and headers come from the
/// network; an escape sequence in a `Server` header must not reach the screen.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || is_invisible(c) {
                '?'
            } else {
                c
            }
        })
        .collect()
}

/// Characters that are not control characters and yet move others about or hide: bidirectional
/// overrides, zero-width spaces, line separators.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A name in quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Columns that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text` in lines of at most `limit` columns, broken at spaces. A word that is longer stays whole:
/// a command that is cut cannot be copied.
pub(crate) fn wrap(text: &str, limit: Option<usize>) -> Vec<String> {
    let Some(limit) = limit else {
        return vec![text.to_owned()];
    };
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            if width(&line) + 1 + width(word) > limit {
                lines.push(core::mem::take(&mut line));
            } else {
                line.push(' ');
            }
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// A line made of styled pieces, which knows how wide it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    text: String,
    width: usize,
}

impl Line {
    /// Appends `text` in `style`. It is cleaned here, so that nobody can forget to.
    pub(crate) fn put(&mut self, text: &str, style: Style) -> &mut Self {
        let text = clean(text);
        self.width += width(&text);
        if style == style::PLAIN {
            self.text.push_str(&text);
        } else {
            self.text.push_str(&format!("{style}{text}{style:#}"));
        }
        self
    }

    /// Appends `n` spaces.
    pub(crate) fn gap(&mut self, n: usize) -> &mut Self {
        self.width += n;
        self.text.extend(core::iter::repeat_n(' ', n));
        self
    }

    /// Columns used so far.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Writes the line and its end to `out`.
    pub(crate) fn end(&self, out: &mut String) {
        out.push_str(self.text.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\x1b[31mb\u{202e}c\r\n"), "a?[31mb?c??");
        assert_eq!(clean("käse 猫"), "käse 猫");
        let mut line = Line::default();
        line.put("\x1b]0;x\x07", style::PLAIN);
        let mut out = String::new();
        line.end(&mut out);
        assert_eq!(out, "?]0;x?\n");
    }

    #[test]
    fn wrapping_breaks_at_spaces_only() {
        assert_eq!(wrap("one two three", Some(7)), ["one two", "three"]);
        assert_eq!(
            wrap("an-unbreakable-word x", Some(4)),
            ["an-unbreakable-word", "x"]
        );
        assert_eq!(wrap("one  two", None), ["one  two"]);
        assert_eq!(wrap("", Some(4)), [""]);
    }
}
