//! One structured-field item with parameters, from strings of any kind (RFC 9651).

use sfv::{Date, Integer, ItemSerializer, KeyRef, ParameterSerializer, StringRef, TokenRef};

use super::clean::ascii;
use crate::cause::Cause;

/// Longest string in a field.
const LONGEST: usize = 160;

/// An item under construction. Whatever is put in, a parser can read what comes out: strings are
/// reduced to visible ASCII, numbers to the range of the RFC.
pub(super) struct Field(ParameterSerializer<String>);

impl Field {
    /// An item that is `name`: a token if it can be one, else a string; `fallback` if nothing of
    /// it is left.
    pub(super) fn named(name: &str, fallback: &'static TokenRef) -> Self {
        let name = ascii(name, 64);
        let item = ItemSerializer::new();
        if name.is_empty() {
            return Self(item.bare_item(fallback));
        }
        Self(
            match (TokenRef::from_str(&name), StringRef::from_str(&name)) {
                (Ok(token), _) => item.bare_item(token),
                (_, Ok(string)) => item.bare_item(string),
                _ => item.bare_item(fallback),
            },
        )
    }

    /// Adds a token; a string if it is none.
    pub(super) fn token(self, key: &KeyRef, value: &str) -> Self {
        match TokenRef::from_str(value) {
            Ok(token) => Self(self.0.parameter(key, token)),
            Err(_) => self.string(key, value),
        }
    }

    /// Adds a string.
    pub(super) fn string(self, key: &KeyRef, value: &str) -> Self {
        let value = ascii(value, LONGEST);
        match StringRef::from_str(&value) {
            Ok(string) => Self(self.0.parameter(key, string)),
            // Cannot be: `ascii` leaves nothing that a string may not hold.
            Err(_) => self,
        }
    }

    /// Adds an integer.
    pub(super) fn integer(self, key: &KeyRef, value: u16) -> Self {
        Self(self.0.parameter(key, Integer::from(value)))
    }

    /// Adds a cause's identifier, as a token.
    pub(super) fn cause(self, key: &KeyRef, cause: Cause) -> Self {
        self.token(key, cause.id())
    }

    /// Adds a date in seconds since 1970.
    pub(super) fn date(self, key: &KeyRef, unix: i64) -> Self {
        let seconds = Integer::try_from(unix).unwrap_or(Integer::MAX);
        Self(self.0.parameter(key, Date::from_unix_seconds(seconds)))
    }

    /// The field's value.
    pub(super) fn finish(self) -> String {
        self.0.finish()
    }
}
