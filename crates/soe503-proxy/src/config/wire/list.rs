//! Arrays of values.

use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::{At, Fault, Field, Inner, Spot, found, quoted};

/// An array of values, each with its place.
#[derive(Clone, Debug)]
pub(in crate::config) struct List<T>(pub(in crate::config) Vec<At<T>>);

// === impl List ===

impl<T> List<T> {
    /// A list that is in no file.
    pub(in crate::config) fn of(values: impl IntoIterator<Item = T>) -> Self {
        let items = values.into_iter().map(|value| At { value, at: 0..0 });
        Self(items.collect())
    }
}

impl<T: Field> Field for List<T> {
    const KIND: &'static str = "a list";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        let DeValue::Array(items) = value.get_ref() else {
            let fault = Fault::new(found(value.get_ref())).help(match value.get_ref() {
                DeValue::String(text) => format!("write it in brackets: [\"{}\"]", quoted(text)),
                _ => "write it in brackets: [ … ]".into(),
            });
            return spot.refuse(Self::KIND, value.span(), fault);
        };
        let items: Vec<Option<At<T>>> = items
            .iter()
            .map(|item| {
                let value = T::read(item, &mut spot.item())?;
                Some(At {
                    value,
                    at: item.span(),
                })
            })
            .collect();
        items.into_iter().collect::<Option<_>>().map(Self)
    }

    fn show(&self) -> String {
        let items: Vec<_> = self.0.iter().map(|item| item.value.show()).collect();
        format!("[{}]", items.join(", "))
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }

    fn inner() -> Option<Inner> {
        T::inner()
    }
}
