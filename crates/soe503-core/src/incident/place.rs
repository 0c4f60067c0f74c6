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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tick;
    use crate::diagnosis::{Context, diagnose};
    use crate::ledger::Ledger;

    /// Who runs out of what decides: our descriptors are ours, another process's memory is not.
    #[test]
    fn what_this_proxy_lacks_is_its_own_and_all_else_a_pools() {
        for (cause, ours) in [
            (Cause::ResourceFdLimit, true),
            (Cause::ResourceMemoryLimit, true),
            (Cause::ResourceDiskFull, false),
            (Cause::ResourceBackendOom, false),
            (Cause::OverloadQueueFull, false),
            (Cause::DependencyConnectRefused, false),
        ] {
            let place = Place::of(&"cart".into(), cause);
            assert_eq!(place == Place::Proxy, ours, "{cause}");
        }
    }

    #[test]
    fn what_stands_behind_is_blamed_where_it_has_a_name() {
        let mut diagnosis = diagnose(&Ledger::default(), &Context::new(Tick::ZERO));
        diagnosis.primary = Cause::CircuitFailureRate;
        diagnosis.grade = Grade::Inferred;
        let refused = Cause::DependencyConnectRefused;
        for (root, cause, grade) in [
            (None, Cause::CircuitFailureRate, Grade::Inferred),
            (
                Some(Cause::Unclassified),
                Cause::CircuitFailureRate,
                Grade::Inferred,
            ),
            (Some(refused), refused, alone(refused)),
        ] {
            diagnosis.root = root;
            assert_eq!(blamed(&diagnosis), (cause, grade), "{root:?}");
        }
    }
}
