//! Texts in lines that fit, whatever is in them.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::show::{clean, wrap};

/// `text` in lines of at most `room` columns, broken at spaces, and within a word that is longer: a name that is cut
/// off may be another's.
pub(super) fn fold(text: &str, room: usize) -> Vec<String> {
    let room = room.max(2);
    let mut lines = Vec::new();
    for line in text.lines() {
        for line in wrap(&clean(line), Some(room)) {
            split(&line, room, &mut lines);
        }
    }
    lines
}

fn split(line: &str, room: usize, lines: &mut Vec<String>) {
    let mut part = String::new();
    for letter in line.chars() {
        if part.width() + letter.width().unwrap_or(0) > room {
            lines.push(core::mem::take(&mut part));
        }
        part.push(letter);
    }
    lines.push(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_cut_off() {
        assert_eq!(fold("one two three", 7), ["one two", "three"]);
        assert_eq!(fold("a 0123456789", 4), ["a", "0123", "4567", "89"]);
        assert_eq!(fold("猫猫猫", 5), ["猫猫", "猫"]);
        assert_eq!(fold("a\nb\x1b[2J", 9), ["a", "b?[2J"]);
        assert_eq!(fold("猫猫", 0), ["猫", "猫"]);
        assert!(fold("", 9).is_empty());
    }
}
