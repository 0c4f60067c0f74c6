//! Stage one: what is written in the file, key by key, each value with its place.
//!
//! A table of the file is a struct that is declared with [`section!`](section): its fields are the
//! keys, a field's type says whether the key may be missing ([`Required`], [`Optional`],
//! [`Defaulted`], …), and the rest of the line says what is special about it. Reading, "did you
//! mean", the schema and the reference page all come from that one declaration.
//!
//! serde is not used here on purpose: it stops at the first error of a file, and its errors do
//! not know what else would have been valid at that place.

mod absent;
mod factor;
mod field;
mod key;
mod list;
mod nearest;
mod number;
mod open;
mod section;
mod slot;
mod text;
mod unit;

pub(super) use absent::{MaybeEach, MaybeNamed};
pub(super) use field::{Fault, Field, Spot};
pub(super) use key::{Inner, Key, Presence, Rule, Shape};
pub(super) use list::List;
pub(super) use nearest::nearest;
pub(super) use open::{Open, Table, found, open};
pub(super) use section::section;
pub(super) use slot::{At, Defaulted, Each, Maybe, Named, Nested, Optional, Required, Slot};
pub(super) use text::{Text, choice, one_of, quoted};
pub(super) use unit::Size;
