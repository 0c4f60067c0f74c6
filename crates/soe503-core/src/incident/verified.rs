//! What came of asking again what had failed.

use core::fmt;
use std::sync::Arc;

use super::{Entry, EntryKind, Moment};

/// What the same request says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is answered.
    Cured,
    /// It fails as it did.
    NotCured,
    /// It fails, of something else.
    DifferentCause,
}

/// A failed request was asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When.
    pub at: Moment,
    /// What came of it.
    pub verdict: Verdict,
    /// Who asked; `None` if nobody said.
    pub by: Option<Arc<str>>,
}

// === impl Verified ===

impl Verified {
    /// The line of a timeline; `what` was asked and answered.
    pub(super) fn entry(&self, what: &str) -> Entry {
        let by = self.by.as_deref();
        let by = by.map_or_else(String::new, |by| format!(" (asked by {by})"));
        let said = format!("{}: {what}{by}", self.verdict);
        Entry::new(self.at.unix_ms, EntryKind::Verified, &said)
    }
}

// === impl Verdict ===

impl Verdict {
    /// `cured`, `not_cured` or `different_cause`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cured => "cured",
            Self::NotCured => "not_cured",
            Self::DifferentCause => "different_cause",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cured => "cured",
            Self::NotCured => "not cured",
            Self::DifferentCause => "another cause now",
        })
    }
}
