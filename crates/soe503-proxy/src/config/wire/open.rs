//! A table of the file while it is being read.

use std::{borrow::Cow, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Key, nearest, quoted};
use crate::config::{
    keys,
    problem::{Problem, Problems},
};

/// A table of the file as a struct; declared with [`section!`](super::section).
pub(in crate::config) trait Table: Sized {
    /// What the table is for.
    const ABOUT: &'static [&'static str];
    /// The names of its keys.
    const NAMES: &'static [&'static str];

    /// Its rows of the table of keys.
    fn keys() -> Vec<Key>;

    /// Takes every key out of `open`.
    fn fill(open: &mut Open<'_, '_>) -> Self;

    /// The table without any key. Only for tables without required keys.
    fn empty() -> Self {
        let (table, mut ignored) = (DeTable::new(), Problems::default());
        Self::fill(&mut Open {
            table: &table,
            at: 0..0,
            path: Cow::Borrowed(""),
            meant: Vec::new(),
            problems: &mut ignored,
        })
    }
}

/// A table of the file while it is being read.
#[derive(Debug)]
pub(in crate::config) struct Open<'a, 'i> {
    table: &'a DeTable<'i>,
    /// Its place: the header, or the braces and all between them.
    pub(super) at: Range<usize>,
    /// The keys that lead to it, with dots; empty for the file itself.
    path: Cow<'a, str>,
    /// Keys that an unknown key probably was meant to be.
    meant: Vec<&'static str>,
    /// Where problems are added.
    pub(super) problems: &'a mut Problems,
}

/// Reads `value`, which is at `path`, as a table. `None` after a problem was added.
pub(in crate::config) fn open<T: Table>(
    path: String,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems,
) -> Option<T> {
    let mut open = Open {
        table: match value.get_ref() {
            DeValue::Table(table) => table,
            other => {
                let title = format!("`{}` must be a table", quoted(&path));
                problems.push(Problem::new(value.span(), title, found(other)));
                return None;
            }
        },
        at: value.span(),
        path: Cow::Owned(path),
        meant: Vec::new(),
        problems,
    };
    open.refuse_unknown::<T>();
    Some(T::fill(&mut open))
}

/// "found an integer".
pub(in crate::config) fn found(value: &DeValue<'_>) -> String {
    let what = match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    format!("found {what}")
}

// === impl Open ===

impl<'a, 'i> Open<'a, 'i> {
    /// The value of a key.
    pub(super) fn get(&self, name: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table.get(name)
    }

    /// Whether a key is there, be it misspelt.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.get(name).is_some() || self.meant.contains(&name)
    }

    /// The keys that lead to a key of this table.
    pub(super) fn path_to(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.into()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The table as it is called in messages.
    fn called(&self) -> String {
        if self.path.is_empty() {
            "at the top level".into()
        } else {
            format!("in `{}`", quoted(&self.path))
        }
    }

    pub(super) fn missing(&mut self, name: &str, like: &str) {
        let problem = if self.path.is_empty() {
            Problem::of_file(format!("`{name}` is missing"))
        } else {
            let title = format!("`{name}` is missing {}", self.called());
            Problem::new(self.at.clone(), title, format!("no `{name}` here"))
        };
        let help = if like.contains('[') && like.contains('\n') {
            format!("add it, for example:\n{like}")
        } else {
            format!("add it, for example `{name} = {like}`")
        };
        self.problems.push(problem.help(help));
    }

    pub(super) fn empty(&mut self, name: &str, at: Range<usize>) {
        let title = format!("`{name}` is empty");
        self.problems
            .push(Problem::new(at, title, "expected at least one"));
    }

    pub(super) fn wrong_shape(
        &mut self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        kind: &str,
        written: &str,
    ) {
        let title = format!("`{name}` must be {kind}");
        self.problems.push(
            Problem::new(value.span(), title, found(value.get_ref()))
                .help(format!("write it as `{written}`")),
        );
    }

    fn refuse_unknown<T: Table>(&mut self) {
        for (key, _) in self.table {
            let name = &**key.get_ref();
            if T::NAMES.contains(&name) {
                continue;
            }
            if self.problems.is_full() {
                break;
            }
            let title = format!("unknown key `{}` {}", quoted(name), self.called());
            let near = nearest(name, T::NAMES.iter().copied());
            self.meant.extend(near);
            let advice = near.map(|near| format!("did you mean `{near}`?"));
            let advice = advice.unwrap_or_else(|| elsewhere::<T>(name));
            let problem = Problem::new(key.span(), title, "no such key").help(advice);
            self.problems.push(problem);
        }
    }
}

/// Where the unknown key `name` belongs, or what is valid in its place.
fn elsewhere<T: Table>(name: &str) -> String {
    let homes = keys::homes(name);
    if homes.is_empty() {
        return format!("valid keys here: {}", T::NAMES.join(", "));
    }
    format!("this key belongs in `{}`", homes.join("` or `"))
}
