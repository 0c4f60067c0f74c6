//! Who may be picked, as a range of a list that is patched in place.
//!
//! The backends' slots stand in one list, grouped by [`Class`]:
//!
//! ```text
//!  down │ doubted │ overruled │ rotation │ starting │ ejected │ ejected and down │ out by an operator
//! ```
//!
//! The doubted are down by a check that may be wrong; the overruled, about whom it is wrong, are in
//! rotation like the others.
//!
//! In this order every [`Admit`] is one contiguous range, so a pick is a random index into it
//! whatever the rest of the pool is like, and the sizes of the groups are the [`Census`]. A backend
//! that changes its class moves by one swap per group that it passes: seven at most, and nothing is
//! rebuilt.
//!
//! Only the holder of the control lock moves backends. A pick that reads meanwhile may see a backend
//! twice or not at all, or find one that has just changed; it looks at the flags of what it drew, as
//! those alone say who may be picked.

use core::ops::Range;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use super::census::{Admit, Census};
use super::word::Flags;
use crate::Ratio;

/// The list and its groups.
pub(super) struct Roster {
    /// Slots, grouped by class.
    order: Box<[AtomicU32]>,
    /// Where in `order` each slot is.
    places: Box<[AtomicU32]>,
    /// Where in `order` each class ends.
    ends: [AtomicU32; CLASSES],
    /// Who may be picked: an [`Admit`], or [`NOBODY`].
    admit: AtomicU8,
    /// Where weights differ.
    weights: Option<Weights>,
}

/// Weights by slot, and in sum by class.
struct Weights {
    of_slot: Box<[u32]>,
    sums: [AtomicU64; CLASSES],
}

/// What choosing needs to know about a backend's state. The order is that of the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Down,
    Doubted,
    Overruled,
    Rotation,
    Starting,
    Ejected,
    EjectedDown,
    Out,
}

const CLASSES: usize = 8;
const NOBODY: u8 = u8::MAX;

// === impl Roster ===

impl Roster {
    /// Those of the backends with these flags, by slot, that `slots` names, each once: so they stand
    /// within their groups at first. `weights`, by slot, where they differ.
    pub(super) fn new(flags: &[Flags], slots: &[u32], weights: Option<Box<[u32]>>) -> Self {
        let classes: Vec<Class> = flags.iter().copied().map(Class::of).collect();
        let mut ends = [0_u32; CLASSES];
        for &slot in slots {
            let class = classes[slot as usize] as usize;
            ends[class..].iter_mut().for_each(|end| *end += 1);
        }
        let mut next = [0_u32; CLASSES];
        next[1..].copy_from_slice(&ends[..CLASSES - 1]);
        let zeros = |count: usize| (0..count).map(|_| AtomicU32::new(0)).collect();
        let (order, places): (Box<[_]>, Box<[_]>) = (zeros(slots.len()), zeros(flags.len()));
        let weights = weights.map(|of_slot| {
            let mut sums = [0_u64; CLASSES];
            for &slot in slots {
                sums[classes[slot as usize] as usize] += u64::from(of_slot[slot as usize]);
            }
            let sums = sums.map(AtomicU64::new);
            Weights { of_slot, sums }
        });
        for &slot in slots {
            let class = classes[slot as usize];
            let place = next[class as usize];
            next[class as usize] += 1;
            order[place as usize].store(slot, Ordering::Relaxed);
            places[slot as usize].store(place, Ordering::Relaxed);
        }
        Self {
            order,
            places,
            ends: ends.map(AtomicU32::new),
            admit: AtomicU8::new(NOBODY),
            weights,
        }
    }

    /// Moves `slot` to the group of its flags. The caller holds the control lock.
    pub(super) fn put(&self, slot: u32, flags: Flags) {
        let goal = Class::of(flags) as usize;
        let mut at = self.places[slot as usize].load(Ordering::Relaxed);
        let mut class = (0..CLASSES - 1)
            .find(|&class| at < self.end(class))
            .unwrap_or(CLASSES - 1);
        if let Some(weights) = &self.weights {
            let weight = u64::from(weights.of_slot[slot as usize]);
            weights.sums[class].fetch_sub(weight, Ordering::Relaxed);
            weights.sums[goal].fetch_add(weight, Ordering::Relaxed);
        }
        while class < goal {
            let last = self.end(class) - 1;
            self.swap(at, last);
            self.ends[class].store(last, Ordering::Relaxed);
            at = last;
            class += 1;
        }
        while class > goal {
            let first = self.end(class - 1);
            self.swap(at, first);
            self.ends[class - 1].store(first + 1, Ordering::Relaxed);
            at = first;
            class -= 1;
        }
    }

    /// Decides anew who may be picked: those in rotation, if they are known to carry the traffic
    /// (`carried`). The caller holds the control lock.
    pub(super) fn decide(&self, panic_threshold: Option<Ratio>, carried: bool) {
        let admit = if carried {
            Some(Admit::Rotation)
        } else {
            self.census().admit(panic_threshold)
        };
        let admit = admit.map_or(NOBODY, |admit| admit as u8);
        self.admit.store(admit, Ordering::Relaxed);
    }

    /// How many backends are in which group.
    pub(super) fn census(&self) -> Census {
        let count = |class: Class| {
            let start = (class as usize).checked_sub(1).map_or(0, |c| self.end(c));
            // Read while somebody moves, an end may be before a start.
            self.end(class as usize).saturating_sub(start)
        };
        let overruled = count(Class::Overruled);
        let doubted = count(Class::Doubted);
        Census {
            rotation: overruled + count(Class::Rotation),
            overruled,
            down: count(Class::Down) + doubted,
            doubted,
            starting: count(Class::Starting),
            ejected: count(Class::Ejected),
            ejected_down: count(Class::EjectedDown),
        }
    }

    /// Who may be picked; `None`: nobody.
    pub(super) fn admit(&self) -> Option<Admit> {
        let admit = self.admit.load(Ordering::Relaxed);
        Admit::ALL.get(usize::from(admit)).copied()
    }

    /// The places of those whom `admit` allows.
    #[inline]
    pub(super) fn range(&self, admit: Admit) -> Range<usize> {
        let (first, last) = Class::span(admit);
        let start = first.checked_sub(1).map_or(0, |before| self.end(before));
        start as usize..self.end(last) as usize
    }

    /// The weights of those whom `admit` allows, in sum; how many they are, if all weights are equal.
    pub(super) fn weight(&self, admit: Admit) -> u64 {
        let (first, last) = Class::span(admit);
        match &self.weights {
            Some(weights) => {
                let sums = weights.sums[first..=last].iter();
                sums.map(|sum| sum.load(Ordering::Relaxed)).sum()
            }
            None => self.range(admit).len() as u64,
        }
    }

    /// How many there are, in whatever state.
    pub(super) const fn len(&self) -> usize {
        self.order.len()
    }

    /// The slot at `place`, which must be less than the number of backends.
    pub(super) fn slot(&self, place: usize) -> usize {
        self.order[place].load(Ordering::Relaxed) as usize
    }

    fn end(&self, class: usize) -> u32 {
        self.ends[class].load(Ordering::Relaxed)
    }

    fn swap(&self, a: u32, b: u32) {
        let [at_a, at_b] = [a, b].map(|place| self.order[place as usize].load(Ordering::Relaxed));
        self.order[a as usize].store(at_b, Ordering::Relaxed);
        self.order[b as usize].store(at_a, Ordering::Relaxed);
        self.places[at_b as usize].store(a, Ordering::Relaxed);
        self.places[at_a as usize].store(b, Ordering::Relaxed);
    }
}

// === impl Class ===

impl Class {
    /// The first and the last of those whom `admit` allows.
    #[inline]
    const fn span(admit: Admit) -> (usize, usize) {
        let (first, last) = match admit {
            Admit::Rotation => (Self::Overruled, Self::Rotation),
            Admit::Doubted => (Self::Doubted, Self::Rotation),
            Admit::Unchecked => (Self::Down, Self::Rotation),
            Admit::Starting => (Self::Overruled, Self::Starting),
            Admit::Ejected => (Self::Overruled, Self::Ejected),
            Admit::Anything => (Self::Down, Self::EjectedDown),
        };
        (first as usize, last as usize)
    }

    const fn of(flags: Flags) -> Self {
        if flags.has(Flags::ADMIN) {
            Self::Out
        } else if flags.has(Flags::EJECTED) {
            if flags.has(Flags::DOWN) {
                Self::EjectedDown
            } else {
                Self::Ejected
            }
        } else if flags.has(Flags::DOWN) {
            if flags.has(Flags::QUESTIONED) {
                Self::Doubted
            } else {
                Self::Down
            }
        } else if flags.has(Flags::STARTING) {
            Self::Starting
        } else if flags.has(Flags::OVERRULED) {
            Self::Overruled
        } else {
            Self::Rotation
        }
    }
}

#[cfg(test)]
#[path = "roster_tests.rs"]
mod tests;
