//! Two documents, key by key.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A key that differs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::control) struct Difference {
    /// The keys that lead to it, with dots; items of lists in brackets.
    pub(in crate::control) path: String,
    /// `Null`: it is not set.
    pub(in crate::control) old: Value,
    /// `Null`: it is not set.
    pub(in crate::control) new: Value,
}

/// Which items of two lists are compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) enum Lists {
    /// Those at the same place; lists of different lengths as a whole. Items are told by their numbers.
    ByPlace,
    /// Those that are called the same, where all have a name: routes by what they match, listeners by address, backends by URL.
    ByName,
}

/// The keys of an object of a list by which it is told from the others, the best first.
const NAMES: [&str; 4] = ["match", "address", "url", "name"];

/// What differs in `new`, in the order of the paths.
pub(in crate::control) fn differences(old: &Value, new: &Value, lists: Lists) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", old, new, lists, &mut found);
    found
}

fn compare(path: &str, old: &Value, new: &Value, lists: Lists, found: &mut Vec<Difference>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for name in names {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                let of = |table: &Map<String, Value>| table.get(name).cloned().unwrap_or_default();
                compare(&path, &of(before), &of(after), lists, found);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            let named = match lists {
                Lists::ByName => names(before).zip(names(after)),
                Lists::ByPlace => None,
            };
            if let Some((old_names, new_names)) = named {
                by_name(path, (before, &old_names), (after, &new_names), found);
            } else if before.len() == after.len() && before.iter().all(Value::is_object) {
                for (index, (before, after)) in before.iter().zip(after).enumerate() {
                    compare(&format!("{path}[{index}]"), before, after, lists, found);
                }
            } else {
                found.push(Difference::new(path, old, new));
            }
        }
        _ => found.push(Difference::new(path, old, new)),
    }
}

/// Items of lists in which each has a name of its own.
fn by_name(
    path: &str,
    (before, old_names): (&[Value], &[String]),
    (after, new_names): (&[Value], &[String]),
    found: &mut Vec<Difference>,
) {
    let all: BTreeSet<&String> = old_names.iter().chain(new_names).collect();
    for name in all {
        let of = |items: &[Value], names: &[String]| {
            let index = names.iter().position(|other| other == name);
            index.and_then(|index| items.get(index)).cloned()
        };
        let old = of(before, old_names).unwrap_or_default();
        let new = of(after, new_names).unwrap_or_default();
        let path = format!("{path}[{name}]");
        compare(&path, &old, &new, Lists::ByName, found);
    }
}

/// What the items of a list are called; `None` if one has no name, or two have the same.
fn names(items: &[Value]) -> Option<Vec<String>> {
    let names: Vec<String> = items.iter().map(name).collect::<Option<_>>()?;
    let different: BTreeSet<&String> = names.iter().collect();
    (different.len() == names.len()).then_some(names)
}

fn name(item: &Value) -> Option<String> {
    let item = item.as_object()?;
    let key = NAMES.into_iter().find(|key| item.contains_key(*key))?;
    Some(match &item[key] {
        Value::Object(matches) => matched(matches),
        other => other.to_string(),
    })
}

/// What a route matches, in the words of the rest of the API: `GET,POST shop.example/api`.
fn matched(matches: &Map<String, Value>) -> String {
    let text = |key: &str| matches.get(key).and_then(Value::as_str);
    let methods = matches.get("methods").and_then(Value::as_array);
    let methods = methods.map(|methods| {
        let methods: Vec<_> = methods.iter().filter_map(Value::as_str).collect();
        format!("{} ", methods.join(","))
    });
    format!(
        "{}{}{}/",
        methods.unwrap_or_default(),
        text("host").unwrap_or("*"),
        text("path_prefix").unwrap_or_default()
    )
}

// === impl Difference ===

impl Difference {
    fn new(path: &str, old: &Value, new: &Value) -> Self {
        Self {
            path: path.to_owned(),
            old: old.clone(),
            new: new.clone(),
        }
    }
}
