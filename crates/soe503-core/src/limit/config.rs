//! What a limit is told.

use core::time::Duration;

/// How many at once, and how the others wait.
///
/// # Defaults
/// No fixed limit, no adaptive one, nobody waits: what [`ConcurrencyLimit::new`](super::ConcurrencyLimit::new)
/// makes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitConfig {
    /// How many may be in flight, whatever else is found. A request is in flight until its slot is
    /// dropped: until its answer's body has ended.
    pub fixed: u32,
    /// Learn how many may wait for an answer at once; see the [module](super).
    pub adaptive: bool,
    /// How many may wait for their turn. 0: one too many is refused at once.
    pub max_waiting: u32,
    /// How long a request waits for its turn at most while the limit is known to be right. What is
    /// in line is kept so short that its end is reached in this time, and nobody stays twice as long.
    pub max_wait: Duration,
}

impl LimitConfig {
    /// A fixed limit, and nobody waits.
    pub const fn fixed(limit: u32) -> Self {
        Self {
            fixed: limit,
            adaptive: false,
            max_waiting: 0,
            max_wait: Duration::from_millis(250),
        }
    }
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self::fixed(u32::MAX)
    }
}
