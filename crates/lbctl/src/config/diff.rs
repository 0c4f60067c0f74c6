//! A difference, for people.

use serde_json::Value;
use soe503_api::{ConfigDiff, KeyChange, KeyChangeKind};

use crate::show::{Canvas, Line, Mark, section, style};

/// Longer values are cut, in characters.
const LONGEST: usize = 200;

/// All of it.
pub(super) fn text(diff: &ConfigDiff, canvas: Canvas) -> String {
    let mut out = String::new();
    if diff.changes.is_empty() && !diff.hidden {
        let told = format!("{} is what is in force", diff.of);
        Line::default().put(&told, style::GOOD).end(&mut out);
        return out;
    }
    for change in &diff.changes {
        one(change, &mut out);
    }
    if diff.hidden {
        let told = "something differs that is not shown: a secret, or what is in a file";
        said(Mark::Partly, told, canvas, &mut out);
    }
    if let Some(what) = &diff.needs_restart {
        let told = format!("a reload would change nothing: {what} differs, which needs a restart");
        said(Mark::Bad, &told, canvas, &mut out);
    }
    out.push('\n');
    section("begins anew", &diff.replaces, canvas, &mut out);
    section("goes on", &diff.keeps, canvas, &mut out);
    let lints: Vec<String> = diff
        .new_lints
        .iter()
        .map(|lint| format!("{}: {} ({})", lint.key, lint.wrong, lint.id))
        .collect();
    section("new traps", &lints, canvas, &mut out);
    out
}

fn one(change: &KeyChange, out: &mut String) {
    let (sign, style) = match change.kind {
        KeyChangeKind::Added => ("+", style::GOOD),
        KeyChangeKind::Removed => ("-", style::BAD),
        _ => ("~", style::WARN),
    };
    let value = match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{} -> {}", shown(old), shown(new)),
        (Some(only), None) | (None, Some(only)) => shown(only),
        (None, None) => String::new(),
    };
    Line::default()
        .put(sign, style)
        .gap(1)
        .put(&format!("{}:", change.key), style::STRONG)
        .gap(1)
        .put(&value, style::PLAIN)
        .end(out);
}

fn said(mark: Mark, what: &str, canvas: Canvas, out: &mut String) {
    Line::default()
        .put(canvas.symbol(mark), mark.style())
        .gap(1)
        .put(what, mark.style())
        .end(out);
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.chars().count() > LONGEST {
        true => text
            .chars()
            .take(LONGEST - 3)
            .chain("...".chars())
            .collect(),
        false => text,
    }
}
