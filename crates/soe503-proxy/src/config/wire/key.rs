//! What is known about a key.

use serde_json::Value;

use super::Field;

/// What a declaration says about a key, beside its type. `D` is the type of the default: `()` as
/// long as there is none.
#[derive(Clone, Debug)]
pub(in crate::config) struct Rule<T, D = ()> {
    pub(super) name: &'static str,
    pub(super) doc: &'static [&'static str],
    pub(super) default: D,
    pub(super) absent: &'static str,
    pub(super) needed: bool,
    pub(super) range: Option<Range<T>>,
    pub(super) like: &'static str,
}

/// A lowest and a highest value.
#[derive(Clone, Debug)]
pub(super) struct Range<T> {
    pub(super) low: T,
    pub(super) high: T,
    pub(super) contains: fn(&Self, &T) -> bool,
}

/// A row of the table of keys: everything that documentation, schema and examples say.
#[derive(Debug)]
pub(in crate::config) struct Key {
    /// Its name.
    pub(in crate::config) name: &'static str,
    /// What it means; one line of text per line of the declaration.
    pub(in crate::config) doc: &'static [&'static str],
    /// The type of its value, with article.
    pub(in crate::config) kind: String,
    /// What holds if it is missing.
    pub(in crate::config) presence: Presence,
    /// Lowest and highest value, as TOML.
    pub(in crate::config) range: Option<(String, String)>,
    /// A typical value, as TOML; empty if the default is one.
    pub(in crate::config) like: &'static str,
    /// The JSON Schema of its value, without description and default.
    pub(in crate::config) schema: Value,
    /// The keys of the table that is its value.
    pub(in crate::config) inner: Option<Inner>,
}

/// What holds if a key is missing.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) enum Presence {
    /// The file is wrong.
    Required,
    /// This TOML value.
    Default(String),
    /// What this sentence says.
    Absent(&'static str),
    /// Other keys decide whether the file is wrong, as this sentence says.
    Needed(&'static str),
    /// The table is empty, so the defaults of its keys.
    Table,
}

/// The keys of a table.
#[derive(Debug)]
pub(in crate::config) struct Inner {
    /// How the table is written.
    pub(in crate::config) shape: Shape,
    /// What the table is for; one line of text per line of the declaration.
    pub(in crate::config) about: &'static [&'static str],
    /// Its keys, in the order of the declaration.
    pub(in crate::config) keys: Vec<Key>,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Shape {
    /// `[key]`
    One,
    /// `[[key]]`, any number of times.
    Each,
    /// `[key.NAME]`, any number of times.
    Named,
    /// `{ … }`, as an item of a list.
    Item,
}

// === impl Rule ===

impl<T> Rule<T> {
    pub(in crate::config) const fn new(name: &'static str, doc: &'static [&'static str]) -> Self {
        Self {
            name,
            doc,
            default: (),
            absent: "",
            needed: false,
            range: None,
            like: "",
        }
    }

    /// The value if the key is missing.
    pub(in crate::config) fn default(self, value: T) -> Rule<T, T> {
        Rule {
            name: self.name,
            doc: self.doc,
            default: value,
            absent: self.absent,
            needed: self.needed,
            range: self.range,
            like: self.like,
        }
    }
}

impl<T, D> Rule<T, D> {
    /// What a missing key means.
    pub(in crate::config) fn absent(mut self, meaning: &'static str) -> Self {
        self.absent = meaning;
        self
    }

    /// When the key must be there.
    pub(in crate::config) fn needed(mut self, when: &'static str) -> Self {
        self.needed = true;
        self.absent(when)
    }

    /// A typical value, as TOML.
    pub(in crate::config) fn like(mut self, example: &'static str) -> Self {
        self.like = example;
        self
    }

    /// The lowest and the highest value.
    pub(in crate::config) fn range(mut self, low: T, high: T) -> Self
    where
        T: PartialOrd,
    {
        self.range = Some(Range {
            low,
            high,
            contains: |range, value| range.low <= *value && *value <= range.high,
        });
        self
    }
}

impl<T: Field, D> Rule<T, D> {
    /// The row of the table of keys.
    pub(super) fn key(&self, presence: Presence) -> Key {
        let mut schema = T::schema();
        if let Some(range) = &self.range {
            T::bound(&mut schema, &range.low, &range.high);
        }
        Key {
            name: self.name,
            doc: self.doc,
            kind: T::KIND.into(),
            presence,
            range: self.range.as_ref().map(|r| (r.low.show(), r.high.show())),
            like: self.like,
            schema,
            inner: T::inner(),
        }
    }
}
