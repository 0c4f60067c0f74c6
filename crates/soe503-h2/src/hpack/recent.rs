//! The encoder's dynamic table, and how a field is found in it.

use std::collections::VecDeque;

use super::names::{self, Named};

/// Entries, the newest first, and where to look for one. Nothing is allocated before the first.
///
/// An entry is looked for in two places, given by its hash. Where three have the same two, the oldest
/// is found no more, and is written anew some day: a miss costs bytes, never correctness, for the
/// text is compared.
#[derive(Debug)]
pub(super) struct Recent {
    entries: VecDeque<Entry>,
    /// How many were ever inserted: an entry's number is how many were before it.
    inserted: u16,
    size: usize,
    most: usize,
    places: Option<Box<Places>>,
}

#[derive(Debug)]
struct Entry {
    hash: u32,
    name_len: u32,
    /// The name's [`names::words`], which are all of a short one.
    words: [u64; 2],
    /// The name and the value.
    text: Box<[u8]>,
}

#[derive(Debug)]
struct Places {
    /// Numbers of entries, by hash.
    entries: [[u16; 2]; 64],
    /// Hashes of fields that were met once, by hash.
    once: [u16; 64],
}

/// What every entry is said to take beside its text (RFC 7541 §4.1).
const OVERHEAD: usize = 32;

impl Recent {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            inserted: 0,
            size: 0,
            most,
            places: None,
        }
    }

    /// The most that the entries' sizes may come to, in bytes.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Changes it.
    pub(super) fn resize(&mut self, most: usize) {
        self.most = most;
        self.evict(most);
    }

    /// How many entries are newer than the field's; `None`: it is not there.
    #[inline]
    pub(super) fn find(&self, hash: u32, name: &Named<'_>, value: &[u8]) -> Option<usize> {
        let places = self.places.as_ref()?;
        for number in places.entries[place(hash)] {
            let newer = usize::from(self.inserted.wrapping_sub(number).wrapping_sub(1));
            // A number of long ago may look like a new one, which then has another text.
            if let Some(entry) = self.entries.get(newer)
                && entry.hash == hash
                && entry.is(name, value)
            {
                return Some(newer);
            }
        }
        None
    }

    /// Adds a field; `false`: it is too large to be worth it.
    pub(super) fn insert(&mut self, hash: u32, named: &Named<'_>, value: &[u8]) -> bool {
        let name = named.text;
        let size = name.len() + value.len() + OVERHEAD;
        if size > self.most / 4 {
            return false;
        }
        self.evict(self.most - size);
        let mut text = Vec::with_capacity(name.len() + value.len());
        text.extend_from_slice(name);
        text.extend_from_slice(value);
        self.entries.push_front(Entry {
            hash,
            name_len: name.len() as u32,
            words: named.words,
            text: text.into_boxed_slice(),
        });
        self.size += size;
        let number = self.inserted;
        self.inserted = number.wrapping_add(1);
        // The older of the two gives way.
        let [one, two] = &mut self.places()[place(hash)];
        if number.wrapping_sub(*one) >= number.wrapping_sub(*two) {
            *one = number;
        } else {
            *two = number;
        }
        true
    }

    /// Was a field with this hash met not long ago? From now on it was.
    pub(super) fn met(&mut self, hash: u32) -> bool {
        // The bits that `place` does not use; 0 is nobody's.
        let mark = (hash >> 16) as u16 | 1;
        let places = self.places.get_or_insert_default();
        std::mem::replace(&mut places.once[place(hash)], mark) == mark
    }

    fn places(&mut self) -> &mut [[u16; 2]; 64] {
        &mut self.places.get_or_insert_default().entries
    }

    fn evict(&mut self, most: usize) {
        while self.size > most
            && let Some(entry) = self.entries.pop_back()
        {
            self.size -= entry.text.len() + OVERHEAD;
        }
    }
}

impl Entry {
    #[inline]
    fn is(&self, name: &Named<'_>, value: &[u8]) -> bool {
        self.words == name.words
            && self.name_len as usize == name.text.len()
            && self
                .text
                .split_at_checked(name.text.len())
                .is_some_and(|(own, text)| text == value && (own.len() <= 16 || own == name.text))
    }
}

impl Default for Places {
    fn default() -> Self {
        Self {
            entries: [[0; 2]; 64],
            once: [0; 64],
        }
    }
}

fn place(hash: u32) -> usize {
    hash as usize & 63
}

/// A hash of a field, from the name's [`names::words`] and a few of the value's bytes.
#[inline]
pub(super) fn hash(name: [u64; 2], value: &[u8]) -> u32 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let ends = names::words(value);
    let middle = match value[value.len() / 2..].first_chunk() {
        Some(middle) => u64::from_le_bytes(*middle),
        None => 0,
    };
    let name = (name[0] ^ name[1].rotate_left(29)).wrapping_mul(ODD);
    let value = (ends[0] ^ ends[1].rotate_left(23) ^ middle.rotate_left(41))
        .wrapping_add(value.len() as u64)
        .wrapping_mul(0xd6e8_feb8_6659_fd93);
    ((name ^ (name >> 32) ^ value.rotate_left(17)).wrapping_mul(ODD) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Named<'_> {
        Named {
            text: name.as_bytes(),
            words: names::words(name.as_bytes()),
            known: None,
        }
    }

    /// The hash is no secret, and whoever chooses values can make two of them equal.
    #[test]
    fn the_text_counts_where_hashes_are_equal() {
        let mut recent = Recent::new(4096);
        assert!(recent.insert(7, &named("server"), b"a"));
        assert!(recent.insert(7, &named("x-0123456789-a-0123456789"), b"a"));
        for (name, value, found) in [
            ("server", "a", Some(1)),
            ("x-0123456789-a-0123456789", "a", Some(0)),
            ("server", "b", None),
            ("server", "aa", None),
            ("servea", "", None),
            ("serves", "a", None),
            ("x-0123456789-b-0123456789", "a", None),
            ("x-0123456789-a-0123456789a", "", None),
        ] {
            assert_eq!(
                recent.find(7, &named(name), value.as_bytes()),
                found,
                "{name}"
            );
        }
        assert_eq!(recent.find(8, &named("server"), b"a"), None);
    }

    /// The third of one place makes the oldest be found no more; the others stay.
    #[test]
    fn a_place_has_room_for_two() {
        let mut recent = Recent::new(4096);
        for value in [b"1", b"2", b"3"] {
            assert!(recent.insert(7, &named("x"), value));
        }
        let found = [b"1", b"2", b"3"].map(|value| recent.find(7, &named("x"), value));
        assert_eq!(found, [None, Some(1), Some(0)]);
        recent.resize(2 * 34);
        assert_eq!(recent.find(7, &named("x"), b"2"), Some(1));
        recent.resize(34);
        assert_eq!(recent.find(7, &named("x"), b"2"), None);
    }

    #[test]
    fn what_is_met_again_is_known() {
        let mut recent = Recent::new(4096);
        assert!(!recent.met(0x1234_5678));
        assert!(recent.met(0x1234_5678));
        assert!(!recent.met(0x0234_5678));
        assert!(!recent.met(0x1234_5678));
    }
}
