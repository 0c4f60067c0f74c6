//! Whether a key may be missing, and what it is then.

use std::{ops::Range, sync::Arc};

use serde_json::Value;
use toml::{Spanned, de::DeValue};

use super::{Fault, Field, Inner, Key, Open, Presence, Rule, Shape, Spot, Table};

/// A value and its place in the file.
#[derive(Clone, Debug)]
pub(in crate::config) struct At<T> {
    pub(in crate::config) value: T,
    pub(in crate::config) at: Range<usize>,
}

/// A field of a [`Table`]: a key of a section of the file.
pub(in crate::config) trait Slot: Sized {
    /// What the declaration says.
    type Rule;

    /// Takes the key out of `open`. Problems are added there.
    fn take(open: &mut Open<'_, '_>, rule: &Self::Rule) -> Self;

    /// The row of the table of keys.
    fn describe(rule: &Self::Rule) -> Key;
}

/// A key that must be there. `None` if it is not or is wrong, and then a problem was added.
#[derive(Debug)]
pub(in crate::config) struct Required<T>(pub(in crate::config) Option<At<T>>);

/// A key whose absence means something of its own.
#[derive(Debug)]
pub(in crate::config) struct Optional<T> {
    pub(in crate::config) given: Option<At<T>>,
    /// It is there, perhaps misspelt, but could not be read: a problem was added, and what its
    /// absence means does not hold.
    pub(in crate::config) wrong: bool,
}

/// A key with a default value.
#[derive(Debug)]
pub(in crate::config) struct Defaulted<T> {
    pub(in crate::config) value: T,
    /// Its place, if it is in the file.
    pub(in crate::config) at: Option<Range<usize>>,
    /// It is there and could not be read: a problem was added, and the default is a stand-in.
    pub(in crate::config) wrong: bool,
}

/// A table of which all keys may be missing.
#[derive(Debug)]
pub(in crate::config) struct Nested<T>(pub(in crate::config) At<T>);

/// A table whose absence means something of its own.
#[derive(Debug)]
pub(in crate::config) struct Maybe<T>(pub(in crate::config) Option<At<T>>);

/// An array of tables that has at least one.
#[derive(Debug)]
pub(in crate::config) struct Each<T>(pub(in crate::config) Vec<At<T>>);

/// A table of tables with names of the user's choice, at least one.
#[derive(Debug)]
pub(in crate::config) struct Named<T>(pub(in crate::config) Vec<(At<Arc<str>>, At<T>)>);

// === impl Slot: values ===

fn value<T: Field, D>(open: &mut Open<'_, '_>, rule: &Rule<T, D>) -> Option<At<T>> {
    let found = open.get(rule.name)?;
    let range = rule.range.as_ref();
    let mut spot = Spot {
        name: rule.name,
        range: range.map(|range| (range.low.show(), range.high.show())),
        problems: open.problems,
    };
    let value = T::read(found, &mut spot)?;
    if range.is_some_and(|range| !(range.contains)(range, &value)) {
        return spot.refuse(T::KIND, found.span(), Fault::new("out of range"));
    }
    Some(At {
        value,
        at: found.span(),
    })
}

impl<T: Field> Slot for Required<T> {
    type Rule = Rule<T>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<T>) -> Self {
        if !open.has(rule.name) {
            open.missing(rule.name, rule.like);
        }
        Self(value(open, rule))
    }

    fn describe(rule: &Rule<T>) -> Key {
        rule.key(Presence::Required)
    }
}

impl<T: Field> Slot for Optional<T> {
    type Rule = Rule<T>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<T>) -> Self {
        let given = value(open, rule);
        Self {
            wrong: given.is_none() && open.has(rule.name),
            given,
        }
    }

    fn describe(rule: &Rule<T>) -> Key {
        rule.key(if rule.needed {
            Presence::Needed(rule.absent)
        } else {
            Presence::Absent(rule.absent)
        })
    }
}

impl<T: Field> Slot for Defaulted<T> {
    type Rule = Rule<T, T>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<T, T>) -> Self {
        match value(open, rule) {
            Some(At { value, at }) => Self {
                value,
                at: Some(at),
                wrong: false,
            },
            None => Self {
                value: rule.default.clone(),
                at: None,
                wrong: open.has(rule.name),
            },
        }
    }

    fn describe(rule: &Rule<T, T>) -> Key {
        rule.key(Presence::Default(rule.default.show()))
    }
}

// === impl Slot: tables ===

fn table<T: Table>(
    open: &mut Open<'_, '_>,
    name: &str,
    found: &Spanned<DeValue<'_>>,
) -> Option<At<T>> {
    let path = open.path_to(name);
    super::open(path, found, open.problems).map(|value| At {
        value,
        at: found.span(),
    })
}

fn inner<T: Table>(rule: &Rule<()>, presence: Presence, shape: Shape) -> Key {
    let kind = match shape {
        Shape::One => "a table",
        Shape::Each => "an array of tables",
        Shape::Named => "a table of tables",
        Shape::Item => "a table in a list",
    };
    Key {
        name: rule.name,
        doc: rule.doc,
        kind: kind.into(),
        presence,
        range: None,
        like: rule.like,
        schema: Value::Null,
        inner: Some(Inner {
            shape,
            about: T::ABOUT,
            keys: T::keys(),
        }),
    }
}

impl<T: Table> Slot for Nested<T> {
    type Rule = Rule<()>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<()>) -> Self {
        let found = open.get(rule.name);
        match found.and_then(|found| table(open, rule.name, found)) {
            Some(table) => Self(table),
            None => Self(At {
                value: T::empty(),
                at: open.at.clone(),
            }),
        }
    }

    fn describe(rule: &Rule<()>) -> Key {
        inner::<T>(rule, Presence::Table, Shape::One)
    }
}

impl<T: Table> Slot for Maybe<T> {
    type Rule = Rule<()>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<()>) -> Self {
        let found = open.get(rule.name);
        Self(found.and_then(|found| table(open, rule.name, found)))
    }

    fn describe(rule: &Rule<()>) -> Key {
        inner::<T>(rule, Presence::Absent(rule.absent), Shape::One)
    }
}

impl<T: Table> Slot for Each<T> {
    type Rule = Rule<()>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<()>) -> Self {
        let Some(found) = open.get(rule.name) else {
            if !open.has(rule.name) {
                open.missing(rule.name, rule.like);
            }
            return Self(Vec::new());
        };
        let DeValue::Array(items) = found.get_ref() else {
            let written = format!("[[{}]]", rule.name);
            open.wrong_shape(rule.name, found, "an array of tables", &written);
            return Self(Vec::new());
        };
        if items.is_empty() {
            open.empty(rule.name, found.span());
        }
        let tables = items.iter().filter_map(|item| table(open, rule.name, item));
        Self(tables.collect())
    }

    fn describe(rule: &Rule<()>) -> Key {
        inner::<T>(rule, Presence::Required, Shape::Each)
    }
}

impl<T: Table> Slot for Named<T> {
    type Rule = Rule<()>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<()>) -> Self {
        let Some(found) = open.get(rule.name) else {
            if !open.has(rule.name) {
                open.missing(rule.name, rule.like);
            }
            return Self(Vec::new());
        };
        let DeValue::Table(tables) = found.get_ref() else {
            let written = format!("[{}.NAME]", rule.name);
            open.wrong_shape(rule.name, found, "a table of tables", &written);
            return Self(Vec::new());
        };
        if tables.is_empty() {
            open.empty(rule.name, found.span());
        }
        let entries = tables.iter().filter_map(|(name, item)| {
            let path = format!("{}.{}", rule.name, name.get_ref());
            let table = table(open, &path, item)?;
            let name = At {
                value: Arc::from(&**name.get_ref()),
                at: name.span(),
            };
            Some((name, table))
        });
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by_key(|(name, _)| name.at.start);
        Self(entries)
    }

    fn describe(rule: &Rule<()>) -> Key {
        inner::<T>(rule, Presence::Required, Shape::Named)
    }
}
