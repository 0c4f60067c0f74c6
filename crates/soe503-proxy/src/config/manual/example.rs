//! A config file with every key.

use std::fmt::Write;

use super::schema::text;
use crate::config::{
    keys::FileKeys,
    wire::{Inner, Key, Presence, Shape, Table},
};

/// Columns of a comment.
const WIDTH: usize = 96;

const HEAD: &str = "\
# Every key of soe503, with its default. A key that does not belong in every config is commented out.
# Made from the table of keys: see docs/config.md for types and ranges.
";

/// Before the lines of what does not belong in every config.
const ABSENT: &str = "# ";

/// A valid config file that has every key, each with its text and its default.
pub fn full_example() -> String {
    let mut out = String::from(HEAD);
    for key in &FileKeys::keys() {
        if let Some(inner) = &key.inner {
            let mark = match key.presence {
                Presence::Absent(_) => ABSENT,
                _ => "",
            };
            section(&mut out, &Path::default().to(key, inner.shape), inner, mark);
        }
    }
    out
}

/// Where a table is, in a file with one listener, one route and one pool.
#[derive(Default)]
struct Path(String);

impl Path {
    fn to(&self, key: &Key, shape: Shape) -> Self {
        let dot = if self.0.is_empty() { "" } else { "." };
        let name = if shape == Shape::Named { ".app" } else { "" };
        Self(format!("{}{dot}{}{name}", self.0, key.name))
    }
}

/// `mark` goes before each line that is not a comment: `# ` in a table that not every config has.
fn section(out: &mut String, path: &Path, inner: &Inner, mark: &str) {
    out.push('\n');
    comment(out, &text(inner.about));
    let header = match inner.shape {
        Shape::Each => format!("[[{}]]", path.0),
        _ => format!("[{}]", path.0),
    };
    line(out, &format!("{mark}{header}"));
    // A table's own keys come before its tables.
    for key in &inner.keys {
        match &key.inner {
            None => pair(out, key, mark),
            Some(item) if item.shape == Shape::Item => items(out, key, item, mark),
            Some(_) => {}
        }
    }
    for key in &inner.keys {
        if let Some(inner) = key.inner.as_ref().filter(|i| i.shape != Shape::Item) {
            let mark = match key.presence {
                Presence::Absent(_) => ABSENT,
                _ => mark,
            };
            section(out, &path.to(key, inner.shape), inner, mark);
        }
    }
}

fn pair(out: &mut String, key: &Key, mark: &str) {
    comment(out, &described(key));
    let mark = match key.presence {
        Presence::Absent(_) => ABSENT,
        _ => mark,
    };
    line(out, &format!("{mark}{} = {}", key.name, value(key)));
}

/// A list of one item that has every key.
fn items(out: &mut String, key: &Key, item: &Inner, mark: &str) {
    comment(out, &described(key));
    for key in &item.keys {
        comment(out, &format!("`{}`: {}", key.name, described(key)));
    }
    let pairs: Vec<_> = item
        .keys
        .iter()
        .map(|key| format!("{} = {}", key.name, value(key)))
        .collect();
    line(
        out,
        &format!("{mark}{} = [{{ {} }}]", key.name, pairs.join(", ")),
    );
}

fn described(key: &Key) -> String {
    match key.presence {
        Presence::Absent(meaning) => format!("{} Default: {meaning}.", text(key.doc)),
        _ => text(key.doc),
    }
}

fn value(key: &Key) -> &str {
    match &key.presence {
        Presence::Default(default) => default,
        _ => key.like,
    }
}

fn comment(out: &mut String, text: &str) {
    let mut column = 0;
    for word in text.split(' ') {
        if column > 0 && column + 1 + word.chars().count() > WIDTH {
            out.push('\n');
            column = 0;
        }
        out.push_str(if column == 0 { "# " } else { " " });
        out.push_str(word);
        column += 1 + word.chars().count();
    }
    out.push('\n');
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}
