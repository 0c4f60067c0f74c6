//! Incidents that were open when an earlier process ended.

use super::Book;
use crate::Tick;
use crate::cause::Cause;
use crate::diagnosis::alone;
use crate::incident::record::{MOST_OPEN, REOPEN};
use crate::incident::{Incident, Moment, News, Place, Remembered};

// === impl Book ===

impl Book {
    /// What was open when an earlier process ended will be told, by [`Self::remember`]: until then, but no longer than
    /// until this time, no incident is opened. Failures are counted meanwhile.
    pub const fn wait(&mut self, until: Tick) {
        self.waits_until = Some(until);
    }

    /// Takes in what was open when an earlier process ended. Such an incident goes on, under its name and with what was
    /// counted, as soon as something fails of one of its causes in its place, up to [`REOPEN`] after its last
    /// failure; after that it is over, and something else.
    pub fn remember(&mut self, remembered: impl IntoIterator<Item = Remembered>) {
        self.waits_until = None;
        for one in remembered {
            let same = |other: &Remembered| other.id == one.id;
            let known = self.find(&one.id).is_some() || self.interrupted.iter().any(same);
            if !known && self.interrupted.len() < MOST_OPEN {
                self.interrupted.push(one);
            }
        }
    }

    /// A failure in `place` with this cause, of which no incident knows: one that was interrupted goes on with it.
    pub(super) fn resume(&mut self, place: &Place, cause: Cause, now: Moment) -> Option<usize> {
        if self.interrupted.is_empty() {
            return None;
        }
        let window = i64::try_from(REOPEN.as_millis()).unwrap_or(i64::MAX);
        self.interrupted
            .retain(|one| now.unix_ms.saturating_sub(one.last.unix_ms) <= window);
        // Who has only just begun does not know who used to accept connections.
        let same = |known: Cause| {
            known == cause
                || (known, cause) == (Cause::DependencyConnectRefused, Cause::ConfigWrongPort)
        };
        let fits = |one: &Remembered| {
            one.place == *place && one.causes.iter().any(|tally| same(tally.cause))
        };
        let found = self.interrupted.iter().rposition(fits)?;
        let mut incident = self.interrupted.remove(found).resume(now);
        incident.tally(cause, alone(cause), now);
        // They are in the order of their beginnings; this one may lie before those of this process.
        let index = self
            .incidents
            .partition_point(|one: &Incident| one.id <= incident.id);
        self.news.push(News::Reopened(incident.id.clone()));
        self.incidents.insert(index, incident);
        self.changed = true;
        self.relate();
        self.incidents[index].news = false;
        Some(index)
    }
}
