//! One change.

use core::fmt;
use std::sync::Arc;

use super::Kind;

/// A change marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its identifier, in the form of an incident's.
    pub id: Arc<str>,
    /// What was changed.
    pub kind: Kind,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Of which service.
    pub service: Option<Arc<str>>,
    /// To which version.
    pub version: Option<Arc<str>>,
    /// What it may concern.
    pub reach: Reach,
    /// Who did it.
    pub by: Option<Arc<str>>,
    /// More about it; for a reload the keys that changed.
    pub notes: Vec<Arc<str>>,
    /// How we know.
    pub origin: Origin,
}

/// What a change may concern.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// Nobody said, and the service is called like no pool.
    Unknown,
    /// Everything that goes through this proxy.
    Everything,
    /// These pools.
    Pools(Vec<Arc<str>>),
    /// These backends of a pool.
    Backends {
        /// The pool.
        pool: Arc<str>,
        /// Their names.
        backends: Vec<Arc<str>>,
    },
}

/// How a change became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Somebody reported it.
    Reported,
    /// This proxy took over another configuration.
    Reload,
    /// Backends say that they are of another release.
    Release,
}

// === impl Change ===

impl Change {
    /// The same change, told twice.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.at_ms == other.at_ms && self.origin == other.origin && self.rollout(other)
    }

    /// Both belong to one roll-out: the same version of the same service.
    pub(super) fn rollout(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.service == other.service
            && self.version == other.version
            && (self.version.is_some() || self.at_ms == other.at_ms)
    }
}

/// `deploy cart v2.8.0`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Reload => f.write_str("configuration reload")?,
            Origin::Release => f.write_str("new release of")?,
            Origin::Reported => write!(f, "{}", self.kind)?,
        }
        for word in [&self.service, &self.version].into_iter().flatten() {
            write!(f, " {word}")?;
        }
        Ok(())
    }
}

// === impl Origin ===

impl Origin {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Reload => "reload",
            Self::Release => "release",
        }
    }
}
