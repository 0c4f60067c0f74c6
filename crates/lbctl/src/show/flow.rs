//! Facts in a row: `circuit closed · 14,002 requests · 12 prevented`, in as many lines as it takes.

use anstyle::Style;

use super::{
    Canvas, style,
    text::{Line, clean, width},
};

/// A few words that stay together on a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fact(Vec<(String, Style)>);

impl Fact {
    /// A fact in one colour.
    pub(crate) fn new(text: impl AsRef<str>, style: Style) -> Self {
        Self::default().and(text, style)
    }

    /// A fact in no colour.
    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self::new(text, style::PLAIN)
    }

    /// More words, directly after the others.
    #[must_use]
    pub(crate) fn and(mut self, text: impl AsRef<str>, style: Style) -> Self {
        self.0.push((clean(text.as_ref()), style));
        self
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| width(text)).sum()
    }

    fn put(&self, line: &mut Line) {
        for (text, style) in &self.0 {
            line.put(text, *style);
        }
    }
}

/// Writes `facts` after `line`, and on further lines indented by `indent` where they do not fit.
pub(crate) fn flow(
    mut line: Line,
    facts: &[Fact],
    indent: usize,
    canvas: Canvas,
    out: &mut String,
) {
    let separator = canvas.separator();
    let mut first = true;
    for fact in facts {
        let lead = if first { 0 } else { width(separator) };
        let fits = canvas
            .width
            .is_none_or(|limit| line.width() + lead + fact.width() <= limit);
        if !fits && line.width() > indent {
            line.end(out);
            line = Line::default();
            line.gap(indent);
        } else if !first {
            line.put(separator, style::QUIET);
        }
        fact.put(&mut line);
        first = false;
    }
    line.end(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stay_whole_and_lines_stay_within_the_width() {
        let facts: Vec<_> = ["one two", "three", "four five six", "seven"]
            .into_iter()
            .map(Fact::plain)
            .collect();
        let told = |width| {
            let mut out = String::new();
            let canvas = Canvas {
                width,
                height: None,
                unicode: false,
            };
            let mut line = Line::default();
            line.put("x ", style::PLAIN);
            flow(line, &facts, 2, canvas, &mut out);
            anstream::adapter::strip_str(&out).to_string()
        };
        assert_eq!(told(None), "x one two | three | four five six | seven\n");
        assert_eq!(
            told(Some(18)),
            "x one two | three\n  four five six\n  seven\n"
        );
    }
}
