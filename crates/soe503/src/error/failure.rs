//! Attempts that failed.

use core::fmt;

use soe503_core::ledger::{Attempt, Ledger};
use soe503_core::pool::FailureScope;

use super::{BoxError, find};
use crate::served::Outlook;

/// One or more attempts were made, and none succeeded.
///
/// A service below the layers makes one with the facts of its single attempt
/// ([`Failure::new`]); the pool adds which backend it was and whether its siblings are fine; the
/// retry layer joins the attempts of one request.
#[derive(Debug)]
pub struct Failure {
    ledger: Ledger,
    backend: Option<u32>,
    scope: Option<FailureScope>,
    outlook: Option<Outlook>,
    source: Option<BoxError>,
}

// === impl Failure ===

impl Failure {
    /// A failure with everything its attempts left behind.
    pub fn new(ledger: impl Into<Ledger>) -> Self {
        Self {
            ledger: ledger.into(),
            backend: None,
            scope: None,
            outlook: None,
            source: None,
        }
    }

    /// The error behind it, kept as `source()`.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Which backend of the pool the last attempt used.
    #[must_use]
    pub const fn with_backend(mut self, id: u32) -> Self {
        self.backend = Some(id);
        self
    }

    /// Whether the failure says something about the whole pool or about one backend.
    #[must_use]
    pub const fn with_scope(mut self, scope: FailureScope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// What another attempt has to expect.
    #[must_use]
    pub const fn with_outlook(mut self, outlook: Outlook) -> Self {
        self.outlook = Some(outlook);
        self
    }

    /// The first failure in the chain that starts at `error`.
    pub fn find<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        find(error)
    }

    /// What was tried, oldest first.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The attempt that decided the result.
    pub fn last(&self) -> Option<&Attempt> {
        self.ledger.last()
    }

    /// The pool's number of the backend that the last attempt used.
    pub const fn backend(&self) -> Option<u32> {
        self.backend
    }

    /// What another attempt has to expect, if a pool said so.
    pub const fn outlook(&self) -> Option<Outlook> {
        self.outlook
    }

    /// Whom the failure concerns, if a pool said so.
    pub const fn scope(&self) -> Option<FailureScope> {
        self.scope
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = self.ledger.attempts.len();
        let s = if attempts == 1 { "" } else { "s" };
        write!(f, "the request failed after {attempts} attempt{s}")?;
        let Some(last) = self.last() else {
            return Ok(());
        };
        if let Some(backend) = &last.backend {
            write!(f, ", the last on {backend}")?;
        }
        write!(f, ": {:?}", last.phase)?;
        match &last.fault {
            Some(fault) => write!(f, ", {fault:?}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
