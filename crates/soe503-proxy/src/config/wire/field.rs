//! Types that the value of a key can have.

use std::ops::Range;

use serde_json::Value;
use toml::{Spanned, de::DeValue};

use super::Inner;
use crate::config::problem::{Problem, Problems};

/// A type that the value of a key can have.
pub(in crate::config) trait Field: Clone + 'static {
    /// The type in a word or two, with its article: `a duration`.
    const KIND: &'static str;

    /// Reads `value`. `None` after a problem was added to `spot`.
    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self>;

    /// The value as it is written in TOML.
    fn show(&self) -> String;

    /// The JSON Schema of the type, without description and default.
    fn schema() -> Value;

    /// The keys of the table that the value may be.
    fn inner() -> Option<Inner> {
        None
    }

    /// Adds the range from `low` to `high` to the schema, where JSON Schema can express it.
    fn bound(_schema: &mut Value, _low: &Self, _high: &Self) {}
}

/// The key whose value is being read.
#[derive(Debug)]
pub(in crate::config) struct Spot<'a> {
    /// Its name.
    pub(in crate::config) name: &'a str,
    /// Lowest and highest value, as TOML.
    pub(in crate::config) range: Option<(String, String)>,
    /// Where problems are added.
    pub(in crate::config) problems: &'a mut Problems,
}

/// Why a value is not one of a [`Field`].
#[derive(Debug)]
pub(in crate::config) struct Fault {
    label: String,
    help: Option<String>,
}

// === impl Spot ===

impl<'a> Spot<'a> {
    /// The same key, for one item of its list.
    pub(super) fn item(&mut self) -> Spot<'_> {
        Spot {
            name: self.name,
            range: None,
            problems: self.problems,
        }
    }

    /// Adds the problem that the value at `at` is not what `kind` says. Always `None`, for the caller to return.
    pub(in crate::config) fn refuse<T>(
        &mut self,
        kind: &str,
        at: Range<usize>,
        fault: Fault,
    ) -> Option<T> {
        let range = match &self.range {
            Some((low, high)) => format!(" from {low} to {high}"),
            None => String::new(),
        };
        let title = format!("`{}`: expected {kind}{range}", self.name);
        let mut problem = Problem::new(at, title, fault.label);
        problem.help.extend(fault.help);
        self.problems.push(problem);
        None
    }
}

// === impl Fault ===

impl Fault {
    /// `label` goes right below the value.
    pub(in crate::config) fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            help: None,
        }
    }

    /// What goes right below the value, alone.
    pub(in crate::config) fn into_label(self) -> String {
        self.label
    }

    /// Says what to write instead.
    pub(in crate::config) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
