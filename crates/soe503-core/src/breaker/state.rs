//! The state of a circuit, and how it fits into one word.

use std::sync::Arc;

use crate::Tick;

/// What a circuit does with the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Lets every request through and counts the results.
    Closed,
    /// Refuses every request.
    Open,
    /// Lets a counted number of probes through and decides by their results.
    HalfOpen,
}

/// An operator's override. Ends with a reset, and not by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forced {
    /// Every request is refused.
    Open {
        /// The operator's words.
        why: Arc<str>,
        /// Since when.
        since: Tick,
    },
    /// Every request is let through, and no result counts.
    Closed {
        /// The operator's words.
        why: Arc<str>,
        /// Since when.
        since: Tick,
    },
}

/// State and generation in one word, so that admission on a closed circuit is one load.
///
/// The two lowest bits are the mode, the rest is the generation. A permit keeps the word it was
/// admitted under; a result counts only while the circuit still has that word (row S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

/// What the word says about admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Closed, and counting.
    Closed = 0,
    /// Closed by force: open to all, and not counting.
    Bypass = 1,
    /// Open, by rule or by force.
    Open = 2,
    /// Half-open.
    HalfOpen = 3,
}

// === impl State ===

impl State {
    /// `closed`, `open` or `half_open`: for metrics, JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl core::fmt::Display for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl Word ===

impl Word {
    const MODE_BITS: u32 = 2;
    const MODE_MASK: u64 = (1 << Self::MODE_BITS) - 1;

    pub(super) const fn new(generation: u64, mode: Mode) -> Self {
        Self(generation << Self::MODE_BITS | mode as u64)
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn generation(self) -> u64 {
        self.0 >> Self::MODE_BITS
    }

    pub(super) const fn mode(self) -> Mode {
        match self.0 & Self::MODE_MASK {
            0 => Mode::Closed,
            1 => Mode::Bypass,
            2 => Mode::Open,
            _ => Mode::HalfOpen,
        }
    }
}

// === impl Mode ===

impl Mode {
    pub(super) const fn state(self) -> State {
        match self {
            Self::Closed | Self::Bypass => State::Closed,
            Self::Open => State::Open,
            Self::HalfOpen => State::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_keeps_both_parts() {
        for mode in [Mode::Closed, Mode::Bypass, Mode::Open, Mode::HalfOpen] {
            for generation in [0, 1, 77, u64::MAX >> 2] {
                let word = Word::from_bits(Word::new(generation, mode).bits());
                assert_eq!((word.generation(), word.mode()), (generation, mode));
            }
        }
    }
}
