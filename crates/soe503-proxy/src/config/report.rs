//! What is wrong with a config file, told so that it can be put right without the manual.

use std::{fmt, ops::Range, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Everything that is wrong with one config file, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    file: Arc<str>,
    source: Arc<str>,
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(super) title: String,
    pub(super) at: Option<Range<usize>>,
    pub(super) label: String,
    pub(super) also: Vec<(Range<usize>, String)>,
    pub(super) help: Vec<String>,
}

/// The problems found so far.
pub(super) type Problems = Vec<Problem>;

// === impl Problem ===

impl Problem {
    /// A problem with the text at `at`; `label` goes right below it.
    pub(super) fn new(
        at: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            at: Some(at),
            label: label.into(),
            also: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A problem with the file as a whole.
    pub(super) fn of_file(title: impl Into<String>) -> Self {
        Self {
            at: None,
            ..Self::new(0..0, title, "")
        }
    }

    /// Points at another place that matters.
    pub(super) fn also(mut self, at: Range<usize>, label: impl Into<String>) -> Self {
        self.also.push((at, label.into()));
        self
    }

    /// Adds a line that says what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// What is wrong, in one line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What to do about it: any number of lines.
    pub fn advice(&self) -> &[String] {
        &self.help
    }
}

// === impl Report ===

impl Report {
    pub(super) fn new(file: &str, source: &str, mut problems: Problems) -> Self {
        problems.sort_by_key(|p| p.at.as_ref().map(|at| (at.start, at.end)));
        problems.dedup();
        Self {
            file: file.into(),
            source: source.into(),
            problems,
        }
    }

    /// The problems, in the order of the file; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Line and column of a problem, both from 1, the column in characters; `None` if the
    /// problem is with the file as a whole.
    pub fn position(&self, problem: &Problem) -> Option<(usize, usize)> {
        let before = self.source.get(..problem.at.as_ref()?.start)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Some((line, before[line_start..].chars().count() + 1))
    }

    /// The report as text for people, with ANSI colours or without, ending in a newline.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut text = String::new();
        for problem in &self.problems {
            text.push_str(&renderer.render(&[self.group(problem)]));
            text.push_str("\n\n");
        }
        let count = self.problems.len();
        let s = if count == 1 { "" } else { "s" };
        let total = format!("{}: {count} problem{s}, nothing was started", self.file);
        text.push_str(&renderer.render(&[Group::with_title(Level::ERROR.primary_title(total))]));
        text.push('\n');
        text
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let mut group = Group::with_title(Level::ERROR.primary_title(&*problem.title));
        if let Some(at) = &problem.at {
            let also = problem.also.iter().map(|(at, label)| {
                AnnotationKind::Context
                    .span(self.clamp(at))
                    .label(label.as_str())
            });
            let snippet = Snippet::source(&*self.source)
                .path(&*self.file)
                .annotation(
                    AnnotationKind::Primary
                        .span(self.clamp(at))
                        .label(problem.label.as_str()),
                )
                .annotations(also);
            group = group.element(snippet);
        }
        group.elements(problem.help.iter().map(|h| Level::HELP.message(h.as_str())))
    }

    /// `at`, but certainly inside the source and on character boundaries.
    fn clamp(&self, at: &Range<usize>) -> Range<usize> {
        let start = self.source.floor_char_boundary(at.start);
        let end = self.source.ceil_char_boundary(at.end.max(start));
        start..end
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}
