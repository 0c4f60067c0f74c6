//! Types that the value of a key can have.

use serde_json::Value;
use toml::{Spanned, de::DeValue};

use super::Inner;
use crate::config::report::{Problem, Problems};

/// A type that the value of a key can have.
pub(in crate::config) trait Field: Clone + 'static {
    /// The type in a word or two, with its article: `a duration`.
    const KIND: &'static str;

    /// Reads `value` of the key `name`. `None` after a problem was added.
    fn read(name: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self>;

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

/// Why a value is not one of a [`Field`].
#[derive(Debug)]
pub(in crate::config) struct Fault {
    /// Goes right below the value.
    pub(in crate::config) label: String,
    /// What to write instead.
    pub(in crate::config) help: Option<String>,
}

// === impl Fault ===

impl Fault {
    pub(in crate::config) fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            help: None,
        }
    }

    pub(in crate::config) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The problem with `value` of the key `name`, which should have been `kind`.
    pub(in crate::config) fn problem(
        self,
        name: &str,
        kind: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Problem {
        Problem::new(
            value.span(),
            format!("`{name}`: expected {kind}"),
            self.label,
        )
        .maybe_help(self.help)
    }
}
