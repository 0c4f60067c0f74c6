//! Where a key stands in the file.

use std::{fmt, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The keys that lead to a value: `routes[2].retry.attempts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    /// From 0.
    Item(usize),
}

/// A place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The value, or the innermost table around where it would be.
    pub(super) at: Range<usize>,
    /// The value is written there.
    pub(super) written: bool,
}

// === impl KeyPath ===

impl KeyPath {
    /// The key `keys`, with dots, of the pool called `pool`.
    pub(crate) fn pool(pool: &str, keys: &str) -> Self {
        // A pool's name may have dots itself.
        let first = ["pools", pool].map(|key| Step::Key(key.to_owned()));
        Self(first.into_iter().chain(steps(keys)).collect())
    }

    /// The key `keys`, with dots, of a route by its number in the file, from 0.
    pub(crate) fn route(number: usize, keys: &str) -> Self {
        Self::item("routes", number, keys)
    }

    /// The key `keys`, with dots, of an item of the array of tables `array`.
    pub(super) fn item(array: &str, number: usize, keys: &str) -> Self {
        let first = [Step::Key(array.to_owned()), Step::Item(number)];
        Self(first.into_iter().chain(steps(keys)).collect())
    }

    /// The key `keys`, with dots, of the file itself.
    pub(super) fn top(keys: &str) -> Self {
        Self(steps(keys).collect())
    }

    /// The last key.
    pub(super) fn name(&self) -> &str {
        self.0
            .iter()
            .rev()
            .find_map(|step| match step {
                Step::Key(name) => Some(name.as_str()),
                Step::Item(_) => None,
            })
            .unwrap_or_default()
    }

    /// Where it is in `file`.
    pub(super) fn find(&self, file: &DeTable<'_>) -> Place {
        let mut around = Place {
            at: 0..0,
            written: false,
        };
        let mut table = Some(file);
        let mut found: Option<&Spanned<DeValue<'_>>> = None;
        for step in &self.0 {
            let next = match step {
                Step::Key(name) => table.and_then(|table| table.get(name.as_str())),
                Step::Item(number) => match found.map(Spanned::get_ref) {
                    Some(DeValue::Array(items)) => items.get(*number),
                    _ => None,
                },
            };
            let Some(next) = next else {
                return around;
            };
            around.at = next.span();
            table = match next.get_ref() {
                DeValue::Table(table) => Some(table),
                _ => None,
            };
            found = Some(next);
        }
        around.written = true;
        around
    }
}

fn steps(keys: &str) -> impl Iterator<Item = Step> {
    keys.split('.').map(|key| Step::Key(key.to_owned()))
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(number) => write!(f, "[{number}]")?,
                Step::Key(key) if index > 0 => write!(f, ".{key}")?,
                Step::Key(key) => f.write_str(key)?,
            }
        }
        Ok(())
    }
}
