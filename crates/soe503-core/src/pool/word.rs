//! The word that a pick reads: all axes of a backend's state, and its generation.

use core::sync::atomic::{AtomicU64, Ordering};

/// Flags in the low half, generation in the high half.
///
/// The generation changes with every ejection and return. A lease carries the generation it was
/// given out in, so a late result cannot change a state that it knows nothing about (row S3).
#[derive(Debug)]
pub(super) struct Word(AtomicU64);

/// One reading of a [`Word`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags(u64);

// === impl Word ===

impl Word {
    pub(super) const fn new(flags: u64) -> Self {
        Self(AtomicU64::new(flags))
    }

    pub(super) fn load(&self) -> Flags {
        Flags(self.0.load(Ordering::Acquire))
    }

    pub(super) fn set(&self, flags: u64) {
        self.0.fetch_or(flags, Ordering::AcqRel);
    }

    pub(super) fn clear(&self, flags: u64) {
        self.0.fetch_and(!flags, Ordering::AcqRel);
    }

    /// Clears and sets flags and begins a new generation, in one step.
    pub(super) fn advance(&self, clear: u64, set: u64) {
        let next = |word: u64| {
            let flags = word & u64::from(u32::MAX) & !clear | set;
            let generation = (word >> 32).wrapping_add(1) & u64::from(u32::MAX);
            Some(generation << 32 | flags)
        };
        // The closure never refuses.
        let _ = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    /// Takes the probe permit if `seen` is still the whole truth.
    pub(super) fn try_probe(&self, seen: Flags) -> bool {
        let probing = seen.0 | Flags::PROBING;
        self.0
            .compare_exchange(seen.0, probing, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Gives the probe permit back, unless the state moved on since generation `generation`.
    pub(super) fn release_probe(&self, generation: u32) {
        let _ = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                let flags = Flags(word);
                (flags.generation() == generation && flags.has(Flags::PROBING))
                    .then_some(word & !Flags::PROBING)
            });
    }
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

    /// Out by an operator.
    pub(super) const ADMIN: u64 = Self::DRAINING | Self::DISABLED;
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

    pub(super) const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}
