//! Markup in which whatever is not part of the source is escaped.
//!
//! [`Html`] takes two things: markup that is a literal of this program ([`Html::raw`] wants a `&'static str`), and
//! anything that can be shown, escaped ([`Html::text`]). There is no third way, so a name or a reason that a backend
//! made up cannot become markup, in text or in a quoted attribute.

use std::fmt::{self, Display, Write};

/// A piece of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

/// Writes parts into an [`Html`]: literals as markup, what is in parentheses as text.
macro_rules! html {
    (@ $out:ident $(,)?) => {};
    (@ $out:ident, $markup:literal $($rest:tt)*) => {
        $out.raw($markup);
        html!(@ $out $($rest)*);
    };
    (@ $out:ident, ($shown:expr) $($rest:tt)*) => {
        $out.text(&$shown);
        html!(@ $out $($rest)*);
    };
    ($out:ident, $($parts:tt)+) => {{
        html!(@ $out, $($parts)+);
    }};
}

pub(super) use html;

/// Escapes what is written into it.
struct Escaping<'a>(&'a mut String);

// === impl Html ===

impl Html {
    /// Appends markup of this program.
    pub(super) fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Appends `shown` as text, be it between tags or in a quoted attribute.
    pub(super) fn text(&mut self, shown: &(impl Display + ?Sized)) {
        // Writing into a String cannot fail; a Display that does leaves its text unfinished, and nothing else.
        let _ = write!(Escaping(&mut self.0), "{shown}");
    }

    /// Appends another piece.
    pub(super) fn add(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// What it says.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The document.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(c),
                c if c.is_control() || turns_text_around(c) => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Marks with which a name can make what follows it read as something else (Unicode TR 36 §3, UAX 9).
const fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_of_this_program_is_text() {
        let mut out = Html::default();
        let name = r#"<script>alert("x")</script>' onclick=&amp;"#;
        html!(out, "<b title=\"", (name), "\">", (name), "</b>");
        let text = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39; onclick=&amp;amp;";
        assert_eq!(out.into_string(), format!("<b title=\"{text}\">{text}</b>"));
    }

    #[test]
    fn control_characters_and_those_that_turn_text_around_are_replaced() {
        let mut out = Html::default();
        html!(out, ("a\u{202e}b\u{0}c\u{1b}[31m\nd\u{2066}"));
        assert_eq!(
            out.into_string(),
            "a\u{fffd}b\u{fffd}c\u{fffd}[31m\nd\u{fffd}"
        );
    }
}
