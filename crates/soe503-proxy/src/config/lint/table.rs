//! The table.

use std::fmt;

use super::{admin, checks, clients, hit::Hits, look::Look, pools, protection, retries, timeouts};

/// One trap: a row of the table.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Lint {
    /// What it is called, for ever.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The key that it is about, with `NAME` for what users name.
    pub key: &'static str,
    /// What is wrong: a sentence.
    pub wrong: &'static str,
    /// Which value to set.
    pub set: &'static str,
    /// Looks for it.
    pub(super) look: fn(&Look<'_>, &mut Hits),
}

/// How bad a trap is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// It is worth knowing, and may be meant.
    Note,
    /// It costs requests, or does not do what it is there for.
    Warning,
}

/// A heading, and the lints below it.
pub(super) const GROUPS: [(&str, &[Lint]); 7] = [
    ("Timeouts", timeouts::LINTS),
    ("Retries", retries::LINTS),
    ("Pools", pools::LINTS),
    ("Circuit breakers and ejection", protection::LINTS),
    ("Health checks", checks::LINTS),
    ("Clients", clients::LINTS),
    ("Admin API", admin::LINTS),
];

/// All lints, in the order of the page.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    GROUPS.iter().flat_map(|(_, lints)| lints.iter())
}

// === impl Lint ===

impl fmt::Debug for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lint").field(&self.id).finish()
    }
}

/// By identifier.
impl PartialEq for Lint {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Lint {}

// === impl Severity ===

impl Severity {
    /// `note` or `warning`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}
