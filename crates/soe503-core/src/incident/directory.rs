//! Which incident a failure belongs to, and how it has gone so far, for whoever explains it.

use std::sync::Arc;

use super::{Course, Place};
use crate::Tick;
use crate::cause::Cause;

/// The open incidents and the failures beside them, as a snapshot that is cheap to look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    pub(super) open: Vec<Listed>,
    pub(super) lately: Vec<Lately>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listed {
    pub(super) id: Arc<str>,
    pub(super) place: Place,
    pub(super) causes: Vec<Cause>,
    /// Until when other causes join it.
    pub(super) joins_until: Tick,
    pub(super) course: Arc<Course>,
}

/// Failures of the last minute that are no incident.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lately {
    /// Those that can never be one: limits of callers, planned maintenance.
    pub(super) refused: bool,
    pub(super) course: Arc<Course>,
}

impl Directory {
    /// The incident that a failure of `pool` belongs to: the one with this cause there, else the latest one that
    /// it would join.
    pub fn find(&self, pool: &Arc<str>, cause: Cause, now: Tick) -> Option<&Arc<str>> {
        self.listed(pool, cause, now).map(|listed| &listed.id)
    }

    /// How it has gone so far where a failure of `pool` with this cause belongs: that of its incident, else of the
    /// last minute. `None`: it is the first that is known.
    pub fn course(&self, pool: &Arc<str>, cause: Cause, now: Tick) -> Option<&Arc<Course>> {
        if let Some(listed) = self.listed(pool, cause, now) {
            return Some(&listed.course);
        }
        if self.lately.is_empty() {
            return None;
        }
        let refused = !super::counts(cause);
        let place = match refused {
            true => Place::Pool(Arc::clone(pool)),
            false => Place::of(pool, cause),
        };
        let mut lately = self.lately.iter();
        let found = lately.find(|one| one.refused == refused && one.course.place == place);
        found.map(|one| &one.course)
    }

    fn listed(&self, pool: &Arc<str>, cause: Cause, now: Tick) -> Option<&Listed> {
        if self.open.is_empty() || !super::counts(cause) {
            return None;
        }
        let place = Place::of(pool, cause);
        let here = || self.open.iter().filter(|listed| listed.place == place);
        let same = here().find(|listed| listed.causes.contains(&cause));
        let joins = || here().rev().find(|listed| now <= listed.joins_until);
        same.or_else(joins)
    }
}
