//! The results of the last ten slices of time.

use core::time::Duration;

use super::{Sample, Tally, WindowTotals};
use crate::Tick;
use crate::time::saturating_nanos;

/// Ten slices with running totals; the slice of `now` is the newest.
#[derive(Debug)]
pub(crate) struct TimeWindow {
    /// On the heap, once: they are large, and most breakers keep no window.
    slices: Box<[Slice; SLICES]>,
    /// Nanoseconds per slice.
    width: u64,
    /// The newest slice, counted from the epoch; it lives at `newest % SLICES`.
    newest: u64,
    totals: WindowTotals,
}

const SLICES: usize = 10;

#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    totals: WindowTotals,
    causes: Tally,
}

impl TimeWindow {
    /// A window over `span`. It holds the slice of `now` and the nine before it, so between nine
    /// tenths of `span` and all of it.
    pub(crate) fn new(span: Duration) -> Self {
        Self {
            slices: Box::new([Slice::default(); SLICES]),
            width: (saturating_nanos(span) / SLICES as u64).max(1),
            newest: 0,
            totals: WindowTotals::default(),
        }
    }

    /// A result that comes late (`now` before an earlier `now`) counts in the newest slice.
    pub(crate) fn record(&mut self, now: Tick, sample: Sample) -> WindowTotals {
        self.roll(now);
        let slice = &mut self.slices[Self::place(self.newest)];
        slice.totals.add(sample);
        slice.causes.add(sample);
        self.totals.add(sample);
        self.totals
    }

    pub(crate) fn totals(&mut self, now: Tick) -> WindowTotals {
        self.roll(now);
        self.totals
    }

    /// Adds up the causes, oldest slice first.
    pub(crate) fn causes(&self) -> Tally {
        let mut tally = Tally::default();
        for age in (0..SLICES as u64).rev() {
            // The first slices after the epoch have none before them.
            if let Some(slice) = self.newest.checked_sub(age) {
                tally.merge(&self.slices[Self::place(slice)].causes);
            }
        }
        tally
    }

    pub(crate) fn clear(&mut self) {
        *self.slices = [Slice::default(); SLICES];
        self.totals = WindowTotals::default();
    }

    /// Makes the slice of `now` the newest and empties those that fell out: at most ten, however
    /// long the gap (row S15).
    fn roll(&mut self, now: Tick) {
        let newest = now.as_nanos() / self.width;
        let gap = newest.saturating_sub(self.newest);
        if gap == 0 {
            return;
        }
        if gap >= SLICES as u64 {
            self.clear();
        } else {
            for passed in self.newest + 1..=newest {
                let slice = &mut self.slices[Self::place(passed)];
                self.totals.remove(slice.totals);
                *slice = Slice::default();
            }
        }
        self.newest = newest;
    }

    fn place(slice: u64) -> usize {
        (slice % SLICES as u64) as usize
    }
}
