//! The reference page of the keys.

use std::fmt::Write;

use super::schema::text;
use crate::config::{
    keys::{self, FileKeys},
    wire::{Inner, Key, Presence, Shape, Table},
};

const HEAD: &str = "\
# Config

soe503 reads one TOML file. `soe503 check FILE` validates it, `soe503 check FILE --connect` tries every backend, and
`soe503 schema` prints a JSON Schema for editors. The smallest config is [smallest.toml](../../../config/smallest.toml); one
with every key is [full.toml](../../../config/full.toml).

Durations are strings with a unit (`\"500ms\"`, `\"2s\"`, `\"1m\"`), sizes likewise (`\"64KiB\"`, `\"1MB\"`), ratios are numbers from 0
to 1. An unknown key, a wrong type or a value out of range is an error, and a file with an error is not used at all.

This page is generated from the table of keys in `src/config/keys`.
";

/// The reference page of all keys, as Markdown.
pub fn reference_page() -> String {
    let mut out = String::from(HEAD);
    for key in &FileKeys::keys() {
        if let Some(inner) = &key.inner {
            section(
                &mut out,
                &keys::header("", key.name, inner.shape),
                key,
                inner,
            );
        }
    }
    out
}

fn section(out: &mut String, header: &str, key: &Key, inner: &Inner) {
    let item = match inner.shape {
        Shape::Item => ", an item as a table",
        _ => "",
    };
    let lone = match key.presence {
        Presence::Absent(meaning) if inner.shape != Shape::Item => {
            format!(" Without it: {meaning}.")
        }
        Presence::Required if inner.shape != Shape::Item => " At least one is required.".into(),
        _ => String::new(),
    };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "\n## `{header}`{item}\n\n{}{lone}\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n",
        text(if inner.shape == Shape::Item {
            inner.about
        } else {
            key.doc
        }),
    );
    for key in &inner.keys {
        if let Some(inner) = key.inner.as_ref().filter(|i| i.shape != Shape::Item) {
            let header = keys::header(header, key.name, inner.shape);
            row(out, key, &format!("[table](#{})", anchor(&header)));
        } else {
            row(out, key, &kind(key));
        }
    }
    for key in &inner.keys {
        if let Some(inner) = &key.inner {
            section(
                out,
                &keys::header(header, key.name, inner.shape),
                key,
                inner,
            );
        }
    }
}

fn row(out: &mut String, key: &Key, kind: &str) {
    let default = match &key.presence {
        Presence::Required => "required".into(),
        Presence::Default(default) => format!("`{default}`"),
        Presence::Absent(meaning) | Presence::Needed(meaning) => (*meaning).into(),
        Presence::Table => String::new(),
    };
    let example = match key.like {
        like if like.is_empty() || key.inner.is_some() => String::new(),
        like => format!(" Example: `{like}`."),
    };
    let cells = [
        format!("`{}`", key.name),
        kind.into(),
        default,
        format!("{}{example}", text(key.doc)),
    ];
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn kind(key: &Key) -> String {
    match &key.range {
        Some((low, high)) => format!("{} from `{low}` to `{high}`", key.kind),
        None => key.kind.clone(),
    }
}

/// The anchor that Markdown renderers give to a heading.
fn anchor(header: &str) -> String {
    header
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .flat_map(char::to_lowercase)
        .collect()
}
