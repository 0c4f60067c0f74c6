//! What the attempts of a pool fail of.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::OnceLock;

use crate::Cause;

/// Failed attempts by cause. A pool without failures has only room for a pointer; nothing is done for an attempt that
/// succeeds.
#[derive(Debug, Default)]
pub(super) struct Spoiled(OnceLock<Box<[AtomicU64]>>);

impl Spoiled {
    pub(super) fn count(&self, cause: Cause) {
        let none = || Cause::ALL.iter().map(|_| AtomicU64::new(0)).collect();
        self.0.get_or_init(none)[cause as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn of(&self, cause: Cause) -> u64 {
        let counts = self.0.get();
        counts.map_or(0, |counts| counts[cause as usize].load(Ordering::Relaxed))
    }
}
