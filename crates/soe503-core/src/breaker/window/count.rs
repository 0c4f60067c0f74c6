//! The last *n* results.

use super::{Sample, Tally, WindowTotals};

/// A ring of results with running totals.
#[derive(Debug)]
pub(crate) struct CountWindow {
    ring: Box<[Option<Sample>]>,
    /// Where the next result goes; the oldest one is there once the ring is full.
    next: usize,
    totals: WindowTotals,
}

impl CountWindow {
    /// A window of `size` results, at least one.
    pub(crate) fn new(size: u32) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
        Self {
            ring: vec![None; size].into_boxed_slice(),
            next: 0,
            totals: WindowTotals::default(),
        }
    }

    pub(crate) fn record(&mut self, sample: Sample) -> WindowTotals {
        if let Some(evicted) = self.ring[self.next].replace(sample) {
            self.totals.remove(evicted.into());
        }
        self.totals.add(sample);
        self.next += 1;
        if self.next == self.ring.len() {
            self.next = 0;
        }
        self.totals
    }

    pub(crate) fn totals(&self) -> WindowTotals {
        self.totals
    }

    /// Adds up the causes, oldest first. Takes as long as the window is large: for trips only.
    pub(crate) fn causes(&self) -> Tally {
        let (newer, older) = self.ring.split_at(self.next);
        let mut tally = Tally::default();
        for sample in older.iter().chain(newer).flatten() {
            tally.add(*sample);
        }
        tally
    }

    pub(crate) fn clear(&mut self) {
        self.ring.fill(None);
        self.next = 0;
        self.totals = WindowTotals::default();
    }
}
