//! Answers that are kept for bad times.

use std::time::Duration;

use soe503::stale::StaleConfig;

/// What is kept of a pool's answers: `[pools.NAME.cache]`.
///
/// # Defaults
///
/// - `stale_if_error`: `"1h"`
/// - `max_size`: `"64MiB"`
/// - `max_object`: `"1MiB"`
/// - `stale_while_revalidate`: `false`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cache {
    /// How long an answer that says nothing about it may be given after it went stale.
    pub stale_if_error: Duration,
    /// Bytes that all answers together may take.
    pub max_size: u64,
    /// The largest body that is kept, in bytes.
    pub max_object: u64,
    /// Whether answers that say `stale-while-revalidate` are given without asking first.
    pub stale_while_revalidate: bool,
}

impl Cache {
    pub(super) const fn new(
        stale_if_error: Duration,
        max_size: u64,
        max_object: u64,
        stale_while_revalidate: bool,
    ) -> Self {
        Self {
            stale_if_error,
            max_size,
            max_object,
            stale_while_revalidate,
        }
    }

    /// What the store is told.
    pub fn decisions(&self) -> StaleConfig {
        StaleConfig {
            stale_if_error: self.stale_if_error,
            max_bytes: self.max_size,
            max_object: usize::try_from(self.max_object).unwrap_or(usize::MAX),
            revalidate: self.stale_while_revalidate,
        }
    }
}
