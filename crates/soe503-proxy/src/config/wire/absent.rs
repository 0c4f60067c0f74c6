//! Arrays of tables, and tables of tables, that may be missing.

use std::sync::Arc;

use super::{At, Each, Key, Named, Open, Presence, Rule, Slot, Table};

/// An array of tables that may be missing.
#[derive(Debug)]
pub(in crate::config) struct MaybeEach<T>(pub(in crate::config) Vec<At<T>>);

/// A table of tables with names of the user's choice that may be missing.
#[derive(Debug)]
pub(in crate::config) struct MaybeNamed<T>(pub(in crate::config) Vec<(At<Arc<str>>, At<T>)>);

impl<T: Table> Slot for MaybeEach<T> {
    type Rule = Rule<()>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<()>) -> Self {
        match open.has(rule.name) {
            true => Self(Each::take(open, rule).0),
            false => Self(Vec::new()),
        }
    }

    fn describe(rule: &Rule<()>) -> Key {
        Key {
            presence: Presence::Absent(rule.absent),
            ..Each::<T>::describe(rule)
        }
    }
}

impl<T: Table> Slot for MaybeNamed<T> {
    type Rule = Rule<()>;

    fn take(open: &mut Open<'_, '_>, rule: &Rule<()>) -> Self {
        match open.has(rule.name) {
            true => Self(Named::take(open, rule).0),
            false => Self(Vec::new()),
        }
    }

    fn describe(rule: &Rule<()>) -> Key {
        Key {
            presence: Presence::Absent(rule.absent),
            ..Named::<T>::describe(rule)
        }
    }
}
