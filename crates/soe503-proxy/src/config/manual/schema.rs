//! The JSON Schema of the config.

use serde_json::{Map, Value, json};

use crate::config::{
    keys::FileKeys,
    wire::{Inner, Key, Presence, Shape, Table},
};

/// The JSON Schema (draft 2020-12) of the config: every key with its type, range, default and text.
///
/// For editors (`#:schema soe503.schema.json` in the first line of a file) and for tools that write
/// configs. What holds between keys, such as a route's pool being declared, is not in it; `soe503
/// check` knows that.
pub fn schema() -> String {
    let mut schema = object::<FileKeys>();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("soe503");
    format!("{schema:#}")
}

/// The schema of one table.
pub(in crate::config) fn object<T: Table>() -> Value {
    table(T::ABOUT, &T::keys())
}

fn table(about: &[&str], keys: &[Key]) -> Value {
    let properties: Map<_, _> = keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    let required = keys.iter().filter(|key| key.presence == Presence::Required);
    let required: Vec<_> = required.map(|key| key.name).collect();
    json!({
        "type": "object",
        "description": text(about),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let mut schema = match &key.inner {
        Some(inner) if inner.shape != Shape::Item => value_of(inner),
        _ => key.schema.clone(),
    };
    let mut description = text(key.doc);
    match &key.presence {
        Presence::Default(default) => schema["default"] = json_of(default),
        Presence::Table => schema["default"] = json!({}),
        Presence::Absent(meaning) | Presence::Needed(meaning) => {
            description.push_str(&format!(" Default: {meaning}."));
        }
        Presence::Required => {}
    }
    if let Some((low, high)) = &key.range {
        description.push_str(&format!(" From {low} to {high}."));
    }
    if key.inner.is_none() && !key.like.is_empty() {
        schema["examples"] = json!([json_of(key.like)]);
    }
    schema["description"] = json!(description);
    schema
}

fn value_of(inner: &Inner) -> Value {
    let table = table(inner.about, &inner.keys);
    match inner.shape {
        Shape::One | Shape::Item => table,
        Shape::Each => json!({ "type": "array", "minItems": 1, "items": table }),
        Shape::Named => {
            json!({ "type": "object", "minProperties": 1, "additionalProperties": table })
        }
    }
}

/// The lines of a doc comment as one paragraph.
pub(super) fn text(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

/// A TOML value as JSON; a value that is not one, which no test lets pass, as `null`.
fn json_of(toml: &str) -> Value {
    let document: Option<Map<String, Value>> = toml::from_str(&format!("x = {toml}")).ok();
    document
        .and_then(|mut document| document.remove("x"))
        .unwrap_or(Value::Null)
}
