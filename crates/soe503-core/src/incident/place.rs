//! Where a failure belongs, and whether it counts at all.

use core::fmt;
use std::sync::Arc;

use crate::cause::{Blame, Category, Cause};
use crate::diagnosis::{Diagnosis, Grade, alone};

/// What is broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// This proxy itself, or its machine.
    Proxy,
    /// A pool. Which of its backends is told by the incident's scope.
    Pool(Arc<str>),
}

/// Whether failures with this cause can be an incident. Planned maintenance is none, nor is a caller that sends
/// more than it may.
pub const fn counts(cause: Cause) -> bool {
    !matches!(cause, Cause::MaintenanceWindow | Cause::OverloadRateLimited)
}

/// The cause that an incident is about: what stands behind the primary one, where that is known, and how sure
/// it is.
pub fn blamed(diagnosis: &Diagnosis) -> (Cause, Grade) {
    match diagnosis.root {
        Some(root) if root != Cause::Unclassified => (root, alone(root)),
        _ => (diagnosis.primary, diagnosis.grade),
    }
}

// === impl Place ===

impl Place {
    /// Where failures of requests for `pool` with this cause belong.
    pub fn of(pool: &Arc<str>, cause: Cause) -> Self {
        // A request meets a full disk in a backend's 507: nothing of ours is written for it.
        let ours = cause != Cause::ResourceDiskFull
            && cause.category() == Category::ResourceExhaustion
            && cause.info().blame == Blame::Proxy;
        match ours {
            true => Self::Proxy,
            false => Self::Pool(Arc::clone(pool)),
        }
    }

    /// The pool, if it is one.
    pub fn pool(&self) -> Option<&Arc<str>> {
        match self {
            Self::Pool(pool) => Some(pool),
            Self::Proxy => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proxy => f.write_str("this proxy"),
            Self::Pool(pool) => write!(f, "pool {pool}"),
        }
    }
}
