//! Values that are written as strings.

use std::ops::Range;

use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::{Fault, Field, Spot, found, nearest};

/// A type whose values are written as strings.
pub(in crate::config) trait Text: Clone + 'static {
    /// The type in a word or two, with its article.
    const KIND: &'static str;
    /// What to write, for those who wrote something that is not a string.
    const LIKE: &'static str;

    /// The value that `text` stands for.
    fn parse(text: &str) -> Result<Self, Fault>;

    /// The text that stands for the value.
    fn text(&self) -> String;

    /// What else than `"type": "string"` the schema says.
    fn constraints() -> Value {
        json!({})
    }

    /// What to write instead of a value that is not a string.
    fn advice(_value: &DeValue<'_>) -> String {
        format!("write it in quotes, such as {}", Self::LIKE)
    }
}

/// Declares how the values of an enum are written.
macro_rules! choice {
    ($name:ty, { $first:literal => $first_value:expr $(, $text:literal => $value:expr)* $(,)? }) => {
        $crate::config::wire::choice!(
            @all $name,
            concat!("\"", $first, "\"" $(, " or \"", $text, "\"")*),
            { $first => $first_value $(, $text => $value)* }
        );
    };
    (@all $name:ty, $kind:expr, { $($text:literal => $value:expr),+ }) => {
        impl $crate::config::wire::Text for $name {
            const KIND: &'static str = $kind;
            const LIKE: &'static str = "";

            fn parse(text: &str) -> Result<Self, $crate::config::wire::Fault> {
                match text {
                    $($text => Ok($value),)+
                    other => Err($crate::config::wire::one_of(other, &[$($text),+])),
                }
            }

            fn text(&self) -> String {
                $(if *self == $value { return $text.into(); })+
                String::new()
            }

            fn constraints() -> serde_json::Value {
                serde_json::json!({ "enum": [$($text),+] })
            }

            fn advice(_: &toml::de::DeValue<'_>) -> String {
                "write it in quotes".into()
            }
        }
    };
}

pub(in crate::config) use choice;

/// `text` is none of `choices`.
pub(in crate::config) fn one_of(text: &str, choices: &[&str]) -> Fault {
    let fault = Fault::new("not one of these");
    match nearest(text, choices.iter().copied()) {
        Some(near) => fault.help(format!("did you mean \"{near}\"?")),
        None => fault,
    }
}

/// `text` fit for one line of a message: control characters escaped, cut after 60 characters.
pub(in crate::config) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(|c| {
            let escape = c.is_control();
            let escaped = escape.then(|| c.escape_default());
            escaped.into_iter().flatten().chain((!escape).then_some(c))
        })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// The place of what is between the quotes of a string, unless it is written with escapes.
fn contents(value: &Spanned<DeValue<'_>>) -> Range<usize> {
    let Range { start, end } = value.span();
    match value.get_ref() {
        DeValue::String(text) if !text.is_empty() && text.len() + 2 == end - start => {
            start + 1..end - 1
        }
        _ => start..end,
    }
}

// === impl Field ===

impl<T: Text> Field for T {
    const KIND: &'static str = T::KIND;

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        let result = match value.get_ref() {
            DeValue::String(text) => T::parse(text),
            other => Err(Fault::new(found(other)).help(T::advice(other))),
        };
        match result {
            Ok(value) => Some(value),
            Err(fault) => spot.refuse(T::KIND, contents(value), fault),
        }
    }

    fn show(&self) -> String {
        toml::Value::String(self.text()).to_string()
    }

    fn schema() -> Value {
        let mut schema = json!({ "type": "string" });
        if let (Value::Object(schema), Value::Object(more)) = (&mut schema, T::constraints()) {
            schema.extend(more);
        }
        schema
    }
}
