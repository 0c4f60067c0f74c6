//! Which causes were behind the failures, in fixed storage.

use core::ops::Deref;

use smallvec::SmallVec;

use super::Sample;
use crate::cause::Cause;

/// Counts by cause: the first [`SLOTS`] different causes exactly, the rest together.
///
/// A run or a slice of a window with more than eight different causes is not one story, and its
/// root could not be told anyway. Fixed slots keep recording free of allocation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    slots: [Option<Slot>; SLOTS],
    other: Counts,
    /// Orders the slots by when they were last counted, to break ties.
    clock: u32,
}

const SLOTS: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Slot {
    cause: Cause,
    counts: Counts,
    seen: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    failed: u32,
    slow: u32,
}

/// Which results of a tally are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Failed and degraded ones.
    Failed,
    /// Slow ones.
    Slow,
}

/// Causes and how often each of them counted, the most frequent first.
///
/// Of two causes that counted equally often, the one seen last comes first: it is the more likely
/// one to meet the next request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CauseCounts(SmallVec<[(Cause, u32); 4]>);

// === impl Tally ===

impl Tally {
    pub(crate) fn add(&mut self, sample: Sample) {
        let Some(cause) = sample.cause else { return };
        self.count(
            cause,
            Counts {
                failed: u32::from(sample.failed),
                slow: u32::from(sample.slow),
            },
        );
    }

    /// Adds everything `later` holds, as having happened after what is here.
    pub(crate) fn merge(&mut self, later: &Self) {
        let mut slots: SmallVec<[Slot; SLOTS]> = later.slots.iter().flatten().copied().collect();
        slots.sort_unstable_by_key(|slot| slot.seen);
        for slot in slots {
            self.count(slot.cause, slot.counts);
        }
        self.other.add(later.other);
    }

    pub(crate) fn counts(&self, kind: Kind) -> CauseCounts {
        let mut slots: SmallVec<[(u32, u32, Cause); SLOTS]> = self
            .slots
            .iter()
            .flatten()
            .map(|slot| (slot.counts.of(kind), slot.seen, slot.cause))
            .filter(|&(count, ..)| count > 0)
            .collect();
        slots.sort_unstable_by(|a, b| b.cmp(a));
        CauseCounts(
            slots
                .into_iter()
                .map(|(count, _, cause)| (cause, count))
                .collect(),
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clock == 0
    }

    fn count(&mut self, cause: Cause, counts: Counts) {
        self.clock = self.clock.saturating_add(1);
        for slot in &mut self.slots {
            match slot {
                Some(slot) if slot.cause == cause => {
                    slot.counts.add(counts);
                    slot.seen = self.clock;
                    return;
                }
                Some(_) => {}
                None => {
                    *slot = Some(Slot {
                        cause,
                        counts,
                        seen: self.clock,
                    });
                    return;
                }
            }
        }
        self.other.add(counts);
    }
}

// === impl Counts ===

impl Counts {
    fn add(&mut self, other: Self) {
        self.failed = self.failed.saturating_add(other.failed);
        self.slow = self.slow.saturating_add(other.slow);
    }

    const fn of(self, kind: Kind) -> u32 {
        match kind {
            Kind::Failed => self.failed,
            Kind::Slow => self.slow,
        }
    }
}

// === impl CauseCounts ===

impl CauseCounts {
    /// The cause that counted most often; `None` if none is known.
    pub fn majority(&self) -> Option<Cause> {
        self.first().map(|&(cause, _)| cause)
    }
}

impl Deref for CauseCounts {
    type Target = [(Cause, u32)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
