//! Everything that the page shows, as the admin API tells it.

use std::time::Duration;

use soe503_api as api;
use soe503_api::{PoolState, Timestamp};

use super::super::{maintenance, view};
use crate::control::clock::Anchor;
use crate::control::history;
use crate::state::Proxy;

/// Incidents that are told in full; further ones are listed.
pub(super) const IN_FULL: usize = 5;

/// One moment.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// When the process started.
    pub(super) started: Timestamp,
    /// When this was gathered.
    pub(super) now: Timestamp,
    /// It finishes what it has and takes nothing new.
    pub(super) draining: bool,
    /// The pools, in the order of their names.
    pub(super) pools: Vec<api::Pool>,
    /// The open incidents, the latest first: [`IN_FULL`] of them.
    pub(super) open: Vec<api::Incident>,
    /// All incidents that are known, the latest first.
    pub(super) incidents: Vec<api::IncidentSummary>,
    /// What was changed, the latest first.
    pub(super) changes: Vec<api::Change>,
    /// What is planned or in force.
    pub(super) maintenance: Vec<api::Maintenance>,
    /// The last minutes.
    pub(super) history: history::Shown,
}

// === impl Model ===

impl Model {
    /// As it is now. With thousands of backends that takes milliseconds: call it on a thread for that.
    pub(super) fn gather(proxy: &Proxy, anchor: Anchor) -> Self {
        let incidents = proxy.incidents.list(false).incidents;
        let open = incidents.iter().filter(|one| is_open(one));
        let open = open.take(IN_FULL);
        let open = open.filter_map(|one| proxy.incidents.one(&one.id, anchor));
        Self {
            started: anchor.date(proxy.started),
            now: anchor.date(anchor.tick()),
            draining: proxy.is_draining(),
            pools: proxy
                .pools()
                .values()
                .map(|pool| view::pool(pool, anchor))
                .collect(),
            open: open.collect(),
            incidents,
            changes: proxy.incidents.changes().changes,
            maintenance: maintenance::list(proxy, anchor).maintenance,
            history: proxy.history.shown(),
        }
    }

    /// How many incidents go on.
    pub(super) fn open_count(&self) -> usize {
        self.incidents.iter().filter(|one| is_open(one)).count()
    }

    /// The pools that are not all well.
    pub(super) fn unwell(&self) -> impl Iterator<Item = &api::Pool> {
        let pools = self.pools.iter();
        pools.filter(|pool| pool.state != PoolState::Ok)
    }

    /// For how long the process runs.
    pub(super) fn uptime(&self) -> Duration {
        self.now.since(self.started)
    }
}

fn is_open(incident: &api::IncidentSummary) -> bool {
    incident.state == api::IncidentState::Open
}
