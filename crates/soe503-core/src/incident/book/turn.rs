//! What is opened, told and closed.

use core::time::Duration;
use std::sync::Arc;

use super::{Book, LEAST_FAILURES};
use crate::cause::Cause;
use crate::change::{Change, Kind, Log, Origin, link};
use crate::incident::record::{Incident, MOST_KEPT, MOST_OPEN, REOPEN, State};
use crate::incident::{Entry, EntryKind, Moment, News, Place};

/// Where nobody asks, an incident is given up after so long without a failure.
const SILENCE: Duration = Duration::from_secs(15 * 60);
/// What happened so long before an onset belongs to the incident.
const BEFORE: Duration = Duration::from_secs(300);
/// An incident that only goes on is told so often.
const TELL: Duration = Duration::from_secs(5);
/// A condition that was not seen for less than this may not have been looked at.
const LOOKED: Duration = Duration::from_secs(3);
/// One of a condition that only goes on, and of which nobody notices anything, so often.
const TELL_CONDITION: Duration = Duration::from_secs(60);
/// Who takes a change back may say so a little later, in milliseconds.
const SLACK_MS: i64 = 5_000;

impl Book {
    /// Opens an incident in `place` if what belongs to none of them has surged.
    pub(super) fn look(&mut self, place: &Place, now: Moment) {
        for incident in &mut self.incidents {
            if incident.is_open() && incident.place == *place {
                incident.rank(now);
            }
        }
        let full = self.incidents.iter().filter(|i| i.is_open()).count() >= MOST_OPEN;
        let Some(spot) = self.spots.get_mut(place).filter(|_| !full) else {
            return;
        };
        let Some(surge) = spot.history.surge(LEAST_FAILURES) else {
            return;
        };
        let relapse = |incident: &Incident| {
            let closed = incident.closed.map(|closed| closed.tick.after(REOPEN));
            incident.place == *place
                && closed.is_some_and(|until| now.tick <= until)
                && surge.failed.iter().any(|failed| incident.has(failed.cause))
        };
        let onset = now.of(surge.onset);
        // What was counted before it was known that one goes on.
        let goes_on = |incident: &Incident| {
            incident.place == *place
                && incident.is_open()
                && surge.failed.iter().any(|failed| incident.has(failed.cause))
        };
        let known = self.incidents.iter().rposition(goes_on);
        let known = known.or_else(|| self.incidents.iter().rposition(relapse));
        let known = known.or_else(|| {
            let mut causes = surge.failed.iter().map(|failed| failed.cause);
            causes.find_map(|cause| self.resume(place, cause, now))
        });
        let new = known.is_none();
        let index = match known {
            Some(index) => index,
            None => {
                let id = self.ids.next(now.unix_ms);
                let new = Incident::open(id, place.clone(), onset, now);
                self.incidents.push_back(new);
                self.incidents.len() - 1
            }
        };
        let incident = &mut self.incidents[index];
        for failed in &surge.failed {
            incident.count(failed, now);
        }
        if incident.is_open() && !new {
            // The others of these seconds may be counted already.
            incident.requests += surge.failed.iter().map(|failed| failed.count).sum::<u64>();
        } else {
            incident.requests += surge.requests;
            if place.pool().is_some() {
                incident.saved.add(&surge.saved);
            }
        }
        incident.last_bad = now.tick;
        let again = incident.closed.take().is_some();
        self.changed = true;
        if let Some(spot) = self.spots.get_mut(place) {
            let incident = &self.incidents[index];
            spot.history
                .set_unusual(incident.onset.tick, incident.last.tick);
        }
        self.fill_in(index, onset);
        if new {
            self.begin(index, now);
        } else if again {
            self.reopen(index, onset, now);
        }
    }

    /// What was seen and what happened around the onset.
    fn fill_in(&mut self, index: usize, onset: Moment) {
        let incident = &mut self.incidents[index];
        let Some(spot) = self.spots.get_mut(&incident.place) else {
            return;
        };
        let from = onset.tick.before(Duration::from_secs(1));
        let now = onset;
        for sighting in spot.sighted.drain(..).filter(|s| s.at >= from) {
            incident.sighted(&sighting, now.of(sighting.at));
        }
        self.look_back(index, onset);
    }

    /// What happened around the onset.
    pub(super) fn look_back(&mut self, index: usize, onset: Moment) {
        let incident = &mut self.incidents[index];
        let Some(spot) = self.spots.get(&incident.place) else {
            return;
        };
        let from = onset.unix_ms - i64::try_from(BEFORE.as_millis()).unwrap_or(i64::MAX);
        for entry in spot.recent.iter().chain(&self.everywhere) {
            if entry.at_ms >= from {
                incident.note(entry.clone());
            }
        }
    }

    fn begin(&mut self, index: usize, now: Moment) {
        let incident = &mut self.incidents[index];
        incident.rank(now);
        let Some(lead) = incident.lead().copied() else {
            return;
        };
        let (onset, extent) = (incident.onset.unix_ms, incident.extent());
        let first = format!("first failure: {}", lead.cause);
        incident.note(Entry::new(onset, EntryKind::Onset, &first));
        let opened = format!(
            "incident opened: {} ({}), {extent}",
            lead.cause,
            lead.grade.word()
        );
        incident.note(Entry::new(now.unix_ms, EntryKind::Opened, &opened));
        self.started(index, lead.cause, now);
    }

    /// An incident was opened.
    pub(super) fn started(&mut self, index: usize, cause: Cause, now: Moment) {
        *self.opened.entry(cause).or_default() += 1;
        let id = Arc::clone(&self.incidents[index].id);
        self.changed = true;
        self.relate();
        self.incidents[index].news = false;
        self.incidents[index].told = now.tick;
        self.news.push(News::Opened(id));
    }

    fn reopen(&mut self, index: usize, onset: Moment, now: Moment) {
        let incident = &mut self.incidents[index];
        incident.state = State::Open;
        incident.reopened += 1;
        // Whatever was cured is not any more.
        incident.verified = None;
        incident.rank(now);
        let entry = Entry::new(
            onset.unix_ms,
            EntryKind::Reopened,
            "failures have come back",
        );
        incident.note(entry);
        incident.news = false;
        incident.told = now.tick;
        self.news.push(News::Reopened(Arc::clone(&incident.id)));
    }

    pub(super) fn close(&mut self, now: Moment) {
        let after = self.settings.close_after;
        let mut closed = Vec::new();
        for incident in self.incidents.iter_mut().filter(|i| i.is_open()) {
            let good = self.spots.get(&incident.place).and_then(|s| s.last_good);
            // A condition is over when it is seen no more; whether requests would be answered, they have to show.
            let ended = incident.condition.is_some() && incident.held_at >= incident.last_bad;
            let cured = ended || good.is_some_and(|good| good > incident.last_bad);
            let quiet = now.tick.since(incident.last_bad);
            // Conditions are looked at once a second, or a little later.
            let after = if ended { after.max(LOOKED) } else { after };
            if !(cured && quiet >= after || quiet >= SILENCE) {
                continue;
            }
            incident.state = State::Closed;
            incident.closed = Some(now);
            let last = match ended {
                true => "it was seen for the last time",
                false => "last failure of this incident",
            };
            let last = Entry::new(incident.last.unix_ms, EntryKind::Recovered, last);
            incident.note(last);
            let secs = quiet.as_secs();
            let what = match (ended, cured) {
                (true, _) => format!("incident closed: not seen for {secs} s"),
                (_, true) => format!("incident closed: answered well for {secs} s"),
                _ => "incident closed: no failure for 15 minutes, and nothing answered well"
                    .to_owned(),
            };
            incident.note(Entry::new(now.unix_ms, EntryKind::Closed, &what));
            undone(incident, &self.changes);
            incident.news = false;
            self.changed = true;
            closed.push(Arc::clone(&incident.id));
        }
        self.news.extend(closed.into_iter().map(News::Closed));
    }

    /// Looks again which changes belong to the open incidents.
    pub(super) fn relate(&mut self) {
        for incident in self.incidents.iter_mut().filter(|i| i.is_open()) {
            let links = link(&self.changes, &incident.as_onset());
            let covering = links.near.iter().filter(|(_, why)| why.covers());
            let covering = covering.map(|(change, _)| change);
            let told = links.cause.iter().map(|link| &link.change).chain(covering);
            let entries: Vec<Entry> = told
                .map(|change| Entry::new(change.at_ms, EntryKind::Change, &change.to_string()))
                .collect();
            entries.into_iter().for_each(|entry| incident.note(entry));
            if incident.changes != links {
                incident.changes = links;
                incident.news = true;
            }
        }
    }

    pub(super) fn tell(&mut self, now: Moment) {
        for incident in self.incidents.iter_mut().filter(|i| i.is_open()) {
            let goes_on = incident.last.tick > incident.told;
            let every = match incident.failed_at > incident.told {
                true => TELL,
                // A condition may last for days, and nothing becomes of it.
                false => TELL_CONDITION,
            };
            let due = goes_on && now.tick.since(incident.told) >= every;
            if !(incident.news || due) {
                continue;
            }
            incident.news = false;
            incident.told = now.tick;
            self.news.push(News::Updated(Arc::clone(&incident.id)));
        }
    }

    pub(super) fn prune(&mut self) {
        while self.incidents.len() > MOST_KEPT {
            let Some(oldest) = self.incidents.iter().position(|i| !i.is_open()) else {
                return;
            };
            self.incidents.remove(oldest);
        }
    }
}

/// A change that was taken back is proven to be the cause if the failures ended with that.
fn undone(incident: &mut Incident, changes: &Log) {
    let (onset, last) = (incident.onset.unix_ms, incident.last.unix_ms);
    let Some(link) = &mut incident.changes.cause else {
        return;
    };
    let back = |change: &Arc<Change>| {
        let window = i64::try_from(change.kind.window().as_millis()).unwrap_or(i64::MAX);
        let service = change.service == link.change.service && change.kind == Kind::Rollback;
        let reload = change.origin == Origin::Reload
            && link.change.origin == Origin::Reload
            && change
                .notes
                .iter()
                .any(|key| link.change.notes.contains(key));
        (service || reload)
            && change.at_ms > onset
            && last + SLACK_MS >= change.at_ms
            && last - change.at_ms <= window
    };
    link.proven = changes.changes().any(back);
}
