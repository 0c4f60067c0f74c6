//! Text that comes from elsewhere, as Markdown that means nothing but itself.

use crate::show::clean;

/// `text` in a sentence or a table's cell: on one line, with nothing that Markdown or HTML would take for its own.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in clean(text).chars() {
        if matches!(c, '|' | '<' | '>' | '*' | '[' | ']' | '`' | '\\' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `text` as code.
pub(super) fn code(text: &str) -> String {
    // Nothing is escaped in code, so what would end it or a table's cell is taken out.
    let text = clean(text).replace('`', "'").replace('|', "/");
    format!("`{text}`")
}

/// A list, or a sentence if there is nothing in it.
pub(super) fn list(items: impl IntoIterator<Item = String>, none: &str, out: &mut String) {
    let mut any = false;
    for item in items {
        any = true;
        *out += &format!("- {item}\n");
    }
    if !any {
        *out += &format!("{none}\n");
    }
}
