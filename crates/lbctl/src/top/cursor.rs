//! Where one stands in a list that changes under one's feet.

/// A place in a list: it stays with the entry, not with the line. Until it is moved, it is the first line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    key: Option<String>,
    at: usize,
}

impl Cursor {
    /// Which line that is.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The list is this now. If the entry is gone, it is the one that has taken its line.
    pub(super) fn settle(&mut self, keys: &[&str]) {
        let Some(key) = &self.key else {
            self.at = 0;
            return;
        };
        match keys.iter().position(|k| k == key) {
            Some(at) => self.at = at,
            None => self.go(self.at, keys),
        }
    }

    /// So many lines down, or up.
    pub(super) fn by(&mut self, lines: isize, keys: &[&str]) {
        self.go(self.at.saturating_add_signed(lines), keys);
    }

    /// To that line, or the last.
    pub(super) fn go(&mut self, at: usize, keys: &[&str]) {
        self.at = at.min(keys.len().saturating_sub(1));
        self.key = keys.get(self.at).map(|key| (*key).to_owned());
    }

    /// The lines of a list of `len` that are seen through a window of `height`: this one is among them, in
    /// the middle if there is more on both sides.
    pub(super) fn window(&self, len: usize, height: usize) -> core::ops::Range<usize> {
        let first = self.at.saturating_sub(height / 2);
        let first = first.min(len.saturating_sub(height));
        first..(first + height).min(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_with_the_entry() {
        let mut cursor = Cursor::default();
        cursor.settle(&["b", "a"]);
        assert_eq!(cursor.at(), 0);
        // Nobody has moved it: what comes first is what is looked at.
        cursor.settle(&["x", "b", "a"]);
        assert_eq!(cursor.at(), 0);
        cursor.by(1, &["x", "b", "a"]);
        cursor.settle(&["a", "b"]);
        assert_eq!(cursor.at(), 1);
        cursor.settle(&["b", "a"]);
        assert_eq!(cursor.at(), 0);
        cursor.by(9, &["b", "a"]);
        assert_eq!(cursor.at(), 1);
        cursor.settle(&["b"]);
        assert_eq!(cursor.at(), 0);
        cursor.settle(&[]);
        cursor.by(-1, &[]);
        assert_eq!(cursor.at(), 0);
    }

    #[test]
    fn the_window_has_it_in_the_middle_and_stays_within_the_list() {
        let at = |at| Cursor { key: None, at };
        assert_eq!(at(0).window(100, 10), 0..10);
        assert_eq!(at(50).window(100, 10), 45..55);
        assert_eq!(at(99).window(100, 10), 90..100);
        assert_eq!(at(2).window(3, 10), 0..3);
        assert_eq!(at(0).window(0, 10), 0..0);
        assert_eq!(at(5).window(10, 0), 5..5);
    }
}
