//! Strings from outside, made safe and short.
//!
//! Names, addresses and identifiers come from configuration, discovery, certificates and
//! clients. Whatever they hold, nothing that leaves here has a control character, and none is
//! longer than its place allows. Escaping for JSON, HTML and Markdown comes after.

use std::borrow::Cow;

/// `text` without control characters, at most `longest` bytes; what is cut ends in `…`.
pub(crate) fn clean(text: &str, longest: usize) -> String {
    if is_clean(text, longest) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(longest));
    for char in text.chars() {
        let char = if is_foul(char) { ' ' } else { char };
        if out.len() + char.len_utf8() > longest {
            cut(&mut out, longest);
            break;
        }
        out.push(char);
    }
    out
}

/// `text`, if there is nothing to take out of it; what [`clean`] makes of it otherwise.
pub(super) fn cleaned(text: String, longest: usize) -> String {
    if is_clean(&text, longest) {
        return text;
    }
    clean(&text, longest)
}

fn is_clean(text: &str, longest: usize) -> bool {
    text.len() <= longest && (plain(text) || !text.chars().any(is_foul))
}

/// Bidirectional overrides and line separators can make a log or a page lie.
fn is_foul(char: char) -> bool {
    matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        || char.is_control()
}

/// There is nothing in `text` but visible ASCII and spaces, as in nearly everything. All of it is looked at, because
/// a loop without an end in between takes many bytes at a time.
pub(super) fn plain(text: &str) -> bool {
    let bytes = text.bytes();
    bytes.fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
}

/// There is nothing in `text` that JSON wants escaped.
pub(super) fn no_escape(text: &str) -> bool {
    text.bytes().fold(true, |fine, byte| {
        fine & (byte >= b' ') & (byte != b'"') & (byte != b'\\')
    })
}

/// `text` as a header's value may hold it: visible ASCII and single spaces inside, at most
/// `longest` bytes.
pub(super) fn ascii(text: &str, longest: usize) -> Cow<'_, str> {
    if text.len() <= longest && plain(text) {
        return Cow::Borrowed(text.trim());
    }
    let mut out = String::with_capacity(text.len().min(longest));
    let mut rest = text;
    while out.len() < longest {
        // Nearly all of it is what it may be: that goes in one piece.
        let fine = rest
            .bytes()
            .position(|byte| !matches!(byte, b' '..=b'~'))
            .unwrap_or(rest.len())
            .min(longest - out.len());
        out.push_str(&rest[..fine]);
        rest = &rest[fine..];
        let Some(char) = rest.chars().next().filter(|_| out.len() < longest) else {
            break;
        };
        out.push(match char {
            '…' => '~',
            '×' => 'x',
            'µ' => 'u',
            '–' => '-',
            _ => '?',
        });
        rest = &rest[char.len_utf8()..];
    }
    match out.trim().len() == out.len() {
        true => Cow::Owned(out),
        false => Cow::Owned(out.trim().to_owned()),
    }
}

/// `text` as an identifier in a header or a URL: what is not unreserved (RFC 3986) becomes `_`.
pub(super) fn identifier(text: &str, longest: usize) -> Cow<'_, str> {
    let unreserved =
        |char| matches!(char, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~');
    // As in `plain`: all of it, many bytes at a time.
    let fine = text.bytes().fold(true, |fine, byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let mark = (byte == b'-') | (byte == b'.') | (byte == b'_') | (byte == b'~');
        fine & (letter | digit | mark)
    });
    if text.len() <= longest && fine {
        return Cow::Borrowed(text);
    }
    let chars = text.chars().take(longest);
    let chars = chars.map(|char| if unreserved(char) { char } else { '_' });
    Cow::Owned(chars.collect())
}

/// `text` in HTML, between tags or in a quoted attribute.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            char => out.push(char),
        }
    }
    out
}

/// `text` in Markdown outside of code: nothing in it is markup.
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(char);
            }
            char => out.push(char),
        }
    }
    out
}

/// `text` as code in Markdown.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

fn cut(out: &mut String, longest: usize) {
    const MARK: &str = "…";
    let room = longest.saturating_sub(MARK.len());
    while out.len() > room {
        out.pop();
    }
    if longest >= MARK.len() {
        out.push_str(MARK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_text_passes() {
        assert_eq!(clean("a\r\nb\u{202e}c\0d", 99), "a  b c d");
        assert_eq!(clean("übermut", 99), "übermut");
        assert_eq!(ascii("a\r\nb ü…  ", 99), "a??b ?~");
        assert_eq!(ascii(" 5 × µ", 99), "5 x u");
        assert_eq!(ascii("3–5 s", 99), "3-5 s");
        for (longest, cut) in [(0, ""), (1, "a"), (2, "ax"), (3, "axb"), (4, "axbx")] {
            assert_eq!(ascii("a×b×", longest), cut);
        }
        assert_eq!(identifier("01K/..\"<é", 99), "01K_..___");
        for byte in 0..=0x7f_u8 {
            let text = char::from(byte).to_string();
            let fine = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            assert_eq!(identifier(&text, 9) == text, fine, "{text:?}");
            let as_it_is = matches!(identifier(&text, 9), Cow::Borrowed(_));
            assert_eq!(as_it_is, fine, "{text:?} is not copied");
        }
        let whole = matches!(identifier("01K-a", 5), Cow::Borrowed(_));
        assert!(whole, "as long as it may be");
        assert_eq!(identifier("01K-ab", 5), "01K-a");
        assert_eq!(html("<a href='&\">"), "&lt;a href=&#39;&amp;&quot;&gt;");
        assert_eq!(markdown("*[x](y)* <b>`"), "\\*\\[x\\](y)\\* &lt;b>\\`");
        assert_eq!(code("a`b"), "`a'b`");
    }

    /// What nearly everything is goes as it is.
    #[test]
    fn what_needs_no_work() {
        for (text, longest, clean) in [
            ("abc", 3, true),
            ("abcd", 3, false),
            ("übermut", 99, true),
            ("übermut", 7, false),
            ("a\nb", 99, false),
            ("a\u{202e}", 99, false),
        ] {
            assert_eq!(is_clean(text, longest), clean, "{text:?}");
        }
        for byte in 0..=0x7f_u8 {
            let text = char::from(byte).to_string();
            let visible = byte == b' ' || byte.is_ascii_graphic();
            assert_eq!(plain(&text), visible, "{text:?}");
            let escaped = serde_json::to_string(&text).unwrap().len() > 3;
            assert_eq!(no_escape(&text), !escaped, "{text:?}");
        }
        assert!(plain("a b") && !plain("a\nb") && !plain("ü"));
        assert!(no_escape("a b") && !no_escape("a \"b") && no_escape("ü"));
    }

    #[test]
    fn nothing_is_longer_than_it_may_be() {
        for longest in 0..20 {
            let text = clean("äöüäöüäöüäöüäöü", longest);
            assert!(text.len() <= longest, "{text}");
        }
        assert_eq!(clean("abcdef", 6), "abcdef");
        assert_eq!(clean("abc\ndef", 7), "abc def");
        assert_eq!(ascii("a×bcd", 3), "axb");
        assert_eq!(clean("abcdefg", 6), "abc…");
    }
}
