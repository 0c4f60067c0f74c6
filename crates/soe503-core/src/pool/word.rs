//! The word that a pick reads: all axes of a backend's state, and its generation.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

use crate::health::Health;

/// Flags in the low half, generation in the high half.
///
/// The generation changes with every ejection and return. A lease carries the generation it was
/// given out in, so a late result cannot change a state that it knows nothing about (row S3).
#[derive(Debug)]
pub(super) struct Word {
    word: AtomicU64,
    sums: Arc<Sums>,
}

/// One reading of a [`Word`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags(u64);

/// What would take a look at all backends of a pool to find out.
///
/// Each step of a word from one value to the next adds its difference here, so the sums are exact
/// once all steps are done, whoever made them in whatever order.
#[derive(Debug, Default)]
pub(super) struct Sums {
    sound: AtomicU32,
    warming: AtomicU32,
}

// === impl Word ===

impl Word {
    pub(super) fn new(flags: u64, sums: &Arc<Sums>) -> Self {
        let word = Self {
            word: AtomicU64::new(flags),
            sums: Arc::clone(sums),
        };
        // It comes from nowhere.
        word.count(Flags(Flags::GONE), Flags(flags));
        word
    }

    /// One that counts for itself.
    #[cfg(test)]
    pub(super) fn alone(flags: u64) -> Self {
        Self::new(flags, &Arc::default())
    }

    pub(super) fn load(&self) -> Flags {
        Flags(self.word.load(Ordering::Acquire))
    }

    pub(super) fn set(&self, flags: u64) {
        let before = self.word.fetch_or(flags, Ordering::AcqRel);
        self.count(Flags(before), Flags(before | flags));
    }

    pub(super) fn clear(&self, flags: u64) {
        let before = self.word.fetch_and(!flags, Ordering::AcqRel);
        self.count(Flags(before), Flags(before & !flags));
    }

    /// Clears and sets flags and begins a new generation, in one step.
    pub(super) fn advance(&self, clear: u64, set: u64) {
        let next = |word: u64| {
            let flags = word & u64::from(u32::MAX) & !clear | set;
            let generation = (word >> 32).wrapping_add(1) & u64::from(u32::MAX);
            generation << 32 | flags
        };
        // The closure never refuses.
        let (Ok(before) | Err(before)) =
            self.word
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| Some(next(word)));
        self.count(Flags(before), Flags(next(before)));
    }

    /// Takes the probe permit if `seen` is still the whole truth.
    pub(super) fn try_probe(&self, seen: Flags) -> bool {
        // A permit is of no interest to the sums.
        let probing = seen.0 | Flags::PROBING;
        self.word
            .compare_exchange(seen.0, probing, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Gives the probe permit back, unless the state moved on since generation `generation`.
    pub(super) fn release_probe(&self, generation: u32) {
        let _ = self
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                let flags = Flags(word);
                (flags.generation() == generation && flags.has(Flags::PROBING))
                    .then_some(word & !Flags::PROBING)
            });
    }

    fn count(&self, before: Flags, after: Flags) {
        step(&self.sums.sound, before.is_sound(), after.is_sound());
        step(&self.sums.warming, before.is_warming(), after.is_warming());
    }
}

// === impl Sums ===

impl Sums {
    /// Backends in rotation whose last result was not a failure.
    pub(super) fn sound(&self) -> u32 {
        self.sound.load(Ordering::Relaxed)
    }

    /// Backends whose share is still growing.
    pub(super) fn warming(&self) -> u32 {
        self.warming.load(Ordering::Relaxed)
    }
}

fn step(sum: &AtomicU32, before: bool, after: bool) {
    // Wraps: another thread's step may be counted before the one that it undoes.
    match (before, after) {
        (false, true) => sum.fetch_add(1, Ordering::Relaxed),
        (true, false) => sum.fetch_sub(1, Ordering::Relaxed),
        _ => return,
    };
}

// === impl Flags ===

impl Flags {
    /// An operator lets requests finish, and no new ones in.
    pub(super) const DRAINING: u64 = 1;
    /// An operator took it out.
    pub(super) const DISABLED: u64 = 1 << 1;
    /// Checks fail.
    pub(super) const DOWN: u64 = 1 << 2;
    /// No check has succeeded yet.
    pub(super) const STARTING: u64 = 1 << 3;
    /// Traffic failed.
    pub(super) const EJECTED: u64 = 1 << 4;
    /// The probe that may end the ejection is in flight.
    pub(super) const PROBING: u64 = 1 << 5;
    /// Its share is still growing.
    pub(super) const WARMING: u64 = 1 << 6;
    /// The next ejection would last longer than the first; successes shrink that.
    pub(super) const GROWN: u64 = 1 << 7;
    /// The last result was a failure.
    pub(super) const FAILING: u64 = 1 << 8;
    /// It is no longer in the pool; late results of its requests concern nobody.
    pub(super) const GONE: u64 = 1 << 9;
    /// A check has failed and left a doubt: good answers are noted.
    pub(super) const QUESTIONED: u64 = 1 << 10;
    /// Its check fails, and requests show that the check is wrong.
    pub(super) const OVERRULED: u64 = 1 << 11;
    /// Requests that it had not answered were answered elsewhere, and it has answered none since.
    pub(super) const SILENT: u64 = 1 << 12;

    /// Out by an operator.
    pub(super) const ADMIN: u64 = Self::DRAINING | Self::DISABLED;
    /// A success of a backend with one of these is more than a success.
    pub(super) const NEWS: u64 =
        Self::FAILING | Self::EJECTED | Self::GROWN | Self::QUESTIONED | Self::SILENT;
    /// Any reason not to be in rotation.
    pub(super) const OUT: u64 = Self::ADMIN | Self::DOWN | Self::STARTING | Self::EJECTED;

    /// Any of `flags`.
    pub(super) const fn has(self, flags: u64) -> bool {
        self.0 & flags != 0
    }

    /// Those of `flags` that are set.
    pub(super) const fn only(self, flags: u64) -> u64 {
        self.0 & flags
    }

    pub(super) const fn in_rotation(self) -> bool {
        !self.has(Self::OUT)
    }

    /// In rotation, and the last result was not a failure: proof that the pool as a whole works.
    pub(super) const fn is_sound(self) -> bool {
        self.in_rotation() && !self.has(Self::FAILING | Self::GONE)
    }

    const fn is_warming(self) -> bool {
        self.has(Self::WARMING) && !self.has(Self::GONE)
    }

    /// What checks say, as far as they are believed.
    pub(super) const fn health(self) -> Health {
        if self.has(Self::DOWN) {
            Health::Down
        } else if self.has(Self::STARTING) {
            Health::Starting
        } else {
            Health::Up
        }
    }

    pub(super) const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Step = fn(&Word, u64);

    #[test]
    fn what_is_set_or_cleared_again_is_counted_once() {
        let sums = Arc::<Sums>::default();
        let word = Word::new(Flags::WARMING, &sums);
        let counted = || (sums.sound(), sums.warming());
        assert_eq!(counted(), (1, 1));
        let steps: [(Step, u64, _); 4] = [
            (Word::set, Flags::DOWN, (0, 1)),
            (Word::clear, Flags::WARMING, (0, 0)),
            (Word::set, Flags::WARMING, (0, 1)),
            (Word::clear, Flags::DOWN, (1, 1)),
        ];
        for (step, flags, sums) in steps {
            step(&word, flags);
            assert_eq!(counted(), sums);
            step(&word, flags);
            assert_eq!(counted(), sums, "again");
        }
    }
}
