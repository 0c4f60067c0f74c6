//! Incidents and changes of the running process.
//!
//! ```text
//! workers ─▶ counters ──────────┐ four times a second
//! workers ─▶ recorder ──────────┤                            ┌─▶ directory ─▶ `inc` of the next answers
//! pools' states, maintenance ───┼─▶ Book (soe503_core) ──────┼─▶ admin API
//! reloads, markers, releases ───┘                            └─▶ feed: log, and whoever else wants to know
//! ```
//!
//! What is an incident, and which change is its cause, is decided by [`soe503_core::incident`] and
//! [`soe503_core::change`]; this module brings the facts and tells the results. A worker only ever loads the
//! directory, and only when it explains a failure.
//!
//! Failure mode: it is late. Where this thread stands still, answers name the incidents that it knew; no request
//! waits for it.

mod add;
mod condition;
mod conditions;
mod diff;
mod feed;
mod follow;
mod recall;
mod tell;
#[cfg(test)]
mod tests;
mod verify;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use soe503_api as api;
use soe503_core::diagnosis::Diagnosis;
use soe503_core::incident::{Book, Course, Directory, EntryKind, Settings, blamed, counts};
use soe503_core::{Cause, Tick};

pub use add::BadChange;
pub use feed::News;
pub use verify::BadVerification;

use self::conditions::Watched;
use self::follow::Followed;
use super::alerts::Alerts;
use super::clock::Anchor;
use super::recorder::Record;
use crate::config::Config;
use crate::journal::Journal;

/// A cheap-clone handle on the incidents of a process.
#[derive(Clone, Debug)]
pub struct Incidents {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `server.name`.
    server: Arc<str>,
    directory: ArcSwap<Directory>,
    /// What outlives the process.
    journal: OnceLock<Journal>,
    /// Who is told.
    alerts: OnceLock<Alerts>,
    /// Never locked by a worker.
    desk: Mutex<Desk>,
}

#[derive(Debug)]
struct Desk {
    book: Book,
    followed: Followed,
    watched: Watched,
    /// An earlier process's memory was waited for.
    expected: bool,
    /// What was open when an earlier process ended, as it was told last.
    interrupted: Vec<api::Incident>,
    /// A failure of each incident that tells about it.
    evidence: HashMap<Arc<str>, Arc<Record>>,
}

/// Incidents of one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentCount {
    /// The cause that leads.
    pub cause: Cause,
    /// How many are open.
    pub open: u64,
    /// How many were opened so far.
    pub opened: u64,
}

/// An incident that goes on, as metrics name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIncident {
    /// Its identifier.
    pub id: Arc<str>,
    /// The pool that it concerns; `None`: this proxy.
    pub pool: Option<Arc<str>>,
    /// The cause that leads.
    pub cause: Cause,
}

// === impl Incidents ===

impl Incidents {
    /// No incident yet.
    pub fn new(config: &Config, anchor: Anchor) -> Self {
        Self {
            shared: Arc::new(Shared {
                server: config.server.name.shared(),
                directory: ArcSwap::default(),
                journal: OnceLock::new(),
                alerts: OnceLock::new(),
                desk: Mutex::new(Desk {
                    book: Book::new(settings(config), anchor.moment()),
                    followed: Followed::default(),
                    watched: Watched::default(),
                    expected: false,
                    interrupted: Vec::new(),
                    evidence: HashMap::new(),
                }),
            }),
        }
    }

    /// What is new goes into `journal` from now on, whenever that is on.
    pub(crate) fn keep_in(&self, journal: Journal) {
        // Whoever asks a second time means the same one: a process has one.
        let _kept = self.shared.journal.set(journal);
    }

    /// `alerts` are told what is new from now on.
    pub(crate) fn tell(&self, alerts: Alerts) {
        // A process has its targets in one place.
        let _told = self.shared.alerts.set(alerts);
    }

    /// The incident that a failure of `pool` belongs to. Never waits.
    pub fn find(&self, pool: &Arc<str>, diagnosis: &Diagnosis) -> Option<Arc<str>> {
        let directory = self.shared.directory.load();
        let (cause, _) = blamed(diagnosis);
        directory.find(pool, cause, diagnosis.now).cloned()
    }

    /// How it has gone so far where a failure of `pool` belongs; `None`: it is the first that is known. Never waits.
    pub fn course(&self, pool: &Arc<str>, diagnosis: &Diagnosis) -> Option<Arc<Course>> {
        let directory = self.shared.directory.load();
        // What can never be an incident is counted as what it is.
        let cause = match counts(diagnosis.primary) {
            true => blamed(diagnosis).0,
            false => diagnosis.primary,
        };
        directory.course(pool, cause, diagnosis.now).cloned()
    }

    /// The incident that the failure in `record` turned out to belong to.
    pub fn of(&self, record: &Record) -> Option<Arc<str>> {
        if record.incident.is_some() {
            return record.incident.clone();
        }
        let pool = record.pool.as_ref()?;
        let (cause, _) = blamed(&record.diagnosis);
        let desk = self.desk();
        let found = desk.book.find_by(pool, cause, record.at)?;
        Some(Arc::clone(&found.id))
    }

    /// Something happened to `pool` at `at` that belongs into timelines.
    pub fn note(&self, pool: &Arc<str>, kind: EntryKind, what: &str, at: Tick) {
        let at = Anchor::now().moment().of(at);
        self.desk().book.note(Some(pool), kind, what, at);
    }

    /// How many there are, by cause; causes without any are left out.
    pub fn counts(&self) -> Vec<IncidentCount> {
        let desk = self.desk();
        let mut counts: Vec<IncidentCount> = desk
            .book
            .opened()
            .map(|(cause, opened)| IncidentCount {
                cause,
                open: 0,
                opened,
            })
            .collect();
        let open = desk.book.incidents().filter(|incident| incident.is_open());
        for cause in open.filter_map(|incident| Some(incident.lead()?.cause)) {
            match counts.iter_mut().find(|count| count.cause == cause) {
                Some(count) => count.open += 1,
                // It was opened under another cause.
                None => counts.push(IncidentCount {
                    cause,
                    open: 1,
                    opened: 0,
                }),
            }
        }
        counts
    }

    /// Those that go on; at most 32 do.
    pub fn open(&self) -> Vec<OpenIncident> {
        let desk = self.desk();
        let open = desk.book.incidents().filter(|incident| incident.is_open());
        let told = open.filter_map(|incident| {
            Some(OpenIncident {
                id: Arc::clone(&incident.id),
                pool: incident.place.pool().cloned(),
                cause: incident.lead()?.cause,
            })
        });
        told.collect()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Whatever panicked, the book is a list of what was seen; the next turn goes on.
        let desk = self.shared.desk.lock();
        desk.unwrap_or_else(PoisonError::into_inner)
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        close_after: config.incidents.close_after,
        out_after: Some(config.incidents.backend_out_after).filter(|after| !after.is_zero()),
    }
}
