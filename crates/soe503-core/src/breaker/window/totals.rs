//! Sums over a window.

use super::Sample;

/// How many results a window holds, and how many of them count against the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowTotals {
    /// All results that count; ignored ones do not.
    pub total: u64,
    /// Failures and degraded results.
    pub failed: u64,
    /// Results that took `slow_request` or longer, failed or not.
    pub slow: u64,
}

impl WindowTotals {
    pub(super) fn add(&mut self, sample: Sample) {
        self.total += 1;
        self.failed += u64::from(sample.failed);
        self.slow += u64::from(sample.slow);
    }

    /// Takes out what was added before.
    pub(super) fn remove(&mut self, other: Self) {
        self.total -= other.total;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }
}

impl From<Sample> for WindowTotals {
    fn from(sample: Sample) -> Self {
        let mut totals = Self::default();
        totals.add(sample);
        totals
    }
}
