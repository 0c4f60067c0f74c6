//! What became of packets.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Packets since the process started, whatever was configured meanwhile.
#[derive(Debug, Default)]
pub struct Counts {
    sent: AtomicU64,
    lost: [AtomicU64; Lost::ALL.len()],
}

/// Why a packet did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[non_exhaustive]
pub enum Lost {
    /// Nobody listens, or it is not known where.
    Unreachable,
    /// The server does not read fast enough.
    Full,
    /// A line alone is longer than a packet may be.
    TooLong,
}

impl Lost {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unreachable, Self::Full, Self::TooLong];

    /// As metrics call it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Full => "full",
            Self::TooLong => "too_long",
        }
    }
}

impl Counts {
    /// Packets that the kernel took.
    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Packets that were lost for this reason.
    pub fn lost(&self, why: Lost) -> u64 {
        self.lost[why as usize].load(Relaxed)
    }

    pub(super) fn send(&self) {
        self.sent.fetch_add(1, Relaxed);
    }

    pub(super) fn lose(&self, why: Lost, packets: usize) {
        self.lost[why as usize].fetch_add(packets as u64, Relaxed);
    }
}
