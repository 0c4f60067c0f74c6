//! Values that may be secrets although they stand in the configuration itself.
//!
//! Keys and tokens are in files, which are never shown. The fields that a route sets are not: an `Authorization` for the backend is there
//! in plain text, and what is shown travels further (into tickets, chats and logs) than the file does.

use serde_json::Value;

/// Shown instead.
const MASK: &str = "(not shown)";
/// Fields whose names contain one of these.
const SECRET: [&str; 8] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "key",
    "password",
    "credential",
    "session",
];

/// `value`, which is at `path`, without what may be a secret.
pub(in crate::control) fn masked(path: &str, value: Value) -> Value {
    let inside = ["request_headers", "response_headers"]
        .into_iter()
        .any(|rules| path.contains(rules));
    mask(value, inside, path.rsplit('.').next().unwrap_or_default())
}

/// `inside`: it belongs to the rules for header fields. `name` is the last key that led to it.
fn mask(value: Value, inside: bool, name: &str) -> Value {
    match value {
        Value::String(_) if inside && is_secret(name) => MASK.into(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let inside = inside || matches!(&*name, "request_headers" | "response_headers");
                let value = mask(value, inside, &name);
                (name, value)
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| mask(item, inside, name))
            .collect(),
        other => other,
    }
}

fn is_secret(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    SECRET.into_iter().any(|secret| field.contains(secret))
}
