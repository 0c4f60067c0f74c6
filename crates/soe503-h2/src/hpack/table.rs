//! The decoder's dynamic table (RFC 7541 §2.3.2, §4).

use std::collections::VecDeque;

use super::field::Entry;
use super::static_table;

/// A ring of fields, the newest first. It grows with what is in it.
#[derive(Debug)]
pub(super) struct Table {
    entries: VecDeque<Entry>,
    size: u32,
    most: u32,
}

impl Table {
    pub(super) const fn new(most: u32) -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            most,
        }
    }

    /// The entry with this index of both tables (RFC 7541 §2.3.3).
    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&Entry> {
        let index = index as usize;
        if index > static_table::LEN {
            self.entries.get(index - static_table::LEN - 1)
        } else {
            static_table::get(index)
        }
    }

    /// Adds an entry; one that is larger than the table empties it (RFC 7541 §4.4).
    pub(super) fn insert(&mut self, entry: Entry) {
        let Some(room) = self.most.checked_sub(entry.size) else {
            self.evict(0);
            return;
        };
        self.evict(room);
        self.size += entry.size;
        self.entries.push_front(entry);
    }

    /// Changes the most that the entries' sizes may come to (RFC 7541 §4.3).
    pub(super) fn resize(&mut self, most: u32) {
        self.most = most;
        self.evict(most);
    }

    /// Drops the oldest until no more than `most` is left.
    fn evict(&mut self, most: u32) {
        while self.size > most
            && let Some(entry) = self.entries.pop_back()
        {
            self.size -= entry.size;
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> u32 {
        self.size
    }
}
