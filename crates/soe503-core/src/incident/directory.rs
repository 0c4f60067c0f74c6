//! Which incident a failure belongs to, for whoever explains it.

use std::sync::Arc;

use super::Place;
use crate::Tick;
use crate::cause::Cause;

/// The open incidents, as a snapshot that is cheap to look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    pub(super) open: Vec<Listed>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listed {
    pub(super) id: Arc<str>,
    pub(super) place: Place,
    pub(super) causes: Vec<Cause>,
    /// Until when other causes join it.
    pub(super) joins_until: Tick,
}

impl Directory {
    /// The incident that a failure of `pool` belongs to: the one with this cause there, else the latest one that
    /// it would join.
    pub fn find(&self, pool: &Arc<str>, cause: Cause, now: Tick) -> Option<&Arc<str>> {
        if self.open.is_empty() || !super::counts(cause) {
            return None;
        }
        let place = Place::of(pool, cause);
        let here = || self.open.iter().filter(|listed| listed.place == place);
        let same = here().find(|listed| listed.causes.contains(&cause));
        let joins = || here().rev().find(|listed| now <= listed.joins_until);
        same.or_else(joins).map(|listed| &listed.id)
    }
}
