//! Decisions of ours that end a request.

use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use soe503_core::Cause;
use soe503_core::ledger::{Attempt, Fault, Refusal};

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
    /// A [`RateLimit`](crate::RateLimit).
    RateLimit,
    /// A throttle that holds back what backends would refuse.
    Throttle,
    /// A planned interruption.
    Maintenance,
    /// Something of the application's own: a loop guard, a router.
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

    /// `error` after these attempts: if a backend has seen one of them, a refusal says so itself, or the refusal around it does.
    pub(crate) fn after_attempts(error: BoxError, attempts: &[Attempt]) -> BoxError {
        if attempts.iter().all(Attempt::unsent) {
            return error;
        }
        let error = match error.downcast::<Self>() {
            Ok(refusal) => return refusal.with_upstream_touched().into(),
            Err(error) => error,
        };
        let Some(below) = Self::find(&*error).filter(|below| !below.upstream_touched) else {
            return error;
        };
        Self {
            name: Arc::clone(&below.name),
            refusal: below.refusal.clone(),
            upstream_touched: true,
            source: None,
            ..*below
        }
        .with_source(error)
        .into()
    }

    /// The first refusal in the chain that starts at `error`.
    pub fn find<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        find(error)
    }

    /// Why, as a stable identifier.
    pub const fn cause(&self) -> Cause {
        self.refusal.cause()
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
            Self::RateLimit => "rate limit",
            Self::Throttle => "throttle",
            Self::Maintenance => "maintenance",
            Self::Policy => "policy",
        })
    }
}

#[cfg(test)]
mod tests {
    use soe503_core::Tick;
    use soe503_core::ledger::Phase;

    use super::*;

    fn refusal() -> Rejected {
        let refusal = Refusal::CircuitOpen {
            rule: Cause::CircuitConsecutiveFailures,
            root: Some(Cause::DependencyConnectRefused),
        };
        let delay = Some(Duration::from_secs(3));
        Rejected::new(Component::CircuitBreaker, "app", refusal).with_retry_after(delay)
    }

    #[test]
    fn what_is_told_of_attempts_before_it_reaches_a_refusal_inside_of_others_errors() {
        let seen = [Attempt {
            phase: Phase::WaitHeaders,
            ..Attempt::begin(1, Tick::ZERO)
        }];
        let inside: BoxError = std::io::Error::other(refusal()).into();
        for error in [refusal().into(), inside] {
            let error = Rejected::after_attempts(error, &seen);
            let told = Rejected::find(&*error).unwrap();
            assert!(told.upstream_touched());
            assert_eq!(
                (told.component(), told.name()),
                (Component::CircuitBreaker, "app")
            );
            assert_eq!(told.fault(), refusal().fault());
            assert_eq!(told.retry_after(), Some(Duration::from_secs(3)));
        }
        let unsent = [Attempt::begin(1, Tick::ZERO)];
        let untouched = Rejected::after_attempts(refusal().into(), &unsent);
        assert!(!Rejected::find(&*untouched).unwrap().upstream_touched());
        let other = Rejected::after_attempts("no refusal".into(), &seen);
        assert_eq!(other.to_string(), "no refusal");
    }

    #[test]
    fn its_components_own_words_are_its_source() {
        let refusal = refusal().with_source("the queue is full");
        let source = std::error::Error::source(&refusal).expect("it has one");
        assert_eq!(source.to_string(), "the queue is full");
        assert!(std::error::Error::source(&self::refusal()).is_none());
    }
}
