//! How it has gone so far in the place of a failure: since when, how many, after which change.
//!
//! A client that is told why its request failed wants to know whether it is alone with that. What is told is
//! counted anyway, four times a second, by whoever keeps incidents; who explains a failure only reads it.

use core::time::Duration;
use std::sync::Arc;

use super::Place;

/// Changes so long before an onset are told beside it.
pub const NEARBY: Duration = Duration::from_secs(10 * 60);

/// The failures of one place, as they were counted last.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Course {
    /// Where.
    pub place: Place,
    /// The first of them, in milliseconds since 1970: that of the incident, else the first of the last minute.
    pub since_ms: i64,
    /// Requests that failed since.
    pub failed: u64,
    /// All requests of the place since; `None`: not counted yet, as they have just begun to fail.
    pub requests: Option<u64>,
    /// Requests that were saved since: by another attempt, an older answer, another pool.
    pub saved: u64,
    /// What was changed before.
    pub changes: Changes,
}

/// What is known of changes around an onset.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Changes {
    /// Not looked at yet.
    Unknown,
    /// None that may concern the place, for so long before it; at most [`NEARBY`].
    None(Duration),
    /// So many within [`NEARBY`] before it, none of which is taken for the cause.
    Near(usize),
    /// This one is taken for the cause (rule R7).
    Linked {
        /// Which, in words.
        what: Arc<str>,
        /// When, in milliseconds since 1970.
        at_ms: i64,
        /// So many milliseconds before the first failure; negative: after it, within the margin of two clocks.
        before_ms: i64,
        /// How many times as likely it is that it is the cause as that it is there by chance.
        ratio: f64,
        /// It was taken back, and that ended the failures.
        proven: bool,
    },
}

// === impl Course ===

impl Course {
    /// Of failures that have just begun: `failed` of them at `since_ms`, nothing else is known yet.
    pub const fn begun(place: Place, since_ms: i64, failed: u64) -> Self {
        Self {
            place,
            since_ms,
            failed,
            requests: None,
            saved: 0,
            changes: Changes::Unknown,
        }
    }
}
