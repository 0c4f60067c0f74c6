//! Whom a limit concerns, and what it says.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Quota;

/// Whose requests are counted together, as a hash with the limit's secret. Two callers with the same
/// key are one in 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub(super) u64);

/// A limit refused a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Limited {
    /// The limit's name.
    pub name: Arc<str>,
    /// What it allows.
    pub quota: Quota,
    /// Until it lets the same caller through again.
    pub wait: Duration,
    /// The status of the answer: 429 where a caller has sent too much, 503 where all have.
    pub status: u16,
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quota {
            requests,
            per,
            burst,
        } = self.quota;
        write!(
            f,
            "rate limit `{}`: {requests} in {per:?} ({burst} at once), room again in {:?}",
            self.name, self.wait
        )
    }
}

impl core::error::Error for Limited {}
