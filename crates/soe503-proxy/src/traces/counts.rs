//! What became of spans.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Spans since the process started, whatever was configured meanwhile.
#[derive(Debug, Default)]
pub struct Counts {
    exported: AtomicU64,
    dropped: [AtomicU64; Dropped::ALL.len()],
}

/// Why a span did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[non_exhaustive]
pub enum Dropped {
    /// Too many waited.
    QueueFull,
    /// The collector could not be reached, or did not answer, or not as a collector does, for a minute.
    Unanswered,
    /// The collector has refused the whole batch, for good.
    Refused,
    /// The collector took the batch, but not this span (`partial_success`).
    Partial,
    /// It could not be delivered in the time that a shutdown has.
    Shutdown,
}

impl Dropped {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::QueueFull,
        Self::Unanswered,
        Self::Refused,
        Self::Partial,
        Self::Shutdown,
    ];

    /// As metrics call it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Unanswered => "unanswered",
            Self::Refused => "refused",
            Self::Partial => "partial",
            Self::Shutdown => "shutdown",
        }
    }
}

impl Counts {
    /// Spans that the collector took.
    pub fn exported(&self) -> u64 {
        self.exported.load(Relaxed)
    }

    /// Spans that were lost for this reason.
    pub fn dropped(&self, why: Dropped) -> u64 {
        self.dropped[why as usize].load(Relaxed)
    }

    pub(super) fn export(&self, spans: usize) {
        self.exported.fetch_add(spans as u64, Relaxed);
    }

    pub(super) fn lose(&self, why: Dropped, spans: usize) {
        self.dropped[why as usize].fetch_add(spans as u64, Relaxed);
    }
}
