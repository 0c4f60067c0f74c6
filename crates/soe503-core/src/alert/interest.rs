//! Who wants to know.

use core::num::NonZeroU32;
use std::sync::Arc;

use super::{Event, Severity};
use crate::diagnosis::Grade;
use crate::{Category, Cause};

/// What a target wants to be told. Empty lists mean anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The mildest that is told.
    pub severity: Severity,
    /// How sure the cause must be.
    pub grade: Grade,
    /// The causes.
    pub causes: Vec<Topic>,
    /// The pools. What is wrong with the proxy itself concerns all of them.
    pub pools: Vec<Arc<str>>,
    /// What of an incident is told.
    pub on: Vec<Event>,
    /// An incident has grown with so many times the failures that were told. At least 2.
    pub grew_by: NonZeroU32,
}

/// A cause, or all causes of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One cause.
    Cause(Cause),
    /// A category.
    Category(Category),
}

/// What decides whether an incident is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The cause that leads; `None`: one that this version does not know.
    pub cause: Option<Cause>,
    /// How sure that is.
    pub grade: Grade,
    /// How bad it is.
    pub severity: Severity,
    /// The pool that it concerns; `None`: this proxy.
    pub pool: Option<&'a str>,
    /// Requests that failed of it.
    pub failed: u64,
}

impl Interest {
    /// Whether an incident is for this target.
    pub fn admits(&self, facts: &Facts<'_>) -> bool {
        let known = |cause| self.causes.iter().any(|topic| topic.has(cause));
        let pool = |name: &str| self.pools.iter().any(|pool| **pool == *name);
        facts.severity >= self.severity
            && facts.grade >= self.grade
            && (self.causes.is_empty() || facts.cause.is_some_and(known))
            && (self.pools.is_empty() || facts.pool.is_none_or(pool))
    }
}

impl Default for Interest {
    /// Everything, and grown is what is ten times as much.
    fn default() -> Self {
        Self {
            severity: Severity::Info,
            grade: Grade::Suspected,
            causes: Vec::new(),
            pools: Vec::new(),
            on: Event::TOLD.to_vec(),
            grew_by: NonZeroU32::MIN.saturating_add(9),
        }
    }
}

impl Topic {
    /// `dependency_failure/connect_refused`, or `dependency_failure`.
    pub fn from_id(id: &str) -> Option<Self> {
        let category = Category::ALL.iter().find(|category| category.id() == id);
        let category = category.copied().map(Self::Category);
        category.or_else(|| Cause::from_id(id).map(Self::Cause))
    }

    /// As it is written.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Cause(cause) => cause.id(),
            Self::Category(category) => category.id(),
        }
    }

    fn has(self, cause: Cause) -> bool {
        match self {
            Self::Cause(one) => one == cause,
            Self::Category(category) => cause.category() == category,
        }
    }
}
