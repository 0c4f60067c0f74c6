//! What waits to be written.

use std::collections::VecDeque;

use super::{Entry, Limits};

/// What may wait in memory while the file cannot be used.
const MOST_ENTRIES: usize = 4096;
const MOST_COST: u64 = 4 << 20;

/// Entries that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pending {
    entries: VecDeque<Entry>,
    cost: u64,
}

impl Pending {
    /// Takes one more; how many older ones had to make room for it.
    pub(super) fn push(&mut self, entry: Entry) -> u64 {
        self.cost += entry.cost();
        self.entries.push_back(entry);
        let before = self.entries.len();
        while self.entries.len() > MOST_ENTRIES || self.cost > MOST_COST {
            self.remove(1);
        }
        (before - self.entries.len()) as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many of them go into one commit.
    pub(super) fn batch(&self, limits: &Limits) -> usize {
        let mut cost = 0;
        let fit = |entry: &&Entry| {
            cost += entry.cost();
            cost <= limits.batch()
        };
        let fitting = self.entries.iter().take_while(fit).count();
        // One is always taken, or it would be in the way for ever.
        fitting.max(1).min(self.entries.len())
    }

    /// The first `count`.
    pub(super) fn first(&self, count: usize) -> impl Iterator<Item = &Entry> {
        self.entries.iter().take(count)
    }

    /// Removes the first `count`.
    pub(super) fn remove(&mut self, count: usize) {
        for entry in self.entries.drain(..count) {
            self.cost = self.cost.saturating_sub(entry.cost());
        }
    }
}
