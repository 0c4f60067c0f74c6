//! Numbers by which something is multiplied.

use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::{Fault, Field, Spot, found};
use crate::config::Factor;

impl Field for Factor {
    const KIND: &'static str = "a number";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let fault = match (number.map(Self::new), value.get_ref()) {
            (Some(Some(factor)), _) => return Some(factor),
            (Some(None), _) => Fault::new("out of range"),
            (None, other) => {
                Fault::new(found(other)).help("write a number without quotes, such as 1.25")
            }
        };
        spot.refuse(Self::KIND, value.span(), fault)
    }

    fn show(&self) -> String {
        toml::Value::Float(self.as_f64()).to_string()
    }

    fn schema() -> Value {
        json!({ "type": "number", "minimum": 1 })
    }

    fn bound(schema: &mut Value, low: &Self, high: &Self) {
        schema["minimum"] = json!(low.as_f64());
        schema["maximum"] = json!(high.as_f64());
    }
}
