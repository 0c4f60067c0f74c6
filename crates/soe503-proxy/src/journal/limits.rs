//! How much is kept, and for how long.

use std::time::Duration;

/// Bounds of the journal.
///
/// # Defaults
///
/// `max_size` 64 MiB · `max_age` 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest that the file may become, in bytes.
    pub max_size: u64,
    /// How old an entry may become.
    pub max_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_size: 64 << 20,
            max_age: Duration::from_secs(30 * 86_400),
        }
    }
}

impl Limits {
    /// The most that all pages in use may take, in a file that is `length` bytes long now.
    ///
    /// The file grows by doubling, and only when no page is free. So the last doubling that `max_size` allows is the
    /// end, and a quarter of that stays free for what a commit writes before it frees what it replaces.
    pub(super) const fn capacity(&self, length: u64) -> u64 {
        let mut longest = if length < Self::FIRST {
            Self::FIRST
        } else {
            length
        };
        if longest > self.max_size {
            longest = self.max_size;
        }
        while longest * 2 <= self.max_size {
            longest *= 2;
        }
        longest / 4 * 3
    }

    /// The most that one commit may put in: what it frees is usable only after it.
    pub(super) const fn batch(&self) -> u64 {
        self.max_size / 32
    }

    /// The oldest time that is kept, in milliseconds since 1970.
    pub(super) fn horizon(&self, now: u64) -> u64 {
        let age = u64::try_from(self.max_age.as_millis()).unwrap_or(u64::MAX);
        now.saturating_sub(age)
    }

    /// The length of a new file.
    const FIRST: u64 = 72 * 1024;
}
