//! Decisions of ours that end a request.

use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use soe503_core::Cause;
use soe503_core::ledger::{Fault, Refusal};

use super::{BoxError, find};

/// A component of ours refused a request, without or instead of an attempt.
///
/// Nothing that says `upstream_touched() == false` has reached a backend, so it may be sent again
/// whatever its method; and none of these counts against a breaker, a backend or a retry budget.
#[derive(Debug)]
pub struct Rejected {
    component: Component,
    name: Arc<str>,
    refusal: Refusal,
    retry_after: Option<Duration>,
    upstream_touched: bool,
    source: Option<BoxError>,
}

/// Who refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Component {
    /// A [`CircuitBreaker`](crate::CircuitBreaker).
    CircuitBreaker,
    /// A [`ConcurrencyLimit`](crate::ConcurrencyLimit).
    ConcurrencyLimit,
    /// A [`Pool`](crate::Pool): no backend to pick.
    Pool,
    /// Something of the application's own: a maintenance switch, a loop guard, a router.
    Policy,
}

// === impl Rejected ===

impl Rejected {
    /// A refusal by the `component` called `name`.
    pub fn new(component: Component, name: impl Into<Arc<str>>, refusal: Refusal) -> Self {
        Self {
            component,
            name: name.into(),
            refusal,
            retry_after: None,
            upstream_touched: false,
            source: None,
        }
    }

    /// When coming back has a chance, if that is known.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.retry_after = delay;
        self
    }

    /// A backend had already seen the request when it was refused.
    #[must_use]
    pub fn with_upstream_touched(mut self) -> Self {
        self.upstream_touched = true;
        self
    }

    /// The refusal in its component's own words, kept as `source()`.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The first refusal in the chain that starts at `error`.
    pub fn find<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        find(error)
    }

    /// Why, as a stable identifier.
    pub const fn cause(&self) -> Cause {
        match &self.refusal {
            Refusal::CircuitOpen { rule, .. } => *rule,
            Refusal::NoBackend { cause, .. }
            | Refusal::Limit { cause, .. }
            | Refusal::Queue { cause, .. } => *cause,
            Refusal::Policy(cause) => *cause,
            _ => Cause::Unclassified,
        }
    }

    /// What is behind it, for an open circuit or a pool without backends.
    pub const fn root(&self) -> Option<Cause> {
        match &self.refusal {
            Refusal::CircuitOpen { root, .. } | Refusal::NoBackend { root, .. } => *root,
            _ => None,
        }
    }

    /// Who refused.
    pub const fn component(&self) -> Component {
        self.component
    }

    /// The refusing component's own name: the breaker's, the limit's, the pool's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When coming back has a chance; `None`: not known, or waiting does not help.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether a backend had seen the request.
    pub const fn upstream_touched(&self) -> bool {
        self.upstream_touched
    }

    /// The refusal as a fact for the ledger.
    pub fn fault(&self) -> Fault {
        Fault::Refused(self.refusal.clone())
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} `{}` refused: {}",
            self.component,
            self.name,
            self.cause()
        )?;
        match self.root() {
            Some(root) => write!(f, " (root: {root})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Rejected {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

// === impl Component ===

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CircuitBreaker => "circuit breaker",
            Self::ConcurrencyLimit => "concurrency limit",
            Self::Pool => "pool",
            Self::Policy => "policy",
        })
    }
}
