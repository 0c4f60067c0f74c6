//! A line of text that is being typed.

use unicode_width::UnicodeWidthStr;

use super::super::state::Key;
use crate::show::clean;

/// More than anything that is asked for may have: a book that was pasted is not kept.
const MOST: usize = 2_000;

/// One line, and where in it the next letter comes. What is sent is what is seen: nothing invisible is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Text {
    letters: Vec<char>,
    at: usize,
}

/// As much of a line as there is room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Seen {
    pub(in super::super) before: String,
    /// The letter before which one types; none at the end.
    pub(in super::super) at: Option<char>,
    pub(in super::super) after: String,
}

impl Text {
    /// All of it, without spaces around.
    pub(in super::super) fn text(&self) -> String {
        let all: String = self.letters.iter().collect();
        all.trim().to_owned()
    }

    /// Does what `key` means in a line of text. Everything else leaves it as it is.
    pub(super) fn key(&mut self, key: Key) {
        match key {
            Key::Letter(letter) => self.put(letter),
            Key::Left => self.at = self.at.saturating_sub(1),
            Key::Right => self.at = (self.at + 1).min(self.letters.len()),
            Key::Home => self.at = 0,
            Key::End => self.at = self.letters.len(),
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.letters.remove(self.at);
            }
            Key::Delete if self.at < self.letters.len() => {
                self.letters.remove(self.at);
            }
            _ => {}
        }
    }

    /// Several lines become one.
    pub(super) fn paste(&mut self, text: &str) {
        one_line(text).chars().for_each(|letter| self.put(letter));
    }

    fn put(&mut self, letter: char) {
        if self.letters.len() < MOST && harmless(letter) {
            self.letters.insert(self.at, letter);
            self.at += 1;
        }
    }

    /// What is seen of it through `room` columns: where one types is always among it.
    pub(in super::super) fn seen(&self, room: usize) -> Seen {
        let columns = |letters: &[char]| letters.iter().collect::<String>().width();
        let (before, after) = self.letters.split_at(self.at);
        let at = after.first().copied();
        let own = at.map_or(1, |letter| columns(&[letter]).max(1));
        let mut from = 0;
        while from < before.len() && columns(&before[from..]) + own > room {
            from += 1;
        }
        let before = &before[from..];
        let rest = after.get(1..).unwrap_or_default();
        let mut to = rest.len();
        while to > 0 && columns(before) + own + columns(&rest[..to]) > room {
            to -= 1;
        }
        Seen {
            before: before.iter().collect(),
            at,
            after: rest[..to].iter().collect(),
        }
    }
}

/// What was pasted, as it may be put into a line.
pub(in super::super) fn one_line(text: &str) -> String {
    let lines = text.split(['\r', '\n', '\t']).filter(|l| !l.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// Whether it is seen, and stays where it is put.
pub(in super::super) fn harmless(letter: char) -> bool {
    let one = letter.to_string();
    clean(&one) == one
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Text {
        let mut typed = Text::default();
        text.chars().for_each(|l| typed.key(Key::Letter(l)));
        typed
    }

    fn seen(text: &Text, room: usize) -> String {
        let seen = text.seen(room);
        let at = seen
            .at
            .map_or_else(|| "_".to_owned(), |at| format!("[{at}]"));
        format!("{}{at}{}", seen.before, seen.after)
    }

    #[test]
    fn letters_come_and_go_where_one_is() {
        let mut text = typed("new kernel");
        for key in [Key::Home, Key::Delete, Key::Letter('N'), Key::End] {
            text.key(key);
        }
        for key in [Key::Left, Key::Backspace, Key::Right, Key::Right] {
            text.key(key);
        }
        text.key(Key::Delete);
        assert_eq!(text.text(), "New kernl");
        assert_eq!(seen(&text, 40), "New kernl_");
        text.key(Key::Home);
        text.key(Key::Backspace);
        text.key(Key::Left);
        assert_eq!(seen(&text, 40), "[N]ew kernl");
        // Keys of other things are none of a line.
        let before = text.clone();
        for key in [Key::Tab, Key::Up, Key::PageDown, Key::Enter, Key::Escape] {
            text.key(key);
        }
        assert_eq!(text, before);
    }

    #[test]
    fn what_is_pasted_is_one_line_and_nothing_in_it_steers() {
        let mut text = typed("a  b");
        text.key(Key::Left);
        text.paste("\r\nkäse\r\n\r\n猫\t\u{1b}[2J\u{202e}\u{7}");
        assert_eq!(text.text(), "a  käse 猫 [2Jb");
        let mut text = typed("\u{0}\u{1b}\u{9b}\u{200d}");
        assert_eq!(text.text(), "");
        text.paste(&"x".repeat(MOST + 1));
        assert_eq!(text.text().len(), MOST);
    }

    #[test]
    fn where_one_types_is_seen() {
        let mut text = typed("0123456789");
        assert_eq!(seen(&text, 11), "0123456789_");
        assert_eq!(seen(&text, 5), "6789_");
        text.key(Key::Left);
        assert_eq!(seen(&text, 5), "5678[9]");
        text.key(Key::Home);
        assert_eq!(seen(&text, 5), "[0]1234");
        // A letter of two columns is whole or not there.
        let mut wide = typed("猫猫猫");
        assert_eq!(seen(&wide, 4), "猫_");
        wide.key(Key::Left);
        assert_eq!(seen(&wide, 4), "猫[猫]");
        for room in [0, 1] {
            assert_eq!(seen(&wide, room), "[猫]");
        }
    }
}
