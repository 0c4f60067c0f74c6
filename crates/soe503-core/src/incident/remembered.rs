//! An incident of an earlier process.

use core::time::Duration;
use std::sync::Arc;

use super::record::{Incident, State};
use super::timeline::{Entry, EntryKind, Timeline};
use super::{CauseTally, Moment, Place, Saved, Verified};
use crate::cause::Cause;
use crate::diagnosis::Level;

/// What an earlier process knew of an incident that was open when it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// Its identifier.
    pub id: Arc<str>,
    /// What is broken.
    pub place: Place,
    /// Its causes, the leading one first.
    pub causes: Vec<CauseTally>,
    /// What clients were told, with how many of them.
    pub symptoms: Vec<(Cause, u64)>,
    /// How far it reaches.
    pub level: Level,
    /// Backends of the pool, if known.
    pub backends_total: Option<usize>,
    /// The most of them that were concerned at a time.
    pub backends_affected: Option<usize>,
    /// Backends at which requests failed.
    pub backends: Vec<Arc<str>>,
    /// Its first failure.
    pub onset: Moment,
    /// When it was opened.
    pub opened: Moment,
    /// Its last failure that is known.
    pub last: Moment,
    /// How often it came back.
    pub reopened: u32,
    /// Requests that failed.
    pub failed: u64,
    /// Requests of the place meanwhile.
    pub requests: u64,
    /// Requests that were saved meanwhile.
    pub saved: Saved,
    /// Some of the requests that failed.
    pub exemplars: Vec<Arc<str>>,
    /// What happened, oldest first.
    pub timeline: Vec<Entry>,
    /// Lines that were dropped from it.
    pub left_out: u64,
    /// When one of its requests was asked again the last time.
    pub verified: Option<Verified>,
}

// === impl Remembered ===

impl Remembered {
    /// It goes on: nobody has watched it since its last failure.
    pub(super) fn resume(self, now: Moment) -> Incident {
        let mut incident = Incident::open(self.id, self.place, self.onset, now);
        incident.state = State::Open;
        incident.causes = self.causes;
        incident.symptoms = self.symptoms;
        incident.level = self.level;
        incident.backends_total = self.backends_total;
        incident.backends_affected = self.backends_affected;
        incident.backends = self.backends;
        incident.opened = self.opened;
        incident.reopened = self.reopened;
        incident.failed = self.failed;
        incident.requests = self.requests;
        incident.saved = self.saved;
        incident.exemplars = self.exemplars;
        incident.timeline = Timeline::of(self.timeline, self.left_out);
        incident.verified = self.verified;
        let gap = now.unix_ms.saturating_sub(self.last.unix_ms);
        let gap = Duration::from_millis(u64::try_from(gap).unwrap_or_default());
        let what = format!(
            "soe503 was restarted, and has not watched it for {}: it goes on",
            crate::explain::duration(gap)
        );
        incident.note(Entry::new(now.unix_ms, EntryKind::Restarted, &what));
        incident
    }
}
