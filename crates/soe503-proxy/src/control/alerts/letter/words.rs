//! Text that is safe where it goes.

/// `text` as one line: what would break it, hide something or turn it around becomes a space; at most `most` characters, of
/// which the last says that something was cut.
pub(super) fn line(text: &str, most: usize) -> String {
    let mut words = String::new();
    for c in text.chars().map(|c| if is_dark(c) { ' ' } else { c }) {
        if c == ' ' && (words.is_empty() || words.ends_with(' ')) {
            continue;
        }
        words.push(c);
    }
    cut(words.trim_end(), most)
}

/// At most `most` characters of `text`, of which the last says that something was cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let kept = text.chars().take(most.saturating_sub(1));
    kept.chain(std::iter::once('…')).collect()
}

/// `text` for Slack's mrkdwn, and for HTML: nothing in it is a link, a mention or a tag. At most `most` characters as
/// they are sent; none is cut in two.
pub(super) fn escaped(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let mut one = [0; 4];
        let told = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c => &*c.encode_utf8(&mut one),
        };
        let more = told.chars().count();
        let end = usize::from(rest.peek().is_some());
        if length + more + end > most {
            out.push('…');
            break;
        }
        out.push_str(told);
        length += more;
    }
    out
}

/// `text` as code in mrkdwn, which ends at the first backtick.
pub(super) fn code(text: &str, most: usize) -> String {
    let text = text.replace('`', "'");
    format!("`{}`", escaped(&text, most.saturating_sub(2)))
}

/// Control characters, and those that are not seen or change the order of what is.
fn is_dark(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
