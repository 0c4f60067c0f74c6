//! How often backends of a pool were put out, and why.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use super::outlier::Grounds;

/// Why a backend was put out, or stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EjectionReason {
    /// Nobody listens there.
    Refused,
    /// It failed several times in a row.
    ConsecutiveFailures,
    /// It fails more of its requests than the others do.
    FailureRate,
    /// It is slower than the others are.
    Slow,
    /// It was out, and its probe failed: it stays out, for longer.
    ProbeFailed,
}

/// How often each of them led to an ejection, ever. Only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EjectionCounts([u64; EjectionReason::ALL.len()]);

/// The counters of a pool.
#[derive(Debug, Default)]
pub(super) struct Ejections([AtomicU64; EjectionReason::ALL.len()]);

// === impl EjectionReason ===

impl EjectionReason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::ConsecutiveFailures,
        Self::FailureRate,
        Self::Slow,
        Self::ProbeFailed,
    ];

    /// `refused`, `consecutive_failures`, `failure_rate`, `slow` or `probe_failed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::FailureRate => "failure_rate",
            Self::Slow => "slow",
            Self::ProbeFailed => "probe_failed",
        }
    }

    pub(super) const fn of(grounds: &Grounds) -> Self {
        match grounds {
            Grounds::Refused => Self::Refused,
            Grounds::Run => Self::ConsecutiveFailures,
            Grounds::Rate { .. } => Self::FailureRate,
            Grounds::Slow { .. } => Self::Slow,
        }
    }
}

impl fmt::Display for EjectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl EjectionCounts ===

impl EjectionCounts {
    /// How often it was for `reason`.
    pub const fn of(&self, reason: EjectionReason) -> u64 {
        self.0[reason as usize]
    }

    /// Each reason, with how often it was that.
    pub fn iter(&self) -> impl Iterator<Item = (EjectionReason, u64)> + '_ {
        EjectionReason::ALL
            .into_iter()
            .map(|reason| (reason, self.of(reason)))
    }
}

// === impl Ejections ===

impl Ejections {
    pub(super) fn count(&self, reason: EjectionReason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> EjectionCounts {
        EjectionCounts(
            EjectionReason::ALL.map(|reason| self.0[reason as usize].load(Ordering::Relaxed)),
        )
    }
}
