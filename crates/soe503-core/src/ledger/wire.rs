//! What the kernel knows of a connection.

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A TCP connection at the moment when the answer on it had not come in time: Linux `TCP_INFO` (tcp(7)).
///
/// It tells a machine that is there, and whose service is silent, from one that nothing is heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wire {
    /// Bytes that the other side has not acknowledged.
    pub unacked: u32,
    /// How often the oldest of them have been sent again without an answer.
    pub retransmits: u8,
    /// The smoothed round-trip time.
    pub rtt: Duration,
}

/// One packet may be lost on the way there and its repetition as well; the third is two hundred, six hundred and more
/// milliseconds after the first (RFC 6298 §5, Linux's least timeout of 200 ms).
const LOST: u8 = 2;

impl Wire {
    /// Nothing is heard of the other side's machine: what was sent is not acknowledged, again and again.
    pub const fn is_deaf(&self) -> bool {
        self.unacked > 0 && self.retransmits >= LOST
    }

    /// The other side's machine has all of it.
    pub const fn has_arrived(&self) -> bool {
        self.unacked == 0
    }
}
