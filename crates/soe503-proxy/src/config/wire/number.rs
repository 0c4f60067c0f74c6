//! Numbers and booleans.

use std::num::{NonZeroU8, NonZeroU32, NonZeroUsize};

use serde_json::{Value, json};
use toml::{
    Spanned,
    de::{DeInteger, DeValue},
};

use super::{Fault, Field, Spot, found};
use crate::config::Ratio;

/// An integer of any sign and base, if it fits.
fn integer(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

macro_rules! whole_number {
    ($($number:ty, $kind:literal, $least:literal;)+) => {$(
        impl Field for $number {
            const KIND: &'static str = $kind;

            fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
                let fault = match value.get_ref() {
                    DeValue::Integer(number) => {
                        let number = integer(number).and_then(|n| Self::try_from_wide(n));
                        match number {
                            Some(number) => return Some(number),
                            None => Fault::new("out of range"),
                        }
                    }
                    DeValue::String(text) if text.trim().parse::<u64>().is_ok() => {
                        Fault::new("found a string")
                            .help(format!("write it without quotes: {}", text.trim()))
                    }
                    other => Fault::new(found(other)),
                };
                spot.refuse(Self::KIND, value.span(), fault)
            }

            fn show(&self) -> String {
                self.to_string()
            }

            fn schema() -> Value {
                json!({ "type": "integer", "minimum": $least })
            }

            fn bound(schema: &mut Value, low: &Self, high: &Self) {
                schema["minimum"] = json!(low);
                schema["maximum"] = json!(high);
            }
        }
    )+};
}

/// From an integer of any size, if it fits.
trait FromWide: Sized {
    fn try_from_wide(number: i128) -> Option<Self>;
}

impl FromWide for u16 {
    fn try_from_wide(number: i128) -> Option<Self> {
        number.try_into().ok()
    }
}

impl FromWide for u32 {
    fn try_from_wide(number: i128) -> Option<Self> {
        number.try_into().ok()
    }
}

impl FromWide for usize {
    fn try_from_wide(number: i128) -> Option<Self> {
        number.try_into().ok()
    }
}

impl FromWide for NonZeroU8 {
    fn try_from_wide(number: i128) -> Option<Self> {
        Self::new(number.try_into().ok()?)
    }
}

impl FromWide for NonZeroU32 {
    fn try_from_wide(number: i128) -> Option<Self> {
        Self::new(number.try_into().ok()?)
    }
}

impl FromWide for NonZeroUsize {
    fn try_from_wide(number: i128) -> Option<Self> {
        Self::new(number.try_into().ok()?)
    }
}

whole_number! {
    u16, "an integer", 0;
    u32, "an integer", 0;
    usize, "an integer", 0;
    NonZeroU8, "an integer", 1;
    NonZeroU32, "an integer", 1;
    NonZeroUsize, "an integer", 1;
}

impl Field for bool {
    const KIND: &'static str = "true or false";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        let fault = match value.get_ref() {
            DeValue::Boolean(flag) => return Some(*flag),
            DeValue::String(text) if matches!(&**text, "true" | "false") => {
                Fault::new("found a string").help(format!("write it without quotes: {text}"))
            }
            other => Fault::new(found(other)).help("write true or false, without quotes"),
        };
        spot.refuse(Self::KIND, value.span(), fault)
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Field for Ratio {
    const KIND: &'static str = "a ratio";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => integer(number).map(|n| n as f64),
            _ => None,
        };
        let fault = match (number, value.get_ref()) {
            (Some(number), _) => match Self::new(number) {
                Ok(ratio) => return Some(ratio),
                Err(_) => {
                    let fault = Fault::new("out of range");
                    if (1.0..=100.0).contains(&number) {
                        fault.help(format!(
                            "a ratio is not a percentage: did you mean {}?",
                            number / 100.0
                        ))
                    } else {
                        fault
                    }
                }
            },
            (None, DeValue::String(_)) => Fault::new("found a string")
                .help("write a number from 0 to 1 without quotes, such as 0.2"),
            (None, other) => {
                Fault::new(found(other)).help("write a number from 0 to 1, such as 0.2")
            }
        };
        spot.refuse(Self::KIND, value.span(), fault)
    }

    fn show(&self) -> String {
        toml::Value::Float(self.as_f64()).to_string()
    }

    fn schema() -> Value {
        json!({ "type": "number", "minimum": 0, "maximum": 1 })
    }

    fn bound(schema: &mut Value, low: &Self, high: &Self) {
        schema["minimum"] = json!(low.as_f64());
        schema["maximum"] = json!(high.as_f64());
    }
}
