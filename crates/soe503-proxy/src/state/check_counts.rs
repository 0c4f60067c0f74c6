//! What a pool counts of its health checks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use soe503_core::health::CheckResult;

/// Health checks of one pool, by how they ended.
#[derive(Debug, Default)]
pub struct CheckCounts {
    passed: AtomicU64,
    failed: AtomicU64,
    not_made: AtomicU64,
}

// === impl CheckCounts ===

impl CheckCounts {
    /// Counts a check that has ended.
    pub fn count(&self, result: &CheckResult) {
        let place = match result {
            CheckResult::Passed { .. } => &self.passed,
            CheckResult::NotMade { .. } => &self.not_made,
            _ => &self.failed,
        };
        place.fetch_add(1, Relaxed);
    }

    /// How many have passed so far.
    pub fn passed(&self) -> u64 {
        self.passed.load(Relaxed)
    }

    /// Each result with its count so far.
    pub fn read(&self) -> [(&'static str, u64); 3] {
        [
            ("passed", self.passed.load(Relaxed)),
            ("failed", self.failed.load(Relaxed)),
            ("not_made", self.not_made.load(Relaxed)),
        ]
    }
}
