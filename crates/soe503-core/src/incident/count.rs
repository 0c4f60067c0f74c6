//! What a pool has counted since the last look.

use crate::cause::Cause;

/// What saves requests, in the order of [`Saved`].
pub const SAVED_BY: [&str; 6] = [
    "retry", "hedge", "ride_out", "fallback", "stale", "failover",
];

/// Requests that were saved, by what saved them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved(pub [u64; SAVED_BY.len()]);

/// What has happened in a pool since the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Finished requests, whatever became of them; without those whose client left.
    pub requests: u64,
    /// Those of them that failed, by primary cause.
    pub failed: Vec<(Cause, u64)>,
    /// Those that would have.
    pub saved: Saved,
}

// === impl Saved ===

impl Saved {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds `other`.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    /// Each with its name, those of which there are any.
    pub fn by(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = SAVED_BY.into_iter().zip(self.0);
        all.filter(|(_, count)| *count > 0)
    }
}
