//! One thing that is wrong with a config file, and the collection of them.

use std::ops::Range;

use super::Severity;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(super) title: String,
    pub(super) at: Option<Range<usize>>,
    pub(super) label: String,
    pub(super) also: Vec<(Range<usize>, String)>,
    pub(super) help: Vec<String>,
    /// The lint that found it.
    pub(super) lint: Option<(&'static str, Severity)>,
}

/// The problems found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Problems {
    kept: Vec<Problem>,
    /// What is doubtful, but no reason not to use the file.
    warnings: Vec<Problem>,
    /// There were more than are kept.
    more: bool,
}

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
            lint: None,
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

    /// It is a lint's.
    pub(super) fn lint(mut self, id: &'static str, severity: Severity) -> Self {
        self.lint = Some((id, severity));
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

/// In one line.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title)?;
        if self.label.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.label)
    }
}

// === impl Problems ===

impl Problems {
    /// So many are kept. A file of 4 MiB can hold a million, and nobody reads them.
    const MOST: usize = 1000;

    /// Adds a problem.
    pub(super) fn push(&mut self, problem: Problem) {
        if self.is_full() {
            self.more = true;
        } else {
            self.kept.push(problem);
        }
    }

    /// Adds something doubtful that is no reason not to use the file.
    pub(super) fn warn(&mut self, warning: Problem) {
        if self.warnings.len() < Self::MOST {
            self.warnings.push(warning);
        }
    }

    /// What was doubtful.
    pub(super) fn take_warnings(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.warnings)
    }

    /// Whether further problems are not kept: no need to look for them any more.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= Self::MOST
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Those kept, in the order of the file, and whether there were more.
    pub(super) fn in_order(mut self) -> (Vec<Problem>, bool) {
        self.kept
            .sort_by_key(|p| p.at.as_ref().map(|at| (at.start, at.end)));
        (self.kept, self.more)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self {
            kept: vec![problem],
            warnings: Vec::new(),
            more: false,
        }
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }
}
