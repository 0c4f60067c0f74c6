//! One structured-field item with parameters, from strings of any kind (RFC 9651).

use sfv::{Integer, KeyRef};

use super::clean::{ascii, no_escape};
use super::digits::number;
use crate::cause::Cause;

/// Longest string in a field.
const LONGEST: usize = 160;
/// Most fields are shorter.
const USUAL: usize = 192;

/// An item under construction. Whatever is put in, a parser can read what comes out: strings are
/// reduced to visible ASCII, numbers to the range of the RFC.
///
/// Written here and not by a library, because several thousand a second may be needed when there is the least time for
/// them; the tests read them with one.
pub(super) struct Field(String);

impl Field {
    /// An item that is `name`: a token if it can be one, else a string; the token `fallback` if nothing
    /// of it is left.
    pub(super) fn named(name: &str, fallback: &'static str) -> Self {
        let name = ascii(name, 64);
        let mut field = Self(String::with_capacity(USUAL));
        match &*name {
            "" => field.0.push_str(fallback),
            name if is_token(name) => field.0.push_str(name),
            name => field.quote(name),
        }
        field
    }

    /// An item that is a cause's identifier.
    pub(super) fn of(cause: Cause) -> Self {
        let mut field = Self(String::with_capacity(USUAL));
        field.0.push_str(cause.id());
        field
    }

    /// Adds a token; a string if it is none.
    pub(super) fn token(mut self, key: &KeyRef, value: &str) -> Self {
        if !is_token(value) {
            return self.string(key, value);
        }
        self.key(key);
        self.0.push_str(value);
        self
    }

    /// Adds a word of ours that is known to be a token.
    pub(super) fn word(mut self, key: &KeyRef, value: &'static str) -> Self {
        self.key(key);
        self.0.push_str(value);
        self
    }

    /// Adds a string.
    pub(super) fn string(mut self, key: &KeyRef, value: &str) -> Self {
        self.key(key);
        self.quote(&ascii(value, LONGEST));
        self
    }

    /// Adds an integer.
    pub(super) fn integer(mut self, key: &KeyRef, value: impl Into<i64>) -> Self {
        let value = i64::from(Integer::try_from(value.into()).unwrap_or(Integer::MAX));
        self.key(key);
        if value < 0 {
            self.0.push('-');
        }
        number(&mut self.0, value.unsigned_abs());
        self
    }

    /// Adds a cause's identifier, which is a token.
    pub(super) fn cause(mut self, key: &KeyRef, cause: Cause) -> Self {
        self.key(key);
        self.0.push_str(cause.id());
        self
    }

    /// Adds a date in seconds since 1970.
    pub(super) fn date(mut self, key: &KeyRef, unix: i64) -> Self {
        let seconds = i64::from(Integer::try_from(unix).unwrap_or(Integer::MAX));
        self.key(key);
        self.0.push_str(if seconds < 0 { "@-" } else { "@" });
        number(&mut self.0, seconds.unsigned_abs());
        self
    }

    /// The field's value.
    pub(super) fn finish(self) -> String {
        self.0
    }

    fn key(&mut self, key: &KeyRef) {
        self.0.push(';');
        self.0.push_str(key.as_str());
        self.0.push('=');
    }

    /// A string of visible ASCII and spaces (RFC 9651 §4.1.6).
    fn quote(&mut self, text: &str) {
        self.0.push('"');
        if no_escape(text) {
            self.0.push_str(text);
        } else {
            for char in text.chars() {
                if matches!(char, '"' | '\\') {
                    self.0.push('\\');
                }
                self.0.push(char);
            }
        }
        self.0.push('"');
    }
}

/// `text` is a token (RFC 9651 §3.3.4).
fn is_token(text: &str) -> bool {
    let begins = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'*';
    let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte);
    text.as_bytes().first().is_some_and(begins) && text.bytes().all(goes_on)
}

#[cfg(test)]
mod tests {
    use sfv::{BareItem, Item, Parser, TokenRef, key_ref};

    use super::*;
    use crate::cause::ProxyError;
    use crate::diagnosis::Grade;

    const KEY: &KeyRef = key_ref("key");

    #[test]
    fn all_bytes_as_a_library_has_them() {
        for byte in 0..=0x7f_u8 {
            for text in [
                String::from(char::from(byte)),
                format!("a{}", char::from(byte)),
                format!("{}a", char::from(byte)),
            ] {
                assert_eq!(
                    is_token(&text),
                    TokenRef::from_str(&text).is_ok(),
                    "{text:?}"
                );
                let field = Field::named("a", "b").string(KEY, &text).finish();
                let item = Parser::new(&field).parse::<Item>().unwrap();
                let expected = ascii(&text, LONGEST);
                match &item.params[KEY] {
                    BareItem::String(found) => assert_eq!(found.as_str(), &*expected),
                    other => panic!("{field}: {other:?}"),
                }
            }
        }
        assert!(!is_token(""));
    }

    #[test]
    fn what_is_written_unseen_is_a_token() {
        for cause in Cause::ALL {
            assert!(is_token(cause.id()), "{cause}");
            if let Some(error) = cause.info().proxy_status.map(ProxyError::token) {
                assert!(is_token(error), "{error}");
            }
        }
        for grade in [Grade::Suspected, Grade::Inferred, Grade::Proven] {
            assert!(is_token(grade.word()), "{grade:?}");
        }
    }

    #[test]
    fn dates_and_integers() {
        for (unix, text) in [
            (0, "0"),
            (-1, "-1"),
            (1_795_369_268, "1795369268"),
            (i64::MAX, "999999999999999"),
        ] {
            let field = Field::named("a", "b").date(KEY, unix).integer(KEY, 503);
            assert_eq!(field.finish(), format!("a;key=@{text};key=503"));
        }
        for (value, text) in [(-7, "-7"), (0, "0"), (7, "7")] {
            let field = Field::named("a", "b").integer(KEY, value);
            assert_eq!(field.finish(), format!("a;key={text}"));
        }
    }
}
