//! What is wrong with a config file, told so that it can be put right without the manual.

use std::{fmt, ops::Range, sync::Arc};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::{
    Severity,
    problem::{Problem, Problems},
};

/// Nobody reads more than this many problems at once.
const MOST_SHOWN: usize = 50;

/// Everything that is wrong with one config file, or that is doubtful, in the order of the file.
///
/// Of the problems of a hopeless file the first thousand are kept and the first fifty are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    file: Arc<str>,
    source: Arc<str>,
    problems: Vec<Problem>,
    more: bool,
    /// The config is used all the same.
    warns: bool,
}

impl Report {
    pub(super) fn new(file: &str, source: &str, problems: impl Into<Problems>) -> Self {
        let (problems, more) = problems.into().in_order();
        Self {
            file: file.into(),
            source: source.into(),
            problems,
            more,
            warns: false,
        }
    }

    /// What is doubtful about a config that is used; `None` if nothing is.
    pub(super) fn of_warnings(file: &str, source: &str, warnings: Vec<Problem>) -> Option<Self> {
        let mut problems = Problems::default();
        problems.extend(warnings);
        let any = !problems.is_empty();
        any.then(|| Self {
            warns: true,
            ..Self::new(file, source, problems)
        })
    }

    /// The problems, in the order of the file; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Line and column of a problem, both from 1, the column in characters; `None` if the
    /// problem is with the file as a whole.
    pub fn position(&self, problem: &Problem) -> Option<(usize, usize)> {
        let at = self.clamped(problem.at.as_ref()?);
        let line_start = self.line_start(at.start);
        let column = self.source[line_start..at.start].chars().count() + 1;
        Some((self.line_number(line_start), column))
    }

    /// The report as text for people, with ANSI colours or without, ending in a newline.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut text = String::new();
        for problem in self.problems.iter().take(MOST_SHOWN) {
            text.push_str(&renderer.render(&[self.group(problem)]));
            text.push_str("\n\n");
        }
        let total = self.level().primary_title(self.total());
        text.push_str(&renderer.render(&[Group::with_title(total)]));
        text.push('\n');
        text
    }

    fn total(&self) -> String {
        let (file, count) = (&self.file, self.problems.len());
        let least = if self.more { "at least " } else { "" };
        let s = if count == 1 { "" } else { "s" };
        if self.warns {
            let notes = self.problems.iter().filter(|p| is_note(p)).count();
            let counted = [(count - notes, "warning"), (notes, "note")]
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
                .collect::<Vec<_>>()
                .join(", ");
            return format!("{file}: {least}{counted}; this config is used all the same");
        }
        let cut = if count > MOST_SHOWN {
            format!(", of which {MOST_SHOWN} are shown")
        } else {
            String::new()
        };
        format!("{file}: {least}{count} problem{s}{cut}; this config is not used")
    }

    fn level(&self) -> Level<'static> {
        if self.warns {
            Level::WARNING
        } else {
            Level::ERROR
        }
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let level = if is_note(problem) {
            Level::NOTE
        } else {
            self.level()
        };
        let title = level.primary_title(&*problem.title);
        let mut group = Group::with_title(match problem.lint {
            Some((id, _)) => title.id(id),
            None => title,
        });
        if let Some(at) = &problem.at {
            group = group.element(self.snippet(at, problem));
        }
        group.elements(problem.help.iter().map(|h| Level::HELP.message(h.as_str())))
    }

    /// The lines of the source that a problem is about.
    fn snippet<'a>(
        &'a self,
        at: &Range<usize>,
        problem: &'a Problem,
    ) -> Snippet<'a, Annotation<'a>> {
        let primary = (at, &problem.label, AnnotationKind::Primary);
        let also = problem.also.iter();
        let also = also.map(|(at, label)| (at, label, AnnotationKind::Context));
        let marks: Vec<_> = std::iter::once(primary)
            .chain(also)
            .map(|(at, label, kind)| (self.clamped(at), label, kind))
            .collect();
        // Only these lines: the renderer's work grows with what it is given.
        let first = marks.iter().map(|(at, ..)| at.start).min().unwrap_or(0);
        let last = marks.iter().map(|(at, ..)| at.end).max().unwrap_or(0);
        let start = self.line_start(first);
        let end = self.source[last..]
            .find('\n')
            .map_or(self.source.len(), |n| last + n);
        let marks = marks.into_iter().map(|(at, label, kind)| {
            kind.span(at.start - start..at.end - start)
                .label(label.as_str())
        });
        Snippet::source(&self.source[start..end])
            .line_start(self.line_number(start))
            .path(&*self.file)
            .annotations(marks)
    }

    /// Where the line that contains `offset` begins.
    fn line_start(&self, offset: usize) -> usize {
        self.source[..offset]
            .rfind('\n')
            .map_or(0, |newline| newline + 1)
    }

    /// The number, from 1, of the line that begins at `line_start`.
    fn line_number(&self, line_start: usize) -> usize {
        let before = &self.source.as_bytes()[..line_start];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// `at`, but certainly inside the source and on character boundaries.
    fn clamped(&self, at: &Range<usize>) -> Range<usize> {
        let start = self.source.floor_char_boundary(at.start);
        let end = self.source.ceil_char_boundary(at.end.max(start));
        start..end.min(self.source.len())
    }
}

/// It may be meant.
fn is_note(problem: &Problem) -> bool {
    matches!(problem.lint, Some((_, Severity::Note)))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}
